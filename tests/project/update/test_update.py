"""The delivery of an update to the work tree or as a commit."""

from pathlib import Path

import pytest
from support.command import Run
from support.small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    NEWER,
    WRITTEN,
    Small,
    head,
    lay,
    make_project,
    refused,
    resolved,
    signs,
    snapshot,
    untouched,
    update,
)

# ---- the work tree ------------------------------------------------------------------------------------------


def test_the_result_is_staged(run: Run, plain: Small) -> None:
    """By default the result is in the work tree and in the index, and nothing is committed."""
    before = head(plain)
    assert "not committed" in update(run, plain).out
    assert (plain.text("task.py"), plain.text("notes.md")) == (BOTH, "New.\n")
    assert head(plain) == before
    assert plain.staged() == WRITTEN
    assert plain.git("status", "--porcelain", "--untracked-files=all").count("\n") == 2
    assert plain.recorded() == {"_commit": "v1.1.0", "_src_path": str(plain.template), "colour": "blue"}


@pytest.mark.parametrize("kind", ["modified", "staged", "untracked", "deleted"])
def test_a_dirty_tree_is_refused(run: Run, plain: Small, kind: str) -> None:
    """Whatever is not committed is named, with both ways to proceed."""
    path = "other.txt" if kind == "untracked" else "README.md"
    lay(plain.project, {path: None if kind == "deleted" else "mine\n"})
    if kind == "staged":
        plain.git("add", path)
    message = refused(run, plain)
    for words in (path, "--branch", "--in-place"):
        assert words in message


def test_ignored_files_are_not_dirt(run: Run, plain: Small) -> None:
    """A file that the project ignores does not prevent an update."""
    lay(plain.project, {"run.log": "mine\n"})
    update(run, plain)
    assert plain.text("run.log") == "mine\n"


def test_in_place_beside_other_changes(run: Run, plain: Small) -> None:
    """With --in-place uncommitted work in other files stays as it is, staged or not."""
    lay(plain.project, {"README.md": "mine\n", "loose.txt": "mine\n", "new.txt": "mine\n"})
    plain.git("add", "new.txt")
    update(run, plain, "--in-place")
    assert plain.text("task.py") == BOTH
    assert {plain.text(path) for path in ("README.md", "loose.txt", "new.txt")} == {"mine\n"}
    assert plain.staged() == {*WRITTEN, "new.txt"}
    assert plain.git("diff", "--name-only") == "README.md"


@pytest.mark.parametrize("path", ["task.py", "notes.md", ANSWERS])
@pytest.mark.parametrize("stage", [False, True])
def test_in_place_refuses_a_file_that_it_writes(run: Run, plain: Small, path: str, stage: bool) -> None:  # noqa: FBT001
    """With --in-place an uncommitted change in a file that the update writes is named, staged or not."""
    lay(plain.project, {path: (plain.text(path) if path != "notes.md" else "") + "# mine\n"})
    if stage:
        plain.git("add", path)
    assert path in refused(run, plain, "--in-place")


def test_the_markers(run: Run, clash: Small) -> None:
    """A conflict has three named parts, and taking either side gives that side's file."""
    update(run, clash, code=3)
    text = clash.text("task.py")
    assert signs(text) == ["<<<<<<< your project", "||||||| old template", "=======", ">>>>>>> new template"]
    assert (resolved(text, "ours"), resolved(text, "theirs")) == (CLASH, NEWER)


# ---- a commit -----------------------------------------------------------------------------------------------


def hook(small: Small, name: str, script: str) -> None:
    """Install a hook."""
    path = small.git_path("hooks") / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_commit(run: Run, plain: Small, tmp_path: Path) -> None:
    """--commit makes one commit, through the user's hooks, that says both versions; the tree is clean."""
    before = head(plain)
    hook(plain, "pre-commit", f"echo ran >> {tmp_path}/log")
    report = update(run, plain, "--commit", "--json").json
    assert (report["state"], report["commit"]) == ("committed", head(plain))
    assert head(plain, "HEAD^") == before
    assert plain.git("status", "--porcelain") == ""
    assert (tmp_path / "log").read_text() == "ran\n"
    assert {"v1.0.0", "v1.1.0"} <= set(plain.git("log", "-1", "--format=%B").split())


