"""`fleet report`: says what came of a rollout, in several formats."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice, print_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.fleet.verbs.report import FleetReport

EXAMPLES = """\b
Examples:
  new-ops-project fleet report out                    what is left to do
  new-ops-project fleet report out --html fleet.html  one page for a browser
  new-ops-project fleet report shard-* --csv -        all shards of one plan
  new-ops-project fleet report out --markdown "$GITHUB_STEP_SUMMARY"

\b
Exit codes: 0 done; 2 a repository failed, or there is no report; 3 there
are conflicts.
"""


@click.command(epilog=EXAMPLES)
@offered("folders", "json")
@click.option("--html", metavar="FILE", help="Write one page that needs no network; - is stdout.")
@click.option("--markdown", metavar="FILE", help="Write a step summary of at most 1 MiB; - is stdout.")
@click.option("--csv", metavar="FILE", help="Write one row for each repository; - is stdout.")
@click.option("--title", metavar="TEXT", help="The report's title.")
def command(*, folders: tuple[Path, ...], as_json: bool, title: str | None, **files: str | None) -> None:
    """Show the results of a rollout, from the results folders DIR (all of one plan).

    What is left to do comes first, with the reason and the next command.
    """
    from new_ops_project.fleet.reports import json_report
    from new_ops_project.fleet.verbs.report import report

    requested = {shape: file for shape, file in files.items() if file}
    _require_one_stdout(requested, as_json=as_json)
    rollout = report(folders, title, requested)
    print_document(rollout.document)
    voice = Voice(as_json or "-" in requested.values())
    _say(rollout, voice)
    _say_written(requested, voice)
    if as_json:
        voice.print_json(json_report.document(rollout.facts))
    click.get_current_context().exit(rollout.facts.exit_code)


def _require_one_stdout(requested: "Mapping[str, str]", *, as_json: bool) -> None:
    """Raise ToolError where two reports would go to stdout."""
    options = [f"--{shape} -" for shape, file in requested.items() if file == "-"] + ["--json"] * as_json
    if len(options) > 1:
        raise ToolError(f"{' and '.join(options)} both go to stdout.", "Give a file for all but one.")


# ---- what is printed -------------------------------------------------------------------------------------------------


def _say(rollout: "FleetReport", voice: Voice) -> None:
    from new_ops_project.commands.shared.drawing import draw
    from new_ops_project.fleet.reports import terminal

    # Cropping would cut a command that is wider than the terminal.
    draw(*terminal.document(rollout.facts, rollout.title), to_stderr=voice.json, crop=False)


def _say_written(requested: "Mapping[str, str]", voice: Voice) -> None:
    for shape, file in requested.items():
        if file != "-":
            voice.say(f"{shape.upper() if shape != 'markdown' else 'Markdown'} written to {file}.", apart=True)
