"""`fleet init --engine renovate`: its settings, and which repositories Renovate can serve."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.command import Run
from support.linting import inside

from new_ops_project.fleet.engines.renovate import readiness


def test_renovate_knows_every_setting(run: Run, work: Path) -> None:
    """The file is valid, and no key in it is one that Renovate would pass over."""
    run("fleet", "init", "--engine", "renovate")
    inside("check-jsonschema", "--builtin-schema=vendor.renovate", "renovate.json", cwd=work)
    found = find_spec("check_jsonschema")
    assert found
    place = Path(str(found.origin)).parent / "builtin_schemas" / "vendor" / "renovate.json"
    known = json.loads(place.read_text("utf-8"))
    written = json.loads((work / "renovate.json").read_text())
    assert written.keys() - {"$schema"} <= known["properties"].keys()
    assert all(rule.keys() <= known["definitions"].keys() for rule in written["packageRules"])
    assert written["enabledManagers"] == ["copier"]


@pytest.mark.parametrize("options", [("--shards", "2"), ("--tool", "new-ops-project==0.1.0")])
def test_renovate_takes_no_options_of_the_other(options: tuple[str, ...], run: Run, work: Path) -> None:
    """An option that would do nothing is refused."""
    assert f"Renovate takes no {options[0]}." in run("fleet", "init", "--engine", "renovate", *options, code=2).err


@pytest.mark.parametrize("version", ["v1.2.0", "1.2", "v2.0.0rc1", "2026.11.25"])
@pytest.mark.parametrize(
    "template",
    [
        "https://github.com/org/template",
        "https://user:token@git.example.org/org/template.git",
        "git+https://git.example.org/org/template",
        "ssh://git@git.example.org:2222/org/template.git",
        "git+ssh://git@git.example.org/org/template.git",
        "git@github.com:org/template.git",
        "someuser@git.example.org:org/template",
    ],
)
def test_renovate_can_serve(template: str, version: str) -> None:
    """A URL in full and a PEP 440 tag are all that it needs."""
    assert readiness(template, version) == ""


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "names no template"),
        ("gh:org/template", "gh:org/template is copier's short form"),
        ("gl:org/template", "short form"),
        ("/srv/templates/ops", "/srv/templates/ops is no such thing"),
        ("~/templates/ops", "no such thing"),
        ("../template", "no such thing"),
        ("C:\\templates\\ops", "no such thing"),
        ("git+file:///srv/template", "no such thing"),
        ("file:///srv/template", "no such thing"),
        ("git://git.example.org/x.git", "no such thing"),
        ("https://", "no such thing"),
        ("https://[", "no such thing"),
        ("~/.local/share/new-ops-project/template", "came with the tool"),
        ("https://x:secret@/x", "no such thing"),
    ],
)
def test_renovate_cannot_serve_the_template(template: str, why: str) -> None:
    """The reason has the value, and no credentials."""
    assert why in readiness(template, "v1.0.0")
    assert "secret" not in readiness(template, "v1.0.0")


@pytest.mark.parametrize("version", ["", "v1.2.0-3-gabc1234", "main", "deadbee", "release-1"])
def test_renovate_cannot_serve_the_version(version: str) -> None:
    """A commit, a branch or what lies between two tags is no version."""
    assert readiness("https://github.com/org/template", version)
