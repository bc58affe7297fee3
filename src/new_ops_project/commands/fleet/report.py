"""`fleet report`: what came of a rollout, for a terminal, a browser, a spreadsheet, a step summary and programs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.fleet.reports.facts import Facts

EXAMPLES = """\b
Examples:
  new-ops-project fleet report out                    what needs doing, first
  new-ops-project fleet report out --html fleet.html  a page to show around
  new-ops-project fleet report shard-* --csv -        all shards of one plan
  new-ops-project fleet report out --markdown "$GITHUB_STEP_SUMMARY"

\b
Exit codes: 0 done; 2 a repository failed, or there is no report; 3 there
are conflicts.
"""


@click.command(epilog=EXAMPLES)
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="DIR...")
@click.option("--html", metavar="FILE", help="Write one page that needs no network; - is stdout.")
@click.option("--markdown", metavar="FILE", help="Write a step summary of at most 1 MiB; - is stdout.")
@click.option("--csv", metavar="FILE", help="Write one row for each repository; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--title", metavar="TEXT", help="The report's title.")
def command(*, folders: tuple[Path, ...], as_json: bool, title: str | None, **files: str | None) -> None:
    """Say what came of a rollout, by the folders of results DIR (all of one plan).

    What needs doing comes first, with the reason and the next command.
    """
    from datetime import UTC, datetime

    from new_ops_project.fleet.reports import facts, json_answer, terminal

    asked = {shape: file for shape, file in files.items() if file}
    _require_one_stdout(asked, as_json=as_json)
    found = facts.gathered(folders, datetime.now(UTC).date())
    name, voice = title or found.title, Voice(as_json or "-" in asked.values())
    _write(found, name, asked)
    terminal.say(found, name, voice)
    _say_written(asked, voice)
    if as_json:
        voice.answer(json_answer.answer(found))
    click.get_current_context().exit(found.code)


def _require_one_stdout(asked: "Mapping[str, str]", *, as_json: bool) -> None:
    """Raise ToolError where two reports would go to stdout."""
    there = [f"--{shape} -" for shape, file in asked.items() if file == "-"] + ["--json"] * as_json
    if len(there) > 1:
        raise ToolError(f"{' and '.join(there)} both go to stdout.", "Give a file for all but one.")


def _write(found: "Facts", title: str, asked: "Mapping[str, str]") -> None:
    """Write each report that was asked for."""
    from new_ops_project.fleet.reports import files

    for shape, file in asked.items():
        text = _document(found, title, shape)
        if file == "-":
            click.echo(text, nl=False)
        else:
            files.write(Path(file), text)


def _document(found: "Facts", title: str, shape: str) -> str:
    from new_ops_project.fleet.reports import csv_sheet, html_page, step_summary

    if shape == "csv":
        return csv_sheet.document(found)
    return step_summary.document(found, title) if shape == "markdown" else html_page.document(found, title)


def _say_written(asked: "Mapping[str, str]", voice: Voice) -> None:
    from new_ops_project.fleet.names import shown

    for shape, file in asked.items():
        if file != "-":
            voice.say(f"\n{shape.upper() if shape != 'markdown' else 'Markdown'} written to {shown(file)}.")
