"""The user's git settings in an update."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.small import BOTH, CLASH, LINES, MINE, NEW, NEWER, OLD, Small, lay, make, refused, snapshot, update


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("args", [[], ["--in-place"]])
def test_an_edit_that_git_was_told_to_overlook(run: Run, tmp_path: Path, flag: str, args: list[str]) -> None:
    """An edited file that git status does not show is named rather than overwritten."""
    small = make(tmp_path, OLD, NEW)
    small.git("update-index", flag, "task.py")
    lay(small.project, {"task.py": MINE})
    assert "task.py" in refused(run, small, *args)
    assert small.text("task.py") == MINE


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_overlook(run: Run, tmp_path: Path, flag: str) -> None:
    """The same file without an edit is updated."""
    small = make(tmp_path, OLD, NEW)
    small.git("update-index", flag, "task.py")
    update(run, small)
    assert small.text("task.py") == NEWER
    assert small.git("show", ":task.py") + "\n" == NEWER


def test_the_flags_of_other_files_are_kept(run: Run, tmp_path: Path) -> None:
    """Flags in the index of files that the update does not touch stay, and so do edits of these files."""
    small = make(tmp_path, {**OLD, "mine.cfg": "x\n", "more.cfg": "x\n"}, NEW)
    small.git("update-index", "--assume-unchanged", "mine.cfg")
    small.git("update-index", "--skip-worktree", "more.cfg")
    lay(small.project, {"mine.cfg": "secret\n", "more.cfg": "secret\n"})
    update(run, small)
    assert small.git("ls-files", "-v", "mine.cfg", "more.cfg") == "h mine.cfg\nS more.cfg"
    assert (small.text("mine.cfg"), small.text("more.cfg")) == ("secret\n", "secret\n")


def test_a_file_that_is_to_be_added(run: Run, tmp_path: Path) -> None:
    """`git add --intent-to-add` of another file survives --in-place."""
    small = make(tmp_path, OLD, NEW)
    lay(small.project, {"loose": "mine\n"})
    small.git("add", "--intent-to-add", "loose")
    update(run, small, "--in-place")
    assert small.git("diff", "--name-only") == "loose"
    assert small.text("loose") == "mine\n"


def windows(small: Small, setting: str) -> None:
    """Let git write CRLF in this work tree: by configuration, or by an attribute that is committed."""
    if setting == "autocrlf":
        small.git("config", "core.autocrlf", "true")
    else:
        small.commit({".gitattributes": "*.py text eol=crlf\n"})
    for path in ("task.py", "lib/x.py"):
        (small.project / path).unlink()
    small.git("checkout", "--", ".")
    assert small.text("task.py").count("\r\n") == 20


@pytest.mark.parametrize("setting", ["autocrlf", "attribute"])
def test_crlf_by_git(run: Run, tmp_path: Path, setting: str) -> None:
    """Where git writes CRLF, the update does, and git sees no other change."""
    small = make(tmp_path, OLD, {**NEW, "new.py": LINES}, {"task.py": MINE})
    windows(small, setting)
    before = snapshot(small.project)
    update(run, small)
    assert small.text("task.py") == BOTH.replace("\n", "\r\n")
    assert small.text("new.py") == LINES.replace("\n", "\r\n")
    assert small.git("show", ":task.py") + "\n" == BOTH
    assert small.git("diff", "--name-only") == ""
    update(run, small, "--abort")
    assert (snapshot(small.project), small.git("status", "--porcelain")) == (before, "")


@pytest.mark.parametrize("setting", ["autocrlf", "attribute"])
def test_a_conflict_in_crlf_by_git(run: Run, tmp_path: Path, setting: str) -> None:
    """A conflict there has CRLF throughout, and resolving it in an editor of Windows works."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    windows(small, setting)
    update(run, small, code=3)
    text = small.text("task.py")
    assert text.count("\n") == text.count("\r\n")
    lay(small.project, {"task.py": BOTH.replace("\n", "\r\n")})
    update(run, small, "--continue")
    assert small.git("show", ":task.py") + "\n" == BOTH


