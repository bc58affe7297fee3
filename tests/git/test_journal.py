"""Changes of files and index that are written as a whole, undone, and completed after a killed run."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.command import git
from support.history import Files, begin, checked_out, commit, link, program
from support.small import lay, snapshot

from new_ops_project.base.errors import ToolError
from new_ops_project.git import journal
from new_ops_project.git.journal import Change

OLD: Files = {"a": "a\n", "deep/er/b": program("b\n"), "deep/link": link("er/b"), "gone/one/c": "c\n", "kept": "k\n"}
NEW: Files = {"a": "new\n", "deep/er/b": "new\n", "deep/link": link("b"), "added/x/y": "y\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with these files."""
    return checked_out(begin(tmp_path / "audit", commit("Begin", OLD)))


def prepare(repository: Path, ready: Path) -> None:
    """Put the new files, and an index that has them, in the folder of a preparation."""
    lay(ready / "new", NEW)
    index = repository / ".git" / "index"
    shutil.copy2(index, ready / "index.old")
    shutil.copy2(index, ready / "index")
    blob = git("hash-object", "-w", "--stdin", at=repository)
    env = {"GIT_INDEX_FILE": str(ready / "index")}
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},staged", at=repository, env=env)


def digests(repository: Path) -> Mapping[str, str]:
    """What a plan saw."""
    return {path: journal.digest(repository / path) for path in (*NEW, *OLD)}


def put(repository: Path) -> Change:
    """Write the change: three files become others, one is new, one goes."""
    about = {"verb": "update", "conflicts": {}}
    git_dir = repository / ".git"
    with journal.locked(git_dir), journal.preparation_folder(git_dir) as ready:
        prepare(repository, ready)
        before = digests(repository)
        return journal.put_in_place(ready, repository, git_dir, before=before, removed={"gone/one/c"}, about=about)


def files(repository: Path) -> dict[str, tuple[str, bytes]]:
    """The files of the work tree."""
    return snapshot(repository)


def half_way(change: Change) -> None:
    """Make it what a run leaves that was killed when it had written two of the files, and nothing of the index."""
    new, root = change.folder / "new", change.root
    shutil.copy2(change.git_dir / "index", change.folder / "index")
    (change.folder / "index.old").replace(change.git_dir / "index")
    shutil.copy2(change.git_dir / "index", change.folder / "index.old")
    for path in ("a", "added/x/y"):
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).replace(new / path)
    shutil.rmtree(root / "added")
    (root / "a").write_text("a\n")


def test_a_change_and_back(repository: Path) -> None:
    """The files and the index are the new ones; undone, everything is as it was, empty folders too."""
    (repository / "gone" / "one" / "empty").mkdir()
    before, index = files(repository), (repository / ".git" / "index").read_bytes()
    change = put(repository)
    assert journal.is_complete(change)
    assert {path: (repository / path).read_text() for path in ("a", "deep/er/b", "added/x/y")} == {
        "a": "new\n",
        "deep/er/b": "new\n",
        "added/x/y": "y\n",
    }
    assert not (repository / "gone" / "one" / "c").exists()
    assert "staged" in git("ls-files", at=repository)
    (repository / "gone" / "one" / "empty").rmdir()
    read = journal.read_change(repository, repository / ".git")
    assert read == change
    assert journal.undo(change) is None
    assert files(repository) == before
    assert (repository / "gone" / "one" / "empty").parent.is_dir()
    assert not (repository / "added").exists()
    assert (repository / ".git" / "index").read_bytes() == index
    assert journal.read_change(repository, repository / ".git") is None
    assert {path.name for path in (repository / ".git" / "new-ops-project").iterdir()} <= {"lock"}


def test_an_empty_folder_goes_with_its_file(repository: Path) -> None:
    """Where a removed file leaves folders empty they go too; undone, they are back."""
    change = put(repository)
    assert not (repository / "gone").exists()
    journal.undo(change)
    assert (repository / "gone" / "one" / "c").read_text() == "c\n"


