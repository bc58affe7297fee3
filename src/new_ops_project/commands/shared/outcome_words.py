"""The outcome of a verb in words for people, or as its one JSON object."""

import os
import sys
from typing import TYPE_CHECKING

import click

from new_ops_project.base.text import counted
from new_ops_project.commands.shared.voice import Voice, print_document
from new_ops_project.plan.outcome import Outcome

if TYPE_CHECKING:
    from new_ops_project.git.journal import Change


def say(outcome: Outcome, voice: Voice, *, as_json: bool) -> None:
    """Print how a verb ended: in words, then one JSON object or the next commands."""
    if outcome.patch:
        _print_patch(outcome.patch)
    if outcome.was_finished and outcome.change:
        voice.say(f"{_noun(outcome.change, 'a')} that was interrupted is now finished.", fg="yellow")
    for path in outcome.unchanged:
        reason = outcome.change.about["conflicts"][path] if outcome.change else ""
        voice.say(f"Kept as it was here: {path} ({reason}).")
    say_state = {
        "patched": _say_patched,
        "branched": _say_branched,
        "conflicts": _say_conflicts,
        "committed": _say_committed,
        "staged": _say_staged,
        "waiting": _say_waiting,
        "aborted": _say_aborted,
    }.get(outcome.state, _say_nothing)
    say_state(outcome, voice)
    if outcome.state in {"branched", "conflicts", "committed", "staged"}:
        voice.quote(outcome.details.get("message", ""))
    if as_json:
        voice.print_json({"state": outcome.state, **outcome.details, "next": list(outcome.next)})
    elif outcome.next:
        voice.say("Next:", apart=True)
        for step in outcome.next:
            voice.say(f"  {step}")


def _print_patch(patch: bytes) -> None:
    """Print the bytes as git has to get them; on a terminal, where git does not, as a person does."""
    if sys.stdout.isatty():
        print_document(os.fsdecode(patch))
    else:
        click.echo(patch, nl=False)


def _noun(change: "Change", article: str) -> str:
    """What a change is called, at the start of a sentence: `The update`."""
    from new_ops_project.plan import wording

    return wording.noun(change.verb, article).capitalize()


def _say_nothing(_outcome: Outcome, _voice: Voice) -> None:
    """Its verb has said everything."""


def _say_patched(outcome: Outcome, voice: Voice) -> None:
    if file := outcome.details.get("patch"):
        voice.say(f"Written to {file}; nothing else was changed.", apart=True)


def _say_branched(outcome: Outcome, voice: Voice) -> None:
    verb = "Committed" if outcome.is_new else "Already there"
    commit, branch = outcome.details["commit"][:7], outcome.details["branch"]
    voice.say(f"{verb} as {commit} on {branch}; the work tree is as it was.", apart=True)


def _say_conflicts(outcome: Outcome, voice: Voice) -> None:
    if outcome.change is None:
        voice.say("Nothing was written: a branch would carry the conflict markers.", fg="yellow", apart=True)
        return
    count = len(outcome.details["conflicts"])
    voice.say(f"{counted(count, 'file')} in conflict; everything else is staged.", fg="yellow", apart=True)


def _say_committed(outcome: Outcome, voice: Voice) -> None:
    voice.say(f"Committed as {outcome.details['commit'][:7]}.", apart=outcome.change is None)


def _say_staged(outcome: Outcome, voice: Voice) -> None:
    if outcome.change is None:
        voice.say("Written to the work tree and staged, not committed.", apart=True)
        return
    had_conflicts = bool(outcome.change.about["conflicts"])
    voice.say("Everything is staged; no conflict is left." if had_conflicts else "Everything is staged.")


def _say_waiting(outcome: Outcome, voice: Voice) -> None:
    if outcome.change:
        voice.say(f"{_noun(outcome.change, 'the')} to {outcome.change.about['to']} is staged and not committed yet.")


def _say_aborted(outcome: Outcome, voice: Voice) -> None:
    if outcome.change:
        noun = _noun(outcome.change, "the")
        voice.say(f"{noun} to {outcome.change.about['to']} is undone; everything is as it was before.")
    if outcome.backup:
        voice.say(f"Edits made since then are kept in {outcome.backup}.", fg="yellow")
