"""Output on the terminal: lines and progress for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from new_ops_project.base.progress import Progress


@dataclass(frozen=True)
class Voice:
    """Where messages for people go: to stdout, or to stderr when stdout carries JSON."""

    json: bool

    def say(self, text: str = "", **style: Any) -> None:
        """Print a line for a person; `style` as click.style takes it."""
        color = False if os.environ.get("NO_COLOR") else None
        click.secho(text, err=self.json, color=color, **style)

    def print_json(self, value: Mapping[str, Any]) -> None:
        """Print the JSON object of the verb."""
        click.echo(json.dumps(value, indent=2))

    @contextmanager
    def progress(self) -> "Iterator[Progress]":
        """Show progress as a bar on a terminal, and as one line for each step elsewhere."""
        stream = sys.stderr
        if not stream.isatty() or os.environ.get("CI"):
            yield lambda text, done, total: click.echo(f"[{done}/{total}] {text}", err=True)
            return
        from new_ops_project.commands.shared.progress_bar import progress_bar

        with progress_bar(stream) as show:
            yield show


def is_interactive() -> bool:
    """Whether there is a person to ask: every stream is a terminal, and CI is not set."""
    return not os.environ.get("CI") and all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
