"""One repository is looked at: its branch and commit, the projects in it, and what each records of its template."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import process
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.base.text import shown
from new_ops_project.fleet.inventory import mirrors, repositories
from new_ops_project.fleet.inventory.repositories import RepositoryPlace
from new_ops_project.fleet.model import ResultState
from new_ops_project.git import remotes, worktree
from new_ops_project.git.worktree import Repository
from new_ops_project.project import generated
from new_ops_project.template import answers_file

LIMIT = 60.0  # seconds for one repository to be looked at, unless told
_AT_ONCE = 8
_ORIGIN = "refs/remotes/origin/"
_RECORD = re.compile(rb"^_src_path:", re.MULTILINE)
_NEAR = re.compile(r"(?:\.?[^/]+/)?[^/]+\.ya?ml")  # where a template may keep answers under another name


@dataclass(frozen=True)
class Inspection:
    """One project as it is now; with `reason`, why there is nothing to be done about it, and its state then.

    `open` are branches of template versions, as they are in the remote, or in the clone.
    """

    name: str
    url: str = ""
    folder: str = ""
    owner: str = ""
    group: str = ""
    prefix: str = ""
    answers_file: str = ""
    branch: str = ""
    base: str = ""
    template: str = ""
    before: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    state: ResultState | None = None
    reason: str = ""
    hint: str = ""

    @property
    def tier(self) -> str:
        """The tier that it records, if it does."""
        return str(self.answers.get("tier", ""))

    @property
    def python(self) -> str:
        """The Python version that it records, if it does."""
        return str(self.answers.get("python_version", ""))


def look(
    places: Iterable[RepositoryPlace], told: Callable[[str, int, int], None], seconds: float = LIMIT
) -> list[Inspection]:
    """Every project of these places, in their order, several looked at at the same time, each for so many seconds.

    What is wrong with one is in its own look, and does not touch another. `told` hears each that is done.
    """
    asked = [*places]
    with process.stopped_together(), ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            found = []
            for number, one in enumerate(pool.map(partial(_look, seconds=seconds), asked), 1):
                found += one
                told(shown(one[0].name), number, len(asked))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _once(found)


def _once(found: Iterable[Inspection]) -> list[Inspection]:
    """Each project once: a clone before its address, since it may have what was not pushed; the first of two clones.

    What a group says of it holds, whichever of them is in the group.
    """
    kept: dict[str, Inspection] = {}
    for one in found:
        before = kept.get(one.name, one)
        taken = one if one.folder and not before.folder else before
        whose = next((each for each in (before, one) if each.group), taken)
        kept[one.name] = replace(taken, group=whose.group, owner=whose.owner)
    return [*kept.values()]


def _look(place: RepositoryPlace, *, seconds: float) -> list[Inspection]:
    """The projects of one place; one that says what is wrong, where there is something."""
    named = repositories.name(place.url) if place.url else place.folder
    start = Inspection(named, place.url, place.folder, place.owner or repositories.owner(place.url), place.group)
    try:
        if place.url:
            return _remote(start, mirrors.clock(seconds))
        start = _found(start)  # from here on it is known by its remote, whatever is wrong with it
        return _local(start)
    except ToolError as error:
        return [replace(start, state=ResultState.FAILED, reason=error.message, hint=error.hint)]
    except ProcessError as error:
        reason, hint = f"git cannot read it: {remotes.reason(error)}.", f"git -C {named} fsck"
        return [replace(start, state=ResultState.FAILED, reason=reason, hint=hint)]
    except OSError as error:
        reason = f"It cannot be read: {error.strerror or error}."
        return [replace(start, state=ResultState.FAILED, reason=reason, hint="Mend that, then run this again.")]


def _remote(start: Inspection, until: mirrors.Deadline) -> list[Inspection]:
    """The projects of what is known by its address: one round trip when nothing has changed since the last time."""
    seen = mirrors.ask(start.url, until)
    folder = mirrors.brought(start.url, seen, until)
    start = replace(start, branch=seen.branch, base=seen.commit, open=tuple(sorted(seen.open)))

    def contents(blobs: list[str]) -> dict[str, bytes]:
        mirrors.need(start.url, folder, seen.commit, blobs, until)
        return _contents(folder, blobs)

    return _projects(start, folder, contents)


def _found(start: Inspection) -> Inspection:
    """The look with the name that the clone's remote gives it; raises ToolError when there is no clone."""
    folder = Path(start.folder)
    if not folder.exists():
        raise ToolError(f"{folder} does not exist.", "Give the path of a clone, or its address.")
    if not git.is_repository(folder):
        raise ToolError(f"{folder} is no git repository.", "Give the path of a clone, or its address.")
    return _named(start, git.remote(folder))


