"""What `check` says and returns when a linter could not be asked."""

import importlib.util
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from support import toolbox
from support.command import Run
from support.small_clones import repository
from support.toolbox import FAILS, GIBBERISH, HANGS, MISSING

from new_ops_project.checks import catalogue
from new_ops_project.checks.linters import program, reports

IGNORE = '[tool.new-ops-project.ignore]\n{name} = "{reason}"\n'
WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
TASK = "import sys\ntry:\n    print(1)\nexcept OSError:\n    sys.exit(0)\n"
FILES = {"task.py": TASK, ".github/workflows/ci.yml": WORKFLOW}
# The program that is replaced for each linter that comes with this tool.
PROMISED = {"ruff": "ruff", "zizmor": "zizmor", "check-jsonschema": "python"}
FORMATS = ("text", "full", "json", "sarif", "github", "markdown")


def codes(linter: str) -> str:
    """The rules that need a linter, and a rule of ours that is broken in FILES, as --select takes them."""
    return ",".join(["OPS504", *(rule.code for rule in catalogue.rules() if rule.tool == linter)])


@pytest.fixture
def project(work: Path) -> Path:
    """A repository with Python and a workflow, which is the current folder."""
    return repository(work, FILES)


@dataclass(frozen=True)
class Box:
    """The linters that a test uses."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def replace(self, linter: str, text: str) -> None:
        """Use a script instead of the linter."""
        toolbox.fill(self.folder, self.monkeypatch, **{PROMISED.get(linter, linter): text})

    def remove(self, linter: str) -> None:
        """Use an environment that lacks the linter."""
        real = importlib.util.find_spec
        toolbox.fill(self.folder, self.monkeypatch, **({} if linter == "check-jsonschema" else {linter: MISSING}))
        self.monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name.replace("_", "-") == linter else real(name)
        )


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """The linters, to replace some."""
    return Box(tmp_path / "box", monkeypatch)


def told(run: Run, linter: str, code: int, *more: str) -> dict[str, Any]:
    """What JSON says about the linter; the rule of ours has been checked, whatever happened."""
    answer = run("check", "--json", "--select", codes(linter), *more, code=code).json
    assert "OPS504" in {finding["code"] for finding in answer["findings"]}
    (about,) = (skipped for skipped in answer["skipped"] if linter in skipped["reason"])
    return dict(about)


@pytest.mark.parametrize("linter", PROMISED)
@pytest.mark.parametrize(
    "broken", [(FAILS, "it is broken"), (HANGS, "no answer within 1"), (GIBBERISH, "could not be read")]
)
def test_a_linter_that_does_not_answer(run: Run, project: Path, box: Box, linter: str, broken: tuple[str, str]) -> None:
    """It is named with the reason, after what the others found, and the exit code is 2."""
    text, words = broken
    box.monkeypatch.setattr(program, "SECONDS", 1.0 if text == HANGS else 60.0)
    box.replace(linter, text)
    about = told(run, linter, 2)
    assert words in about["reason"]
    assert about["fails"]
    assert set(about["codes"]) == {rule.code for rule in catalogue.rules() if rule.tool == linter}
    assert f"{linter} = " in about["hint"]


@pytest.mark.parametrize("linter", PROMISED)
def test_a_linter_that_is_missing(run: Run, project: Path, box: Box, linter: str) -> None:
    """One that comes with this tool is named, and the exit code is 2."""
    box.remove(linter)
    about = told(run, linter, 2)
    assert about["reason"] == f"{linter} is not installed."
    assert about["fails"]


@pytest.mark.parametrize("shape", FORMATS)
def test_every_format_names_it(run: Run, project: Path, box: Box, shape: str) -> None:
    """None looks as if everything had been checked."""
    box.replace("zizmor", FAILS)
    ran = run("check", "--format", shape, "--select", codes("zizmor"), code=2)
    assert "it is broken" in ran.out
    assert "OPS504" in ran.out


def test_sarif_says_that_the_run_failed(run: Run, project: Path, box: Box) -> None:
    """An invocation is successful only if every linter was."""
    asked = ("check", "--format", "sarif", "--select", codes("zizmor"))
    (invocation,) = run(*asked, code=1).json["runs"][0]["invocations"]
    assert invocation["executionSuccessful"]
    box.remove("zizmor")
    (invocation,) = run(*asked, code=2).json["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error"]


@pytest.mark.parametrize("linter", PROMISED)
@pytest.mark.parametrize("text", [FAILS, GIBBERISH])
def test_a_linter_that_is_ignored(run: Run, work: Path, box: Box, linter: str, text: str) -> None:
    """With a reason it is not asked, which is said with the reason; the other rules decide the exit code."""
    repository(work, {**FILES, "pyproject.toml": IGNORE.format(name=linter, reason="we have another")})
    box.replace(linter, text)
    about = told(run, linter, 1)
    assert about["reason"] == f"{linter} is ignored in pyproject.toml: we have another"
    assert not about["fails"]
    codes_of_ignoring = {finding["code"] for finding in run("check", "--json", "--select", "ignoring").json["findings"]}
    assert not codes_of_ignoring


def test_a_linter_that_is_ignored_without_a_reason(run: Run, work: Path, box: Box) -> None:
    """It is asked all the same, and the entry is a finding."""
    repository(work, {**FILES, "pyproject.toml": IGNORE.format(name="zizmor", reason="")})
    box.replace("zizmor", FAILS)
    assert told(run, "zizmor", 2)["fails"]
    answer = run("check", "--json", "--select", "ignoring", code=1).json
    assert [finding["code"] for finding in answer["findings"]] == ["OPS001"]


def test_a_linter_that_is_ignored_in_some_files(run: Run, work: Path) -> None:
    """It is asked, and what it finds in these files is ignored with the reason."""
    entry = '[tool.new-ops-project.ignore]\nzizmor = { reason = "mirrored", paths = [".github/workflows/a*"] }\n'
    names = ("a.yml", "b.yml")
    step = WORKFLOW.replace("run: make", "uses: actions/checkout@v4")
    repository(work, {**{f".github/workflows/{name}": step for name in names}, "pyproject.toml": entry})
    wanted = ",".join(rule.code for rule in catalogue.rules() if rule.tool == "zizmor")
    answer = run("check", "--json", "--select", wanted, code=1).json
    assert {finding["path"] for finding in answer["findings"]} == {".github/workflows/b.yml"}
    assert {(each["path"], each["reason"]) for each in answer["ignored"]} == {(".github/workflows/a.yml", "mirrored")}


@pytest.mark.parametrize("linter", ["actionlint", "deptry", "detect-secrets", "validate-pyproject", "repo-review"])
def test_a_linter_of_the_extra_may_be_missing(run: Run, work: Path, box: Box, linter: str) -> None:
    """It is named, with where it comes from; the exit code is that of the findings."""
    repository(work, {**FILES, "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = []\n'})
    box.remove(linter)
    about = told(run, linter, 1)
    assert about["reason"] == f"{linter} is not installed."
    assert about["hint"]
    assert not about["fails"]


@pytest.mark.parametrize("linter", ["actionlint", "deptry", "detect-secrets", "validate-pyproject", "repo-review"])
def test_an_optional_linter_is_named_only_if_it_is_asked_for(run: Run, work: Path, box: Box, linter: str) -> None:
    """What people read on each run is silent; `full`, machines, and a run that selects its rules learn of it."""
    repository(work, {**FILES, "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = []\n'})
    box.remove(linter)
    words = {shape: run("check", "--format", shape, code=1).out for shape in FORMATS}
    absent = {shape for shape, text in words.items() if "not installed" not in text}
    assert absent == {"text", "github", "markdown"}
    assert f"{linter} is not installed." in words["json"]
    (skipped,) = (each for each in run("check", "--json", code=1).json["skipped"] if linter in each["reason"])
    assert skipped["is_optional"]
    code = next(rule.code for rule in catalogue.rules() if rule.tool == linter)
    assert f"not checked: {linter} is not installed." in run("check", "--select", code, code=0).out


@pytest.mark.parametrize("linter", ["deptry", "validate-pyproject"])
def test_a_linter_of_the_extra_may_not_fail(run: Run, work: Path, box: Box, linter: str) -> None:
    """Where it is installed, it counts as much as the others."""
    repository(work, {**FILES, "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = []\n'})
    box.replace(linter, FAILS)
    assert told(run, linter, 2)["fails"]


@pytest.mark.parametrize(
    ("machine", "code"), [("x86_64", 2), ("AMD64", 2), ("arm64", 2), ("ARM64", 2), ("aarch64", 2), ("ppc64le", 1)]
)
def test_zizmor_is_promised_where_it_has_wheels(run: Run, project: Path, box: Box, machine: str, code: int) -> None:
    """Elsewhere its absence is named, and says nothing about the run."""
    box.remove("zizmor")
    box.monkeypatch.setattr(platform, "machine", lambda: machine)
    about = told(run, "zizmor", code)
    assert about["fails"] == (code == 2)
    assert machine in about["hint"] or about["fails"]


def test_the_install_brings_what_is_promised() -> None:
    """The three linters are dependencies; the others are those of the extra."""
    required = [Requirement(line) for line in metadata.requires("new-ops-project") or ()]
    extra = {each.name for each in required if "extra" in str(each.marker)}
    assert PROMISED.keys() <= {each.name for each in required} - extra
    assert extra == {"deptry", "detect-secrets", "repo-review", "validate-pyproject"}


@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "arm64", "ARM64", "aarch64", "ppc64le", "armv7l", "riscv64"])
def test_the_promise_is_that_of_the_metadata(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    """What should be there is what pip installs on the machine, and nothing else."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    here = {"platform_machine": machine, "extra": ""}
    required = [Requirement(line) for line in metadata.requires("new-ops-project") or ()]
    installed = {each.name for each in required if each.marker is None or each.marker.evaluate(here)}
    assert {name for name in reports.TOOLS if program.missing(name).fails} == installed & reports.TOOLS.keys()