def test_a_hook_that_refuses(run: Run, plain: Small) -> None:
    """A failing hook leaves the result staged, its words are shown, and --abort still works."""
    before = untouched(plain)
    hook(plain, "pre-commit", "echo no friday commits >&2; exit 1")
    assert "no friday commits" in update(run, plain, "--commit", code=2).err
    assert plain.staged() == WRITTEN
    update(run, plain, "--abort")
    assert untouched(plain) == before


@pytest.mark.parametrize("option", ["--commit", "--branch"])
def test_without_an_identity(run: Run, plain: Small, home: Path, option: str) -> None:
    """Where git has no author, git's own sentence about it is shown, and HEAD is where it was."""
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    before = head(plain)
    message = update(run, plain, option, code=2).err
    assert "email" in message
    assert head(plain) == before
    assert plain.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/trunk"


@pytest.mark.parametrize("option", ["--commit", "--branch"])
def test_a_signature_that_fails(run: Run, plain: Small, option: str) -> None:
    """Where commits are to be signed and cannot be, none is made, and git's reason is shown."""
    before = head(plain)
    plain.git("config", "commit.gpgsign", "true")
    plain.git("config", "gpg.program", "false")
    assert "gpg" in update(run, plain, option, code=2).err
    assert head(plain) == before
    assert plain.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/trunk"


@pytest.mark.parametrize("more", [[], ["--in-place"]])
def test_a_commit_takes_nothing_else_along(run: Run, plain: Small, more: list[str]) -> None:
    """--commit is refused where something is staged, with --in-place too: it would be committed with the update."""
    lay(plain.project, {"new.txt": "mine\n"})
    plain.git("add", "new.txt")
    assert "new.txt" in refused(run, plain, "--commit", *more)


# ---- where the project is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["folder", "relative", "answers file", "current folder", "current answers file"])
def test_path(run: Run, plain: Small, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """PATH is the project's folder or its answers file; without it, the current folder."""
    monkeypatch.chdir(plain.project if "current" in how else plain.project.parent)
    path = {
        "folder": [str(plain.project)],
        "relative": ["audit"],
        "answers file": [f"audit/{ANSWERS}"],
        "current answers file": [ANSWERS],
    }.get(how, [])
    run("update", *path)
    assert plain.text("task.py") == BOTH


def test_path_that_is_none(run: Run, plain: Small) -> None:
    """A folder that is not there, and one below the project, are refused by name."""
    assert "no/such" in run("update", "no/such", code=2).err
    (plain.project / "src").mkdir()
    assert "was not generated" in run("update", str(plain.project / "src"), code=2).err


def test_two_projects_of_one_template(run: Run, plain: Small, tmp_path: Path) -> None:
    """The result of one update does not depend on another one before it."""
    rendered = {path: content for path, (_, content) in snapshot(plain.project).items()}
    other = Small(plain.template, make_project(tmp_path / "other", rendered, {"task.py": LINES}))
    update(run, plain)
    update(run, other)
    assert (plain.text("task.py"), other.text("task.py")) == (BOTH, NEWER)


# ---- what a run leaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["--branch"], ["--preview"], ["--check"], ["--patch", "-"], ["--to", "v9"]])
def test_no_trace(  # noqa: PLR0917 - one of six is the case
    run: Run, clash: Small, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    """Nothing stays in TMPDIR, whatever the run comes to, and nothing appears beside the project."""
    monkeypatch.setattr("tempfile.tempdir", None)
    beside = set(tmp_path.iterdir())
    update(run, clash, *args, code={"--check": 1, "--to": 2}.get(args[0] if args else "", 3))
    assert list(temporary.iterdir()) == []
    assert set(tmp_path.iterdir()) == beside


def test_a_lock_of_another_run(run: Run, plain: Small) -> None:
    """While another run is at work in the repository this one is refused; a preview is not."""
    from filelock import FileLock

    folder = plain.git_path("new-ops-project")
    folder.mkdir()
    with FileLock(folder / "lock"):
        assert "Another run" in refused(run, plain)
        update(run, plain, "--preview")
