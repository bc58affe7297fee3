"""Rules about what became of the template's files, and the states that they are judged by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, UncheckedError, Write
from new_ops_project.checks.template import reference
from new_ops_project.checks.template.reference import Reference
from new_ops_project.project.update import planner


@dataclass(frozen=True)
class FileState:
    """What became of one file of the template: same, edited, deleted, or extra (what other answers would bring).

    `is_kept`: whether the template keeps it, rather than leaving it to the project to go on with.
    """

    path: str
    how: str
    is_kept: bool


def states(repo: Repo) -> tuple[FileState, ...]:
    """Every managed file, by path; () where no template is recorded.

    Raises UncheckedError where the template cannot be had, and ToolError where it cannot be rendered.
    """
    if "states" not in repo.memo:
        found = reference.known(repo)
        repo.memo["former"] = None
        repo.memo["states"] = _states(repo, found) if found else ()
    return tuple(repo.memo["states"])


def known_states(repo: Repo) -> tuple[FileState, ...]:
    """The same, if a rule has asked for it."""
    return tuple(repo.memo.get("states", ()))


def managed(repo: Repo) -> frozenset[str]:
    """The files that the template writes here; none where that cannot be found out."""
    try:
        return frozenset(one.path for one in states(repo) if one.how != "extra")
    except (ToolError, UncheckedError, ProcessError):
        return frozenset()


def _states(repo: Repo, found: Reference) -> tuple[FileState, ...]:
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


def _drifted(found: Iterable[FileState]) -> list[FileState]:
    return [one for one in found if one.how in {"edited", "deleted"} and one.is_kept]


def _compared(repo: Repo, found: Reference) -> Iterator[FileState]:
    absent = [path for path in found.files if path not in repo.paths]
    ignored = set(git.ignored(repo.folder, absent)) if absent else set()
    for path, entry in sorted(found.files.items()):
        row = found.rows.get(path)
        is_kept = row is not None and not row.get("yours")
        if path not in ignored:
            yield FileState(path, planner.drifted(entry.content, _mine(repo, path)) or "same", is_kept)
    own = {*found.project.answers.get("keep", ()), *found.files, found.project.answers_file}
    others = (path for path, row in sorted(found.rows.items()) if path not in own and row.get("only") != "example")
    yield from (FileState(path, "extra", is_kept=False) for path in others if path in repo.paths)


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


def _safe_states(repo: Repo) -> tuple[FileState, ...]:
    try:
        return states(repo)
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error
    except ProcessError as error:
        raise UncheckedError(f"git failed: {error.reason}") from error


def _breach(repo: Repo, state: FileState) -> Breach:
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
