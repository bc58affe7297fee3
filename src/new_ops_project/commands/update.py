"""The options of `update`, with the words that it prints."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.commands.shared import destination_options
from new_ops_project.commands.shared.voice import Voice, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.plan.destination import Destination
    from new_ops_project.plan.model import Plan
    from new_ops_project.plan.outcome import Outcome
    from new_ops_project.project.update.preparation import Update
    from new_ops_project.template.answer_migration import MigratedAnswers

EXAMPLES = """\b
Examples:
  new-ops-project update --preview          shows every change, writes nothing
  new-ops-project update                    writes to the work tree, staged
  new-ops-project update PATH --branch      one commit on template/VERSION
  new-ops-project update --check            exits with 1 if it is behind
  new-ops-project update --set python_version=3.14 --commit
  new-ops-project update --answers-file .copier-answers.docs.yml

\b
Exit codes: 0 done, or current; 1 behind (--check); 2 failed;
3 conflicts to resolve; 4 the template needs --trust.
"""


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Change an answer.  [repeatable]")
@click.option("--check", is_flag=True, help="Only report whether the project is behind a template (exit code 1).")
@destination_options.offered(
    branch="Write one commit on a branch and leave the work tree alone.  [NAME: template/VERSION]", pending="an update"
)
@click.option(
    "--accept-answer-changes", "accept", is_flag=True, help="Continue where a recorded answer no longer fits."
)
@click.option(
    "--answers-file",
    "-a",
    metavar="FILE",
    help="Which template, if the project has several: its answers file, relative to PATH.  [default: the only one]",
)
@click.option("--template", metavar="SOURCE", help="Follow the template at another address from now on.")
@click.option("--trust", is_flag=True, help="Allow the template to run code.")
@click.option("--skip-tasks", is_flag=True, help="Do not run the template's tasks; its migrations still run.")
def command(*, check: bool, **options: Any) -> None:
    """Update the project in PATH to the newest version of its template.

    Your changes are kept: they are merged with the template's. Where the two contradict each other, the file
    gets conflict markers and the exit code is 3. By default the result is staged in the work tree and not committed.
    """
    names = {"--to": "to", "--set": "assignments", "--template": "template", "--trust": "trust"}
    names |= {"--skip-tasks": "skip_tasks", "--accept-answer-changes": "accept", "--offline": "offline"}
    aims = {"--check": check, **{name: options[key] for name, key in names.items()}}
    destination_options.run("update", options, partial(_check if check else _update, options), aims)


def _check(options: "Mapping[str, Any]", _destination: "Destination", voice: Voice) -> "Outcome":
    from new_ops_project.project.verbs import outdated

    names = ("to", "template", "offline", "answers_file")
    outcome = outdated.check(options["path"], **{name: options[name] for name in names})
    for part in outcome.parts or (outcome,):
        _say_checked(part, voice, wanted="what you asked for" if options["to"] else "the newest version")
    if not outcome.parts:
        _say_others(outcome, voice)
    return outcome


def _say_checked(outcome: "Outcome", voice: Voice, *, wanted: str) -> None:
    details = outcome.details
    if outcome.state == "failed":
        voice.say(f"{outcome.template}: {details['reason']}", fg="red")
        voice.say(f"  {details['hint']}", fg="red")
    elif outcome.state == "behind":
        versions = f"it has {details['from']} of {outcome.template}, and {details['to']} is {wanted}"
        voice.say(f"{details['path']} is not current: {versions}.")
        for note in details.get("notes", ()):
            voice.say(f"  {note}")
    else:
        _say_current(outcome, voice)


def _say_others(outcome: "Outcome", voice: Voice) -> None:
    """Name the project's other templates, if it has any."""
    if others := outcome.details.get("other_templates"):
        voice.say(f"The project has other templates: {', '.join(others)}. `update --check` compares all of them.")


def _update(options: "Mapping[str, Any]", destination: "Destination", voice: Voice) -> "Outcome":
    from new_ops_project.project.update.preparation import UpdateTarget
    from new_ops_project.project.verbs.update import update

    target = UpdateTarget(**{name: value for name, value in options.items() if name not in {"path", "accept"}})
    show = partial(_show, destination, voice)
    outcome = update(
        options["path"], target, destination, accept=options["accept"], ask=ask if voice.can_ask else None, show=show
    )
    if outcome.state == "current":
        _say_current(outcome, voice)
    _say_others(outcome, voice)
    return outcome


def _show(destination: "Destination", voice: Voice, update: "Update", answers: "MigratedAnswers", plan: "Plan") -> None:
    """Say what is about to happen."""
    from new_ops_project.commands.shared import plan_words

    before, after, span = update.before, update.after, f"{update.after.version}"
    if update.versions.changes_version:
        is_older = before.commit != after.commit and update.releases.includes(before, after)
        span = f"{before.version} -> {span}{', an older version' if is_older else ''}"
    voice.say(f"{update.project.folder.name}: {after.source.name} {span}", bold=True)
    voice.quote(update.message("before", answers))
    if update.news:
        voice.quote(update.news)
        voice.say()
    plan_words.say_answers(voice, answers.changes)
    plan_words.say(voice, plan, in_full=destination.preview)


def _say_current(outcome: "Outcome", voice: Voice) -> None:
    voice.say(f"{outcome.details['path']} is current: {outcome.details['to']} of {outcome.template}.")
    for note in outcome.details.get("notes", ()):
        voice.say(f"  {note}")
