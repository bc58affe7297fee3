"""`doctor`: what a clone lacks on this machine."""

import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.clones.step import Seen

EXAMPLES = """\b
Examples:
  new-ops-project doctor                 the clone in this folder
  new-ops-project doctor ../audit --json

\b
Exit codes: 0 all is well; 1 there is something to do; 2 failed.
"""

_STATE, _NAME = 9, 13  # columns
_COLORS = {"ok": "green", "info": "cyan", "warning": "yellow", "error": "red"}


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, path: Path, as_json: bool) -> None:
    """Say what the clone in PATH lacks on this machine, and change nothing.

    It checks git and your identity, asks the remotes of the repository and of its template (5 seconds, no prompt), and
    compares Python, .venv, packages, hooks and variables with what the repository needs.
    """
    from new_ops_project.clones import cloning
    from new_ops_project.clones.diagnosis import diagnose

    diagnosis = diagnose(cloning.existing_clone(path))
    voice = Voice(as_json)
    if as_json:
        voice.print_json(diagnosis.as_json())
    else:
        for step, seen in diagnosis.seen:
            _say(voice, step.name, seen)
    click.get_current_context().exit(diagnosis.exit_code)


def _say(voice: Voice, name: str, seen: "Seen") -> None:
    state = click.style(f"{seen.state:<{_STATE}}", fg=_COLORS[seen.state])
    lines = _fitted(seen.message)
    voice.say(f"{state}{name:<{_NAME}}{lines[0]}")
    for line in lines[1:]:
        voice.say(f"{'':{_STATE + _NAME}}{line}")
    if seen.remedy:  # in one line, which can be copied
        voice.say(f"{'':{_STATE}}-> {seen.remedy}")


def _fitted(message: str) -> list[str]:
    """The message in lines that fit the terminal beside the names; in one, where there is no terminal."""
    if not sys.stdout.isatty():
        return [message]
    width = max(shutil.get_terminal_size().columns - _STATE - _NAME, 20)
    return textwrap.wrap(message, width, break_long_words=False, break_on_hyphens=False) or [""]
