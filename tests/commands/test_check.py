"""`check` on the command line: paths, rules, formats, ignores, fixes."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
from support.command import ROOT, Run, git
from support.small import Small, everything, lay
from support.small import update as updated
from support.small_clones import repository

from new_ops_project.checks import catalogue

EOL = {".python-version": "3.9\n", "task.py": "print(1)\n"}
BROKEN = {**EOL, ".gitignore": "*.log\n", "pyproject.toml": '[tool.ruff]\ntarget-version = "py310"\n'}
ONLY = ("--select", "environment")
EXTRA = "Install the extra [check]: pipx install 'new-ops-project[check]'."
AGAIN = 'Install new-ops-project again, or ignore it with a reason: [tool.new-ops-project.ignore] ruff = "the reason".'


@pytest.fixture
def broken(work: Path) -> Path:
    """A committed repository without a template that breaks three rules; it is the current folder."""
    repository(work, BROKEN)
    lay(work, {".venv/pyvenv.cfg": ""})
    return work


def codes(run: Run, *args: str, code: int = 1) -> list[str]:
    """The codes of the findings."""
    return [finding["code"] for finding in run("check", *args, "--json", code=code).json["findings"]]


# ---- output formats -------------------------------------------------------------------------------------------


def test_text(run: Run, broken: Path) -> None:
    """Each finding is a line that an editor can jump to, with its remedy; one line counts them."""
    expected = (
        ".gitignore:1:1: error OPS201 [*] No .gitignore of the repository excludes .venv.\n"
        "    Add `.venv/` to .gitignore.\n"
        ".python-version:1:1: error OPS205 Support for Python 3.9 ended in 2025-10.\n"
        "    Move to Python 3.14, supported until 2030-10.\n"
        "pyproject.toml:2:19: error OPS207 ruff is set to Python 3.10, but .python-version says 3.9.\n"
        '    Write target-version = "py39", the lowest that has to work.\n'
        "Found 3 errors; [*] 1 fixable with --fix.\n"
    )
    assert run("check", *ONLY, code=1).out == expected
    assert run("check", *ONLY, "--format", "full", code=1).out == expected


def test_the_screen_in_the_document(run: Run, work: Path) -> None:
    """The example in docs/check.md is what is printed."""
    job = "jobs:\n  test:\n    steps:\n      - uses: actions/setup-python@v5\n        with: {python-version: 3.10}\n"
    names = (".github/workflows/ci.yml", ".github/workflows/docs.yml")
    repository(work, {".python-version": "3.14\n", **dict.fromkeys(names, job)})
    printed = run("check", "--select", "OPS107,OPS207", code=1).out
    assert f"$ new-ops-project check\n{printed}```\n" in (ROOT / "docs" / "check.md").read_text()


def test_text_of_many_findings(run: Run, work: Path) -> None:
    """What is left out is counted, and the printed command shows it."""
    repository(work, {f"a b{number}/pyvenv.cfg": "" for number in range(40)})
    lines = run("check", ".", "--select", "OPS202,OPS601", "--ignore", "OPS601", code=1).out.splitlines()
    assert len(lines) <= 20
    assert lines[-1] == "Found 40 errors."
    count, command = lines[-2].removeprefix("Not shown: ").split(" errors. See all: ")
    assert sum(line.startswith("a b") for line in lines) + int(count) == 40
    shown = run(*shlex.split(command)[1:], code=1).out
    assert all(f"a b{number}: error OPS202" in shown for number in range(40))


def test_no_findings(run: Run, work: Path) -> None:
    """Without findings the output says so, and the exit code is 0."""
    repository(work, {".gitignore": ".venv/\n"})
    assert run("check", *ONLY).out == "Nothing found.\n"


def test_notes_do_not_count(run: Run, work: Path) -> None:
    """A note is shown, and leaves the exit code at 0."""
    repository(work, {".gitignore": ".venv/\n"})
    findings = run("check", "--select", "OPS601", "--json").json["findings"]
    assert [(finding["code"], finding["severity"]) for finding in findings] == [("OPS601", "info")]


def test_json(run: Run, broken: Path) -> None:
    """One object, each finding with every field of the contract, and nothing else on stdout."""
    report = run("check", "--format", "json", *ONLY, code=1).json
    assert report["findings"][0] == {
        "code": "OPS201",
        "severity": "error",
        "path": ".gitignore",
        "line": 1,
        "column": 1,
        "message": "No .gitignore of the repository excludes .venv.",
        "remedy": "Add `.venv/` to .gitignore.",
        "fixable": True,
    }
    assert report == run("check", "--json", *ONLY, code=1).json


def test_sarif(run: Run, broken: Path) -> None:
    """The log is SARIF 2.1.0, with a rule for each result; an ignored finding has its justification."""
    ignore = '[tool.new-ops-project.ignore]\nOPS205 = "the appliance has no other"\n'
    Path("pyproject.toml").write_text(BROKEN["pyproject.toml"] + ignore)
    text = run("check", "--format", "sarif", *ONLY, code=1).out
    (ran,) = Sarif.model_validate_json(text).runs
    results = [result for result in ran.results or [] if not result.suppressions]
    assert [result.ruleId for result in results] == ["OPS201", "OPS207"]
    assert all(
        (ran.tool.driver.rules or [])[result.ruleIndex].id == result.ruleId for result in results if result.ruleIndex
    )
    (held,) = [result for result in json.loads(text)["runs"][0]["results"] if "suppressions" in result]
    assert held["suppressions"] == [{"kind": "external", "justification": "the appliance has no other"}]


def test_sarif_of_odd_names(run: Run, work: Path) -> None:
    """A path is a URI, whatever its letters and bytes; a fingerprint does not change with the line."""
    repository(work, {"ä b/Dockerfile": "", "x/pyvenv.cfg": "", "a\udcff#/pyvenv.cfg": ""})
    log = json.loads(run("check", "--format", "sarif", "--select", "OPS202", code=1).out)
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["runs"][0]["results"]
    ]
    assert uris == ["a%FF%23", "x"]


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("shape", ["github", "sarif"])
def test_places_are_those_of_the_repository(
    run: Run, work: Path, monkeypatch: pytest.MonkeyPatch, shape: str, *, is_absolute: bool
) -> None:
    """From a subfolder, or with an absolute PATH, files are named from the root, where GitHub looks for them."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    repository(work, {"services/api/.python-version": "3.9\n", "services/api/pyproject.toml": "[project]\n"})
    monkeypatch.chdir(work.parent if is_absolute else work / "services" / "api")
    paths = [str(work / "services" / "api")] if is_absolute else []
    printed = run("check", *paths, "--select", "OPS205", "--format", shape, code=1).out
    assert ("file=services/api/.python-version," if shape == "github" else '"services/api/.python-version"') in printed
    if shape == "sarif":
        (result,) = json.loads(printed)["runs"][0]["results"]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location["uriBaseId"] in json.loads(printed)["runs"][0]["originalUriBaseIds"]


