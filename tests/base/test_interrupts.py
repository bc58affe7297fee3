"""Ctrl-C takes effect wherever it arrives."""

import os
import signal
import time

import pytest

from new_ops_project.base import interrupts


class _PressesCtrlC:
    """Presses Ctrl-C in its __del__."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)


def test_in_del(capfd: pytest.CaptureFixture[str]) -> None:
    """Python drops an exception that __del__ raises; Ctrl-C takes effect a moment later, without a traceback."""

    def wait() -> None:
        _PressesCtrlC()
        for _ in range(100):
            time.sleep(0.02)

    with pytest.raises(KeyboardInterrupt), interrupts.interruptible():
        wait()
    assert "Traceback" not in capfd.readouterr().err


def test_everywhere_else() -> None:
    """Ctrl-C interrupts at once."""

    def wait() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interrupts.interruptible():
        wait()
    assert time.monotonic() - start < 4


def test_past_the_point_of_no_return() -> None:
    """Ctrl-C does nothing after `ignore`, not even behind the block, until `restore`."""
    with interrupts.interruptible():
        interrupts.ignore()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)
    interrupts.restore()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
