"""The merge of lists by line."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import git

from new_ops_project.project.adoption.lines import merge, plain_rule, variable_name

THEIRS = b""".venv/
__pycache__/
build/

# What a run leaves behind.
state.json

# Secrets stay in the environment;
# .env.example holds their names.
.env
gha-creds-*.json
"""

CASES = {
    "nothing is missing": (b"b\na", b"a/\nb\n", b"b\na"),
    "an empty file": (b"", b"a\n\n# c\nb", b"a\n\n# c\nb\n"),
    "an empty list": (b"a", b"\n# c\n", b"a"),
    "no final newline": (b"x", b"a\n", b"x\n\na\n"),
    "a blank line at the end": (b"x\n\n", b"a\n", b"x\n\na\n"),
    "CRLF": (b"x\r\n", b"a\n\nb\n", b"x\r\n\r\na\r\n\r\nb\r\n"),
    "CRLF in theirs": (b"x\n", b"x\r\na\r\n", b"x\n\na\n"),
    "spaces and a slash": (b"build/  \ndist\n", b"build\ndist/\n/build\n", b"build/  \ndist\n\n/build\n"),
    "twice in theirs": (b"", b"a\na/\n", b"a\n"),
    "a comment heads what follows": (b"a\n", b"# c\na\nb\nd\n\ne\n", b"a\n\n# c\nb\nd\n\ne\n"),
    "a comment of what is there": (b"a\n", b"# c\na\n# d\nb\n", b"a\n\n# d\nb\n"),
    "a comment of nothing": (b"a\n", b"# c\n\nb\n", b"a\n\nb\n"),
    "a negation forbids": (b"*.json\n!state.json\n", b"state.json\nx\n", b"*.json\n!state.json\n\nx\n"),
    "a negation below": (b"!build/keep\n", b"/build/\nkeep\nx\n", b"!build/keep\n\nx\n"),
    "a negation that a pattern matches": (b"!a/gha-test.json\n", b"gha-*.json\n", b"!a/gha-test.json\n"),
}


@pytest.mark.parametrize(("mine", "theirs", "both"), CASES.values(), ids=CASES)
def test_a_case(mine: bytes, theirs: bytes, both: bytes) -> None:
    """What is missing is added below, under its comments."""
    assert merge(mine, theirs) == both


def test_an_example() -> None:
    """Paragraphs stay apart, a comment of two lines stays whole."""
    assert (
        merge(b"*.pyc\nbuild\n.env\n", THEIRS)
        == b"""*.pyc
build
.env

.venv/
__pycache__/

# What a run leaves behind.
state.json

# Secrets stay in the environment;
# .env.example holds their names.
gha-creds-*.json
"""
    )


def test_names_of_variables() -> None:
    """Of environment files the name counts, not the value."""
    mine, theirs = b"export TOKEN = abc\nHOST=x\n", b"# Which.\nTOKEN=\n# Where.\nPORT=\nHOST=\n"
    assert merge(mine, theirs, same=variable_name) == mine + b"\n# Where.\nPORT=\n"


def test_what_git_sees_stays(work: Path) -> None:
    """What the user's rules let in is not ignored after the merge, as git itself says."""
    rules = b"*.json\n!/conf/state.json\n!build/\n!.env.example\n!x/gha-creds-fake.json\n"
    seen = ["conf/state.json", "build/a", ".env.example"]
    git("init", "--quiet", at=work)
    for content in (rules, merge(rules, THEIRS)):
        (work / ".gitignore").write_bytes(content)
        done = subprocess.run(["git", "check-ignore", *seen], cwd=work, capture_output=True, check=False)
        assert done.stdout == b""


WORDS = st.sampled_from([b"a", b"a/", b"b ", b"!a", b"!c/a", b"# x", b"# y", b"", b"  ", b"*", b"c/", b"\xff", b"#"])
CONTENTS = st.builds(
    lambda parts, end, is_ended: end.join(parts) + (end if is_ended else b""),
    st.lists(WORDS, max_size=8),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(mine=CONTENTS, theirs=CONTENTS)
def test_any_two(mine: bytes, theirs: bytes) -> None:
    """The result begins with mine, holds each line of theirs that may be added, and twice is once."""
    both = merge(mine, theirs)
    assert both.startswith(mine)
    assert merge(both, theirs) == both
    held = {plain_rule(line) for line in both.splitlines()}
    missing = {
        plain_rule(line.rstrip()) for line in theirs.splitlines() if line.strip() and not line.startswith(b"#")
    } - held
    assert not missing or b"!" in mine
    assert both == mine or both.endswith(b"\n")
    assert b"\r\n" not in mine or b"\n" not in both.removeprefix(mine).replace(b"\r\n", b"")
