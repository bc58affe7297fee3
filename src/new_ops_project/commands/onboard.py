"""`onboard`: one command from a URL, or a fresh clone, to tests that pass."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.clones.onboarding import Onboarding

EXAMPLES = """\b
Examples:
  new-ops-project onboard                          the clone in this folder
  new-ops-project onboard ssh://git@git.example.org/ops/audit.git
  new-ops-project onboard gh:org/audit --into work/audit
  new-ops-project onboard audit --recreate         .venv with another Python
  new-ops-project onboard --installer pip --no-check

\b
Exit codes: 0 ready; 2 failed, or the project's own check failed;
130 interrupted: run it again to resume.
"""


@click.command(epilog=EXAMPLES)
@click.argument("target", metavar="[URL|PATH]", default=".")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Where to clone to.  [default: ./NAME]")
@click.option("--recreate", is_flag=True, help="Replace an existing .venv, whatever it is.")
@click.option("--installer", type=click.Choice(["uv", "pip"]), help="[default: uv where it is on PATH, else pip]")
@click.option("--no-check", is_flag=True, help="Set up only: do not run the project's check.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(*, target: str, as_json: bool, no_check: bool, **options: Any) -> None:
    """Make the clone at PATH, or a new clone of URL, ready for work.

    It finds the right Python, creates .venv, installs the lock with its hashes and the project, sets up pre-commit, and
    runs the project's own check. Steps that are done already are skipped, so a second run does nothing.
    """
    from new_ops_project.clones.onboarding import onboard

    voice = Voice(as_json)
    try:
        with voice.progress() as progress:
            outcome = onboard(target, progress, check=not no_check, can_ask=voice.can_ask, **options)
    except KeyboardInterrupt as error:
        message = "Interrupted; what was done is kept."
        raise ToolError(message, "Run the same command again to resume.", Exit.INTERRUPTED) from error
    if outcome.output:
        Voice(json=True).say_lines(outcome.output.rstrip())
    _say(outcome, voice)
    has_failed = outcome.state == "check failed"
    if not has_failed:
        _say_next(outcome, voice)
    voice.print_json(outcome.as_json())
    click.get_current_context().exit(Exit.FAILED if has_failed else Exit.DONE)


def _say(outcome: "Onboarding", voice: Voice) -> None:
    endings = {
        "ready": "is ready.",
        "nothing to do": "is ready; there was nothing to do.",
        "check failed": "is set up, but its own check fails.",
    }
    voice.say(f"{outcome.path.name} {endings[outcome.state]}", bold=True, fg="red" if outcome.output else None)
    for step in outcome.steps:
        voice.say(f"  {step.name:<13}{step.message}", fg={"failed": "red", "left out": "yellow"}.get(step.state))
    for note in outcome.notes:
        voice.say(note, fg="yellow")


def _say_next(outcome: "Onboarding", voice: Voice) -> None:
    from new_ops_project.base.paths import from_here

    if outcome.variables:
        voice.say("Set before you run it (.env.example says what each is):", apart=True)
        for name in outcome.variables:
            voice.say(f"  {name}")
    here = from_here(outcome.path)
    steps = [*([f"cd {shlex.quote(here)}"] if here != "." else []), *filter(None, [outcome.next])]
    if steps:
        voice.say("Next:", apart=True)
    for step in steps:
        voice.say(f"  {step}")
