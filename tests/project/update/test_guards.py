"""What an update does not touch, such as work in progress."""

import json
from pathlib import Path

import pytest
from support.command import Run, git
from support.small import CLASH, LINES, MINE, NEWER, make, refused, update

from new_ops_project.formats import validation
from new_ops_project.git import journal, markers
from new_ops_project.template import sources

OLD, NEW = {"task.py": LINES}, {"task.py": NEWER}


def test_a_merge_under_way_is_not_concluded(run: Run, tmp_path: Path) -> None:
    """A merge of the user's that waits for its commit, with a clean tree, stays what it is."""
    small = make(tmp_path, OLD, NEW)
    small.git("switch", "--quiet", "--create", "other")
    small.git("commit", "--quiet", "--allow-empty", "--message=other")
    small.git("switch", "--quiet", "-")
    small.git("merge", "--quiet", "--no-commit", "--no-ff", "--strategy=ours", "other")
    assert "A git merge is under way" in refused(run, small, "--commit")
    assert small.git_path("MERGE_HEAD").exists()


def test_a_staged_submodule_is_not_taken_along(run: Run, tmp_path: Path) -> None:
    """--commit commits the update alone: a submodule's new commit that is staged is a reason to refuse."""
    small = make(tmp_path, OLD, NEW)
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(*add, str(small.template), "vendor", at=small.project)
    small.git("commit", "--quiet", "--all", "--message=vendor")
    git("commit", "--quiet", "--allow-empty", "--message=newer", at=small.project / "vendor")
    small.git("add", "vendor")
    assert "vendor" in refused(run, small, "--commit")


def test_a_submodule_where_the_template_has_files(run: Run, tmp_path: Path) -> None:
    """Files of the template that would lie in a submodule are left out, and listed."""
    small = make(tmp_path, {**OLD, "lib/x.txt": LINES}, {**NEW, "lib/x.txt": NEWER, "lib/y.txt": "y\n"})
    small.git("rm", "-r", "--quiet", "lib")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(*add, str(small.template), "lib", at=small.project)
    small.git("commit", "--quiet", "--all", "--message=lib")
    ran = update(run, small, "--json")
    assert {"lib/x.txt", "lib/y.txt"} <= {*ran.json["ignored"]}
    assert "not written: lib/x.txt, which is ignored here, or in a submodule" in ran.err
    assert small.staged() == {"task.py", ".copier-answers.yml"}
    assert small.git("-C", "lib", "status", "--porcelain") == ""


def test_what_is_written_once_is_not_in_the_way(run: Run, tmp_path: Path) -> None:
    """An ignored file of the user's at the path of a new file in _skip_if_exists stays, and the update runs."""
    questions = "_skip_if_exists: [.env]\ncolour: {type: str, default: blue}\n"
    small = make(tmp_path, {**OLD, ".gitignore": ".env\n"}, {**NEW, ".env": "theirs\n"}, questions=(questions, None))
    (small.project / ".env").write_text(MINE)
    update(run, small)
    assert small.text(".env") == MINE


def test_another_version_while_one_waits(run: Run, tmp_path: Path) -> None:
    """An update that is not committed yet does not count as one to another version."""
    small = make(tmp_path, OLD, NEW)
    update(run, small, "--to", "v1.1.0")
    update(run, small, "--to", "v1.1.0")
    assert "is not committed yet" in refused(run, small, "--to", "v1.0.0")
    assert update(run, small, "--commit", "--json").json["state"] == "committed"


def test_another_commit_while_one_waits(run: Run, tmp_path: Path) -> None:
    """A commit of something else does not count as one of the update: it waits on, and nothing of it is lost."""
    small = make(tmp_path, OLD, NEW, {"other.txt": "1\n"})
    update(run, small)
    (small.project / "other.txt").write_text("2\n")
    small.git("commit", "--quiet", "--message=other", "other.txt")
    assert "HEAD has moved" in refused(run, small, "--abort")
    assert small.staged() == {"task.py", ".copier-answers.yml"}
    small.git("reset", "--quiet", "--soft", "HEAD~1")
    update(run, small, "--abort")
    assert small.text("task.py") == LINES


