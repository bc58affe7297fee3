"""What rich draws on a terminal: its lines and colours are ours, the texts in them are not."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment

from new_ops_project.base.text import Drawn, shown


def draw(*renderables: RenderableType, to_stderr: bool = False, crop: bool = True) -> None:
    """Print them one below the other; without `crop`, what is wider than the terminal is not cut."""
    console(sys.stderr if to_stderr else sys.stdout).print(_Shown(renderables), crop=crop)


def console(stream: TextIO) -> Console:
    """A console on a stream, which must get no text of others but by `draw`."""
    return Console(file=_Drawing(stream), highlight=False)  # type: ignore[arg-type]  # all that rich asks of a file


@dataclass(frozen=True)
class _Drawing:
    """A stream for whose writer all control sequences are its own."""

    stream: TextIO

    def write(self, text: str) -> int:
        return self.stream.write(Drawn(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@dataclass(frozen=True)
class _Shown:
    """Renderables as rich renders them, with each of their texts made visible."""

    renderables: Iterable[RenderableType]

    def __rich_console__(self, at: Console, options: ConsoleOptions) -> RenderResult:
        for segment in at.render(Group(*self.renderables), options):
            yield segment if segment.control else Segment(shown(segment.text), segment.style)