def test_github(run: Run, broken: Path) -> None:
    """Each finding is a workflow command with its place."""
    lines = run("check", "--format", "github", *ONLY, code=1).out.splitlines()
    assert lines[0] == (
        "::error file=.gitignore,line=1,col=1,title=OPS201::No .gitignore of the repository excludes .venv."
        " Add `.venv/` to .gitignore."
    )
    assert len(lines) == 3


def test_github_cannot_be_forged(run: Run, work: Path) -> None:
    """A file name cannot end a workflow command or begin one."""
    repository(work, {"a,line=9\n::error::x/pyvenv.cfg": ""})
    (line,) = run("check", "--format", "github", "--select", "OPS202", code=1).out.splitlines()
    assert line.startswith("::error file=a%2Cline=9%0A%3A%3Aerror%3A%3Ax,title=OPS202::")


def test_markdown(run: Run, work: Path) -> None:
    """In the table, a file name cannot add a column, HTML or a link."""
    repository(work, {"a|b<img src=x>[y](http://z)`/pyvenv.cfg": ""})
    output = run("check", "--format", "markdown", "--select", "OPS202", code=1).out
    (row,) = [line for line in output.splitlines() if line.startswith("| a")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert not re.search(r"(?<!\\)[<\[`]", row)


def test_names_do_not_control_the_terminal(run: Run, work: Path) -> None:
    """Escape sequences and bytes that are not UTF-8 do not reach the terminal."""
    repository(work, {"a\x1b[2J\udcff/pyvenv.cfg": ""})
    output = run("check", "--select", "OPS202", code=1).out
    assert "\x1b" not in output


# ---- selected rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--select", "OPS205"], ["OPS205"]),
        (["--select", "ops205,OPS201"], ["OPS201", "OPS205"]),
        (["--select", "environment", "--ignore", "OPS205"], ["OPS201", "OPS207"]),
        (["--select", "OPS2", "--ignore", "OPS205,OPS207"], ["OPS201"]),
    ],
)
def test_rules_are_selected(run: Run, broken: Path, args: list[str], expected: list[str]) -> None:
    """Rules are selected by code, prefix of a code or family, in any case."""
    assert codes(run, *args) == expected


