"""`doctor`: what a clone lacks on this machine."""

import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import Exit
from new_ops_project.base.styled import styled
from new_ops_project.base.text import drawn, escape_invisible
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

_COLORS = {"ok": "green", "info": "cyan", "warning": "yellow", "error": "red"}
_INDENT = " " * 22  # columns of the state and the name


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, path: Path, as_json: bool) -> None:
    """Say what the clone in PATH lacks on this machine, and change nothing.

    It checks git and your identity, asks the remotes of the repository and of its template (5 seconds, no prompt), and
    compares Python, .venv, packages, hooks and variables with what the repository needs.
    """
    from new_ops_project.clones import diagnosis
    from new_ops_project.clones.cloning import existing_clone

    folder = existing_clone(path)
    seen_by_step = diagnosis.diagnose(folder)
    voice = Voice(as_json)
    if as_json:
        voice.print_json(diagnosis.as_json(folder, seen_by_step))
    else:
        for step, seen in seen_by_step:
            _say(voice, step.name, seen)
    has_problem = any(seen.is_problem for _, seen in seen_by_step)
    click.get_current_context().exit(Exit.FINDINGS if has_problem else Exit.DONE)


def _say(voice: Voice, name: str, seen: "Seen") -> None:
    state = styled(f"{seen.state:<9}", fg=_COLORS[seen.state])
    voice.say(state, f"{name:<13}", drawn(_fitted(escape_invisible(seen.message))))
    if seen.remedy:  # in one line, which can be copied
        voice.say(f"{'':9}-> {seen.remedy}")


def _fitted(message: str) -> str:
    """The message in lines that fit the terminal beside the names; in one, where there is no terminal."""
    if not sys.stdout.isatty():
        return message
    width = max(shutil.get_terminal_size().columns - len(_INDENT), 20)
    return f"\n{_INDENT}".join(textwrap.wrap(message, width, break_long_words=False, break_on_hyphens=False))
