"""`adopt`: a repository that no template made comes under one, and keeps every line."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.base.report import Voice, is_interactive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.plan.model import Plan
    from new_ops_project.plan.request import Destination, Outcome, Purpose
    from new_ops_project.project.adoption.planner import Adoption

EXAMPLES = """\b
Examples:
  new-ops-project adopt --preview           shows every change, writes nothing
  new-ops-project adopt                     one commit on template/adopt
  new-ops-project adopt PATH --python 3.13 --tier cli --yes
  new-ops-project adopt --commit            one commit here

\b
Exit codes: 0 done, or generated already; 2 could not.
"""


@dataclass(frozen=True)
class AdoptRequest:
    """What was asked for on the command line, but for the way in which the result is handed over."""

    path: Path
    name: str | None = None
    tier: str | None = None
    python: str | None = None
    assignments: tuple[str, ...] = ()
    template: str | None = None
    offline: bool = False
    yes: bool = False


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--name", metavar="NAME", help="The project's name.")
@click.option("--tier", metavar="script|library|cli", help="One file, a package to import, or a command.")
@click.option("--python", metavar="X.Y", help="The exact minor version of Python.")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Answer any question.  [repeatable]")
@click.option("--template", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--preview", is_flag=True, help="Show every change in full, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout.")
@click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Write one commit on a branch; this is the default.  [NAME: template/adopt]",
)
@click.option("--commit", is_flag=True, help="Commit the result on the branch that is checked out.")
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
def command(*, as_json: bool, **options: Any) -> None:
    """Bring the repository in PATH, which no template made, under the template.

    Answers are read from its files and shown; every file of yours stays, and what differs from the template's is
    listed. The result is one commit on a branch of its own: looking at it costs nothing.
    """
    from new_ops_project.base import interrupts
    from new_ops_project.plan import request as outcome
    from new_ops_project.plan.request import Destination

    way = Destination("adopt", **{one: options.pop(one) for one in ("preview", "patch", "branch", "commit")})
    outcome.require_sense(way, as_json=as_json, resume=False, abort=False, aims={})
    if not (way.preview or way.commit) and way.patch is None:
        way = replace(way, branch=way.branch or "")
    voice = Voice(as_json or way.patch == "-")
    with interrupts.until_decided(), interrupts.temporary_folder():
        done = adopt(AdoptRequest(**options), way, voice, can_ask=not as_json and is_interactive())
        outcome.answer(done, voice, as_json=as_json)
    click.get_current_context().exit(done.code)


def adopt(request: AdoptRequest, way: "Destination", voice: Voice, *, can_ask: bool) -> "Outcome":
    """Compute the adoption of one repository and deliver it.

    Raises ToolError for everything that a person can mend, KeyboardInterrupt when they stop.
    """
    from new_ops_project import git
    from new_ops_project.git import journal, urls, worktree
    from new_ops_project.plan import apply, destinations
    from new_ops_project.plan.request import Outcome
    from new_ops_project.project.adoption import planner
    from new_ops_project.template import answers_file, sources

    git.require_found()
    folder = urls.expanded(request.path)
    if not folder.is_dir():
        raise ToolError(f"{folder} is no folder.", "Give the PATH of a repository.")
    where, prefix = worktree.repository(folder)
    if way.branch is not None:
        apply.require_branch(where, way.branch or "template/adopt")
    if way.branch is not None or way.commit:
        apply.require_identity(where)
    if files := [one for one in answers_file.answers_files(folder) if "/" not in one or one.startswith(".")]:
        return _generated(where.root / prefix, files[0], voice)
    with journal.locked(where.git_dir) if way.writes_work_tree else nullcontext():
        now = destinations.settled(where, way, voice, to=None)
        if isinstance(now, Outcome):
            return now
        destinations.require_room(way, where, now, prefix)
        place = planner.Location(where, prefix, now.head)
        source = sources.find(request.template)
        found = planner.look(place, source, _given(request), offline=request.offline, ask=_asker() if can_ask else None)
        with planner.planned(found) as plan:
            occasion = _show(found, plan, way, voice)
            _confirm(request, way, ask=can_ask)
            return destinations.hand_over(plan, way, now, occasion, voice)


def _generated(folder: Path, file: str, voice: Voice) -> "Outcome":
    """Say which template it follows already; raises ToolError where that file names none."""
    from new_ops_project.plan.request import Outcome
    from new_ops_project.template import answers_file

    source = answers_file.source(folder / file)
    if not source:
        message = f"{file} is there and names no template (_src_path)."
        raise ToolError(message, f"Restore it from its history, or take it away (git rm {file}); then run this again.")
    voice.say(f"{folder} was generated by the template {source} already ({file} says so): refresh it with update.")
    details = {"path": str(folder), "files": [], "conflicts": [], "kept": [], "notes": [], "evidence": []}
    return Outcome("current", details=details, next=("new-ops-project update",))


def _given(request: AdoptRequest) -> dict[str, Any]:
    """The answers of the command line."""
    from new_ops_project.template.answers import assignment

    flags = {"project_name": request.name, "tier": request.tier, "python_version": request.python}
    told = dict(assignment(text) for text in request.assignments)
    return {**told, **{key: value for key, value in flags.items() if value is not None}}


def _asker() -> Any:
    from new_ops_project.template import prompts

    return lambda question, answers, default: prompts.ask(question, answers, default=default)


def _confirm(request: AdoptRequest, way: "Destination", *, ask: bool) -> None:
    from new_ops_project.template import prompts

    if not ask or request.yes or way.preview or way.patch is not None:
        return
    where = "here" if way.commit else f"on the branch {way.branch or 'template/adopt'}"
    if not prompts.confirm(f"Commit this {where}?"):
        raise KeyboardInterrupt


def _show(found: "Adoption", plan: "Plan", way: "Destination", voice: Voice) -> "Purpose":
    """Say what was read and what is about to happen, and return what it is."""
    from new_ops_project.plan import summary
    from new_ops_project.plan.request import Purpose
    from new_ops_project.project.adoption import planner
    from new_ops_project.template import render

    version, source = found.checkout.version, found.source
    voice.say(f"{found.place.folder.name}: {source.name} {version}", bold=True)
    if found.base:
        voice.say(
            f"  It was made from {version} ({found.base.share:.0%} of its lines are here): only the record is missing."
        )
    for one in found.told.evidence:
        voice.say(f"  {one.name:<14} {_shown(one.value)}  ({one.where})")
    for doubt in found.told.doubts:
        voice.say(f"  not used: {doubt}", fg="yellow")
    summary.say(voice, plan)
    for kept in found.joined.kept:
        voice.say(f"  left alone {kept.path}: {kept.reason}", fg="bright_black")
    shown: Mapping[str, Any] = summary.as_json(plan, texts=way.preview and voice.json)
    facts = {
        "path": str(found.place.folder),
        "template": {"source": source.location},
        "from": "",
        "to": version,
        "base": version if found.base else "",
        "evidence": planner.told(found),
        "kept": planner.kept(found),
        "renderer": render.way(found.checkout),
    }
    message = f"Adopt {source.name} {version}\n\nBy new-ops-project adopt."
    return Purpose(message, "template/adopt", {**facts, **shown})


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