@pytest.mark.parametrize("name", ["OPS999", "enviroment", "X"])
def test_an_unknown_rule(run: Run, broken: Path, name: str) -> None:
    """A misspelt name ends with 2 and suggests the nearest one."""
    errors = run("check", "--select", name, code=2).err
    assert f"No rule or family is called '{name}'" in errors
    assert name != "enviroment" or "environment" in errors


def test_explain(run: Run) -> None:
    """The explanation of a rule says what it checks, why, what to do, where to read more."""
    rule = catalogue.rule("OPS201")
    output = " ".join(run("check", "--explain", "ops201").out.split())
    for words in (rule.code, rule.title, rule.why, rule.remedy, rule.link, "error, fixed by --fix"):
        assert words in output
    assert run("check", "--explain", "OPS201", "--json").json["why"] == rule.why
    assert "OPS20" in run("check", "--explain", "OPS208", code=2).err


def test_every_rule_is_explained(run: Run) -> None:
    """Each rule has a unique code in its family's hundred, a title, a reason, a remedy and a link."""
    rules = catalogue.rules()
    assert len({rule.code for rule in rules}) == len(rules)
    for rule in rules:
        assert all((rule.title, rule.why, rule.remedy)), rule.code
        assert rule.link.startswith("https://"), rule.code
        assert rule.why.endswith(".")
    for family in catalogue.families():
        assert len({rule.code[:4] for rule in family.rules if rule.code.startswith("OPS")}) == 1
    assert len(run("check", "--explain", "all", "--json").json["rules"]) == len(rules)


def test_the_document_of_rules(run: Run) -> None:
    """docs/rules.md is generated from the rules."""
    assert (ROOT / "docs" / "rules.md").read_text() == run("check", "--explain", "all", "--format", "markdown").out


