"""Ctrl-C takes effect wherever it arrives."""

import os
import signal
import time
import weakref

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
    """What interrupts does nothing after `ignore`, until `restore`."""
    with interrupts.interruptible():
        interrupts.ignore()
        for number in interrupts.SIGNALS:
            signal.raise_signal(number)
        interrupts.restore()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_deferred(number: signal.Signals) -> None:
    """A signal in a deferred block, however deep, takes effect once, at the end of the outermost one."""
    steps = []
    with interrupts.interruptible():
        with pytest.raises(KeyboardInterrupt), interrupts.deferred():  # noqa: PT012 - the order is what is tested
            with interrupts.deferred():
                signal.raise_signal(number)
                steps.append("inner")
            steps.append("outer")
        with interrupts.deferred():
            steps.append("later")
        assert interrupts.exit_code() == 128 + number
    assert steps == ["inner", "outer", "later"]


def test_an_ignored_signal_stays_ignored() -> None:
    """What nohup(1) ignores is not switched on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.interruptible():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_a_callback(capfd: pytest.CaptureFixture[str]) -> None:
    """Python drops what a callback of a weak reference raises, as in each import; the signal is sent again."""

    class Gone:
        pass

    thing = [Gone()]
    reference = weakref.ref(thing[0], lambda _: signal.raise_signal(signal.SIGTERM))

    def wait() -> None:
        thing.clear()
        for _ in range(100):
            time.sleep(0.02)

    with pytest.raises(KeyboardInterrupt), interrupts.interruptible():
        wait()
    assert reference() is None
    assert capfd.readouterr().err == ""
