"""One file that a linter cannot read does not silence the linter."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.small import lay
from support.small_clones import repository

from new_ops_project.checks import catalogue, repo
from new_ops_project.checks.linters import zizmor

UNSAFE = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
WORKFLOWS = ".github/workflows"
# Workflows that zizmor, or a parser of YAML, does not read.
ODD: dict[str, bytes] = {
    "latin": b"on: push\nname: caf\xe9\n",
    "utf-16": UNSAFE.encode("utf-16"),
    "syntax": b"on: [push\njobs: x: y\n",
    "circular": b"a: &a [*a]\n",
    "empty": b"",
    "list": b"- 1\n",
    "two": UNSAFE.encode() * 2 + b"---\n" + UNSAFE.encode(),
    "deep": b"on: push\nx: " + b"[" * 3000 + b"]" * 3000 + b"\n",
    "binary": b"on: push\nx: a\0b\n",
}
FINDERS = ",".join(rule.code for rule in catalogue.rules() if rule.tool in {"zizmor", "check-jsonschema"})


@pytest.fixture
def project(work: Path) -> Path:
    """A repository with an unsafe workflow."""
    return repository(work, {f"{WORKFLOWS}/unsafe.yml": UNSAFE})


def answered(run: Run, code: int, *paths: str) -> Any:
    """What JSON says about workflows."""
    return run("check", *paths, "--json", "--select", f"{FINDERS},OPS116", code=code).json


@pytest.mark.parametrize("name", ODD)
def test_a_workflow_that_zizmor_cannot_read(run: Run, project: Path, name: str) -> None:
    """The others are audited; what was not is a finding, or named."""
    (project / WORKFLOWS / f"{name}.yml").write_bytes(ODD[name])
    audited = zizmor.report(repo.read(project))
    assert {"unpinned-uses", "artipacked"} <= {audit.ident for audit in audited.report if "unsafe" in audit.path}


def test_files_of_another_form(run: Run, project: Path) -> None:
    """Zizmor audits nothing if it cannot make sense of one file; the others are audited without it."""
    old = {".pre-commit-config.yaml": "repos:\n- repo: https://example.org/x\n  sha: v1\n", "a/action.yml": "runs: 1\n"}
    lay(project, old)
    audited = zizmor.report(repo.read(project))
    assert {"unpinned-uses", "artipacked"} <= {audit.ident for audit in audited.report if "unsafe" in audit.path}
    assert [gap.path for gap in audited.gaps] == [*old]


USING = "runs:\n  using: {}\n  steps:\n    - run: make\n"
# Files with names that zizmor knows, in forms that it does not: whether GitHub may run them.
FORMS = [
    (".pre-commit-config.yaml", "repos:\n- repo: https://example.org/x\n  sha: v1\n  hooks: []\n", False),
    (".pre-commit-config.yaml", "- repo: https://example.org/x\n  sha: v1\n  hooks: []\n", False),
    (".pre-commit-config.yaml", "", False),
    (".pre-commit-hooks.yaml", "- id: a\n", False),
    (".github/dependabot.yml", "version: 1\nupdate_configs:\n- package_manager: python\n", False),
    ("roles/action.yml", "- name: a task of Ansible\n  debug: msg=1\n", False),
    ("roles/action.yaml", "{% if x %}\n", False),
    ("x/action.yml", "name: x\nruns: 1\n", False),
    ("x/action.yml", USING.format("[x]"), False),
    ("x/action.yml", USING.format("composite"), True),
    ("x/action.yaml", USING.format("composite") + "      with: 1\n", True),
    (f"{WORKFLOWS}/two.yml", f"{UNSAFE}---\n{UNSAFE}", True),
]


@pytest.mark.parametrize(("name", "text", "is_run"), FORMS)
def test_only_what_github_runs_must_be_audited(run: Run, project: Path, name: str, text: str, is_run: bool) -> None:  # noqa: FBT001
    """Without it, the run is incomplete; other files that zizmor cannot read are named."""
    lay(project, {name: text})
    wanted = ",".join(rule.code for rule in catalogue.rules() if rule.tool == "zizmor")
    answer = run("check", "--json", "--select", wanted, code=2 if is_run else 1).json
    (skipped,) = answer["skipped"]
    assert (skipped["path"], skipped["fails"]) == (name, is_run)
    assert {finding["path"] for finding in answer["findings"]} == {f"{WORKFLOWS}/unsafe.yml"}
    assert f"cannot read {name}" in run("check", "--select", wanted, code=2 if is_run else 1).out


def test_a_file_that_is_ignored(run: Run, project: Path) -> None:
    """The entry that the hint shows lets the run be complete; the reason is shown."""
    name = f"{WORKFLOWS}/two.yml"
    lay(project, {name: f"{UNSAFE}---\n{UNSAFE}"})
    (skipped,) = answered(run, 2)["skipped"]
    assert answered(run, 1, f"{WORKFLOWS}/unsafe.yml")["skipped"] == []
    _, table, entry = skipped["hint"].partition("[tool.new-ops-project.ignore]")
    lay(project, {"pyproject.toml": f"{table}\n{entry.removesuffix('.')}\n"})
    (skipped,) = answered(run, 1)["skipped"]
    assert skipped["reason"] == f"zizmor failed: it cannot read {name}. That is ignored in pyproject.toml: why"
    assert not skipped["fails"]


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be there")
def test_files_with_odd_names(project: Path) -> None:
    """They are audited under their own names, also those that are not UTF-8 or have two lines."""
    odd = [f"{WORKFLOWS}/a\nb.yml", f"{WORKFLOWS}/a\udcff.yml", "x\x1by/action.yml"]
    action = "runs:\n  using: composite\n  steps:\n    - uses: a/b@v1\n"
    lay(project, dict(zip(odd, (UNSAFE, UNSAFE, action), strict=True)))
    audited = zizmor.report(repo.read(project))
    assert {audit.path for audit in audited.report if audit.ident == "unpinned-uses"} == {
        f"{WORKFLOWS}/unsafe.yml",
        *odd,
    }
    assert audited.gaps == ()


def test_a_byte_order_mark(project: Path) -> None:
    """Editors on Windows write it, and GitHub reads it."""
    (project / WORKFLOWS / "bom.yml").write_bytes(b"\xef\xbb\xbf" + UNSAFE.encode())
    audited = zizmor.report(repo.read(project))
    assert "unpinned-uses" in {audit.ident for audit in audited.report if "bom" in audit.path}
    assert audited.gaps == ()


def test_a_file_that_is_left_out_is_named(run: Run, project: Path) -> None:
    """The exit code is 2, since nobody says what is wrong in it."""
    (project / WORKFLOWS / "two.yml").write_text(f"{UNSAFE}---\n{UNSAFE}")
    answer = answered(run, 2)
    assert {"unsafe.yml"} == {Path(finding["path"]).name for finding in answer["findings"]}
    (skipped,) = answer["skipped"]
    assert f"{WORKFLOWS}/two.yml" in skipped["reason"]
    assert skipped["fails"]


def test_a_file_that_is_left_out_for_an_error(run: Run, project: Path) -> None:
    """An error that is found in it says enough."""
    (project / WORKFLOWS / "two.yml").write_text(f"{UNSAFE.replace('uses', 'usess')}---\n{UNSAFE}")
    answer = answered(run, 1)
    assert "two.yml" in {Path(finding["path"]).name for finding in answer["findings"]}
    assert not any(skipped["fails"] for skipped in answer["skipped"])


def test_a_file_that_may_not_be_read(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, the exit code is 2, and all other files are looked at."""
    opened = os.open

    def refusing(path: str | Path, flags: int, *more: Any, **named: Any) -> int:
        if str(path).endswith("secret.yml"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refusing)  # nothing is closed to root
    (project / WORKFLOWS / "secret.yml").write_text(UNSAFE)
    answer = answered(run, 2)
    assert "artipacked" in {finding["code"] for finding in answer["findings"]}
    (skipped,) = answer["skipped"]
    assert f"{WORKFLOWS}/secret.yml" in skipped["reason"]
    assert "Permission denied" in skipped["reason"]


def test_what_is_no_text_is_not_judged(run: Run, work: Path) -> None:
    """What ruff says of a binary file or one beyond a link is left out; what Python cannot parse is told."""
    repository(work, {"bad.py": "def f(:\n", "binary.py": "x = \0\n"})
    lay(work.parent, {"outside.py": "def g(:\n"})
    (work / "link.py").symlink_to(work.parent / "outside.py")
    (work / "gone.py").symlink_to("nowhere.py")
    (work / "folder.py").symlink_to(work.parent)
    answer = run("check", "--json", "--select", "invalid-syntax,E902", code=1).json
    assert [finding["path"] for finding in answer["findings"]] == ["bad.py"]
    assert answer["skipped"] == []
