"""Ctrl-C: heeded while nothing has moved, and put off or ignored where half of something would be left."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_decided = False
_MOMENT = 0.02  # seconds


@contextmanager
def deferred() -> Iterator[None]:
    """Heed Ctrl-C at the end: libraries swallow it in the middle of an import, and a removal is left half done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came and not _decided:
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Heed Ctrl-C until `decide` is called; then whatever is left to do is done to its end."""
    global _decided  # noqa: PLW0603 - a process has one terminal
    _decided = False
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _heed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _decided = False


def _heed(number: int, frame: FrameType | None) -> None:
    if _decided:
        return
    if _is_in_del(frame):  # Python swallows what is raised there, with a traceback: once more in a moment
        threading.Timer(_MOMENT, os.kill, (os.getpid(), number)).start()
        return
    raise KeyboardInterrupt


def _is_in_del(frame: FrameType | None) -> bool:
    """Whether an object that goes is being cleaned up."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def ignore() -> None:
    """There is no way back: what has begun goes on whatever is pressed."""
    global _decided  # noqa: PLW0603 - a process has one terminal
    _decided = True


@contextmanager
def temporary_folder(inside: Path | None = None) -> Iterator[None]:
    """Make everything temporary in one folder, which is gone at the end, also when Ctrl-C is pressed while it goes.

    It is in the folder `inside`, if that is given, where whoever comes next finds it when this run is killed.
    """
    before, folder = tempfile.tempdir, ""
    try:
        with deferred():
            folder = tempfile.tempdir = tempfile.mkdtemp(prefix="new-ops-project-", dir=inside)
        yield
    finally:
        with deferred():
            tempfile.tempdir = before
            shutil.rmtree(folder, ignore_errors=True)
