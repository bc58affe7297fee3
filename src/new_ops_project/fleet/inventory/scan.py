"""The inspection of repositories: which projects they hold, each with its recorded template version."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.base.text import list_first
from new_ops_project.fleet.inventory import mirrors, repositories
from new_ops_project.fleet.inventory.repositories import RepositoryPlace
from new_ops_project.fleet.model import ResultState
from new_ops_project.fleet.names import shell_quoted
from new_ops_project.git import objects, remotes, worktree
from new_ops_project.git.worktree import Repository
from new_ops_project.project import generated
from new_ops_project.template import answers_file

TIMEOUT = 60.0  # seconds to inspect one repository, by default
_THREADS = 8
_ORIGIN = "refs/remotes/origin/"
# What copier's documentation calls answers files, of one template or of several.
_USUAL = re.compile(r"(?:.*/)?\.copier-answers(?:/[^/.][^/]*|\.[^/]+)?\.ya?ml", re.DOTALL)
_NEAR_ROOT = re.compile(r"(?:\.?[^/]+/)?[^/]+\.ya?ml")  # where a template may keep answers under another name


@dataclass(frozen=True)
class Inspection:
    """One project as it is now.

    `state` is None for a project that can be updated; else `reason` says why it is deferred or failed. `branch` is
    the default branch, or the one that is checked out in a clone; `base` is its commit. `before` is the template
    version that `answers_file` records, as it records `tier` and `python`. `open` lists the template branches of the
    remote or the clone.
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
    tier: str = ""
    python: str = ""
    open: tuple[str, ...] = ()
    state: ResultState | None = None
    reason: str = ""
    hint: str = ""


def inspect(places: Iterable[RepositoryPlace], progress: Progress, seconds: float = TIMEOUT) -> list[Inspection]:
    """Every project of these places, in order; repositories are read in parallel, each for at most `seconds`.

    A failure is recorded in the inspection of its own project, so one repository never stops the others. Raises
    ToolError if there is no place.
    """
    queue = [*places]
    if not queue:
        raise ToolError("There is no repository in these sources.", "Give a folder of clones, a list, or a URL.")
    with process.stopped_together(), ThreadPoolExecutor(_THREADS) as pool:
        try:
            inspections = []
            for number, projects in enumerate(pool.map(partial(_inspect, seconds=seconds), queue), 1):
                inspections += projects
                progress(projects[0].name, number, len(queue))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _unique(inspections)


def _unique(inspections: Iterable[Inspection]) -> list[Inspection]:
    """Each project once: the first clone of several, and a clone rather than an address.

    A clone may have commits that were not pushed. The group and its owner come from whichever entry has them.
    """
    by_name: dict[str, Inspection] = {}
    for inspection in inspections:
        before = by_name.get(inspection.name, inspection)
        chosen = inspection if inspection.folder and not before.folder else before
        grouped = next((entry for entry in (before, inspection) if entry.group), chosen)
        by_name[inspection.name] = replace(chosen, group=grouped.group, owner=grouped.owner)
    return [*by_name.values()]


def _inspect(place: RepositoryPlace, *, seconds: float) -> list[Inspection]:
    """The projects of one place, at least one entry; if the place cannot be read, its entry says why."""
    name = repositories.name(place.url) if place.url else place.folder
    start = Inspection(name, place.url, place.folder, place.owner or repositories.owner(place.url), place.group)
    deadline = mirrors.Deadline(seconds)
    try:
        if place.url:
            return _inspect_remote(start, deadline)
        with process.limited(seconds):
            refs = _refs(Path(place.folder))
            start = _named_by_clone(start)  # a later failure is reported under this name
            return _inspect_clone(start, refs)
    except ToolError as error:
        reason, hint = error.message, error.hint
    except ProcessError as error:
        reason, hint = f"git cannot read it: {remotes.failure_reason(error)}.", f"git -C {shell_quoted(name)} fsck"
        if not deadline.left:
            reason = f"It took longer than {seconds:g} seconds."
            hint = f"See what git waits for there: git -C {shell_quoted(name)} status"
    except OSError as error:
        reason, hint = f"It cannot be read: {error.strerror or error}.", "Fix that, then run this again."
    return [replace(start, state=ResultState.FAILED, reason=reason, hint=hint)]