def test_a_reset_throws_an_update_away(run: Run, tmp_path: Path) -> None:
    """After git reset --hard nothing is pending, and the next update starts over."""
    small = make(tmp_path, OLD, NEW)
    update(run, small)
    small.git("reset", "--quiet", "--hard")
    assert update(run, small, "--json").json["state"] == "staged"


def test_staging_since_a_kill_is_kept(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was killed half-way is taken back, not finished, when the index has moved since."""
    small = make(tmp_path, OLD, NEW)
    with monkeypatch.context() as killed:
        killed.setattr(journal, "finish", lambda _change: None)
        update(run, small)
    (small.project / "mine.txt").write_text("mine\n")
    small.git("add", "mine.txt")
    assert "mine.txt" in update(run, small, code=2).err
    assert small.staged() == {"mine.txt"}
    assert small.text("task.py") == LINES


def test_a_token_is_not_repeated() -> None:
    """A token or a password in a recorded address is in no message; the account of an ssh address is."""
    shown = {
        place: sources.Source(place, "").name
        for place in (
            "https://token@git.example.org/t.git",
            "ssh://git:secret@git.example.org/t.git",
            "ssh://git@git.example.org/t.git",
        )
    }
    assert list(shown.values()) == [
        "https://git.example.org/t.git",
        "ssh://git@git.example.org/t.git",
        "ssh://git@git.example.org/t.git",
    ]


def test_a_question_that_is_not_open(run: Run, tmp_path: Path) -> None:
    """--set of a question that the other answers close says so."""
    questions = "colour: {type: str, default: blue}\nshade: {type: str, default: x, when: \"{{ colour == 'red' }}\"}\n"
    small = make(tmp_path, OLD, NEW, questions=(questions, None))
    assert "shade" in refused(run, small, "--set", "shade=dark")


def test_a_file_that_never_parsed_can_be_resolved(run: Run, tmp_path: Path) -> None:
    """JSON with comments, in conflict, is resolved when its markers are gone."""
    small = make(tmp_path, {"a.json": "// 1\n{}\n"}, {"a.json": "// 2\n{}\n"}, {"a.json": "// 3\n{}\n"})
    update(run, small, code=3)
    (small.project / "a.json").write_text("// 2 and 3\n{}\n")
    update(run, small, "--continue", "--commit")
    assert small.git("status", "--porcelain") == ""


def test_what_stays_is_named(run: Run, tmp_path: Path) -> None:
    """--continue says which file in conflict, without markers, is kept as it was."""
    small = make(tmp_path, OLD, {"task.py": None, "b": "b"}, {"task.py": CLASH})
    update(run, small, code=3)
    assert "Kept as it was here: task.py" in update(run, small, "--continue").out


@pytest.mark.parametrize("text", ["a: &x [*x]\n", "a: &x {b: *x}\n", "[" * 2000 + "]" * 2000])
def test_yaml_that_goes_in_circles(text: str) -> None:
    """An anchor below itself, and nesting that is too deep to judge, are no reason to fail."""
    assert validation.problem("a.yml", text.encode()) == ""


def test_long_files_are_judged_in_time() -> None:
    """Many hunks in a long file are all marked rather than tried one by one."""
    ours = json.dumps({f"k{n}": n for n in range(3000)}, indent=1)
    theirs = ours.replace("1,\n", "11,\n")
    merged = theirs.replace("2,\n", "22,\n")
    tried: list[bytes] = []

    def problem(text: bytes) -> str:
        tried.append(text)
        return "it does not parse"

    markers.mark_broken(ours.encode(), merged.encode(), theirs.encode(), problem)
    assert len(tried) < 40
