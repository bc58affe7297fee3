"""Ignore files to which both the project and the template added lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import Run
from support.small import Small, make, update

from new_ops_project.git import merge
from new_ops_project.plan.resolvers import ignore

OLD = "*.log\n/build/\n"


def small(tmp_path: Path, mine: str, theirs: str, *, path: str = ".gitignore", old: str = OLD) -> Small:
    """A project of a template whose list changes on both sides."""
    return make(tmp_path, {path: old, "a.md": "a\n"}, {path: theirs}, {path: mine})


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (OLD + "mine/\n", OLD + "*.tmp\n", OLD + "mine/\n*.tmp\n"),
        (OLD + "both\nmine/\n", OLD + "*.tmp\nboth\n", OLD + "both\nmine/\n*.tmp\n"),
        ("mine/\n" + OLD, "*.tmp\n" + OLD, "mine/\n*.tmp\n" + OLD),
        (OLD.rstrip("\n"), OLD + "*.tmp\n", OLD + "*.tmp\n"),
        (OLD + "mine/", OLD + "*.tmp\n", OLD + "mine/\n*.tmp\n"),
        (OLD + "mine/\n", "*.log\n/dist/\n", "*.log\nmine/\n/dist/\n"),  # the template replaced a line beside it
        (OLD + "/dist/\nmine/\n", "*.log\n/dist/\n", "*.log\n/dist/\nmine/\n"),
        (OLD + "# ours\nmine/\n", OLD + "\n# theirs\n*.tmp\n", OLD + "# ours\nmine/\n\n# theirs\n*.tmp\n"),
    ],
)
def test_both_added(run: Run, tmp_path: Path, mine: str, theirs: str, expected: str) -> None:
    """Both additions are there, the project's first, and a line that both added appears once."""
    here = small(tmp_path, mine, theirs)
    update(run, here)
    assert here.text(".gitignore") == expected


@pytest.mark.parametrize("path", ["docs/.gitignore", ".dockerignore"])
def test_other_places(run: Run, tmp_path: Path, path: str) -> None:
    """Wherever an ignore file is."""
    here = small(tmp_path, OLD + "mine/\n", OLD + "*.tmp\n", path=path)
    assert f"{path}: has the lines that you and the template added." in update(run, here).out


@pytest.mark.parametrize("end", ["\r\n", ""])
def test_line_ends_are_kept(run: Run, tmp_path: Path, end: str) -> None:
    """A list with CRLF has CRLF everywhere, also behind a last line that had no end."""
    dos = OLD.replace("\n", "\r\n")
    here = small(tmp_path, dos + f"mine/{end}", dos + f"*.tmp{end}", old=dos)
    update(run, here)
    assert here.text(".gitignore").removesuffix("\r\n") == dos + "mine/\r\n*.tmp"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("*.log\nmine/\n", OLD + "*.tmp\n"),  # the project took away the line beside which the template adds
        (OLD + "!keep.log\n", OLD + "*.log.gz\n"),
        (OLD + "mine/\n", OLD + "!theirs.log\n"),
        (OLD.replace("/build/", "/out/"), OLD.replace("/build/", "/dist/")),
    ],
)
def test_more_than_additions(run: Run, tmp_path: Path, mine: str, theirs: str) -> None:
    """Where a line went, changed, or un-ignores something, a person decides."""
    here = small(tmp_path, mine, theirs)
    update(run, here, code=3)
    assert here.unmerged() == {".gitignore"}


def test_other_files_stay_in_conflict(run: Run, tmp_path: Path) -> None:
    """Lines of any other file mean something by their place."""
    here = small(tmp_path, OLD + "mine\n", OLD + "theirs\n", path="list.txt")
    update(run, here, code=3)


LINES = st.lists(st.sampled_from(["*.log", "/a/", "b", "# words", "", "c/*.tmp", "!no", "d"]), max_size=8)


@given(LINES, LINES, LINES, LINES, LINES)
def test_nothing_is_lost(head: list[str], tail: list[str], mine: list[str], theirs: list[str], end: list[str]) -> None:
    """Every line of both sides is there, in the project's order; no marker is left."""
    texts = [
        "".join(f"{line}\n" for line in lines)
        for lines in (head + tail, head + mine + tail, head + theirs + tail + end)
    ]
    base, ours, new = (text.encode() for text in texts)
    with merge.scratch_repository(Path("/nonexistent")) as scratch:
        merged = ignore.settle_markers(scratch.three_way(base, ours, new))
    if merged is None:
        return
    lines = iter(merged.splitlines())
    assert all(line in lines for line in ours.splitlines())
    assert {*new.splitlines()} <= {*merged.splitlines()}
    assert b"<<<<<<<" not in merged