@pytest.mark.parametrize("conversion", ["true", "input"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_conversions_that_git_refuses(run: Run, tmp_path: Path, conversion: str, end: str) -> None:
    """With core.safecrlf, an update, its conflicts and its end do without git's refusal, whatever an editor wrote."""
    small = make(tmp_path, OLD, {**NEW, "new.py": LINES.replace("\n", "\r\n")}, {"task.py": CLASH})
    for name, value in {"core.safecrlf": "true", "core.autocrlf": conversion}.items():
        git("config", "--global", name, value, at=tmp_path)
    before = snapshot(small.project)
    update(run, small, code=3)
    update(run, small, "--abort")
    assert snapshot(small.project) == before
    update(run, small, code=3)
    lay(small.project, {"task.py": BOTH.replace("\n", end)})
    update(run, small, "--continue")
    assert small.git("show", ":task.py") + "\n" == BOTH


def test_a_union(run: Run, tmp_path: Path) -> None:
    """What .gitattributes says of merging holds: with `merge=union`, a file has the lines of both sides."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH, ".gitattributes": "task.py merge=union\n"}, prefix="in/")
    update(run, small)
    lines = (small.project / "task.py").read_text().splitlines()
    assert {*CLASH.splitlines(), *NEWER.splitlines()} <= {*lines}


def test_a_filter(run: Run, tmp_path: Path) -> None:
    """A clean and smudge filter of the project is applied as git does it."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE, ".gitattributes": "task.py filter=shout\n"})
    small.git("config", "filter.shout.smudge", "tr a-z A-Z")
    small.git("config", "filter.shout.clean", "tr A-Z a-z")
    (small.project / "task.py").unlink()
    small.git("checkout", "--", ".")
    assert small.text("task.py") == MINE.upper()
    update(run, small)
    assert small.text("task.py") == BOTH.upper()
    assert small.git("diff", "--name-only") == ""


@pytest.mark.parametrize("args", [[], ["--in-place"], ["--commit"]])
def test_another_git_command_at_work(run: Run, tmp_path: Path, args: list[str]) -> None:
    """While another git command holds the index nothing moves; a preview and a branch need no index."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    small.git_path("index.lock").touch()
    assert "Another git command" in refused(run, small, *args)
    update(run, small, "--preview")
    update(run, small, "--branch")


def test_continue_and_abort_while_git_is_at_work(run: Run, tmp_path: Path) -> None:
    """--continue and --abort wait for the index, too, and work afterwards."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    before = snapshot(small.project)
    update(run, small, code=3)
    small.git_path("index.lock").touch()
    refused(run, small, "--abort")
    lay(small.project, {"task.py": BOTH})
    refused(run, small, "--continue")
    small.git_path("index.lock").unlink()
    update(run, small, "--abort")
    assert snapshot(small.project) == before


SETTINGS = {
    "diff": {
        "diff.renames": "false",
        "diff.noprefix": "true",
        "diff.external": "false",
        "color.ui": "always",
        "core.abbrev": "4",
        "core.pager": "false",
        "log.showSignature": "true",
    },
    "prefixes": {"diff.mnemonicPrefix": "true", "core.quotePath": "true"},
    "merge": {"merge.conflictStyle": "merge", "merge.renames": "false"},
    "status": {"status.showUntrackedFiles": "no", "status.branch": "true", "status.renames": "copies"},
    "index": {"index.version": "4", "core.untrackedCache": "true", "core.fileMode": "false"},
    "split index": {"core.splitIndex": "true"},
    "many files": {"feature.manyFiles": "true", "core.fsmonitor": "true"},
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_of_git(run: Run, tmp_path: Path, kind: str) -> None:
    """Whatever the user has configured, the result and the patch are the same."""
    small = make(tmp_path, {**OLD, "a ü": LINES}, {**NEW, "a ü": None, "b ü": NEWER}, {"task.py": MINE})
    for name, value in SETTINGS[kind].items():
        git("config", "--global", name, value, at=tmp_path)
    if kind == "split index":
        small.git("update-index", "--split-index")
    report = update(run, small, "--preview", "--json").json
    assert {file["path"]: file["change"] for file in report["files"]}["b ü"] == "moved"
    update(run, small, "--patch", str(tmp_path / "patch"))
    assert "diff --git a/task.py b/task.py\n" in (tmp_path / "patch").read_text()
    update(run, small)
    assert (small.text("task.py"), small.text("b ü")) == (BOTH, NEWER)
    assert small.git("-c", "core.fsmonitor=false", "diff", "--name-only", "--no-ext-diff") == ""
    update(run, small, "--abort")
    assert small.git("-c", "core.fsmonitor=false", "-c", "status.branch=false", "status", "--porcelain") == ""
