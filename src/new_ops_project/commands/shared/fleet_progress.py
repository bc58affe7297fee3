"""The progress of a fleet run on stderr."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from new_ops_project.commands.shared.voice import Voice, is_watched
from new_ops_project.fleet.model import Result, ResultState
from new_ops_project.fleet.publish.rate_limit import duration


@contextmanager
def display(total: int) -> Iterator[Callable[[Result, int, int], None]]:
    """Yield a function to call with each result, the number of results so far, and the total.

    A terminal gets a bar with the rate, the counts of each state and the time left; otherwise each result is a line.
    """
    start = time.monotonic()
    counts: Counter[ResultState] = Counter()

    def show(result: Result, done: int, of: int) -> None:
        counts[result.state] += 1
        totals = ", ".join(f"{counts[state]} {state}" for state in ResultState if counts[state])
        rate = counts.total() / max(time.monotonic() - start, 0.001)  # a clock may stand still for some milliseconds
        left = duration((of - done) / rate)
        progress(f"{rate:.1f}/s, {left} left, {totals}" if is_watched() else line(result), done, of)

    with Voice(json=True).progress() as progress:
        if is_watched():
            progress("", 0, total)
        yield show


def line(result: Result) -> str:
    """One result as one line."""
    detail = result.reason or f"{result.before} -> {result.version}"
    return f"{result.state} {result.name}: {detail}"
