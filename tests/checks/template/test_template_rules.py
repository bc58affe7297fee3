"""The rules OPS6xx: the answers file, the template's version, the template's files."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command import Ran, Run, git
from support.small import (
    ANSWERS,
    LINES,
    MINE,
    NEWER,
    QUESTIONS,
    Small,
    everything,
    lay,
    make,
    make_ours,
    release,
    usual,
)
from support.small import update as updated

RUNNER = {"templates/pins.yml": {"runners: [ubuntu-24.04, ubuntu-26.04]": "runners: [ubuntu-26.04, ubuntu-24.04]"}}
PYTHON = ("--python", "3.12")


def check(run: Run, folder: Path, *args: str, code: int = 0) -> Ran:
    """Check a project in this process, with the rules about templates."""
    return run("check", str(folder), "--select", "template", *args, code=code)


def findings(run: Run, folder: Path, *args: str, code: int = 0) -> list[tuple[str, str, int]]:
    """Code, path and line of each finding."""
    output = check(run, folder, *args, "--json", code=code).json["findings"]
    return [(finding["code"], str(Path(finding["path"]).relative_to(folder)), finding["line"]) for finding in output]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our template with a second release, which moves a pin."""
    return make_ours(tmp_path_factory.mktemp("ours") / "template", RUNNER)


@pytest.fixture
def project(run: Run, work: Path, ours: Path) -> Path:
    """A command's project of its first release, committed."""
    run("new", "audit", "--tier", "cli", *PYTHON, "--defaults", "--template", str(ours), "--ref", "v1.0.0")
    return work / "audit"


def commit(folder: Path, files: Mapping[str, Any]) -> None:
    """Commit files of a project."""
    lay(folder, files)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--message=mine", at=folder)


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


# ---- drift --------------------------------------------------------------------------------------------------------


def test_nothing_drifted(run: Run, project: Path) -> None:
    """The JSON output lists every managed file as the same."""
    run("update", str(project), "--commit")
    output = check(run, project, "--json").json
    tracked = set(git("ls-files", at=project).splitlines())
    assert output["drift"] == {str(project): dict.fromkeys(sorted(tracked - {ANSWERS}), "same")}


def test_drift(run: Run, project: Path) -> None:
    """Edited or deleted files of the template are warnings; the project's own files and extra ones are notes."""
    run("update", str(project), "--commit")
    workflow = ".github/workflows/ci.yml"
    text = (project / workflow).read_text().replace("timeout-minutes: 10", "timeout-minutes: 99")
    commit(
        project,
        {
            workflow: text,
            ".editorconfig": None,
            "README.md": "# Mine\n",
            "Dockerfile": "FROM scratch\n",
            "src/audit/more.py": "MORE = 1\n",
        },
    )
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "99" in line)
    assert findings(run, project, code=1) == [
        (("OPS604"), ".editorconfig", 0),
        ("OPS604", workflow, line),
        ("OPS606", "Dockerfile", 0),
        ("OPS605", "README.md", 1),
    ]
    states = check(run, project, "--json", code=1).json["drift"][str(project)]
    changed = {path: state for path, state in states.items() if state != "same"}
    assert changed == {".editorconfig": "deleted", workflow: "edited", "Dockerfile": "extra", "README.md": "edited"}


def test_line_ends_are_no_drift(run: Run, project: Path) -> None:
    """A file in which only the line ends differ is the same."""
    run("update", str(project), "--commit")
    commit(project, {".editorconfig": (project / ".editorconfig").read_bytes().replace(b"\n", b"\r\n")})
    assert findings(run, project) == []


def test_what_is_kept_or_ignored_is_not_compared(run: Run, project: Path) -> None:
    """A file in `keep` belongs to the project; a file that git ignores is not missing."""
    run("update", str(project), "--commit", "--set", "keep=[.editorconfig]")
    rules = (project / ".gitignore").read_text() + ".python-version\n"
    commit(project, {".editorconfig": "[*]\n", ".python-version": None, ".gitignore": rules})
    assert [path for _, path, _ in findings(run, project, code=1)] == [".gitignore"]


def test_what_a_sparse_checkout_leaves_out(run: Run, project: Path) -> None:
    """A file outside of the cone is neither missing nor restored, edited or not."""
    run("update", str(project), "--commit")
    commit(project, {".github/dependabot.yml": "edited\n"})
    git("sparse-checkout", "set", "--cone", "src", at=project)
    assert findings(run, project) == []
    run("check", str(project), "--select", "OPS604", "--fix")
    assert git("status", "--porcelain", at=project) == ""


@pytest.mark.parametrize("before", ["edited\n", None])
def test_a_named_file_is_restored(run: Run, project: Path, before: str | None) -> None:
    """--fix of a drifted file restores the template's version, and leaves all others alone."""
    run("update", str(project), "--commit")
    wanted = (project / ".editorconfig").read_bytes()
    commit(project, {".editorconfig": before, ".gitattributes": "* text\n", "README.md": "# Mine\n"})
    run("check", str(project / ".editorconfig") if before else str(project), "--select", "OPS604", "--fix")
    assert (project / ".editorconfig").read_bytes() == wanted
    assert git("status", "--porcelain", at=project) == ("M  .editorconfig" if before else "A  .editorconfig")


def test_a_deleted_file_is_restored_by_its_name(run: Run, project: Path) -> None:
    """The remedy works even if the folder is gone; a name that nothing has is refused."""
    run("update", str(project), "--commit")
    wanted = (project / ".github" / "dependabot.yml").read_bytes()
    git("rm", "-r", "--quiet", ".github", at=project)
    git("commit", "--quiet", "--message=mine", at=project)
    output = run("check", str(project / ".github" / "dependabot.yml"), "--fix").out
    assert (project / ".github" / "dependabot.yml").read_bytes() == wanted, output
    assert "does not exist" in run("check", str(project / "nothing.txt"), code=2).err


def test_nothing_that_somebody_wrote_is_undone_unasked(run: Run, project: Path) -> None:
    """--fix without a name restores no edited file; with a code, it restores only files of that rule."""
    run("update", str(project), "--commit")
    commit(project, {".editorconfig": "mine\n", "README.md": "# Mine\n"})
    before = everything(project)
    run("check", str(project), "--fix", code=1)
    run("check", str(project / "README.md"), "--fix")
    assert everything(project) == before
    run("check", str(project), "--fix", "--select", "OPS604")
    assert ((project / "README.md").read_text(), git("status", "--porcelain", at=project)) == (
        "# Mine\n",
        "M  .editorconfig",
    )
    run("check", str(project / "README.md"), "--fix", "--select", "OPS605")
    assert (project / "README.md").read_text() != "# Mine\n"


def test_m_check_heals_what_update_leaves(run: Run, tmp_path: Path) -> None:
    """Drift is found and fixed even though update calls the project current."""
    small = usual(tmp_path, MINE)
    updated(run, small, "--commit")
    updated(run, small)
    assert findings(run, small.project) == [("OPS605", "task.py", 3)]
    run("check", str(small.project / "task.py"), "--fix", "--select", "OPS605")
    assert "line 2, mine" not in small.text("task.py")


def test_a_project_in_a_folder(run: Run, tmp_path: Path) -> None:
    """A project below the root of its repository is compared like any other."""
    small = make(tmp_path, {"task.py": LINES}, {"notes.md": "New.\n"}, {"task.py": MINE}, prefix="apps/audit/")
    assert findings(run, small.project, code=1) == [("OPS603", ANSWERS, 1), ("OPS605", "task.py", 3)]
