"""`fleet init`: writes the files that run a fleet on GitHub Actions or by Renovate."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.fleet.engines.files import EnginePlan

ENGINES = ("github-actions", "renovate")

EXAMPLES = """\b
Examples:
  new-ops-project fleet init --engine github-actions
  new-ops-project fleet init --engine github-actions --path ../fleet --preview
  new-ops-project fleet init --engine github-actions --shards 20
  new-ops-project fleet init --engine renovate

\b
Exit codes: 0 written, or already there; 2 failed, or a file exists
with different content.
"""


@click.command(epilog=EXAMPLES)
@click.option("--engine", "name", type=click.Choice(ENGINES), required=True, help="Where the fleet runs.")
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
    "--shards", type=click.IntRange(min=1), metavar="N", help="The number of update jobs.  [default: as planned]"
)
@click.option("--fleet", default="fleet.toml", show_default=True, metavar="FILE", help="The fleet's file in DIR.")
@click.option(
    "--environment", default="fleet", show_default=True, metavar="NAME", help="The GitHub environment that may publish."
)
@click.option(
    "--tool",
    metavar="REQUIREMENT",
    help="new-ops-project==VERSION or git+URL@COMMIT.  [default: as it was installed here]",
)
@click.option("--preview", is_flag=True, help="Show the files; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(*, name: str, folder: Path, preview: bool, as_json: bool, **options: Any) -> None:
    """Write the files that run a fleet on GitHub Actions or with Renovate, and list what else to do.

    A file with different content is never overwritten. A second run changes nothing.
    """
    from new_ops_project.fleet.engines import files

    voice = Voice(as_json)
    plan = _renovate(**options) if name == "renovate" else _github(folder, **options)
    fates = {file.path: files.fate_of(file, folder) for file in plan.files}
    if preview:
        _show(plan, fates, voice)
    else:
        files.write(plan.files, fates, folder)
    _say(plan, fates, voice, new="would be written" if preview else "written")
    if as_json:
        texts = {"texts": {file.path: file.text for file in plan.files}} if preview else {}
        voice.print_json(
            {"engine": name, "preview": preview, "files": fates, **texts, "notes": plan.notes, "next": plan.steps}
        )


def _github(folder: Path, *, shards: int | None, fleet: str, environment: str, tool: str | None) -> "EnginePlan":
    from new_ops_project.fleet.engines import github_actions
    from new_ops_project.fleet.engines.tool import installed_tool, parse_tool

    github_actions.require_valid(fleet=fleet, environment=environment, shards=shards or 0)
    chosen = parse_tool(tool) if tool else installed_tool()
    return github_actions.plan(github_actions.WorkflowRequest(folder, chosen, shards or 0, fleet, environment))


def _renovate(*, shards: int | None, tool: str | None, **_others: str) -> "EnginePlan":
    """Raises ToolError for an option that would do nothing."""
    from new_ops_project.fleet.engines import renovate

    if shards or tool:
        raise ToolError(f"Renovate takes no {'--shards' if shards else '--tool'}.", "Leave that out.")
    return renovate.plan()


# ---- what is printed -----------------------------------------------------------------------------------------------


def _show(plan: "EnginePlan", fates: "Mapping[str, str]", voice: Voice) -> None:
    """Print each file that is new or different, in full."""
    for file in plan.files:
        if not voice.json and fates[file.path] in {"new", "differs"}:
            voice.say(f"# {file.path}", bold=True)
            voice.say_lines(file.text)


def _say(plan: "EnginePlan", fates: "Mapping[str, str]", voice: Voice, *, new: str) -> None:
    words = {"new": new, "same": "already there", "theirs": "yours, left as it is", "differs": "exists, but differs"}
    width = max(map(len, fates))
    for file in plan.files:
        voice.say(f"{file.path:<{width}}  {words[fates[file.path]]}: {file.purpose}")
    for note in plan.notes:
        voice.say(note, fg="yellow", apart=True)
    if not voice.json:
        voice.say("Next:", apart=True)
        for step in plan.steps:
            voice.say(f"  {step}")