# ---- ignored, with a reason --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ('OPS205 = "the appliance has no other"', ["OPS201", "OPS207"]),
        ('OPS205 = { reason = "the appliance has no other" }', ["OPS201", "OPS207"]),
        ('OPS205 = { reason = "only there", paths = [".python-*"] }', ["OPS201", "OPS207"]),
        ('OPS205 = { reason = "only there", paths = ["Dockerfile"] }', ["OPS201", "OPS205", "OPS207"]),
        ('OPS205 = ""', ["OPS201", "OPS205", "OPS207", "OPS001"]),
        ('OPS205 = "  "', ["OPS201", "OPS205", "OPS207", "OPS001"]),
        ("OPS205 = true", ["OPS201", "OPS205", "OPS207", "OPS001"]),
        ('OPS205 = { paths = ["x"] }', ["OPS201", "OPS205", "OPS207", "OPS001"]),
        ('OPS205 = { reason = "x", paths = "x" }', ["OPS201", "OPS205", "OPS207", "OPS001"]),
        ('OPS295 = "misspelt"', ["OPS201", "OPS205", "OPS207", "OPS002"]),
    ],
)
def test_ignored(run: Run, broken: Path, entry: str, left: list[str]) -> None:
    """With a reason, a rule is ignored everywhere or in some files; a missing reason is itself a finding."""
    (broken / "pyproject.toml").write_text(f"{BROKEN['pyproject.toml']}[tool.new-ops-project.ignore]\n{entry}\n")
    report = run("check", "--select", "environment,ignoring", "--json", code=1).json
    assert sorted(finding["code"] for finding in report["findings"]) == sorted(left)
    assert [finding["reason"] for finding in report["ignored"] if "OPS205" not in left] == [
        finding["reason"] for finding in report["ignored"]
    ]
    lines = [finding["line"] for finding in report["findings"] if finding["code"].startswith("OPS00")]
    assert lines in ([], [4])


def test_a_count_of_what_is_ignored(run: Run, broken: Path) -> None:
    """The summary counts the ignored findings."""
    (broken / "pyproject.toml").write_text('[tool.new-ops-project.ignore]\nOPS205 = "no other"\nOPS201 = "none"\n')
    assert run("check", *ONLY).out == "Nothing found; 2 ignored, each with its reason.\n"


# ---- repositories --------------------------------------------------------------------------------------------------


def test_several(run: Run, work: Path) -> None:
    """Paths of findings begin with the folder as given; the exit code is that of the worst one."""
    repository(work / "a", {".gitignore": ".venv/\n"})
    repository(work / "b", {"x.txt": ""})
    lay(work / "b", {".venv/pyvenv.cfg": ""})
    report = run("check", "a", str(work / "b"), *ONLY, "--json", code=1).json
    assert report["projects"] == ["a", str(work / "b")]
    assert [finding["path"] for finding in report["findings"]] == [f"{work}/b/.gitignore"]


def test_files(run: Run, broken: Path) -> None:
    """With files as arguments, only their findings are shown."""
    assert codes(run, ".python-version", *ONLY) == ["OPS205"]
    assert codes(run, ".python-version", str(broken / "pyproject.toml"), *ONLY) == ["OPS205", "OPS207"]
    assert codes(run, "task.py", *ONLY, code=0) == []
    assert run("check", "task.py", *ONLY).code == 0


def test_the_work_tree_counts(run: Run, broken: Path) -> None:
    """Uncommitted files are checked as they are; ignored files are not."""
    lay(
        broken,
        {
            ".gitignore": ".venv/\nold/\n",
            "new/pyvenv.cfg": "",
            "old/pyvenv.cfg": "",
            "pyproject.toml": None,
            ".python-version": "3.12\n",
        },
    )
    assert codes(run, *ONLY, code=0) == []
    git("add", "new", at=broken)
    assert codes(run, *ONLY) == ["OPS202"]


@pytest.mark.parametrize(("path", "message"), [("nowhere", "does not exist"), (".", "is not in a git repository")])
def test_no_repository(run: Run, work: Path, path: str, message: str) -> None:
    """A path that cannot be checked ends with 2 and a reason."""
    assert message in run("check", path, code=2).err


def test_no_code_of_the_repository_runs(run: Run, work: Path) -> None:
    """Hooks, filters, the tools of its .venv and its conftest.py never run."""
    trap = "#!/bin/sh\ntouch ran\n"
    repository(work, {"task.py": "x = 1\n", "conftest.py": trap, ".venv/bin/ruff": trap, "pyproject.toml": ""})
    (work / ".venv/bin/ruff").chmod(0o755)
    hook = work / ".git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(trap)
    hook.chmod(0o755)
    run("check", code=1)
    assert not list(work.rglob("ran"))