def _local(start: Inspection) -> list[Inspection]:
    """The projects of a clone on this machine, as its last commit has them."""
    folder = Path(start.folder)
    branch = git.git("symbolic-ref", "--quiet", "HEAD", at=folder, codes=(0, 1)).text.removeprefix("refs/heads/")
    asked = ("refs/heads/template", f"{_ORIGIN}template", f"{_ORIGIN}HEAD")
    lines = git.git("for-each-ref", "--format=%(refname) %(symref)", *asked, at=folder).text.splitlines()
    refs = {ref: target for ref, _, target in (line.partition(" ") for line in lines)}
    default = refs.pop(f"{_ORIGIN}HEAD", "").removeprefix(_ORIGIN)
    opened = {re.sub(r"^refs/(heads|remotes/origin)/", "", ref) for ref in refs}
    start = replace(start, branch=branch, open=tuple(sorted(opened)))
    if not (folder / ".git").exists():
        commit = git.resolve(folder, "HEAD")
        if commit is None:
            raise ToolError(f"{folder} has no commit yet.", "Push one, or leave it out.")
        return _projects(replace(start, base=commit), folder, lambda blobs: _contents(folder, blobs))
    where, _ = worktree.repository(folder)
    now = worktree.status(where)
    found = _projects(replace(start, base=now.head), folder, lambda blobs: _contents(folder, blobs))
    return [_at_rest(one, now.dirty, default) for one in found]


def _named(start: Inspection, origin: str) -> Inspection:
    """The look with the name that the clone's remote gives it."""
    if not origin:
        return start
    path = os.path.normpath(Path(start.folder, origin)) if not repositories.is_address(origin) else ""
    url = path or repositories.address(origin)
    return replace(start, name=repositories.name(url), url=url, owner=start.owner or repositories.owner(url))


def _at_rest(found: Inspection, dirty: frozenset[str], default: str) -> Inspection:
    """The look, deferred while somebody is in the middle of something; `default` is '' where the clone knows none."""
    if found.state:
        return found
    if not found.branch:
        reason = f"HEAD is detached at {found.base[:7]}: there is no branch to change."
        return replace(found, state=ResultState.DEFERRED, reason=reason, hint="git switch BRANCH")
    if default not in {"", found.branch}:
        reason = f"{found.branch} is checked out, and the default branch is {default}."
        return replace(
            found,
            state=ResultState.DEFERRED,
            reason=reason,
            hint=f"git switch {default}; if that was renamed: git remote set-head origin --auto",
        )
    if mine := sorted(path for path in dirty if path.startswith(found.prefix) or found.prefix.startswith(path)):
        some = ", ".join(mine[:3]) + (f" and {len(mine) - 3} more" if len(mine) > 3 else "")  # noqa: PLR2004
        reason = f"It has changes that are not committed: {some}."
        return replace(found, state=ResultState.DEFERRED, reason=reason, hint="Commit or stash them.")
    return found


# ---- the projects of a commit ----------------------------------------------------------------------------------------

_Read = Callable[[list[str]], dict[str, bytes]]


def _projects(start: Inspection, folder: Path, contents: _Read) -> list[Inspection]:
    """One look for each project in the commit, or one that says that there is none."""
    listed = git.git("ls-tree", "-r", "-z", "--full-tree", start.base, at=folder).stdout.split(b"\0")
    files = dict(_files(line for line in listed if line))
    paths = _answers_files(files) or _others(files, contents)
    if not paths:
        reason, hint = f"No template made it: it has no {answers_file.ANSWERS_FILE}.", "new-ops-project adopt PATH"
        return [replace(start, state=ResultState.DEFERRED, reason=reason, hint=hint)]
    read = contents([files[path] for path in paths])
    return [_project(start, path, read[files[path]]) for path in paths]


def _files(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        about, _, path = line.partition(b"\t")
        mode, kind, blob = about.decode().split()
        if kind == "blob" and mode != "120000":
            yield os.fsdecode(path), blob


def _answers_files(files: dict[str, str]) -> list[str]:
    """The answers file at the root; else those of projects below it."""
    if answers_file.ANSWERS_FILE in files:
        return [answers_file.ANSWERS_FILE]
    return sorted(path for path in files if path.endswith(f"/{answers_file.ANSWERS_FILE}"))


def _others(files: dict[str, str], contents: _Read) -> list[str]:
    """Answers files of other names: those near the root that name a template."""
    near = {path: blob for path, blob in files.items() if _NEAR.fullmatch(path)}
    read = contents([*near.values()]) if near else {}
    return sorted(path for path, blob in near.items() if _RECORD.search(read[blob]))


def _project(start: Inspection, path: str, content: bytes) -> Inspection:
    folder, _, file = path.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    found = replace(start, name=f"{start.name}//{folder}" if folder else start.name, prefix=prefix, answers_file=file)
    try:
        where = Repository(Path(start.folder), Path(), Path(), "")
        record = generated.recorded(where, prefix, file, content, commit=start.base)
    except ToolError as error:
        return replace(found, state=ResultState.FAILED, reason=error.message, hint=error.hint)
    return replace(found, template=record.source, before=record.version, answers=record.answers)


def _contents(folder: Path, blobs: list[str]) -> dict[str, bytes]:
    """The content of each blob; raises ProcessError for one that is not there."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    said = git.git("cat-file", "--batch", at=folder, stdin=asked).stdout
    found, place = {}, 0
    for blob in blobs:
        end = said.index(b"\n", place)
        head = said[place:end].split()
        if head[-1] == b"missing":
            raise ProcessError(("git", "cat-file"), None, f"the object {blob} is missing")
        size = int(head[2])
        found[blob] = said[end + 1 : end + 1 + size]
        place = end + size + 2
    return found
