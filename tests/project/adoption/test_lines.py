"""The merge of lists by line."""

import subprocess
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import git

from new_ops_project.project.adoption.lines import merge_rules, merge_variables

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
    "one that hides more is there": (b"dist\n/x\n", b"/dist/\n/x/\n", b"dist\n/x\n"),
    "one that hides less is there": (b"/dist\n", b"dist/\n", b"/dist\n\ndist/\n"),
    "an empty file": (b"", b"a\n\n# c\nb", b"a\n\n# c\nb\n"),
    "an empty list": (b"a", b"\n# c\n", b"a"),
    "no final newline": (b"x", b"a\n", b"x\n\na\n"),
    "a blank line at the end": (b"x\n\n", b"a\n", b"x\n\na\n"),
    "CRLF": (b"x\r\n", b"a\n\nb\n", b"x\r\n\r\na\r\n\r\nb\r\n"),
    "the whole block": (b"build/  \n", b"build\n# c\n/dist\n", b"build/  \n\nbuild\n# c\n/dist\n"),
    "a negation forbids": (b"*.json\n!state.json\n", b"state.json\nx\n", b"*.json\n!state.json\n\nx\n"),
    "a negation below": (b"!build/keep\n", b"/build/\nkeep\nx\n", b"!build/keep\n\nx\n"),
    "a negation that a pattern matches": (b"!a/gha-test.json\n", b"gha-*.json\n", b"!a/gha-test.json\n"),
}


@pytest.mark.parametrize(("mine", "theirs", "both"), CASES.values(), ids=CASES)
def test_ignore_rules(mine: bytes, theirs: bytes, both: bytes) -> None:
    """If one is missing, all are added below, except those that hide what is let in."""
    assert merge_rules(mine, theirs, []) == both


def test_variables() -> None:
    """The name counts, not the value; a comment heads what follows it."""
    mine = b"export TOKEN = abc\nHOST=x\n"
    theirs = b"# Which.\nTOKEN=\n# Where,\n# and how.\nHOST=\nPORT=\nPORT=\n\nUSER=\n"
    assert merge_variables(mine, theirs) == mine + b"\n# Where,\n# and how.\nPORT=\nUSER=\n"
    assert merge_variables(mine, b"HOST=\n") == mine


def test_what_git_sees_stays(work: Path) -> None:
    """What is tracked or let in is not ignored after the merge, as git itself says."""
    rules = b"*.json\n!/conf/state.json\n!build/\n!.env.example\n!x/gha-creds-fake.json\n"
    seen = ["conf/state.json", "build/a", ".env.example"]
    git("init", "--quiet", at=work)
    for content, paths in ((rules, seen), (merge_rules(rules, THEIRS, [".env"]), [*seen, ".env"])):
        (work / ".gitignore").write_bytes(content)
        done = subprocess.run(["git", "check-ignore", *paths], cwd=work, capture_output=True, check=False)
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
    """Both results begin with mine, keep its line ends, and twice is once."""
    for merge in (merge_variables, partial(merge_rules, tracked=[])):
        both = merge(mine, theirs)
        assert both.startswith(mine)
        assert merge(both, theirs) == both
        assert b"\r\n" not in mine or b"\n" not in both.removeprefix(mine).replace(b"\r\n", b"")
