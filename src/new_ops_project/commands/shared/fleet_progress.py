"""The progress of a fleet run on stderr."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.model import Result, counts

ShowResult = Callable[[Result, int, int], None]


@contextmanager
def display(total: int) -> Iterator[ShowResult]:
    """Yield a function to call with each result, the number of results so far, and the total.

    A terminal gets a bar with the rate, the counts of each state and the time left; otherwise each result is a line.
    """
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda result, done, of: click.echo(f"[{done}/{of}] {line(result)}", err=True)
        return
    with _bar(total) as show:
        yield show


@contextmanager
def _bar(total: int) -> Iterator[ShowResult]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    results: list[Result] = []
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total, rate="")

        def show(result: Result, done: int, of: int) -> None:
            results.append(result)
            speed = bar.tasks[0].speed
            rate = f"{speed:.1f}/s" if speed else ""
            totals = ", ".join(f"{count} {state}" for state, count in counts(results).items() if count)
            bar.update(task, completed=done, total=of, description=totals, rate=rate)

        yield show


def line(result: Result) -> str:
    """One result as one line; control characters in names are escaped."""
    detail = result.reason or f"{result.before} -> {result.version}"
    return escape_invisible(f"{result.state} {result.name}: {detail}")
