"""Work in a child process: what it returns, raises and may use."""

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from new_ops_project.base import confined, descendants
from new_ops_project.base.confined import Child, ExceededError, ResourceLimits
from new_ops_project.base.errors import ProcessError, ToolError

LIMITS = ResourceLimits(0.3, 10_000_000, 20, 1_000_000_000)


def exceeded(work: Callable[[], object], limits: ResourceLimits = LIMITS, folder: Path | None = None) -> ExceededError:
    """The error of work that takes too much, after which no child is left."""
    before = descendants.below(os.getpid())
    with pytest.raises(ExceededError) as caught:
        confined.call(work, limits, folder=folder)
    assert descendants.below(os.getpid()) == before
    return caught.value


def spin() -> None:
    """Take processor time for ever."""
    while True:
        pass


def test_values_and_errors() -> None:
    """A child returns values, and raises errors with their causes, also those that cannot be pickled."""

    def fail() -> None:
        raise ToolError("message", "hint") from KeyError("cause")

    def fail_oddly() -> None:
        raise ProcessError(("git",), 1, "fatal: no")

    def fail_locally() -> None:
        raise type("OwnError", (Exception,), {})("own")

    assert confined.call(lambda: {"a": b"x" * 3_000_000}, LIMITS) == {"a": b"x" * 3_000_000}
    with pytest.raises(ToolError) as caught:
        confined.call(fail, LIMITS)
    assert (caught.value.message, caught.value.hint, type(caught.value.__cause__)) == ("message", "hint", KeyError)
    with pytest.raises(ProcessError, match="git: fatal: no") as odd:
        confined.call(fail_oddly, LIMITS)
    assert (odd.value.args_run, odd.value.exit_code) == (("git",), 1)
    with pytest.raises(RuntimeError, match="own"):
        confined.call(fail_locally, LIMITS)


def test_processor_time() -> None:
    """A child that takes too long is ended, also in C code; the error has what was noted last."""

    def compute() -> int:
        confined.note("a place")
        return int(9 ** int("9" * 9))

    for work in (spin, compute):
        error = exceeded(work)
        assert error.is_late
        assert str(error) in {"takes more than 0.3 s of processor time", "does not end within 3 s"}  # if it is busy
    assert error.place == "a place"


def test_waiting() -> None:
    """A child that only waits is ended too, unless it asks a person."""
    little = ResourceLimits(0.05, 10_000, 20, None)
    assert str(exceeded(lambda: time.sleep(60), little)) == "does not end within 0.5 s"
    assert confined.call(lambda: time.sleep(0.8), little, asks=True) is None


def test_memory() -> None:
    """A child has no more memory than the limit, and neither has what it returns."""
    assert str(exceeded(lambda: len("x" * 2_000_000_000))) == "needs more than 1 GB of memory"
    assert str(exceeded(lambda: b"x" * 20_000_000)) == "writes more than 10 MB"


def test_files(tmp_path: Path) -> None:
    """Files are counted while they are written, and once more at the end."""

    def write(*, ends: bool) -> None:
        number = 0
        while number < 30 or not ends:
            number += 1
            (tmp_path / f"{number % 1000}").mkdir(exist_ok=True)

    assert (
        str(exceeded(lambda: write(ends=False), ResourceLimits(30, 10_000, 20, None), tmp_path))
        == "writes more than 20 files"
    )
    assert str(exceeded(lambda: write(ends=True), folder=tmp_path)) == "writes more than 20 files"
    large = tmp_path / "large"
    large.mkdir()
    work = partial_write(large / "a", b"x" * 20_000_000)
    assert str(exceeded(work, folder=large)) == "writes more than 10 MB"


def partial_write(file: Path, content: bytes) -> Callable[[], object]:
    """A function that writes the file."""
    return lambda: file.write_bytes(content)


def test_other_ends() -> None:
    """A child that crashes or ends itself is named."""
    assert "crash (SIGSEGV)" in str(exceeded(lambda: os.kill(os.getpid(), signal.SIGSEGV)))
    assert "lack memory" in str(exceeded(lambda: os.kill(os.getpid(), signal.SIGKILL)))
    assert str(exceeded(lambda: os._exit(7))) == "exits with code 7"
    with pytest.raises(KeyboardInterrupt):
        confined.call(lambda: os.kill(os.getpid(), signal.SIGTERM), LIMITS)


def test_requests() -> None:
    """A child answers one request after another, keeps what it learns, and starts again after its end."""
    known: list[int] = []

    def serve(request: int) -> list[int]:
        if request < 0:
            spin()
        known.append(request)
        return known

    child = Child(serve, LIMITS)
    assert [child.ask(1), child.ask(2), known] == [[1], [1, 2], []]
    with pytest.raises(ExceededError):
        child.ask(-1)
    assert child.ask(3) == [3]
    others = [Child(serve, LIMITS) for _ in range(6)]
    assert [other.ask(4) for other in others] == [[4]] * 6
    assert child.ask(5) == [5]  # it was ended, since others were asked
    assert len(descendants.below(os.getpid())) <= 4


def test_a_late_signal() -> None:
    """The system tells of what was written a little later, when the child may be at work already."""

    def work(seconds: float) -> str:
        time.sleep(seconds)
        return "done"

    child = Child(work, LIMITS)
    assert child.ask(0) == "done"
    write = threading.Timer(0.1, lambda: child._requests.send_bytes(pickle.dumps(0)))  # noqa: SLF001 - what only it has
    write.start()
    assert child.ask(0.5) == "done"
    write.join()
    child.end()


def test_what_is_open_stays_with_the_parent() -> None:
    """A child that waits for requests holds no pipe of another one open."""
    reader, writer = os.pipe()
    child = Child(str, LIMITS)
    assert child.ask(1) == "1"
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)
    child.end()


def test_the_parent_dies(tmp_path: Path) -> None:
    """A child whose parent is killed ends at once, also in C code."""
    pid = os.fork()
    if not pid:
        confined.call(
            lambda: ((tmp_path / "began").write_text(str(os.getpid())), 9 ** int("9" * 9)),
            ResourceLimits(600, 9, 9, None),
        )
        os._exit(0)
    while not (tmp_path / "began").exists() or not (tmp_path / "began").read_text():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    child = int((tmp_path / "began").read_text())
    end = time.monotonic() + 30
    while Path(f"/proc/{child}/stat").exists() and ") Z " not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
