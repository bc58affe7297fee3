"""An update that is not committed yet."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Run
from support.small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    MINE,
    NEWER,
    WRITTEN,
    Small,
    everything,
    head,
    lay,
    make,
    refused,
    release,
    snapshot,
    untouched,
    update,
    usual,
)


@pytest.fixture
def clash_of(tmp_path: Path) -> Callable[[], Small]:
    """Make a project in conflict on demand."""
    return lambda: usual(tmp_path / "clash", CLASH)


@pytest.mark.parametrize("option", ["--continue", "--abort"])
def test_nothing_to_conclude(run: Run, plain: Small, option: str) -> None:
    """Without a pending update, and after its commit, there is nothing to continue or take back."""
    assert "No update is under way" in refused(run, plain, option)
    update(run, plain)
    plain.git("commit", "--quiet", "--message=update")
    assert "committed" in update(run, plain, option, code=2).err
    assert plain.git("status", "--porcelain") == ""


def test_a_second_update_waits(run: Run, plain: Small) -> None:
    """An update that is not committed yet is reported, and stays."""
    update(run, plain)
    before = everything(plain.repository)
    ran = update(run, plain, "--json")
    assert ran.json["state"] == "waiting"
    assert "is staged and not committed yet" in ran.err
    assert everything(plain.repository) == before


def test_conflicts_in_the_way(run: Run, clash: Small) -> None:
    """A second update on top of unresolved conflicts is refused with their names, however the index was cleaned."""
    update(run, clash, code=3)
    assert "task.py" in refused(run, clash)
    clash.git("add", "--all")
    assert "task.py" in refused(run, clash)
    assert "task.py" in refused(run, clash, "--in-place")


@pytest.mark.parametrize("args", [[], ["--in-place"], ["--branch"], ["--preview"]])
def test_the_conflicts_of_a_merge(run: Run, plain: Small, args: list[str]) -> None:
    """The conflicts of the user's own merge prevent an update, too."""
    plain.git("checkout", "--quiet", "-b", "side")
    plain.commit({"README.md": "# Side\n"})
    plain.git("checkout", "--quiet", "trunk")
    plain.commit({"README.md": "# Trunk\n"})
    with pytest.raises(Exception, match="git"):
        plain.git("merge", "side")
    assert "README.md" in refused(run, plain, *args)


def test_continue_refuses_markers(run: Run, clash: Small) -> None:
    """A file with markers is named with their line; without them it is staged, and the update is complete."""
    update(run, clash, code=3)
    line = clash.text("task.py").splitlines().index("<<<<<<< your project") + 1
    message = refused(run, clash, "--continue")
    assert "task.py" in message
    assert str(line) in message
    lay(clash.project, {"task.py": BOTH})
    assert update(run, clash, "--continue", "--json").json["state"] == "staged"
    assert (clash.unmerged(), clash.staged()) == (set(), WRITTEN)
    assert "is staged and not committed yet" in update(run, clash).out
    assert update(run, clash, "--continue", "--commit", "--json").json["commit"] == head(clash)
    assert "No update is under way" in refused(run, clash, "--abort")


def test_abort_after_continue(run: Run, clash: Small) -> None:
    """What --continue has staged can be taken back until it is committed; the resolution is kept."""
    before = untouched(clash)
    update(run, clash, code=3)
    lay(clash.project, {"task.py": BOTH})
    update(run, clash, "--continue")
    ran = update(run, clash, "--abort")
    assert untouched(clash) == before
    assert (Path(ran.out.split("kept in ")[1].splitlines()[0].rstrip(".")) / "task.py").read_text() == BOTH


@pytest.mark.parametrize("wish", [("--set", "colour=red"), ("--template", "elsewhere"), ("--to", "v1.0.0")])
@pytest.mark.parametrize("commit", [[], ["--commit"]])
def test_other_wishes(run: Run, plain: Small, wish: tuple[str, str], commit: list[str]) -> None:
    """A pending update does not count as one with other wishes, which are named; with its own it does."""
    update(run, plain, "--set", "colour=green")
    message = refused(run, plain, *wish, *commit)
    assert "The update to v1.1.0 is not committed yet" in message
    assert " ".join(wish).removeprefix("--") in message
    assert "new-ops-project update ../audit --abort" in message
    assert update(run, plain, "--set", "colour=green", "--commit", "--json").json["state"] == "committed"
    assert plain.recorded()["colour"] == "green"