def through_link(tmp_path: Path, old: Files, new: Files) -> tuple[Change, Path]:
    """A change of `old` into `new`, which is in place, and a folder to which a link among them leads."""
    outside = tmp_path / "outside"
    lay(outside, {"keep": "c\n"})
    repository = checked_out(begin(tmp_path / "linked", commit("Begin", old)))
    git_dir, removed = repository / ".git", {*old} - {*new}
    with journal.locked(git_dir), journal.preparation_folder(git_dir) as ready:
        prepare(repository, ready)
        shutil.rmtree(ready / "new")
        lay(ready / "new", new)
        before = {path: journal.digest_below(repository, path) for path in (*old, *new)}
        about = {"verb": "update", "conflicts": {}}
        return journal.put_in_place(ready, repository, git_dir, before=before, removed=removed, about=about), outside


@pytest.mark.parametrize("text", ["c\n", "new\n", "precious\n"])
def test_an_undo_again_beyond_a_link(tmp_path: Path, text: str) -> None:
    """A run that is killed when it has restored a link looks at nothing beyond it when it is repeated."""
    change, outside = through_link(tmp_path, {"x": link("../outside")}, {"x/keep": "new\n"})
    (outside / "keep").write_text(text)
    shutil.copytree(change.folder, tmp_path / "kept", symlinks=True)
    journal.undo(change)
    shutil.copytree(tmp_path / "kept", change.folder, symlinks=True)
    assert journal.undo(change) is None
    assert (outside / "keep").read_text() == text
    assert (change.root / "x").readlink() == Path("../outside")


@pytest.mark.parametrize("text", ["c\n", "precious\n"])
def test_a_completion_beyond_a_link(tmp_path: Path, text: str) -> None:
    """So does one that is killed when it has replaced a folder by a link."""
    change, outside = through_link(tmp_path, {"x/keep": "c\n"}, {"x": link("../outside")})
    (outside / "keep").write_text(text)
    shutil.copy2(change.git_dir / "index", change.folder / "index")
    shutil.copy2(change.git_dir / "index", change.folder / "index.old")
    journal.finish(change)
    assert (outside / "keep").read_text() == text
    assert journal.is_complete(change)


@pytest.mark.parametrize("was_edited", [False, True])
def test_edits_since_are_kept(repository: Path, *, was_edited: bool) -> None:
    """Undone, files that were edited since are moved to a folder that is named; others need none."""
    change = put(repository)
    if was_edited:
        (repository / "deep" / "er" / "b").write_text("mine\n")
        (repository / "added" / "x" / "y").write_text("mine too\n")
    kept = journal.undo(change)
    assert (kept is not None) == was_edited
    if kept:
        assert snapshot(kept).keys() == {"deep/er/b", "added/x/y"}
        assert (kept / "deep" / "er" / "b").read_text() == "mine\n"
    assert not (repository / "added").exists()
    assert (repository / "deep" / "er" / "b").read_text() == "b\n"


def test_a_file_that_changed_meanwhile(repository: Path) -> None:
    """A file, or the index, that is not as it was planned stops everything before anything is written."""
    git_dir = repository / ".git"
    about = {"verb": "update"}
    with journal.locked(git_dir), journal.preparation_folder(git_dir) as ready:
        prepare(repository, ready)
        before = digests(repository)
        (repository / "a").write_text("mine\n")
        expected = files(repository)
        with pytest.raises(ToolError, match="a was changed while this was planned"):
            journal.put_in_place(ready, repository, git_dir, before=before, removed=set(), about=about)
        (repository / "kept").write_text("mine\n")
        git("add", "kept", at=repository)
        with pytest.raises(ToolError, match="The index changed"):
            journal.put_in_place(ready, repository, git_dir, before=digests(repository), removed=set(), about=about)
    assert files(repository) == {**expected, "kept": ("100644", b"mine\n")}
    assert not (git_dir / "new-ops-project" / "prepare").exists()


def test_a_killed_run_is_completed(repository: Path) -> None:
    """What was begun is written to the end by the next run, once."""
    change = put(repository)
    done, index = files(repository), (repository / ".git" / "index").read_bytes()
    half_way(change)
    assert files(repository) != done
    assert not journal.is_complete(change)
    journal.finish(change)
    assert files(repository) == done
    assert (repository / ".git" / "index").read_bytes() == index
    assert journal.is_complete(change)
    journal.finish(change)
    assert files(repository) == done


