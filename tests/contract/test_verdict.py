"""The verdict on a run of copier's tests: whatever fails needs a reason."""

import pytest
from contract.run import verdict

PASSED, FAILED = ("t.py::a", "passed", ""), ("t.py::b[x]", "failed", "no\n  such")


@pytest.mark.parametrize("name", ["t.py::b", "t.py::b[x]"])
def test_explained(name: str) -> None:
    """A failed test is explained by its own id, or by that of all its variants."""
    lines, is_kept = verdict([PASSED, FAILED], {name: "ours is safer"})
    assert is_kept
    assert lines == [
        "  different: t.py::b[x]: ours is safer",
        "copier's tests: 1 passed, 1 different on purpose, 0 failed.",
    ]


def test_unexplained() -> None:
    """A failed test without a reason breaks the contract, and is named with its error on one line."""
    lines, is_kept = verdict([PASSED, FAILED], {"t.py::b[y]": "ours is safer"}, is_whole=False)
    assert not is_kept
    assert "  failed: t.py::b[x]: no such" in lines


def test_stale() -> None:
    """A reason for a test that passes breaks the contract of a whole run, since nothing is different any more."""
    lines, is_kept = verdict([PASSED], {"t.py::a": "ours is safer"})
    assert not is_kept
    assert "  passes, but is listed as different: t.py::a" in lines
    assert verdict([PASSED], {"t.py::a": "ours is safer"}, is_whole=False)[1]


def test_nothing_ran() -> None:
    """A run without a test that passed shows nothing."""
    assert not verdict([], {})[1]
