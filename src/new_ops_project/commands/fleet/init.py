"""`fleet init`: the files that run a fleet elsewhere, on GitHub Actions or by Renovate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.report import Voice

if TYPE_CHECKING:
    from new_ops_project.fleet.engines.files import File

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
@click.option("--engine", type=click.Choice(ENGINES), required=True, help="What shall run the fleet.")
@click.option("--path", "folder", type=click.Path(path_type=Path, file_okay=False), default=".", show_default=True,
              metavar="DIR", help="The central repository.")  # fmt: skip
@click.option("--shards", type=click.IntRange(min=1), metavar="N", help="Jobs that update.  [default: as the plan says]")
@click.option("--fleet", default="fleet.toml", show_default=True, metavar="FILE", help="The fleet's file, below DIR.")
@click.option("--environment", default="fleet", show_default=True, metavar="NAME", help="Who may publish.")
@click.option("--tool", metavar="REQUIREMENT",
              help="new-ops-project==VERSION or git+URL@COMMIT.  [default: as it was installed here]")  # fmt: skip
@click.option("--preview", is_flag=True, help="Show the files, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
def command(*, engine: str, folder: Path, preview: bool, as_json: bool, **options: Any) -> None:
    """Write what runs a fleet elsewhere, and say what else it needs.

    A file that is there and says something else is never overwritten. A second run changes nothing.
    """
    from new_ops_project.fleet.engines import files as engine_files

    voice = Voice(as_json)
    files, steps, notes = _renovate() if engine == "renovate" else _github(folder, **options)
    if preview:
        _show(files, folder, voice)
    else:
        engine_files.require_room(files, folder)
    fates = {file.path: str(engine_files.fate(file, folder)) for file in files}
    if not preview:
        engine_files.write(files, folder)
    _say(files, fates, voice, notes, is_preview=preview)
    if as_json:
        texts = {"texts": {file.path: file.text for file in files}} if preview else {}
        voice.answer({"engine": engine, "preview": preview, "files": fates, **texts, "notes": list(notes),
                      "next": list(steps)})  # fmt: skip
    else:
        _say_next(steps, voice)


def _github(
    folder: Path, *, shards: int | None, fleet: str, environment: str, tool: str | None
) -> tuple[Sequence["File"], Sequence[str], Sequence[str]]:
    """The files of the workflow, what to do next, and what else to know."""
    from new_ops_project.fleet.engines import github
    from new_ops_project.fleet.engines import tool as tools

    github.require_sense(fleet=fleet, environment=environment, shards=shards or 0)
    chosen = tools.parse(tool) if tool else tools.installed()
    made = github.made(github.Request(folder, chosen, shards or 0, fleet, environment))
    problem = f"The tool is not locked, so the workflow cannot install it yet: {made.problem}" if made.problem else ""
    return made.files, made.steps, tuple(filter(None, (chosen.note, problem)))


def _renovate() -> tuple[Sequence["File"], Sequence[str], Sequence[str]]:
    from new_ops_project.fleet.engines import renovate

    return renovate.files(), renovate.next_steps(), ()


# ---- what is printed -----------------------------------------------------------------------------------------------


def _show(files: Sequence["File"], folder: Path, voice: Voice) -> None:
    """Each file that is not there yet, or not like that, in full."""
    from new_ops_project.fleet.engines.files import Fate, fate

    if voice.json:
        return
    for file in files:
        if fate(file, folder) in {Fate.NEW, Fate.DIFFERS}:
            voice.say(f"# {file.path}", bold=True)
            voice.say(file.text)


def _say(
    files: Sequence["File"], fates: dict[str, str], voice: Voice, notes: Sequence[str], *, is_preview: bool
) -> None:
    new = "would be written" if is_preview else "written"
    said = {"new": new, "same": "there already", "theirs": "yours, left alone", "differs": "there, and different"}
    width = max(map(len, fates))
    for file in files:
        voice.say(f"{file.path:<{width}}  {said[fates[file.path]]}: {file.purpose}")
    for note in notes:
        voice.say(note, fg="yellow")


def _say_next(steps: Sequence[str], voice: Voice) -> None:
    voice.say("\nNext:")
    for step in steps:
        voice.say(f"  {step}")