def test_a_killed_run_that_was_undone_by_hand(repository: Path) -> None:
    """After `git reset --hard` nothing is left of it, and nothing is written."""
    before = files(repository)
    change = put(repository)
    half_way(change)
    git("reset", "--quiet", "--hard", at=repository)
    journal.finish(change)
    assert files(repository) == before
    assert journal.read_change(repository, repository / ".git") is None


def test_a_killed_run_before_something_was_staged(repository: Path) -> None:
    """What was staged since would be lost with our index, so the files go back instead, and it stays staged."""
    before = files(repository)
    change = put(repository)
    half_way(change)
    (repository / "mine").write_text("mine\n")
    git("add", "mine", at=repository)
    journal.finish(change)
    assert files(repository) == {**before, "mine": ("100644", b"mine\n")}
    assert git("diff", "--cached", "--name-only", at=repository) == "mine"


def test_a_killed_run_before_an_edit(repository: Path) -> None:
    """A file that was edited since stops the completion, with the ways out; the edit stays."""
    change = put(repository)
    half_way(change)
    (repository / "a").write_text("mine\n")
    with pytest.raises(ToolError, match="a was edited after a run was stopped half-way"):
        journal.finish(change)
    assert (repository / "a").read_text() == "mine\n"
    assert journal.undo(change) == change.folder.with_name(f"edited-{change.about['id']}")


def test_a_killed_undo_is_completed(repository: Path) -> None:
    """A change that was on its way back goes all the way back."""
    before = files(repository)
    change = put(repository)
    journal.finish(replace(change, phase="back"))
    assert files(repository) == before


def test_files_that_are_noted_later(repository: Path) -> None:
    """Other files that change with it are undone with it: changed ones, new ones, links, in any folder."""
    before = files(repository)
    change = put(repository)
    paths = ["kept", "a", "later/on", "deep/link"]
    change = journal.noted(change, paths, change.about)
    lay(repository, {"kept": "later\n", "a": "later\n", "later/on": "x\n"})
    change = journal.noted(change, paths, {**change.about, "more": 1})
    assert journal.read_change(repository, repository / ".git") == change
    assert change.about["more"] == 1
    assert journal.undo(change) is None
    assert files(repository) == before


def test_what_a_killed_run_left(repository: Path) -> None:
    """The next run removes a preparation and what was concluded; the change itself stays."""
    place = repository / ".git" / "new-ops-project"
    for name in ("prepare/new", "done-1/old", "done-2", "change"):
        (place / name).mkdir(parents=True)
    with journal.locked(repository / ".git"):
        assert {path.name for path in place.iterdir()} == {"lock", "change"}


def test_one_run_at_a_time(repository: Path) -> None:
    """A second run is refused, and so is a change while git itself writes the index."""
    with (
        journal.locked(repository / ".git"),
        pytest.raises(ToolError, match="Another run is at work"),
        journal.locked(repository / ".git"),
    ):
        pass
    (repository / ".git" / "index.lock").touch()
    with pytest.raises(ToolError, match="Another git command is at work"):
        put(repository)


@pytest.mark.parametrize("state", ["", "{}", "[1]", '{"phase": 1'])
def test_a_broken_record(repository: Path, state: str) -> None:
    """A record that cannot be read is named, with the place of the old files."""
    folder = repository / ".git" / "new-ops-project" / "change"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(state)
    with pytest.raises(ToolError, match=r"state\.json, the record of a change, cannot be read") as caught:
        journal.read_change(repository, repository / ".git")
    assert str(folder / "old") in caught.value.hint


def test_digests(repository: Path) -> None:
    """Content, executable bit and the target of a link make a difference; folders and nothing have none."""
    paths = [repository / name for name in ("a", "deep/er/b", "deep/link", "kept")]
    seen = {journal.digest(path) for path in paths}
    (repository / "a").chmod(0o755)
    (repository / "deep" / "er" / "b").chmod(0o644)
    seen |= {journal.digest(path) for path in paths}
    assert len(seen) == 6
    assert "" not in seen
    assert {journal.digest(repository / name) for name in ("deep", "nothing", "A")} == {""}
    (repository / "a").write_text("er/b")
    (repository / "a").chmod(0o644)
    assert journal.digest(repository / "a") != journal.digest(repository / "deep" / "link")
