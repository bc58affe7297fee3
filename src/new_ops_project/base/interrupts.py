"""When Ctrl-C takes effect: at once, later, or not at all."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_is_ignored = False
_usual: Any = None  # the handler of Ctrl-C while `_interrupt` is in its place
_RETRY_DELAY = 0.02  # seconds


@contextmanager
def deferred() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block.

    For imports, in which libraries swallow KeyboardInterrupt, and for removals, which must not stop half-way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if received and not _is_ignored:
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt the block until `ignore` is called, and then do nothing until `restore` is."""
    global _is_ignored, _usual  # noqa: PLW0603 - a process has one terminal
    _is_ignored = False
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _usual = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        if not _is_ignored:
            restore()


def restore() -> None:
    """Let Ctrl-C do what it did before `interruptible`."""
    global _is_ignored, _usual  # noqa: PLW0603 - a process has one terminal
    _is_ignored = False
    if _usual is not None:
        signal.signal(signal.SIGINT, _usual)
        _usual = None


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_ignored:
        return
    while frame and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    if frame:
        # Python prints and drops an exception that __del__ raises, so the signal is sent again when that has returned.
        threading.Timer(_RETRY_DELAY, os.kill, (os.getpid(), number)).start()
        return
    raise KeyboardInterrupt


def ignore() -> None:
    """Ignore Ctrl-C from now on: past the point of no return, the change is completed, and the last word says so."""
    global _is_ignored  # noqa: PLW0603 - a process has one terminal
    _is_ignored = True
