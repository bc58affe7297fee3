"""What verbs have to say, for people and for programs."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.progress import Progress

if TYPE_CHECKING:
    from rich.tree import Tree


@dataclass(frozen=True)
class Voice:
    """Where words for people go: stdout, or stderr when stdout carries JSON."""

    json: bool

    def say(self, text: str = "", **style: Any) -> None:
        """Write a line for a person."""
        color = False if os.environ.get("NO_COLOR") else None
        click.secho(text, err=self.json, color=color, **style)

    def answer(self, value: Mapping[str, Any]) -> None:
        """Write the one JSON object of the verb."""
        click.echo(json.dumps(value, indent=2))

    def tree(self, root: str, purposes: Mapping[str, str]) -> None:
        """Show files (paths with `/`) as a tree, each with one line on what it is for."""
        from rich.console import Console

        Console(stderr=self.json, highlight=False, soft_wrap=False).print(_tree(root, purposes))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A bar on a terminal, a line for each step elsewhere."""
        stream = sys.stderr
        if not stream.isatty() or os.environ.get("CI"):
            yield lambda text, done, total: click.echo(f"[{done}/{total}] {text}", err=True)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        # What does not fit beside the bar is cut, rather than the bar; where nothing is done there is none.
        width, rest = Column(min_width=30), Column(ratio=1, no_wrap=True, overflow="ellipsis")
        columns = (
            BarColumn(30, table_column=width),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False, table_column=rest),
        )
        bar = Bar(*columns, console=Console(file=stream), expand=True)
        task = bar.add_task("")

        def show(text: str, done: int, total: int) -> None:
            bar.update(task, description=text, completed=done, total=total)
            bar.start()

        try:
            yield show
        finally:
            bar.stop()


def is_interactive() -> bool:
    """Whether there is a person to ask: a terminal on every stream, and no CI."""
    return not os.environ.get("CI") and all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _tree(root: str, purposes: Mapping[str, str]) -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    width = max((_depth(path) + len(path.rpartition("/")[2]) for path in purposes), default=0)
    branches = {"": Tree(Text(root, "bold"), guide_style="bright_black")}
    for path in sorted(purposes, key=lambda path: (path.count("/") == 0, path)):
        folder, _, name = path.rpartition("/")
        label = Text(name).append(" " * (width - _depth(path) - len(name) + 2))
        _branch(branches, folder).add(label.append(purposes[path], "bright_black"))
    return branches[""]


def _depth(path: str) -> int:
    """The columns that the guides of a tree take before a file's name."""
    return 4 * path.count("/")


def _branch(branches: "dict[str, Tree]", folder: str) -> "Tree":
    from rich.text import Text

    if folder not in branches:
        parent, _, name = folder.rpartition("/")
        branches[folder] = _branch(branches, parent).add(Text(f"{name}/", "blue"))
    return branches[folder]
