"""The terminal: lines, progress and questions for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, drawn, escape_invisible

if TYPE_CHECKING:
    from new_ops_project.base.progress import Progress


@dataclass(frozen=True)
class Voice:
    """Where messages for people go: to stdout, or to stderr when stdout carries JSON."""

    json: bool

    def say(self, *parts: str, apart: bool = False, **style: Any) -> None:
        """Print a line for a person, with an empty one before it if it stands `apart`; `style` as click.style takes it.

        Parts that are not Drawn are text of others, in which a line end is an escape too.
        """
        color = False if os.environ.get("NO_COLOR") else None
        line = styled(drawn(*(part if isinstance(part, Drawn) else escape_invisible(part) for part in parts)), **style)
        click.echo(drawn("\n" * apart, line, "\n"), nl=False, err=self.json, color=color)

    def say_lines(self, text: str, **style: Any) -> None:
        """The same for a text of any number of lines."""
        self.say(drawn(text), **style)

    def quote(self, text: str) -> None:
        """Print what a template says, with a bar before each line; nothing for ''."""
        if text:
            self.say()
            for line in text.splitlines():
                self.say(f"  | {line}")

    def print_json(self, value: Mapping[str, Any]) -> None:
        """Print the JSON object of the verb, if it was asked for."""
        if self.json:
            print_document(_json(value))

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to ask: every stream is a terminal, and neither CI nor JSON speaks against it."""
        streams = (sys.stdin, sys.stdout, sys.stderr)
        return not self.json and not os.environ.get("CI") and all(stream.isatty() for stream in streams)

    @contextmanager
    def progress(self) -> "Iterator[Progress]":
        """Show progress as a bar on a terminal, and as one line for each step elsewhere."""
        if not is_watched():
            yield lambda text, done, total: Voice(json=True).say(f"[{done}/{total}] {text}")
            return
        from new_ops_project.commands.shared.progress_bar import progress_bar

        with progress_bar(sys.stderr) as show:
            yield show


def _json(value: Mapping[str, Any]) -> Drawn:
    """JSON whose own escapes stand for all that cannot be seen, also for what JSON and a runner of GitHub allow."""
    return Drawn(f"{json.dumps(value, indent=2)}\n".replace("\x7f", "\\u007f").replace("##[", "\\u0023#["))


def print_document(text: str) -> None:
    """Print a text in one of the output formats to stdout."""
    click.echo(drawn(text), nl=False, color=True)  # else it is plain text again


def is_watched() -> bool:
    """Whether a person sees on stderr how something moves."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def ask(*question: Any, **options: Any) -> Any:
    """`prompts.ask`, which is imported when the first question is asked."""
    from new_ops_project.commands.shared import prompts

    return prompts.ask(*question, **options)
