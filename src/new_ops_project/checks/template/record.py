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
from new_ops_project.git.tree import Entry


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
    now = recorded.project.answers
    is_edited = comparison.is_former or any(file.is_drifted for file in comparison.states)
    was = reference.former_answers(repo, name) if is_edited else {}
    changed = [key for key in sorted({**was, **now}) if was and was.get(key) != now.get(key)]
    if not comparison.is_former:
        changed = [key for key in changed if key in was and key in now and _is_ignored(repo, recorded, key, was[key])]
    return {key: (was.get(key), now.get(key)) for key in changed}


def _is_ignored(repo: Repo, recorded: Reference, key: str, former: Any) -> bool:
    """Whether the files have something that the former answer writes, and nothing that only the present one does.

    Files of the user's own are compared too: most of them are changed, but a few lines still tell.
    """
    try:
        before, after = recorded.with_answers({**recorded.project.answers, key: former}).files, recorded.files
    except (ToolError, UncheckedError):
        return False
    has_old, has_new, is_seen = False, False, False
    for path in before.keys() | after.keys():
        old, new, mine = (_lines_of(side) for side in (before.get(path), after.get(path), files.content(repo, path)))
        has_old, has_new = has_old or bool((old - new) & mine), has_new or bool((new - old) & mine)
        is_seen = is_seen or bool(new - old)
    return has_old and is_seen and not has_new  # what only leaves out shows in no line


def _lines_of(file: Entry | bytes | None) -> set[bytes]:
    """The lines of a file."""
    content = file.content if isinstance(file, Entry) else file or b""
    return {line.strip() for line in content.splitlines()} - {b""}


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