def test_a_part_was_committed(run: Run, plain: Small) -> None:
    """An update of which somebody has committed one file still waits for its commit."""
    update(run, plain)
    plain.git("commit", "--quiet", "--message=part", "--", "task.py")
    assert "is staged and not committed yet" in " ".join(update(run, plain).out.split())
    assert "HEAD has moved since" in refused(run, plain, "--continue")
    plain.git("commit", "--quiet", "--message=rest")
    assert "is current" in update(run, plain).out


def test_abort_after_the_project_went(run: Run, plain: Small) -> None:
    """An update that was discarded is not called committed because a commit removed its files."""
    update(run, plain)
    plain.git("reset", "--quiet", "--hard")
    plain.git("rm", "--quiet", ANSWERS, "task.py")
    plain.git("commit", "--quiet", "--message=gone")
    assert "is not in the work tree any more" in refused_once(run, plain, "--abort")


def test_continue_after_a_reset(run: Run, clash: Small) -> None:
    """An update that somebody discarded is not continued, and not called committed after a commit of something else."""
    update(run, clash, code=3)
    clash.git("reset", "--quiet", "--hard")
    assert "is not in the work tree any more" in refused_once(run, clash, "--continue")
    update(run, clash, code=3)
    clash.git("reset", "--quiet", "--hard")
    clash.commit({"mine.txt": "mine\n"})
    message = refused_once(run, clash, "--abort")
    assert "is not in the work tree any more" in message
    assert "revert" not in message


def refused_once(run: Run, small: Small, *args: str) -> str:
    """Run an update that must change no file and forget its change; return its message."""
    before = untouched(small)
    message = update(run, small, *args, code=2).err
    assert untouched(small) == before
    assert "No update is under way" in refused(run, small, *args)
    return message


def test_continue_refuses_what_does_not_parse(run: Run, tmp_path: Path) -> None:
    """A resolution that is no TOML is refused with the reason, as is one with a table twice."""
    toml = "".join(f"a{number} = 1\n" for number in range(9))
    new, mine = toml.replace("a4 = 1", "a4 = 2"), toml.replace("a4 = 1", "a4 = 3")
    small = make(tmp_path, {"ops.toml": toml}, {"ops.toml": new}, {"ops.toml": mine})
    update(run, small, code=3)
    for wrong in ("a = \n", toml + "a4 = 5\n"):
        lay(small.project, {"ops.toml": wrong})
        assert "TOML" in refused(run, small, "--continue")
    lay(small.project, {"ops.toml": new})
    update(run, small, "--continue")


@pytest.mark.parametrize("how", ["kept", "removed", "git add", "git rm"])
def test_continue_of_edited_and_dropped(run: Run, tmp_path: Path, how: str) -> None:
    """A file that the user edited and the template dropped can be kept or removed, by hand or through git."""
    small = make(tmp_path, {"task.py": LINES}, {"task.py": None}, {"task.py": MINE})
    update(run, small, code=3)
    if how == "removed":
        (small.project / "task.py").unlink()
    elif how.startswith("git"):
        small.git(*how.split()[1:], "task.py")
    ran = update(run, small, "--continue", "--commit")
    assert small.git("status", "--porcelain") == ""
    assert (small.project / "task.py").exists() == (how in {"kept", "git add"})
    assert ("Kept as it was here: task.py" in ran.out) == (how == "kept")


def test_a_commit_in_conflict_is_made_by_continue(run: Run, clash: Small) -> None:
    """--commit in conflict stays in the work tree; --continue then commits with the same message."""
    before = head(clash)
    assert update(run, clash, "--commit", "--json", code=3).json["state"] == "conflicts"
    assert head(clash) == before
    lay(clash.project, {"task.py": BOTH})
    assert update(run, clash, "--continue", "--json").json["commit"] == head(clash)
    assert head(clash, "HEAD^") == before
    assert "v1.1.0" in clash.git("log", "-1", "--format=%s")


