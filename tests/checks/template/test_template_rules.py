"""The rules OPS6xx: the answers file, the template's version, the template's files."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Run, git
from support.small import ANSWERS, LINES, MINE, NEWER, QUESTIONS, Small, lay, make, make_ours, release
from support.template_projects import PYTHON, RUNNER, check, commit, findings


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our template with a second release, which moves a pin."""
    return make_ours(tmp_path_factory.mktemp("ours") / "template", RUNNER)


@pytest.fixture
def project(run: Run, work: Path, ours: Path) -> Path:
    """A command's project of its first release, committed."""
    run("new", "audit", "--tier", "cli", *PYTHON, "--defaults", "--template", str(ours), "--ref", "v1.0.0")
    return work / "audit"


# ---- recorded, and which version --------------------------------------------------------------------------------


def test_no_template(run: Run, work: Path) -> None:
    """A repository without a template gets a note, not an error."""
    git("init", "--quiet", at=work)
    assert findings(run, work) == [("OPS601", ".", 0)]


def test_the_answers_file_is_gone(run: Run, project: Path) -> None:
    """If a document mentions updates, there was an answers file, and its absence is a warning."""
    commit(project, {ANSWERS: None})
    ((code, path, line),) = findings(run, project, code=1)
    assert (code, path) == ("OPS601", "README.md")
    assert "update" in (project / path).read_text().splitlines()[line - 1]


def test_an_outdated_project(run: Run, project: Path) -> None:
    """The finding counts the newer releases, at the line that records the version."""
    output = check(run, project, "--json", code=1).json["findings"]
    (outdated,) = [finding for finding in output if finding["code"] == "OPS603"]
    assert outdated["message"] == "The template is 1 version ahead: v1.0.0 is recorded, v1.1.0 is the newest."
    assert (project / ANSWERS).read_text().splitlines()[outdated["line"] - 1] == "_commit: v1.0.0"
    run("update", str(project), "--commit")
    assert findings(run, project) == []


def test_releases_are_counted(run: Run, plain: Small) -> None:
    """Every newer release counts, a prerelease does not."""
    for tag in ("v1.2.0", "v2.0.0", "v3.0.0rc1"):
        release(plain.template, tag, {"notes.md": f"{tag}\n"})
    output = check(run, plain.project, code=1).out
    assert "is 3 versions ahead: v1.0.0 is recorded, v2.0.0 is the newest" in output


def test_a_template_out_of_reach(run: Run, plain: Small) -> None:
    """Rules that cannot be checked are reported as skipped, with the reason, and give no findings."""
    plain.template.rename(plain.template.with_name("gone"))
    output = check(run, plain.project, "--json").json
    assert output["findings"] == []
    assert {code for skipped in output["skipped"] for code in skipped["codes"]} >= {"OPS603", "OPS604", "OPS605"}
    assert all("does not exist" in skipped["reason"] for skipped in output["skipped"])


@pytest.mark.parametrize(
    ("code", "why", "is_named"),
    [
        ("_tasks: ['touch {}/ran']", "tasks", True),
        ("_migrations: ['touch {}/ran']", "migrations", False),
        ("_jinja_extensions: [jinja2.ext.do]", "extensions", False),
    ],
)
def test_a_template_that_runs_code(run: Run, tmp_path: Path, code: str, why: str, *, is_named: bool) -> None:
    """It is not rendered, but its versions are known. Drift is unchecked, with the reason and the tasks left out."""
    questions = f"{code.format(tmp_path)}\n{QUESTIONS}"
    small = make(tmp_path, {"task.py": LINES}, {"task.py": NEWER}, {"task.py": MINE}, questions=(questions, None))
    output = check(run, small.project, "--json", code=1).json
    assert [finding["code"] for finding in output["findings"]] == ["OPS603"]
    (skipped,) = [entry for entry in output["skipped"] if "OPS604" in entry["codes"]]
    assert "needs trust" in skipped["reason"]
    assert why in skipped["reason"]
    assert "Its files are not compared." in skipped["hint"]
    assert (f"tasks `touch {tmp_path}/ran` run in an update, but not here" in skipped["hint"]) == is_named
    assert "Its files are not compared." in check(run, small.project, code=1).out
    assert not (tmp_path / "ran").exists()


