"""The pace of requests, with a limit for any minute as for any hour."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from new_ops_project.fleet import network_retry

T = TypeVar("T")
MINUTE, HOUR = 60.0, 3600.0
_WORTH_TELLING = 1.5  # seconds; shorter waits are not reported


@dataclass(frozen=True)
class Clock:
    """The time in seconds since 1970, and a way to wait; tests pass their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Rate:
    """The most requests in any minute and in any hour, and the least seconds between two."""

    minute: int = 60
    hour: int = 450
    gap: float = 0.0


class RateLimiter:
    """A bucket of tokens; each one comes back a minute, and an hour, after it was taken.

    `taken` are the times at which earlier runs took theirs. `on_take` is called with the time of each token before it
    is used, so that a run that is killed has counted it. `on_wait` is called with a sentence for each wait.
    """

    def __init__(
        self,
        rate: Rate,
        clock: Clock,
        *,
        taken: Iterable[float] = (),
        on_take: Callable[[float], None] = lambda _: None,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.clock = clock
        self._rate = rate
        self._on_take, self._on_wait = on_take, on_wait
        now = clock.now()
        # A clock that was set back must not make the tokens of an earlier run last longer than an hour.
        self._taken = sorted(min(moment, now) for moment in taken)
        self._paused_until, self._reason = 0.0, ""

    def take(self) -> None:
        """Take one token; wait until there is one."""
        self.wait()
        until, reason = self._next()
        while (left := until - self.clock.now()) > 0:
            self._sleep(left, reason)
        now = self.clock.now()
        self._on_take(now)
        self._taken.append(now)

    def patiently(
        self, send: Callable[[], T], pause_after: Callable[[T, int], tuple[float | None, str]], *, is_counted: bool
    ) -> T:
        """What `send` returns, called again after each pause that `pause_after` wants, three times at most.

        `pause_after` gets the answer and the number of tries; it returns seconds, None for an answer that is final,
        and why. `is_counted`: each try takes a token.
        """
        for tried in range(1, network_retry.TRIES + 1):
            if is_counted:
                self.take()
            self.wait()
            answer = send()
            after, reason = pause_after(answer, tried)
            if after is None or after > network_retry.LONGEST or tried == network_retry.TRIES:
                break
            self.pause(after, f"{reason}, try {tried + 1} of {network_retry.TRIES}")
        return answer

    def pause(self, seconds: float, reason: str) -> None:
        """Let no request start for so many seconds, for that reason."""
        self._paused_until, self._reason = max(self._paused_until, self.clock.now() + seconds), reason

    def wait(self) -> None:
        """Wait until the pause is over."""
        while (left := self._paused_until - self.clock.now()) > 0:
            self._sleep(left, self._reason)

    def _next(self) -> tuple[float, str]:
        """When the next token can be taken, and what it waits for."""
        rate, taken = self._rate, self._taken
        candidates = [(taken[-1] + rate.gap if taken else 0.0, "the forge requires a pause between two requests")]
        for window, limit, name in ((MINUTE, rate.minute, "minute"), (HOUR, rate.hour, "hour")):
            if len(taken) >= limit:
                candidates.append((taken[-limit] + window, f"{limit} in one {name} is the limit"))
        return max(candidates)

    def ready_at(self) -> float:
        """When the next token can be taken, in seconds since 1970."""
        return max(self._next()[0], self._paused_until)

    def _sleep(self, seconds: float, reason: str) -> None:
        if seconds >= _WORTH_TELLING:
            self._on_wait(f"Waiting {duration(seconds)}: {reason}.")
        self.clock.sleep(seconds)


def duration(seconds: float) -> str:
    """A number of seconds as people say it: 90 s, 10 min, 22.2 h."""
    if seconds < 2 * MINUTE:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
