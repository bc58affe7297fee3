"""How fast a forge is asked for things: never more than so many in any minute and any hour."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MINUTE, HOUR = 60.0, 3600.0
_TOLD = 1.5  # seconds; a shorter wait is not worth a word


@dataclass(frozen=True)
class Clock:
    """The time in seconds since 1970, and how to wait; a test gives its own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Rate:
    """How many in any minute and in any hour, and how many seconds are between two."""

    minute: int = 60
    hour: int = 450
    gap: float = 0.0


class RateLimiter:
    """A bucket of tokens, each of which comes back a minute, and an hour, after it was taken.

    `taken` are the times of those that earlier runs took. `note` is told of each before it is used, so that a run that
    is killed has counted it. `tell` is told, in words, of each wait.
    """

    def __init__(
        self,
        rate: Rate,
        clock: Clock,
        *,
        taken: Iterable[float] = (),
        note: Callable[[float], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.clock = clock
        self._rate = rate
        self._note, self._tell = note, tell
        now = clock.now()
        self._taken = sorted(min(at, now) for at in taken)
        self._paused_until, self._why = 0.0, ""

    def take(self) -> None:
        """Take one token; wait until there is one."""
        self.wait()
        until, why = self._next()
        while (left := until - self.clock.now()) > 0:
            self._sleep(left, why)
        now = self.clock.now()
        self._note(now)
        self._taken.append(now)

    def pause(self, seconds: float, why: str) -> None:
        """Let nothing happen before so many seconds are over, because of `why`."""
        self._paused_until, self._why = max(self._paused_until, self.clock.now() + seconds), why

    def wait(self) -> None:
        """Wait until a pause is over."""
        while (left := self._paused_until - self.clock.now()) > 0:
            self._sleep(left, self._why)

    def _next(self) -> tuple[float, str]:
        """When there will be a token, and why not before."""
        rate, taken = self._rate, self._taken
        found = [(taken[-1] + rate.gap if taken else 0.0, "the forge wants a moment between two requests")]
        for window, most, name in ((MINUTE, rate.minute, "minute"), (HOUR, rate.hour, "hour")):
            if len(taken) >= most:
                found.append((taken[-most] + window, f"{most} in one {name} are the most"))
        return max(found)

    def ready_at(self) -> float:
        """When the next token can be taken."""
        return max(self._next()[0], self._paused_until)

    def _sleep(self, seconds: float, why: str) -> None:
        if seconds >= _TOLD:
            self._tell(f"Waiting {span(seconds)}: {why}.")
        self.clock.sleep(seconds)


def span(seconds: float) -> str:
    """So many seconds in the words of people."""
    if seconds < 2 * MINUTE:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
