"""Child processes answer, end in time, and leave nothing behind."""

import time

import pytest

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError


def test_a_limit_ends_a_program_with_its_children() -> None:
    """What takes too long is killed, and the error names the limit, not the arguments."""
    start = time.monotonic()
    with pytest.raises(ProcessError, match=r"no answer within 0\.3 seconds") as caught:
        process.run("sh", "-c", "sleep 60 & sleep 60", seconds=0.3)
    assert time.monotonic() - start < 10
    assert caught.value.command == "sh"


def test_a_child_that_stays_behind() -> None:
    """A program that ended in time counts, although a child of it still holds its pipes."""
    assert process.run("sh", "-c", "sleep 3 & echo done", seconds=0.5).text == "done"


def test_lines_come_one_by_one() -> None:
    """Each line is yielded, also of progress that is written over itself; a failure has all of the output."""
    assert [*process.stream("printf", r"10%%\r20%%\nend")] == ["10%", "20%", "end"]
    with pytest.raises(ProcessError) as caught:
        [*process.stream("sh", "-c", "echo out; echo err >&2; exit 3")]
    assert (caught.value.exit_code, caught.value.stderr) == (3, "out\nerr\n")


def test_a_limit_on_silence() -> None:
    """A program that goes on writing is not ended, however slow it is; one that stops writing is, with its children."""
    slow = "for i in 1 2 3 4 5 6; do echo $i >&2; sleep 0.4; done; echo done"
    assert process.run("sh", "-c", slow, silence=(2.0, 2.0)).text == "done"
    with pytest.raises(ProcessError, match=r"no answer within 0\.5 seconds"):
        process.run("sh", "-c", "sleep 60 & sleep 60", silence=(0.5, 9.0))
    with pytest.raises(ProcessError, match=r"no answer within 0\.6 seconds"):
        process.run("sh", "-c", "echo start; sleep 60 & sleep 60", silence=(9.0, 0.6))


def test_what_stays_behind_in_silence() -> None:
    """A program that has ended counts, although a child of it still holds its pipes."""
    assert process.run("sh", "-c", "sleep 30 & echo done", silence=(20.0, 20.0)).text == "done"


def test_a_stream_that_falls_silent() -> None:
    """Its lines come until then, and its children end with it."""
    lines = process.stream("sh", "-c", "echo one; sleep 60 & sleep 60", silence=(9.0, 0.6))
    assert next(lines) == "one"
    with pytest.raises(ProcessError, match=r"no answer within 0\.6 seconds"):
        list(lines)
    slow = "for i in 1 2 3 4; do echo $i; sleep 0.3; done"
    assert [*process.stream("sh", "-c", slow, silence=(2.0, 2.0))] == [*"1234"]