def test_nothing_is_written(run: Run, broken: Path) -> None:
    """Checks and previews leave every byte of the work tree and of .git as it was."""
    before = everything(broken)
    for args in ([], ["--fix", "--preview"], ["--fix", "--preview", "--json"], ["--format", "sarif"]):
        run("check", *args, code=1)
    assert everything(broken) == before


# ---- --fix ----------------------------------------------------------------------------------------------------------


def test_fix(run: Run, broken: Path) -> None:
    """Fixes are staged and listed; the remaining findings decide the exit code."""
    output = run("check", "--fix", *ONLY, code=1).out
    assert output.startswith("  changed   .gitignore\n") or "fixed  .gitignore:1:1: OPS201" in output
    assert (broken / ".gitignore").read_text() == ".venv/\n*.log\n"
    assert git("status", "--porcelain", at=broken) == "M  .gitignore"
    assert codes(run, *ONLY) == ["OPS205", "OPS207"]
    again = everything(broken)
    run("check", "--fix", *ONLY, code=1)
    assert everything(broken) == again


def test_fix_previewed(run: Run, broken: Path) -> None:
    """--preview shows the diff as git does; JSON has it for each file."""
    shown = run("check", "--fix", "--preview", *ONLY, code=1).out
    assert "diff --git a/.gitignore b/.gitignore" in shown
    assert "+.venv/\n" in shown
    (plan,) = run("check", "--fix", "--preview", "--json", *ONLY, code=1).json["plans"]
    assert (plan["state"], plan["files"][0]["path"]) == ("previewed", ".gitignore")
    assert "+.venv/" in plan["files"][0]["diff"]


def test_fix_in_json(run: Run, broken: Path) -> None:
    """JSON lists what was fixed beside what remains."""
    report = run("check", "--fix", "--json", *ONLY, code=1).json
    assert [finding["code"] for finding in report["fixed"]] == ["OPS201"]
    assert [finding["code"] for finding in report["findings"]] == ["OPS205", "OPS207"]
    assert report["plans"][0]["state"] == "staged"


def test_fix_leaves_uncommitted_changes_alone(run: Run, broken: Path) -> None:
    """A file with uncommitted changes stays as it is and is named."""
    lay(broken, {".gitignore": "mine\n"})
    output = run("check", "--fix", *ONLY, code=1).out
    assert "not fixed: .gitignore has uncommitted changes" in output
    assert (broken / ".gitignore").read_text() == "mine\n"


def test_fix_writes_no_ignored_file(run: Run, work: Path) -> None:
    """A new file that git would ignore is not written, not counted as fixed, and not called fixable."""
    repository(
        work, {"task.py": "x = 1\n", "Dockerfile": "FROM python:3.12\n", ".gitignore": ".venv/\n.python-version\n"}
    )
    before = run("check", "--json", "--select", "OPS204").json["findings"]
    assert [(finding["path"], finding["fixable"]) for finding in before] == [(".python-version", False)]
    shown = run("check", "--fix", "--select", "OPS204").out
    assert "not fixed: git ignores .python-version" in shown
    assert "ixed 1" not in shown
    assert "fixed  " not in shown
    assert not (work / ".python-version").exists()
    plan = run("check", "--fix", "--select", "OPS204", "--json").json["plans"][0]
    assert (plan["state"], plan["held"], plan["unseen"]) == ("nothing", [".python-version"], [".python-version"])


