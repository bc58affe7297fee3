"""The files of a project beside those of its template, each with its state."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from new_ops_project.base import reading
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.template import reference
from new_ops_project.checks.template.recorded import answers_files
from new_ops_project.checks.template.reference import Reference
from new_ops_project.checks.template.states import MEMO, FileState
from new_ops_project.project import drift


@dataclass(frozen=True)
class Compared:
    """The files of a project beside those of its template, by its answers or, if they fit better, the former ones."""

    reference: Reference
    states: tuple[FileState, ...]
    is_former: bool = False

    @property
    def version(self) -> str:
        """The version of the template that the project records."""
        return self.reference.update.before.version or "HEAD"

    @property
    def drifted(self) -> list[FileState]:
        """The files that the template maintains and somebody edited or deleted."""
        return [file for file in self.states if file.is_drifted and file.is_maintained]


def compared(repo: Repo, name: str) -> Compared:
    """The comparison with the template of the answers file `name`, made once.

    Raises UncheckedError if the template cannot be reached, read or rendered, and ToolError as `reference.of` does.
    """
    key = f"{MEMO}{name}"
    if key not in repo.memo:
        recorded = reference.of(repo, name)
        try:
            repo.memo[key] = _compared(repo, name, recorded)
        except ToolError as error:
            raise UncheckedError(error.message, error.hint) from error
        except ProcessError as error:
            raise UncheckedError(f"git failed: {error.reason}") from error
    comparison: Compared = repo.memo[key]
    return comparison


def each(repo: Repo) -> Iterator[Compared]:
    """The comparison with each template; raises UncheckedError at the end, if one could not be compared."""
    yield from reference.each(repo, partial(compared, repo))


def managed_paths(repo: Repo) -> frozenset[str]:
    """The files that the project's templates write here, as far as that is known."""
    paths = set[str]()
    with suppress(UncheckedError):
        for comparison in each(repo):
            paths |= {file.path for file in comparison.states if file.state != "extra"}
    return frozenset(paths)


def _compared(repo: Repo, name: str, recorded: Reference) -> Compared:
    """By the present answers, or by the former ones if more files match those.

    After an answer was edited by hand, the files still follow the former answers. That is one mistake, which a rule
    reports once: without this, every file that depends on the answer would count as drifted.
    """
    shared = _files_of_others(repo, name)
    present = Compared(recorded, tuple(_states(repo, recorded, shared)))
    answers = reference.former_answers(repo, name) if present.drifted else {}
    if not answers or answers == recorded.project.answers:
        return present
    before = recorded.with_answers(answers)
    try:
        former = Compared(before, tuple(_states(repo, before, shared)), is_former=True)
    except (ToolError, UncheckedError):
        return present
    return former if len(former.drifted) < len(present.drifted) else present


def _states(repo: Repo, recorded: Reference, shared: set[str]) -> Iterator[FileState]:
    mine = {path: text for path in recorded.files if (text := content(repo, path)) is not None}
    for path, state in drift.states(recorded.files, mine, repo.folder).items():
        is_unreadable = state == "deleted" and path in repo.paths  # such as what a sparse checkout leaves out
        if is_unreadable or (state == "edited" and path in shared):
            continue
        row = recorded.rows.get(path)
        is_maintained = row is not None and not row.get("yours")
        texts = (b"", b"") if state == "same" else (recorded.files[path].content, mine.get(path, b""))
        yield FileState(path, state, is_maintained, *texts)
    own = {*recorded.project.answers.get("keep", ()), *recorded.files, recorded.project.answers_file}
    others = (path for path, row in sorted(recorded.rows.items()) if path not in own and row.get("only") != "example")
    yield from (FileState(path, "extra", is_maintained=False) for path in others if path in repo.paths)


def _files_of_others(repo: Repo, name: str) -> set[str]:
    """What the project's other templates write: a file that two of them write is the merge of both."""
    paths = set[str]()
    for other in answers_files(repo):
        with suppress(ToolError, UncheckedError):
            paths |= reference.of(repo, other).files.keys() if other != name else set()
    return paths


def content(repo: Repo, path: str) -> bytes | None:
    """The content of the file in the work tree, or the target of a link; None if there is neither."""
    if path in repo.files or path not in repo.paths:
        return repo.files.get(path)
    file = repo.folder / path
    try:
        return str(file.readlink()).encode(errors="surrogateescape") if file.is_symlink() else reading.read(file)
    except OSError:
        return None
