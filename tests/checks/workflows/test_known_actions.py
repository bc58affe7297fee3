"""The table of known actions."""

import json
import re
from pathlib import Path
from typing import Any

from new_ops_project.checks.workflows import known_actions
from new_ops_project.template import pins


def test_the_template_s_pins_are_in_the_table() -> None:
    """Every action in pins.yml is in the table and in its file, with the same commit."""
    path = Path(known_actions.__file__).with_name("actions.json")
    written: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for name, pin in pins.shipped().actions.items():
        known = {release["version"]: release["sha"] for release in written[name]["releases"]}
        assert known.get(pin.version) == pin.sha
        assert known_actions.find(name).by_version(pin.version) == known_actions.ActionRelease(pin.version, pin.sha)


def test_the_table_is_well_formed() -> None:
    """Commit ids have 40 digits, versions three numbers, and every action has a release or inputs."""
    for name, known in known_actions.actions().items():
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name)
        assert known.releases or known.inputs
        for release in known.releases:
            assert re.fullmatch(r"[0-9a-f]{40}", release.sha)
            assert known_actions.is_full(release.version)


def test_an_unconfirmed_release_is_recognised_and_not_proposed() -> None:
    """setup-python v7.1.0 is known by its commit, and v7 still becomes v7.0.0."""
    known = known_actions.find("actions/setup-python")
    assert known.by_sha("6d4fd22b20465ccc0f7354476588e8df7c9ca0e0") == known_actions.ActionRelease(
        "v7.1.0", "6d4fd22b20465ccc0f7354476588e8df7c9ca0e0", is_sure=False
    )
    assert known.by_version("v7.1.0") is None
    release = known.release("v7")
    assert release
    assert release.version == "v7.0.0"