def test_fix_leaves_ignored_files_alone(run: Run, work: Path) -> None:
    """A file that git ignores is in no commit, so a fix never writes over it; others are fixed."""
    repository(work, {"task.py": "x = 1\n", "Dockerfile": "FROM python:3.12\n", ".gitignore": ".python-version\n"})
    lay(work, {".python-version": "3.12.1\n"})
    output = run("check", "--fix", *ONLY).out
    assert "not fixed: git ignores .python-version" in output
    assert (work / ".python-version").read_text() == "3.12.1\n"
    assert git("status", "--porcelain", at=work) == "M  .gitignore"


def test_fix_makes_a_new_file(run: Run, work: Path) -> None:
    """A missing file is written; when everything is fixed, the exit code is 0."""
    repository(work, {"task.py": "x = 1\n", "Dockerfile": "FROM python:3.12\n"})
    run("check", "--fix", *ONLY)
    assert (work / ".python-version").read_text() == "3.12\n"
    assert (work / ".gitignore").read_text() == ".venv/\n"


def test_fix_during_an_update(run: Run, plain: Small) -> None:
    """While an update is not committed nothing is fixed, and the update can still be aborted."""
    updated(run, plain)
    before = everything(plain.repository)
    assert "The update to v1.1.0 is not committed yet" in run("check", str(plain.project), "--fix", code=2).err
    assert everything(plain.repository) == before
    run("update", str(plain.project), "--abort")


def test_fix_below_the_root(run: Run, work: Path) -> None:
    """A project in a folder of its repository is fixed there only."""
    repository(work, {"apps/audit/pyproject.toml": "", "apps/audit/.gitignore": "x\n", ".gitignore": "y\n"})
    run("check", "apps/audit", "--fix", "--select", "OPS201")
    assert git("status", "--porcelain", at=work) == "M  apps/audit/.gitignore"
    run("check", "apps/audit/.gitignore", "--select", "OPS201")


def test_ignore_files_of_the_folders_above(run: Run, work: Path) -> None:
    """The .gitignore of the repository counts for a project in a folder of it too."""
    projects = {"apps/audit/pyproject.toml": "", "apps/other/pyproject.toml": ""}
    repository(work, {**projects, ".gitignore": ".venv/\n"})
    run("check", "apps/audit", "--select", "OPS201")
    lay(work, {".gitignore": "/apps/other/.venv/\n"})
    lay(work, {"apps/audit/.venv/pyvenv.cfg": ""})
    run("check", "apps/audit", "--select", "OPS201", code=1)
    run("check", "apps/other", "--select", "OPS201")


def test_fix_needs_a_commit(run: Run, work: Path) -> None:
    """In a repository without a commit nothing is fixed, since nothing could be undone."""
    git("init", "--quiet", at=work)
    assert "has no commit yet" in run("check", "--fix", code=2).err
    lay(work, {".venv/pyvenv.cfg": ""})
    run("check", *ONLY, code=1)


def test_preview_alone(run: Run, broken: Path) -> None:
    """--preview without --fix is refused with the next step."""
    assert "Add --fix" in run("check", "--preview", code=2).err


# ---- cost -----------------------------------------------------------------------------------------------------------


def test_missing_linters(run: Run, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing linter that comes with this tool makes the run incomplete, after everything else is shown."""
    here = Path(shutil.which("git") or "").parent
    monkeypatch.setattr(sys, "executable", str(broken / "python"))
    monkeypatch.setenv("PATH", str(here))
    lines = run("check", "--select", "OPS205,OPS407,invalid-syntax", code=2).out.splitlines()
    assert lines[0].startswith(".python-version:1:1: error OPS205")
    assert lines[2:4] == [
        f"not checked: validate-pyproject is not installed. {EXTRA}",
        f"not checked: ruff is not installed. {AGAIN}",
    ]
    assert lines[4] == "Found 1 error; not everything was checked."
    run("check", "--select", "OPS407", code=0)
    skipped = run("check", "--select", "OPS407,invalid-syntax", "--json", code=2).json["skipped"]
    assert [row["codes"] for row in skipped] == [["OPS407"], ["invalid-syntax"]]