def test_a_merge_tool_knows_the_conflict(run: Run, clash: Small) -> None:
    """The index has the three sides, so that git can take one."""
    update(run, clash, code=3)
    assert [clash.git("show", f":{number}:task.py") + "\n" for number in (1, 2, 3)] == [LINES, CLASH, NEWER]
    clash.git("checkout", "--theirs", "task.py")
    update(run, clash, "--continue")
    assert clash.text("task.py") == NEWER


@pytest.mark.parametrize("code", [0, 3])
def test_abort_restores_everything(run: Run, plain: Small, clash_of: Callable[[], Small], code: int) -> None:
    """--abort restores the files, ignored and untracked ones included, and the index to the byte."""
    small = clash_of() if code else plain
    lay(small.project, {"run.log": "ignored\n", "loose.txt": "mine\n", "README.md": "dirty\n"})
    before = untouched(small)
    update(run, small, "--in-place", code=code)
    assert untouched(small) != before
    report = update(run, small, "--abort", "--json").json
    assert untouched(small) == before
    assert (report["state"], "kept" in report) == ("aborted", False)


def test_abort_keeps_what_was_edited_since(run: Run, plain: Small) -> None:
    """Edits since the update are kept in a folder that is named; the project is as it was."""
    before = untouched(plain)
    update(run, plain)
    lay(plain.project, {"task.py": "edited since\n", "notes.md": "edited too\n"})
    ran = update(run, plain, "--abort")
    assert untouched(plain) == before
    kept = Path(ran.out.split("kept in ")[1].splitlines()[0].rstrip("."))
    assert {path: content for path, (_, content) in snapshot(kept).items()} == {
        "task.py": b"edited since\n",
        "notes.md": b"edited too\n",
    }


def test_edits_of_two_updates_are_kept(run: Run, plain: Small) -> None:
    """What was edited after one update is kept beside what was edited after the next; where nothing was, none is."""
    kept = []
    for text in ("first\n", "second\n"):
        update(run, plain)
        lay(plain.project, {"task.py": text})
        out = update(run, plain, "--abort").out
        kept.append(Path(out.split("kept in ")[1].splitlines()[0].rstrip(".")) / "task.py")
    assert [file.read_text() for file in kept] == ["first\n", "second\n"]
    update(run, plain)
    assert "kept in" not in update(run, plain, "--abort").out


def test_abort_leaves_new_files_alone(run: Run, plain: Small) -> None:
    """A file that the user makes after the update survives --abort, also in a folder that the update made."""
    release(plain.template, "v1.2.0", {"docs/index.md": "Docs.\n"})
    update(run, plain)
    lay(plain.project, {"docs/mine.md": "mine\n", "mine.log": "mine\n"})
    update(run, plain, "--abort")
    assert (plain.text("docs/mine.md"), plain.text("mine.log")) == ("mine\n", "mine\n")
    assert not (plain.project / "docs" / "index.md").exists()


def test_abort_leaves_no_empty_folder(run: Run, plain: Small) -> None:
    """The folder that an update made goes with its last file, also if that was edited since, and is kept elsewhere."""
    release(plain.template, "v1.2.0", {"docs/index.md": "Docs.\n"})
    update(run, plain)
    lay(plain.project, {"docs/index.md": "edited since\n"})
    assert "are kept in" in update(run, plain, "--abort").out
    assert not (plain.project / "docs").exists()


def test_another_update_after_abort(run: Run, clash: Small) -> None:
    """After --abort the next update is as the first was."""
    first = update(run, clash, "--json", code=3).json
    after = snapshot(clash.project)
    update(run, clash, "--abort")
    assert update(run, clash, "--json", code=3).json == first
    assert snapshot(clash.project) == after


def test_a_killed_update_of_another_commit(run: Run, plain: Small) -> None:
    """An update that was killed before the index was written goes back where another commit is checked out now."""
    update(run, plain)
    place, index = plain.git_path("new-ops-project/change").resolve(), plain.git_path("index").resolve()
    shutil.copy2(index, place / "index")
    shutil.copy2(place / "index.old", index)
    other = plain.git("commit-tree", "HEAD^{tree}", "-p", "HEAD^", "-m", "other")
    plain.git("update-ref", "HEAD", other)
    report = update(run, plain, "--json").json
    assert report["state"] == "staged"
    assert plain.staged() == WRITTEN
