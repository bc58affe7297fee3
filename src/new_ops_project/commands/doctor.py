"""`doctor`: what a clone lacks on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import Exit
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
    voice.say(f"{click.style(f'{seen.state:<9}', fg=_COLORS[seen.state])}{name:<13}{seen.message}")
    if seen.remedy:  # in one line, which can be copied
        voice.say(f"{'':9}-> {seen.remedy}")
