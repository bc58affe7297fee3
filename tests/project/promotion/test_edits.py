"""Ordinary edits beside lines that another tier changes: no conflict, no loss."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command import Run
from support.growing_projects import CODE, METADATA, NAME, RUN, SCRIPT, promote, start

from new_ops_project.base.errors import Exit

CI, IMAGE = ".github/workflows/ci.yml", "Dockerfile"
INSTALL, FETCH = "      - name: Install the locked", "      - name: Fetch the last state"
STEP = "      - name: Mine\n        run: make mine\n"

# What the user replaces in which file, by what.
EDITS: Mapping[str, tuple[str, str, str]] = {
    "a dependency first in the list": (METADATA, "dev = [\n", 'dev = [\n    "types-docutils==0.21",  # ours\n'),
    "tests of the user's": (METADATA, f'testpaths = ["{SCRIPT}"]', f'testpaths = ["{SCRIPT}", "checks"]'),
    "another option of pytest": (METADATA, '"--strict-markers"]', '"--strict-markers", "-q"]'),
    "another rule for tests": (METADATA, '"S106", ', '"S105",  # mine\n    "S106", '),
    "a step before the installation": (RUN, INSTALL, f"{STEP}{INSTALL}"),
    "a line below the installation": (RUN, FETCH, f"          echo mine\n{FETCH}"),
    "another state": (RUN, "path: state.json", "path: out.json"),
    "a last step": (CI, "--dry-run\n", f"--dry-run\n{STEP}"),
    "arguments of the image": (IMAGE, '/app/rotate_keys.py"]\n', '/app/rotate_keys.py"]\nCMD ["mine"]\n'),
    "data in the image": (IMAGE, "COPY rotate_keys.py /app/\n", "COPY rotate_keys.py /app/\nCOPY mine /app/mine\n"),
    "data let into the image": (".dockerignore", "!rotate_keys.py\n", "!rotate_keys.py\n!mine/\n"),
    "a row of the table": ("README.md", "| `pyproject.toml` |", "| `mine/` | data |\n| `pyproject.toml` |"),
    "other words": ("README.md", "The first command sets up", "Mine: the first command sets up"),
}


@pytest.mark.parametrize("name", EDITS)
def test_no_conflict(run: Run, shared: Path, tmp_path: Path, name: str) -> None:
    """The edit is in the next tier's file, which otherwise matches the template."""
    path, old, new = EDITS[name]
    small = start(shared, tmp_path, {SCRIPT: CODE}, container=True, cloud="aws-oidc")
    text = small.text(path)
    assert text.count(old) == 1
    small.commit({path: text.replace(old, new)})
    for tier in ("library", "cli") if os.environ.get("TEST_EVERY_PAIR") else (("library", "cli")[len(name) % 2],):
        report = promote(run, small, tier, "--json").json
        assert report["conflicts"] == []
        mine = {word.strip('",]') for word in new.split()} - {word.strip('",]') for word in old.split()}
        assert [word for word in mine if NAME not in word and word not in small.text(path)] == []
        small.git("reset", "--quiet", "--hard")


def test_an_entry_point_of_the_users_own(run: Run, shared: Path, tmp_path: Path) -> None:
    """It names the module where that is now, beside the command of the tier."""
    small = start(shared, tmp_path, {SCRIPT: CODE})
    small.commit({METADATA: small.text(METADATA) + '\n[project.scripts]\nmine = "rotate_keys:rotate"\n'})
    promote(run, small, "cli", "--command", "rk")
    scripts = tomllib.loads(small.text(METADATA))["project"]["scripts"]
    assert scripts == {"rk": "rotate_keys.__main__:main", "mine": "rotate_keys.task:rotate"}


def test_a_line_that_both_changed(run: Run, shared: Path, tmp_path: Path) -> None:
    """What a person has to decide is a conflict still."""
    small = start(shared, tmp_path, {SCRIPT: CODE}, container=True)
    image = small.text(IMAGE)
    small.commit({IMAGE: image.replace("COPY rotate_keys.py /app/", "COPY rotate_keys.py mine /srv/")})
    ran = promote(run, small, "cli", "--json", code=Exit.CONFLICTS)
    assert [conflict["path"] for conflict in ran.json["conflicts"]] == [IMAGE]


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", ".github/workflows/release.yml"])
def test_files_of_the_users_own(run: Run, shared: Path, tmp_path: Path, name: str) -> None:
    """A file that the user already has is not replaced by that of the next tier, nor by later updates."""
    small = start(shared, tmp_path, {SCRIPT: CODE, name: "name: mine\n"})
    assert promote(run, small, "cli", "--json").json["conflicts"] == []
    assert small.text(name) == "name: mine\n"
    assert small.recorded()["keep"] == [name]
