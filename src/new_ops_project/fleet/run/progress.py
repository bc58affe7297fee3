"""How far a run over many repositories is: a bar with rate, counts and time left, or a line for each."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from new_ops_project.base.text import shown as plain
from new_ops_project.fleet.model import Result, counts

Told = Callable[[Result, int, int], None]


@contextmanager
def shown(total: int) -> Iterator[Told]:
    """Yield what is told of each result, with how many are done and of how many; nothing is shown for none."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda result, done, of: click.echo(f"[{done}/{of}] {line(result)}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    found: list[Result] = []
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total, rate="")

        def told(result: Result, done: int, of: int) -> None:
            found.append(result)
            speed = bar.tasks[0].speed
            rate = f"{speed:.1f}/s" if speed else ""
            said = ", ".join(f"{count} {state}" for state, count in counts(found).items() if count)
            bar.update(task, completed=done, total=of, description=said, rate=rate)

        yield told


def line(result: Result) -> str:
    """One result in one line, whatever its name holds."""
    what = result.reason or f"{result.before} -> {result.version}"
    return plain(f"{result.state} {result.name}: {what}")