def test_a_template_needs_no_template(run: Run, work: Path) -> None:
    """A repository with a copier.yml is a template, and may mention updates."""
    git("init", "--quiet", at=work)
    lay(work, {"copier.yml": QUESTIONS, "README.md": "Run `copier update`.\n"})
    assert findings(run, work) == []


# ---- answers changed by hand --------------------------------------------------------------------------------------


def test_answers_as_the_tool_writes_them(run: Run, project: Path) -> None:
    """An answer that the tool or copier changed is not a finding."""
    run("update", str(project), "--commit", "--set", "runner=ubuntu-26.04")
    assert findings(run, project) == []
    copied = [sys.executable, "-m", "copier", "update", "--defaults", "--quiet", "--data", "license=Apache-2.0"]
    subprocess.run(copied, cwd=project, check=True)
    git("commit", "--all", "--quiet", "--message=copier", at=project)
    assert findings(run, project) == []


@pytest.mark.parametrize("is_committed", [True, False])
def test_an_answer_changed_by_hand(run: Run, project: Path, *, is_committed: bool) -> None:
    """The files still match the former answer: that is one finding, not a finding for each file."""
    run("update", str(project), "--commit")
    text = (project / ANSWERS).read_text().replace("python_version: '3.12'", "python_version: '3.13'")
    (commit if is_committed else lay)(project, {ANSWERS: text})
    ((code, path, line),) = findings(run, project, code=1)
    assert (code, path, text.splitlines()[line - 1]) == ("OPS602", ANSWERS, "python_version: '3.13'")
    assert "--set python_version=3.13" in check(run, project, code=1).out


@pytest.mark.parametrize(
    ("key", "value"), [("license", "Apache-2.0"), ("description", "It's mine."), ("author_name", "Ada")]
)
def test_an_answer_that_only_files_of_ones_own_follow(run: Run, project: Path, key: str, value: str) -> None:
    """A line of the former answer in LICENSE, README.md or pyproject.toml tells, even if these files were changed."""
    run("update", str(project), "--commit")
    commit(project, {"README.md": (project / "README.md").read_text() + "\nMore.\n"})
    text = re.sub(
        rf"^{key}: .*", lambda _: f"{key}: {json.dumps(value)}", (project / ANSWERS).read_text(), flags=re.MULTILINE
    )
    commit(project, {ANSWERS: text})
    (finding,) = check(run, project, "--json", code=1).json["findings"]
    assert finding["code"] == "OPS602"
    command = shlex.split(finding["remedy"].partition("then: ")[2])
    assert command[-1] == f"{key}={value}"
    git("reset", "--quiet", "--hard", "HEAD~1", at=project)
    run(*command[1:], "--commit")
    assert findings(run, project) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("python_version: '3.12'", "python_version: '3.1'", "'3.1' is not offered"),
        ("tier: cli", "tier: cli\ncolour: blue", "The answer colour 'blue' is no longer asked for"),
        ("license: MIT\n", "", "The answer license is missing"),
        ("_commit: v1.1.0", "_commit: v7.0.0", "no version 'v7.0.0'"),
        ("_src_path", "src_path", "names no template"),
        ("tier: cli", "tier: [cli", "is not YAML"),
    ],
)
def test_invalid_answers(run: Run, project: Path, old: str, new: str, message: str) -> None:
    """An answer that the template would not have written is found at its line."""
    run("update", str(project), "--commit")
    commit(project, {ANSWERS: (project / ANSWERS).read_text().replace(old, new)})
    output = check(run, project, code=1).out
    assert message in output
    assert "OPS602" in output
