"""Rules about the template that made a repository: its record, its version, and what became of its files."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from new_ops_project import git, refresh
from new_ops_project.checks import reference
from new_ops_project.checks.reference import Reference
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Family, Rule, UncheckedError, Write
from new_ops_project.errors import ToolError
from new_ops_project.finding import Severity
from new_ops_project.process import ProcessError

_SPEAKS = re.compile(rb"\b(?:copier|new-ops-project) update\b")
_DOCS = ("README.md", "CONTRIBUTING.md")
_LOST = (
    "Restore it from the commit before the one that removed it (git log --diff-filter=D -- .copier-answers.yml), or: "
    "new-ops-project adopt"
)
_UPDATING = "https://copier.readthedocs.io/en/stable/updating/"


# ---- the record -------------------------------------------------------------------------------------------------


def nothing_is_recorded(repo: Repo) -> Iterator[Breach]:
    """No answers file; where the documents speak of updates, there was one. A template needs none."""
    if reference.answers_file(repo) or {"copier.yml", "copier.yaml"} & repo.paths:
        return
    for path in _DOCS:
        if found := _SPEAKS.search(repo.files.get(path, b"")):
            line = repo.files[path].count(b"\n", 0, found.start()) + 1
            yield Breach("The answers file is missing, though this speaks of updates from a template.", path, line, 1,
                         remedy=_LOST, severity=Severity.WARNING)  # fmt: skip
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
        yield Breach(f"The answer {key} was changed by hand from {was!r} to {now!r}: the files are still those of the "
                     f"former.", name, _line(repo, name, key), 1, remedy=remedy)  # fmt: skip


def _without_files(repo: Repo, found: Reference) -> Mapping[str, tuple[Any, Any]]:
    """The answers that changed while the files did not follow: former and present value, by name."""
    try:
        drifts = states(repo)
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
    found = _reference(repo)
    if found is None or not (versions := found.behind):
        return
    name, (before, after) = reference.answers_file(repo), (found.look.before.version, found.look.after.version)
    count = f"{len(versions)} version{'s' * (len(versions) > 1)}"
    yield Breach(f"The template has moved on by {count}: {before} is recorded, {after} is the newest.", name,
                 _line(repo, name, "_commit"), 1)  # fmt: skip


def _reference(repo: Repo) -> Reference | None:
    """None where there is nothing to compare with, which other rules say; raises UncheckedError if out of reach."""
    if not reference.answers_file(repo):
        return None
    try:
        return reference.of(repo)
    except ToolError:
        return None


# ---- its files --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """What became of one file of the template: same, edited, deleted, or extra (what other answers would bring).

    `is_kept`: whether the template keeps it, rather than leaving it to the project to go on with.
    """

    path: str
    how: str
    is_kept: bool


def states(repo: Repo) -> tuple[State, ...]:
    """Every managed file, by path; () where no template is recorded.

    Raises UncheckedError where the template cannot be had, and ToolError where it cannot be rendered.
    """
    if "states" not in repo.memo:
        found = _reference(repo)
        repo.memo["former"] = None
        repo.memo["states"] = _states(repo, found) if found else ()
    return tuple(repo.memo["states"])


def known_states(repo: Repo) -> tuple[State, ...]:
    """The same, if a rule has asked for it."""
    return tuple(repo.memo.get("states", ()))


def _states(repo: Repo, found: Reference) -> tuple[State, ...]:
    """Compared with the former answers, if the files are those of the former ones and not those of the present."""
    now = tuple(_compared(repo, found))
    if not _drifted(now):
        return now
    former = reference.former_answers(repo)
    if not former or former == found.project.answers:
        return now
    before = found.with_answers(former)
    try:
        was = tuple(_compared(repo, before))
    except (ToolError, UncheckedError):
        return now
    if len(_drifted(was)) >= len(_drifted(now)):
        return now
    repo.memo["former"] = before
    return was


def _drifted(found: Iterable[State]) -> list[State]:
    return [one for one in found if one.how in {"edited", "deleted"} and one.is_kept]


def _compared(repo: Repo, found: Reference) -> Iterator[State]:
    absent = [path for path in found.files if path not in repo.paths]
    ignored = set(git.ignored(repo.folder, absent)) if absent else set()
    for path, entry in sorted(found.files.items()):
        row = found.rows.get(path)
        is_kept = row is not None and not row.get("yours")
        if path not in ignored:
            yield State(path, refresh.drifted(entry.content, _mine(repo, path)) or "same", is_kept)
    own = {*found.project.answers.get("keep", ()), *found.files, found.project.answers_file}
    others = (path for path, row in sorted(found.rows.items()) if path not in own and row.get("only") != "example")
    yield from (State(path, "extra", is_kept=False) for path in others if path in repo.paths)


def _mine(repo: Repo, path: str) -> bytes | None:
    """The file as it is here; a link as what it points to, None where there is none."""
    if path in repo.files:
        return repo.files[path]
    if path not in repo.paths:
        return None
    at = repo.folder / path
    try:
        return str(at.readlink()).encode(errors="surrogateescape") if at.is_symlink() else at.read_bytes()
    except OSError:
        return None


def kept_file_drifted(repo: Repo) -> Iterator[Breach]:
    """A file that the template keeps was edited or deleted."""
    yield from (_breach(repo, one) for one in _safe_states(repo) if one in _drifted([one]))


def own_file_drifted(repo: Repo) -> Iterator[Breach]:
    """A file that the project goes on with was edited, as it should be, or deleted."""
    drifted = (one for one in _safe_states(repo) if one.how in {"edited", "deleted"} and not one.is_kept)
    yield from (_breach(repo, one) for one in drifted)


def extra_file(repo: Repo) -> Iterator[Breach]:
    """A file stands where the template would write one, had it other answers."""
    for one in _safe_states(repo):
        if one.how == "extra":
            yield Breach("The template would write this file, had it other answers.", one.path)


def _safe_states(repo: Repo) -> tuple[State, ...]:
    try:
        return states(repo)
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error
    except ProcessError as error:
        raise UncheckedError(f"git failed: {error.reason}") from error


def _breach(repo: Repo, state: State) -> Breach:
    found = repo.memo["former"] or reference.of(repo)
    entry, mine = found.files[state.path], _mine(repo, state.path)
    version = found.look.before.version
    select = "" if state.is_kept else " --select OPS605"
    remedy = f"Restore the template's: new-ops-project check {state.path} --fix{select}"
    fix = (Write(state.path, entry),)
    if mine is None:
        return Breach(f"Deleted here, and the template's {version} has it.", state.path, fix=fix, remedy=remedy)
    line, count = _difference(entry.content, mine)
    lines = f"{count} line{'s' * (count != 1)}"
    return Breach(f"Differs from the template's {version} in {lines}.", state.path, line, 1, fix=fix, remedy=remedy)


def _difference(theirs: bytes, mine: bytes) -> tuple[int, int]:
    """The first line of `mine` that differs, and how many do on the side that has more."""
    one, other = (side.replace(b"\r\n", b"\n").splitlines() for side in (theirs, mine))
    codes = [code for code in SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if code[0] != "equal"]
    if not codes:
        return max(len(other), 1), 1  # the last line's end
    count = sum(max(end - start, last - first) for _, start, end, first, last in codes)
    return min(codes[0][3] + 1, max(len(other), 1)), count


_WHY_DRIFT = (
    "What is edited in one repository only is a conflict at the next update, and is missing in all the others; an "
    "update leaves it as it is, for ever."
)

FAMILY = Family(
    "template",
    "The template",
    (
        Rule(
            "OPS601", "A template is recorded", Severity.INFO,
            "Without .copier-answers.yml nobody can tell what the repository was made from, and nothing refreshes it.",
            "Bring it under a template: new-ops-project adopt", _UPDATING, nothing_is_recorded,
        ),
        Rule(
            "OPS602", "Answers are changed by the tool", Severity.WARNING,
            "An answer that is changed by hand changes no file; the next update compares with what never was.",
            "Set it back (git log -p has it), then change it with: new-ops-project update --set KEY=VALUE",
            "https://copier.readthedocs.io/en/stable/updating/#never-change-the-answers-file-manually",
            is_edited_by_hand,
        ),
        Rule(
            "OPS603", "The template's newest version is in", Severity.WARNING,
            "Moved pins, mended workflows and new checks arrive with an update, and small steps are easier.",
            "See what comes: new-ops-project update --preview", _UPDATING, is_behind,
        ),
        Rule(
            "OPS604", "Files that the template keeps are as it has them", Severity.WARNING, _WHY_DRIFT,
            "Restore the template's, or move the change into the template.", _UPDATING, kept_file_drifted,
            fixes=True, fixed_when="named",
        ),
        Rule(
            "OPS605", "Files of the project's own go on from the template's", Severity.INFO,
            "Code, tests, README and pyproject.toml are written once and then yours: that they differ is only to know.",
            "Nothing needs doing.", _UPDATING, own_file_drifted, fixes=True, fixed_when="selected",
        ),
        Rule(
            "OPS606", "No file stands where the template may write", Severity.INFO,
            "With other answers, the template brings a file of that name; an update then merges both.",
            "List it in the answer `keep`, if it shall stay yours: new-ops-project update --set keep=[PATH]",
            _UPDATING, extra_file,
        ),
    ),
)  # fmt: skip
