"""When Ctrl-C, SIGTERM and SIGHUP take effect: at once, later, or not at all."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from new_ops_project.base import descendants, memory

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_RETRY_DELAY = 0.02  # seconds

_is_ignored = False
_deferrals = 0  # blocks of `deferred` that have begun
_waiting = 0  # the signal that came in such a block
_last = 0  # the signal that interrupted this run


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt the block, with KeyboardInterrupt, until `ignore` is called, and then do nothing.

    A signal that is ignored already stays so (nohup(1), and what a shell starts in the background).
    """
    global _is_ignored, _last
    _is_ignored, _last = False, 0
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in before.items() if handler not in {signal.SIG_IGN, None}}
    report = sys.unraisablehook

    def again(raised: Any) -> None:
        """Python drops what __del__ or a callback raises: the signal is sent again when that has returned.

        A lack of memory there is dropped; where it matters, others notice it too.
        """
        if not isinstance(raised.exc_value, KeyboardInterrupt):
            if not memory.lack(raised.exc_value):
                report(raised)
        elif _last:
            threading.Timer(_RETRY_DELAY, os.kill, (os.getpid(), _last)).start()

    try:
        sys.unraisablehook = again
        for number in before:
            signal.signal(number, _interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = report


@contextmanager
def deferred() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block.

    For imports, in which libraries swallow KeyboardInterrupt, and for removals, which must not stop half-way.
    """
    global _deferrals, _waiting  # noqa: PLW0603 - a process has one terminal
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _deferrals += 1
    try:
        yield
    finally:
        _deferrals -= 1
        if not _deferrals and (number := _waiting):
            _waiting = 0
            _interrupt(number, None)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    global _last, _waiting  # noqa: PLW0603 - a process has one terminal
    if _is_ignored:
        return
    if _deferrals:
        _waiting = number
        return
    _last = number
    descendants.end(is_ctrl_c=number == signal.SIGINT)
    raise KeyboardInterrupt


def ignore() -> None:
    """Ignore Ctrl-C from now on: past the point of no return, the change is completed, and the last word says so."""
    global _is_ignored  # noqa: PLW0603 - a process has one terminal
    _is_ignored = True


def restore() -> None:
    """Let Ctrl-C interrupt again."""
    global _is_ignored  # noqa: PLW0603 - a process has one terminal
    _is_ignored = False


def exit_code() -> int:
    """The exit code of a run that was interrupted, as a shell gives it: 128 and the number of the signal."""
    return 128 + (_last or signal.SIGINT)
