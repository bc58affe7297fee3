"""`fleet init`: the files that run a fleet elsewhere, on GitHub Actions or by Renovate."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.fleet.engines.files import EnginePlan, Fate

ENGINES = ("github-actions", "renovate")

EXAMPLES = """\b
Examples:
  new-ops-project fleet init --engine github-actions
  new-ops-project fleet init --engine github-actions --path ../fleet --preview
  new-ops-project fleet init --engine github-actions --shards 20
  new-ops-project fleet init --engine renovate

\b
Exit codes: 0 written, or there already; 2 could not, also when a file
that is there says something else.
"""


@click.command(epilog=EXAMPLES)
@click.option("--engine", "name", type=click.Choice(ENGINES), required=True, help="What shall run the fleet.")
@click.option(
    "--path",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    show_default=True,
    metavar="DIR",
    help="The central repository.",
)
@click.option(
    "--shards", type=click.IntRange(min=1), metavar="N", help="Jobs that update.  [default: as many as the plan says]"
)
@click.option("--fleet", default="fleet.toml", show_default=True, metavar="FILE", help="The fleet's file, below DIR.")
@click.option("--environment", default="fleet", show_default=True, metavar="NAME", help="Who may publish.")
@click.option(
    "--tool",
    metavar="REQUIREMENT",
    help="new-ops-project==VERSION or git+URL@COMMIT.  [default: as it was installed here]",
)
@click.option("--preview", is_flag=True, help="Show the files, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
def command(*, name: str, folder: Path, preview: bool, as_json: bool, **options: Any) -> None:
    """Write what runs a fleet elsewhere, and say what else it needs.

    A file that is there and says something else is never overwritten. A second run changes nothing.
    """
    from new_ops_project.fleet.engines import files

    voice = Voice(as_json)
    made = _renovate(**options) if name == "renovate" else _github(folder, **options)
    if not preview:
        files.require_room(made.files, folder)
    fates = made.fates(folder)
    if preview:
        _show(made, fates, voice)
    else:
        files.write(made.files, folder)
    _say(made, fates, voice, new="would be written" if preview else "written")
    if as_json:
        texts = {"texts": {file.path: file.text for file in made.files}} if preview else {}
        voice.answer(
            {"engine": name, "preview": preview, "files": fates, **texts, "notes": made.notes, "next": made.steps}
        )


def _github(folder: Path, *, shards: int | None, fleet: str, environment: str, tool: str | None) -> "EnginePlan":
    from new_ops_project.fleet.engines import github_actions
    from new_ops_project.fleet.engines import tool as tools

    github_actions.require_sense(fleet=fleet, environment=environment, shards=shards or 0)
    chosen = tools.parse(tool) if tool else tools.installed()
    return github_actions.made(github_actions.WorkflowRequest(folder, chosen, shards or 0, fleet, environment))


def _renovate(*, shards: int | None, tool: str | None, **_others: str) -> "EnginePlan":
    """Raises ToolError for what makes no sense there."""
    from new_ops_project.fleet.engines import renovate

    if shards or tool:
        raise ToolError(f"Renovate takes no {'--shards' if shards else '--tool'}.", "Leave that out.")
    return renovate.made()


# ---- what is printed -----------------------------------------------------------------------------------------------


def _show(made: "EnginePlan", fates: "Mapping[str, Fate]", voice: Voice) -> None:
    """Each file that is not there yet, or not like that, in full."""
    for file in made.files:
        if not voice.json and fates[file.path] in {"new", "differs"}:
            voice.say(f"# {file.path}", bold=True)
            voice.say(file.text)


def _say(made: "EnginePlan", fates: "Mapping[str, Fate]", voice: Voice, *, new: str) -> None:
    said = {"new": new, "same": "there already", "theirs": "yours, left alone", "differs": "there, and different"}
    width = max(map(len, fates))
    for file in made.files:
        voice.say(f"{file.path:<{width}}  {said[fates[file.path]]}: {file.purpose}")
    for note in made.notes:
        voice.say(f"\n{note}", fg="yellow")
    if not voice.json:
        voice.say("\nNext:")
        for step in made.steps:
            voice.say(f"  {step}")
