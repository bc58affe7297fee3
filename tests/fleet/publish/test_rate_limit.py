"""The rate limit of publishing holds in every window, even over restarts."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clock import Time

from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.publish.journal import Journal
from new_ops_project.fleet.publish.rate_limit import HOUR, MINUTE, Clock, Rate, RateLimiter, duration


def most(times: list[float], window: float) -> int:
    """The highest number in any window of so many seconds."""
    return max((sum(start <= at < start + window - 1e-3 for at in times) for start in times), default=0)


@given(
    rate=st.builds(Rate, st.integers(1, 5), st.integers(1, 12), st.sampled_from([0.0, 1.0])),
    gaps=st.lists(st.floats(0, 200), min_size=1, max_size=40),
    restarts=st.sets(st.integers(0, 39)),
)
def test_no_window_holds_more_than_its_limit(rate: Rate, gaps: list[float], restarts: set[int]) -> None:
    """However requests come, and however often the run is killed between them, both limits hold in every window."""
    time, times = Time(), list[float]()
    limiter = RateLimiter(rate, time.clock, on_take=times.append)
    for number, gap in enumerate(gaps):
        time.at += gap
        if number in restarts:
            limiter = RateLimiter(rate, time.clock, taken=list(times), on_take=times.append)
        limiter.take()
    assert most(times, MINUTE) <= rate.minute
    assert most(times, HOUR) <= rate.hour
    assert all(later - earlier >= rate.gap - 1e-3 for earlier, later in pairwise(times))


def test_does_not_wait_longer_than_needed() -> None:
    """Sixty requests go at once, the next one a minute after the first; the message says why."""
    time, sentences = Time(), list[str]()
    limiter = RateLimiter(Rate(60, 450), time.clock, on_wait=sentences.append)
    for _ in range(61):
        limiter.take()
    assert time.slept == [MINUTE]
    assert sentences == ["Waiting 60 s: 60 in one minute is the limit."]


def test_ten_thousand_take_a_day() -> None:
    """At 450 an hour, ten thousand requests take 22 hours."""
    time = Time(0.0)
    limiter = RateLimiter(Rate(60, 450), time.clock)
    for _ in range(10_000):
        limiter.take()
    assert 22 * HOUR <= time.at < 23 * HOUR


def test_a_pause_holds_everything_back() -> None:
    """A pause that the forge asks for delays the next request; the message has the reason."""
    time, sentences = Time(), list[str]()
    limiter = RateLimiter(Rate(), time.clock, on_wait=sentences.append)
    limiter.pause(90, "the forge asked for it")
    limiter.take()
    assert time.slept == [90]
    assert sentences == ["Waiting 90 s: the forge asked for it."]


def test_the_journal_counts_what_an_earlier_run_took(tmp_path: Path) -> None:
    """A restarted run does not send twice as fast, even if the last line of the journal was cut off."""
    time, path = Time(), tmp_path / "published.jsonl"
    for _ in range(3):
        journal = Journal(path, time.clock)
        with journal.opened():
            limiter = RateLimiter(Rate(2, 450), time.clock, taken=journal.token_times(), on_take=journal.add_token)
            limiter.take()
        with path.open("ab") as file:
            file.write(b'{"taken": "20')
    assert sum(time.slept) == pytest.approx(MINUTE, abs=1e-3)


def test_the_journal_says_a_thing_once(tmp_path: Path) -> None:
    """A delivery is written only if it differs from the last one."""
    journal = Journal(tmp_path / "published.jsonl", Clock())
    with journal.opened():
        journal.add(Delivery("one", "p", Delivered.HELD, "push"))
        journal.add(Delivery("one", "p", Delivered.HELD, "push"))
        journal.add(Delivery("one", "p", Delivered.PUSHED, "push"))
    assert len(journal.path.read_text().splitlines()) == 2


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (90, "90 s"), (600, "10 min"), (80_000, "22.2 h")])
def test_times_are_readable(seconds: float, text: str) -> None:
    """Seconds, minutes or hours, whichever says most."""
    assert duration(seconds) == text
