"""A progress bar on a terminal, drawn by rich."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from new_ops_project.base.progress import Progress
from new_ops_project.base.text import escape_invisible
from new_ops_project.commands.shared.drawing import console

_WIDTH = 30  # columns of the terminal


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Progress]:
    """Yield a function that draws the bar on `stream`; until it is first called, nothing is drawn."""
    columns = (
        # A fixed width, so that a text too long for the line is cut rather than the bar.
        BarColumn(_WIDTH, table_column=Column(min_width=_WIDTH)),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    # It would interpret what is printed meanwhile, to print it above the bar.
    bar = Bar(*columns, console=console(stream), expand=True, redirect_stdout=False, redirect_stderr=False)
    task = bar.add_task("")

    def show(text: str, done: int, total: int) -> None:
        bar.update(task, description=escape_invisible(text), completed=done, total=total)
        bar.start()

    try:
        yield show
    finally:
        bar.stop()
