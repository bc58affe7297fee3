"""Rules about what a repository records of its template: that it does, as the tool wrote it, and which version."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, UncheckedError
from new_ops_project.checks.template import drift, reference
from new_ops_project.checks.template.reference import Reference

_SPEAKS = re.compile(rb"\b(?:copier|new-ops-project) update\b")
_DOCS = ("README.md", "CONTRIBUTING.md")
_LOST = (
    "Restore it from the commit before the one that removed it (git log --diff-filter=D -- .copier-answers.yml), or: "
    "new-ops-project adopt"
)


def nothing_is_recorded(repo: Repo) -> Iterator[Breach]:
    """No answers file; where the documents speak of updates, there was one. A template needs none."""
    if reference.answers_file(repo) or {"copier.yml", "copier.yaml"} & repo.paths:
        return
    for path in _DOCS:
        if found := _SPEAKS.search(repo.files.get(path, b"")):
            line = repo.files[path].count(b"\n", 0, found.start()) + 1
            yield Breach(
                "The answers file is missing, though this speaks of updates from a template.",
                path,
                line,
                1,
                remedy=_LOST,
                severity=Severity.WARNING,
            )
            return
    yield Breach("No template is recorded, so nothing refreshes it.")


def is_edited_by_hand(repo: Repo) -> Iterator[Breach]:
    """The answers file says what the template would not have written."""
    name = reference.answers_file(repo)
    try:
        found = reference.of(repo)
        changes = found.carried.changes
    except (ToolError, UncheckedError) as error:
        if name and isinstance(error, ToolError):
            yield Breach(error.message, name, _line(repo, name, "_commit"), 1, remedy=error.hint)
        return
    for change in changes:
        what = "is missing" if change.before is None else f"{change.before!r} {change.reason or 'is no answer'}"
        yield Breach(f"The answer {change.name} {what}.", name, _line(repo, name, change.name), 1)
    for key, (was, now) in _without_files(repo, found).items():
        remedy = f"Set it back to {was!r}, then: new-ops-project update --set {key}={now}"
        yield Breach(
            f"The answer {key} was changed by hand from {was!r} to {now!r}: the files are still those of the former.",
            name,
            _line(repo, name, key),
            1,
            remedy=remedy,
        )


def _without_files(repo: Repo, found: Reference) -> Mapping[str, tuple[Any, Any]]:
    """The answers that changed while the files did not follow: former and present value, by name."""
    try:
        drifts = drift.states(repo)
    except (ToolError, UncheckedError):
        return {}
    former = repo.memo["former"]
    if former is None:
        return {}
    now, was = found.project.answers, former.project.answers
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return {name: (was.get(name), now.get(name)) for name in sorted(names)} if drifts is not None else {}


def _line(repo: Repo, name: str, key: str) -> int:
    """The line of a key of the answers file, 1 where it has none."""
    found = re.search(rb"^" + re.escape(key.encode()) + rb":", repo.files.get(name, b""), re.MULTILINE)
    return repo.files[name].count(b"\n", 0, found.start()) + 1 if found else 1


def is_behind(repo: Repo) -> Iterator[Breach]:
    """There are releases since the one that is recorded."""
    found = reference.known(repo)
    if found is None or not (versions := found.behind):
        return
    name, (before, after) = reference.answers_file(repo), (found.look.before.version, found.look.after.version)
    count = f"{len(versions)} version{'s' * (len(versions) > 1)}"
    yield Breach(
        f"The template has moved on by {count}: {before} is recorded, {after} is the newest.",
        name,
        _line(repo, name, "_commit"),
        1,
    )
