"""The options of `update`, among them the version to update to."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.small import BOTH, MINE, NEW, NEWER, OLD, Small, make, refused, release, update


def test_a_given_version_and_back(run: Run, plain: Small) -> None:
    """--to accepts a version that is not the newest, and one older than the project's, which is noted."""
    release(plain.template, "v1.2.0", {"task.py": NEWER + "end\n"})
    update(run, plain, "--to", "v1.1.0", "--commit")
    assert plain.recorded()["_commit"] == "v1.1.0"
    assert "an older version" in update(run, plain, "--to", "v1.0.0").out
    assert (plain.recorded()["_commit"], plain.text("task.py")) == ("v1.0.0", MINE)
    assert not (plain.project / "notes.md").exists()


def test_an_unknown_version(run: Run, plain: Small) -> None:
    """A version that the template lacks is named with the nearest."""
    message = refused(run, plain, "--to", "v1.1")
    assert "'v1.1'" in message
    assert "v1.1.0" in message.splitlines()[1]


def test_a_prerelease_is_asked_for(run: Run, plain: Small) -> None:
    """A prerelease is not taken by default, --to takes it, and then the project is ahead, not behind."""
    release(plain.template, "v1.2.0rc1", {"task.py": NEWER + "end\n"})
    assert update(run, plain, "--check", "--json", code=1).json["to"] == "v1.1.0"
    update(run, plain, "--to", "v1.2.0rc1", "--commit")
    assert plain.recorded()["_commit"] == "v1.2.0rc1"
    assert "is current" in update(run, plain).out


def test_a_commit_that_was_not_released(run: Run, plain: Small) -> None:
    """--to accepts any commit of the template, recorded as by `git describe`, and the next update continues from it."""
    release(plain.template, "other", {"task.py": NEWER + "end\n"})
    git("tag", "--delete", "other", at=plain.template)
    update(run, plain, "--to", "trunk", "--commit")
    assert str(plain.recorded()["_commit"]).startswith("v1.1.0-1-g")
    assert "is current" in update(run, plain).out
    release(plain.template, "v1.2.0", {"task.py": NEWER + "END\n"})
    update(run, plain)
    assert plain.text("task.py") == BOTH + "END\n"


@pytest.mark.parametrize(
    "args",
    [
        ["--preview", "--check"],
        ["--branch", "--commit"],
        ["--patch", "x", "--in-place"],
        ["--continue", "--abort"],
        ["--abort", "--branch"],
        ["--continue", "--preview"],
        ["--check", "--patch", "-"],
        ["--abort", "--to", "v1.1.0"],
        ["--continue", "--set", "colour=red"],
    ],
)
def test_options_that_contradict_each_other(run: Run, plain: Small, args: list[str]) -> None:
    """Two deliveries at once are refused with both names, and so is what --continue and --abort take no notice of."""
    message = refused(run, plain, *args)
    for option in (arg for arg in args if arg.startswith("--")):
        assert option in message


def test_answers_alone(run: Run, tmp_path: Path) -> None:
    """--set at the newest version is an update too."""
    old = {"colour.txt.jinja": "{{ colour }}\n"}
    small = make(tmp_path, old, {}, {"colour.txt": "blue\n"})
    update(run, small, "--commit")
    report = update(run, small, "--set", "colour=red", "--json").json
    assert (report["from"], report["to"], report["state"]) == ("v1.1.0", "v1.1.0", "staged")
    assert [(answer["name"], answer["from"], answer["to"]) for answer in report["answers"]] == [
        ("colour", "blue", "red")
    ]
    assert (small.text("colour.txt"), small.recorded()["colour"]) == ("red\n", "red")


def test_the_answer_that_is_there_already(run: Run, plain: Small) -> None:
    """--set with the recorded value at the newest version changes nothing."""
    update(run, plain, "--commit")
    assert "is current" in update(run, plain, "--set", "colour=blue").out


def test_a_release_that_is_signed_by_a_tag(run: Run, tmp_path: Path) -> None:
    """An annotated tag of the template is a version as any."""
    small = make(tmp_path, OLD, NEW)
    release(small.template, "next", {"task.py": NEWER + "end\n"})
    git("tag", "--annotate", "--message=v1.2.0", "v1.2.0", "next", at=small.template)
    git("tag", "--delete", "next", at=small.template)
    update(run, small)
    assert (small.recorded()["_commit"], small.text("task.py")) == ("v1.2.0", NEWER + "end\n")
