"""The options of `adopt`, with the words that it prints."""

from dataclasses import replace
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
    from new_ops_project.project.adoption.planner import Adoption

EXAMPLES = """\b
Examples:
  new-ops-project adopt --preview           shows every change, writes nothing
  new-ops-project adopt                     one commit on template/adopt
  new-ops-project adopt PATH --python 3.13 --tier cli --yes
  new-ops-project adopt --commit            one commit here

\b
Exit codes: 0 done, or already generated; 2 failed.
"""


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--name", metavar="NAME", help="The project's name.")
@click.option("--tier", metavar="script|library|cli", help="One file, a package to import, or a command-line tool.")
@click.option("--python", metavar="X.Y", help="The exact minor version of Python.")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Answer any question.  [repeatable]")
@click.option("--template", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@destination_options.offered(
    branch="Write one commit on a branch; this is the default.  [NAME: template/adopt]",
    commit="Commit the result on the branch that is checked out.",
    pending="an adoption",
    has_in_place=False,
)
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
def command(*, yes: bool, **options: Any) -> None:
    """Add the template to the existing repository in PATH.

    Answers are read from its files and shown. Your files stay; where they differ from the template's, they are listed.
    The result is one commit on a branch of its own, so you can review it safely.
    """
    names = {"--name": "name", "--tier": "tier", "--python": "python", "--set": "assignments", "--template": "template"}
    aims = {name: options[key] for name, key in names.items()}
    destination_options.run("adopt", options, partial(_adopt, options, yes=yes), aims)


def _adopt(options: "Mapping[str, Any]", destination: "Destination", voice: Voice, *, yes: bool) -> "Outcome":
    from new_ops_project.project.verbs.adopt import adopt, usual_branch
    from new_ops_project.template.answers import assignment

    if not destination.preview and not destination.commit and destination.patch is None:
        destination = replace(destination, branch=destination.branch or "")

    def show(adoption: "Adoption", plan: "Plan") -> None:
        _show(adoption, plan, destination, voice)
        if voice.can_ask and not (yes or destination.preview or destination.patch is not None):
            from new_ops_project.commands.shared import prompts

            branch = destination.branch or usual_branch(adoption.place.prefix)
            prompts.require_consent(f"Commit this {'here' if destination.commit else f'on the branch {branch}'}?")

    flags = {"project_name": options["name"], "tier": options["tier"], "python_version": options["python"]}
    given = dict(assignment(text) for text in options["assignments"])
    given |= {key: value for key, value in flags.items() if value is not None}
    places = {"template": options["template"], "offline": options["offline"]}
    outcome = adopt(options["path"], given, destination, **places, ask=ask if voice.can_ask else None, show=show)
    if outcome.state == "current":
        voice.say(f"{outcome.details['path']} already follows the template {outcome.template}: refresh it with update.")
    return outcome


def _show(adoption: "Adoption", plan: "Plan", destination: "Destination", voice: Voice) -> None:
    """Say what was read and what is about to happen."""
    from new_ops_project.commands.shared import plan_words

    version = adoption.checkout.version
    voice.say(f"{adoption.place.folder.name}: {adoption.checkout.source.name} {version}", bold=True)
    if adoption.base:
        share = f"{adoption.base.share:.0%} of its lines are here"
        voice.say(f"  It was made from {version} ({share}): only the record is missing.")
    for evidence in adoption.inferred.evidence:
        voice.say(f"  {evidence.name:<14} {_shown(evidence.value)}  ({evidence.where})")
    for doubt in adoption.inferred.doubts:
        voice.say(f"  not used: {doubt}", fg="yellow")
    for path, reason in adoption.result.kept.items():
        voice.say(f"  left alone {path}: {reason}", fg="bright_black")
    plan_words.say(voice, plan, in_full=destination.preview)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
