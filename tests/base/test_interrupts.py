"""Ctrl-C is heeded wherever it comes."""

import os
import signal
import time

import pytest

from new_ops_project.base import interrupts


class _Going:
    """Presses Ctrl-C while it is being cleaned up."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)


def test_while_an_object_goes(capfd: pytest.CaptureFixture[str]) -> None:
    """Python swallows what is raised in a __del__; Ctrl-C comes a moment later, without a traceback."""

    def wait() -> None:
        _Going()
        for _ in range(100):
            time.sleep(0.02)

    with pytest.raises(KeyboardInterrupt), interrupts.interruptible():
        wait()
    assert "Traceback" not in capfd.readouterr().err


def test_everywhere_else() -> None:
    """At once."""

    def wait() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interrupts.interruptible():
        wait()
    assert time.monotonic() - start < 4


def test_too_late() -> None:
    """Not at all once there is no way back."""
    with interrupts.interruptible():
        interrupts.ignore()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