def _inspect_remote(start: Inspection, deadline: mirrors.Deadline) -> list[Inspection]:
    """The projects of a repository known only by its address; one round trip if nothing changed since the last run."""
    state = mirrors.remote_state(start.url, deadline)
    folder = mirrors.fetch(start.url, state, deadline)
    start = replace(start, branch=state.branch, base=state.commit, open=state.template_branches)

    def contents(blobs: list[str]) -> dict[str, bytes]:
        mirrors.fetch_missing(start.url, folder, state.commit, blobs, deadline)
        return objects.read_blobs(folder, blobs)

    return _projects(start, folder, contents)


def _refs(folder: Path) -> dict[str, str]:
    """The refs of a clone that say how it stands, each with its target if it is symbolic.

    Raises ToolError if there is no clone, and ProcessError if git cannot read it. For git looks for a repository above
    one that it does not recognize, this is asked first, and only of the folder.
    """
    if not folder.exists():
        raise ToolError(f"{folder} does not exist.", "Give the path of a clone, or its address.")
    if not git.is_repository(folder):
        raise ToolError(f"{folder} is not a git repository.", "Give the path of a clone, or its address.")
    patterns = ("refs/heads/template", f"{_ORIGIN}template", f"{_ORIGIN}HEAD")
    env = {"GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)}
    output = git.git("for-each-ref", "--format=%(refname) %(symref)", *patterns, at=folder, env=env).text
    return {ref: target for ref, _, target in (line.partition(" ") for line in output.splitlines())}


def _named_by_clone(start: Inspection) -> Inspection:
    """The inspection, named after the remote of the clone, if it has one."""
    folder = Path(start.folder)
    origin = git.remote_url(folder)
    if not origin:
        return start
    is_address = repositories.is_address(origin)
    url = repositories.address(origin) if is_address else os.path.normpath(folder / origin)
    return replace(start, name=repositories.name(url), url=url, owner=start.owner or repositories.owner(url))


def _inspect_clone(start: Inspection, refs: dict[str, str]) -> list[Inspection]:
    """The projects in the last commit of a clone on this machine."""
    folder = Path(start.folder)
    default = refs.pop(f"{_ORIGIN}HEAD", "").removeprefix(_ORIGIN)
    template_branches = {re.sub(r"^refs/(heads|remotes/origin)/", "", ref) for ref in refs}
    start = replace(start, open=tuple(sorted(template_branches)))
    if not (folder / ".git").exists():
        commit = git.resolve(folder, "HEAD")
        if commit is None:
            raise ToolError(f"{folder} has no commit yet.", "Push one, or leave the repository out.")
        head = git.git("symbolic-ref", "--quiet", "HEAD", at=folder, codes=(0, 1)).text
        start = replace(start, branch=head.removeprefix("refs/heads/"), base=commit)
        return _projects(start, folder, partial(objects.read_blobs, folder))
    git_dir = folder / ".git"
    plain = Repository(folder, git_dir, Path(), "")
    status = worktree.status(plain if git_dir.is_dir() else worktree.find_repository(folder)[0])
    start = replace(start, branch=status.branch, base=status.head)
    inspections = _projects(start, folder, partial(objects.read_blobs, folder))
    return [_deferred_if_busy(inspection, status.dirty, default) for inspection in inspections]


def _deferred_if_busy(project: Inspection, dirty: frozenset[str], default: str) -> Inspection:
    """The inspection, deferred while somebody works in the clone.

    `dirty` are changed paths; `default` is the default branch, '' if the clone does not know it.
    """
    if project.state:
        return project
    if not project.branch:
        reason = f"HEAD is detached at {project.base[:7]}: there is no branch to change."
        hint = "git switch BRANCH"
    elif default not in {"", project.branch}:
        reason = f"{project.branch} is checked out, and the default branch is {default}."
        hint = f"git switch {default}; if that was renamed: git remote set-head origin --auto"
    # An untracked folder is one path, so a dirty path may also be a folder above the project.
    elif changed := sorted(
        path for path in dirty if path.startswith(project.prefix) or project.prefix.startswith(path)
    ):
        reason, hint = f"It has uncommitted changes: {list_first(changed, 3)}.", "Commit or stash them."
    else:
        return project
    return replace(project, state=ResultState.DEFERRED, reason=reason, hint=hint)


# ---- the projects of a commit ----------------------------------------------------------------------------------------

_Read = Callable[[list[str]], dict[str, bytes]]


def _projects(start: Inspection, folder: Path, contents: _Read) -> list[Inspection]:
    """One inspection for each project in the commit, or a deferred one if there is none."""
    lines = git.git("ls-tree", "-r", "-z", "--full-tree", start.base, at=folder).stdout.split(b"\0")
    files = dict(_files(line for line in lines if line))
    answers = _answers_files(files, contents)
    if not answers:
        reason = f"It was not generated from a template: it has no {answers_file.ANSWERS_FILE}."
        return [replace(start, state=ResultState.DEFERRED, reason=reason, hint="new-ops-project adopt PATH")]
    count = Counter(prefix for prefix, _ in answers)
    return [
        _project(start, prefix, file, content, is_alone=count[prefix] == 1)
        for (prefix, file), content in answers.items()
    ]


def _files(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """The path and the blob of each regular file in the output of `git ls-tree -z`."""
    for line in lines:
        entry, _, path = line.partition(b"\t")
        mode, kind, blob = entry.decode().split()
        if kind == "blob" and mode != "120000":
            yield os.fsdecode(path), blob


def _answers_files(files: dict[str, str], contents: _Read) -> dict[tuple[str, str], bytes]:
    """The content of each answers file, by its project's folder, as `prefix` has it, and its path in there.

    The project at the root counts; else all projects below it; else the YAML files near the root that record a
    template. The usual one of a folder comes first.
    """
    tops = {answers_file.project_of(path)[0] for path in files if _USUAL.fullmatch(path)}
    tops = {""} & tops or tops
    places = {path: answers_file.project_of(path) for path in files if path.endswith((".yml", ".yaml"))}
    near = {path for path, (prefix, _) in places.items() if (prefix in tops if tops else _NEAR_ROOT.fullmatch(path))}
    by_blob = contents([files[path] for path in near]) if near else {}
    is_usual = {path: places[path][1] == answers_file.ANSWERS_FILE for path in near}
    answers = [path for path in near if is_usual[path] or answers_file.names_template(by_blob[files[path]])]
    answers.sort(key=lambda path: (places[path][0], not is_usual[path], path))
    return {places[path]: by_blob[files[path]] for path in answers}


def _project(start: Inspection, prefix: str, file: str, content: bytes, *, is_alone: bool) -> Inspection:
    """The inspection of the project with this answers file; `is_alone`: its folder follows no other template."""
    is_named_by_folder = is_alone or file == answers_file.ANSWERS_FILE
    part = prefix.rstrip("/") if is_named_by_folder else f"{prefix}{file}"
    name = f"{start.name}//{part}" if part else start.name
    project = replace(start, name=name, prefix=prefix, answers_file=file)
    try:
        repository = Repository(Path(start.folder), Path(), Path(), "")
        record = generated.parse(repository, prefix, file, content, commit=start.base)
    except ToolError as error:
        return replace(project, state=ResultState.FAILED, reason=error.message, hint=error.hint)
    tier, python = (str(record.answers.get(name, "")) for name in ("tier", "python_version"))
    return replace(project, template=record.source, before=record.version, tier=tier, python=python)
