"""Rules about what a repository records of its template: the answers file, the answers, the version."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, UncheckedError
from new_ops_project.checks.template import files, reference
from new_ops_project.checks.template.recorded import answers_files
from new_ops_project.checks.template.reference import Reference


def manual_edits(repo: Repo) -> Iterator[Breach]:
    """Each answer in an answers file that the template would not have written."""
    for name in answers_files(repo):
        yield from _manual_edits(repo, name)


def _manual_edits(repo: Repo, name: str) -> Iterator[Breach]:
    try:
        recorded = reference.of(repo, name)
        changes = recorded.migrated.changes
    except UncheckedError:
        return
    except ToolError as error:
        yield Breach(error.message, name, _line(repo, name, "_commit"), 1, remedy=error.hint)
        return
    for change in changes:
        reason = f"{change.before!r} {change.reason or 'is not a valid answer'}"
        problem = "is missing" if change.before is None else reason
        yield Breach(f"The answer {change.name} {problem}.", name, _line(repo, name, change.name), 1)
    for key, (was, now) in _edited_answers(repo, name, recorded).items():
        answer = shlex.quote(f"{key}={now if isinstance(now, str) else json.dumps(now)}")
        remedy = f"Set it back to {was!r}, then: {reference.update_command(repo, name)} --set {answer}"
        yield Breach(
            f"The answer {key} was changed by hand from {was!r} to {now!r}, but the files still match the former.",
            name,
            _line(repo, name, key),
            1,
            remedy=remedy,
        )


def _edited_answers(repo: Repo, name: str, recorded: Reference) -> Mapping[str, tuple[Any, Any]]:
    """The answers that changed although the files did not: former and present value, by name."""
    try:
        comparison = files.compared(repo, name)
    except UncheckedError:
        return {}
    if not comparison.is_former:
        return {}
    now, was = recorded.project.answers, comparison.reference.project.answers
    changed = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    return {key: (was.get(key), now.get(key)) for key in sorted(changed)}


def _line(repo: Repo, name: str, key: str) -> int:
    """The line of a key in the answers file; 1 if it is not there."""
    match = re.search(rb"^" + re.escape(key.encode()) + rb":", repo.files.get(name, b""), re.MULTILINE)
    return repo.files[name].count(b"\n", 0, match.start()) + 1 if match else 1


def outdated(repo: Repo) -> Iterator[Breach]:
    """A template that has releases after the recorded one, or whose recorded version is a name that can move."""
    for name, recorded in reference.each(repo, lambda name: (name, reference.of(repo, name))):
        before, after = recorded.update.before.version, recorded.update.after.version
        place, versions = (name, _line(repo, name, "_commit"), 1), recorded.newer_versions
        remedy = f"See what would change: {reference.update_command(repo, name)} --preview"
        if versions:
            count = f"{len(versions)} version{'s' * (len(versions) > 1)}"
            message = f"The template is {count} ahead: {before} is recorded, {after} is the newest."
            yield Breach(message, *place, remedy=remedy)
        if note := recorded.update.versions.renaming:
            yield Breach(note, *place, remedy=remedy)
