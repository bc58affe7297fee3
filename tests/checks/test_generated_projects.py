"""Generated projects, in which neither a rule nor a linter finds anything."""

import json
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from support.command import ROOT, Run, git
from support.variants import CLOUDS, DEPENDENCIES, TIERS, Variant

from new_ops_project.checks import catalogue, engine, repo
from new_ops_project.template.pins import pins_yml

# Third-party plugins of repo-review, some of which are installed beside the tests; actionlint, if it is not installed.
OTHERS = ("OPS590", *(() if shutil.which("actionlint") else ("OPS192",)))
UPDATES, LICENSES = ("dependabot", "renovate", "none"), ("MIT", "Apache-2.0", "Proprietary")
PYTHON = tuple(pins_yml.shipped().pythons)
PAIRS = [(tier, cloud) for tier, cloud in product(TIERS, CLOUDS)]


@pytest.mark.parametrize(("tier", "cloud"), PAIRS, ids=lambda value: value)
def test_no_false_alarm(tmp_path: Path, tier: str, cloud: str) -> None:
    """Each tier with each cloud; Python, container, updates, license and dependencies take turns."""
    number = PAIRS.index((tier, cloud))
    variant = Variant(
        tier,
        PYTHON[number % 5],
        cloud,
        container=number % 2 == 0,
        updates=UPDATES[number % 3],
        license=LICENSES[number % 3],
        dependencies=DEPENDENCIES[number % 10 : number % 10 + number % 4],
    )
    folder = variant.generate(tmp_path / "rotate-keys")
    git("init", "--quiet", at=folder)
    git("add", "--all", at=folder)
    checked = engine.run(repo.read(folder, offline=True), catalogue.selected((), OTHERS))
    assert checked.findings == ()
    assert (checked.ignored, checked.skipped) == ((), ())


def test_what_new_commits_is_clean(run: Run, work: Path) -> None:
    """The repository that `new` commits is clean from its first commit, its managed files the same."""
    run("new", "audit", "--python", "3.12", "--tier", "cli", "--defaults")
    answer = run("check", "audit", "--json", "--ignore", ",".join(OTHERS)).json
    assert (answer["findings"], answer["skipped"]) == ([], [])
    assert set(answer["drift"]["audit"].values()) == {"same"}
    assert work.is_dir()


def test_this_repository_is_clean() -> None:
    """This repository keeps our own rules."""
    command = [sys.executable, "-m", "new_ops_project", "check", "--json", "--offline"]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    findings = json.loads(completed.stdout)["findings"]
    assert [finding for finding in findings if finding["severity"] != "info"] == []


def test_real_scripts_are_clean() -> None:
    """13 scripts in many styles have no finding."""
    folder = ROOT / "tests" / "scripts"
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}
    checked = engine.run(repo.of(files), catalogue.selected(["code"], OTHERS))
    assert checked.findings == ()
    assert checked.skipped == ()
