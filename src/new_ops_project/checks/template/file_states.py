"""The state of each file that the template of a project manages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.template import reference
from new_ops_project.checks.template.reference import Reference
from new_ops_project.project.update import planner


@dataclass(frozen=True)
class FileState:
    """The state of one file: same, edited, deleted, or extra (only other answers would make the template write it).

    `is_maintained`: whether the template maintains it, rather than the project once it is written.
    """

    path: str
    state: str
    is_maintained: bool


def states(repo: Repo) -> tuple[FileState, ...]:
    """The state of every managed file, by path; () where no template is recorded.

    Raises UncheckedError if the template cannot be reached or read, and ToolError if it cannot be rendered.
    """
    if "states" not in repo.memo:
        recorded = reference.find(repo)
        repo.memo["former"] = None
        repo.memo["states"] = _states(repo, recorded) if recorded else ()
    return tuple(repo.memo["states"])


def computed_states(repo: Repo) -> tuple[FileState, ...]:
    """The states if a rule has already needed them; else ()."""
    return tuple(repo.memo.get("states", ()))


def managed_paths(repo: Repo) -> frozenset[str]:
    """The files that the template writes here; none if that is unknown."""
    try:
        return frozenset(file.path for file in states(repo) if file.state != "extra")
    except (ToolError, UncheckedError, ProcessError):
        return frozenset()


def former(repo: Repo) -> Reference | None:
    """The project with its former answers, if `states` compared the files with those; raises what `states` raises."""
    states(repo)
    reference: Reference | None = repo.memo["former"]
    return reference


def _states(repo: Repo, recorded: Reference) -> tuple[FileState, ...]:
    """The states by the present answers, or by the former ones if more files match those.

    After an answer was edited by hand, the files still follow the former answers. That is one mistake, which a rule
    reports once: without this, every file that depends on the answer would count as drifted.
    """
    states = tuple(_compared(repo, recorded))
    if not drifted(states):
        return states
    former = reference.former_answers(repo)
    if not former or former == recorded.project.answers:
        return states
    before = recorded.with_answers(former)
    try:
        former_states = tuple(_compared(repo, before))
    except (ToolError, UncheckedError):
        return states
    if len(drifted(former_states)) >= len(drifted(states)):
        return states
    repo.memo["former"] = before
    return former_states


def drifted(states: Iterable[FileState]) -> list[FileState]:
    """Those that the template maintains and somebody edited or deleted."""
    return [file for file in states if file.state in {"edited", "deleted"} and file.is_maintained]


def _compared(repo: Repo, recorded: Reference) -> Iterator[FileState]:
    absent = [path for path in recorded.files if path not in repo.paths]
    ignored = set(git.ignored(repo.folder, absent)) if absent else set()
    for path, entry in sorted(recorded.files.items()):
        row = recorded.rows.get(path)
        is_maintained = row is not None and not row.get("yours")
        if path not in ignored:
            yield FileState(path, planner.drift_of(entry.content, content(repo, path)) or "same", is_maintained)
    own = {*recorded.project.answers.get("keep", ()), *recorded.files, recorded.project.answers_file}
    others = (path for path, row in sorted(recorded.rows.items()) if path not in own and row.get("only") != "example")
    yield from (FileState(path, "extra", is_maintained=False) for path in others if path in repo.paths)


def content(repo: Repo, path: str) -> bytes | None:
    """The content of the file in the work tree, or the target of a link; None if there is neither."""
    if path in repo.files:
        return repo.files[path]
    if path not in repo.paths:
        return None
    file = repo.folder / path
    try:
        return str(file.readlink()).encode(errors="surrogateescape") if file.is_symlink() else file.read_bytes()
    except OSError:
        return None
