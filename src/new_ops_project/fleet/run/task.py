"""One project of a fleet and its new version become a commit in a bundle; nothing of the project itself is touched."""

import glob
import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.base.text import readable
from new_ops_project.fleet import branches, commits, store
from new_ops_project.fleet.commits import CommitInfo
from new_ops_project.fleet.inventory import mirrors
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import PathNote, Result, ResultState, Task
from new_ops_project.fleet.run import view
from new_ops_project.fleet.run.view import View
from new_ops_project.git import objects
from new_ops_project.git.merge import Scratch
from new_ops_project.git.tree import Tree
from new_ops_project.plan.model import Plan
from new_ops_project.project import generated
from new_ops_project.project.update import planner
from new_ops_project.project.update.planner import Refresh, UpdateTarget
from new_ops_project.template.releases import Releases

_PLAIN = re.compile(r"template/[A-Za-z0-9]\w*(?:[.+-]\w+)*", re.ASCII)  # what git surely takes for a branch


@dataclass(frozen=True)
class RunContext:
    """What the projects of one plan share: its id, author and date, where results go, what may run code."""

    plan: str
    author: str
    created: str
    out: Path
    work: Path | None = None
    """where to make what is temporary"""
    trust: bool = False
    checks_base: bool = False
    """Whether a branch that has moved since the plan is a reason to leave the project alone."""


def update(task: Task, job: RunContext, releases: Releases, until: Deadline) -> Result:
    """Merge the new version into the project's pinned commit, and put the commit in a bundle.

    Raises ToolError and ProcessError for what is wrong with the project or its remote.
    """
    if job.checks_base and (moved := _moved(task, until)):
        return store.outcome(task, job.plan, reason=moved, hint="new-ops-project fleet retry DIR --only deferred")
    with _viewed(task, until) as seen:
        look = _look(task, job, releases, seen)
        carried = look.carried(ask=None)
        if changes := carried.unwanted:
            clauses = "; ".join(change.clause for change in changes)
            message = f"Recorded answers do not fit {task.version} of the template: {clauses}."
            raise ToolError(message, "new-ops-project update PATH --accept-answer-changes")
        if planner.runs_commands(look):
            with planner.planned(look, carried) as plan:
                return _committed(task, job, look, plan, {})
        base, theirs = planner.both(look, carried)
        with planner.merged(look, carried, base, theirs) as plan:
            facts = _facts(plan.scratch, task, base, theirs)
            return _committed(task, job, look, plan, facts)


def drift(task: Task, releases: Releases, until: Deadline) -> tuple[PathNote, ...]:
    """The files of the template that the project has edited or deleted; raises what `update` raises."""
    with _viewed(task, until) as seen:
        look = _look(task, RunContext("", "", "", Path()), releases, seen)
        found = planner.drift(look, look.carried(ask=None))
    return tuple(PathNote(readable(path), how) for path, how in found)


def _viewed(task: Task, until: Deadline) -> AbstractContextManager[View]:
    """The project's pinned commit as a repository of our own."""
    there = Path(task.folder) if task.folder else mirrors.known(task.url, task.base, until)
    name = (task.prefix.rstrip("/") or task.name).rpartition("/")[2]
    return view.opened(view.objects(there, task.base), task.base, name, prefix=task.prefix)


def _moved(task: Task, until: Deadline) -> str:
    """What has become of the branch since the plan, if it is not where it was; raises ToolError where no clone is."""
    if task.folder and not Path(task.folder).is_dir():
        raise ToolError(f"{task.folder} does not exist.", "Run this where the plan was made, or plan by addresses.")
    if task.folder:
        now = git.resolve(Path(task.folder), f"refs/heads/{task.branch}" if task.branch else "HEAD") or ""
    else:
        now = mirrors.ask(task.url, until).commit
    if now == task.base:
        return ""
    return f"{task.branch or 'HEAD'} moved from {task.base[:7]} to {now[:7] or 'nothing'} since the plan."


def _look(task: Task, job: RunContext, releases: Releases, seen: View) -> Refresh:
    """The project at its pinned commit, and the pinned version of its template."""
    file = f"{task.prefix}{task.answers_file}"
    content = seen.reader.get(f"{task.base}:{file}")
    if content is None:
        message = f"{file} is not in the commit {task.base[:7]}, or cannot be read."
        raise ToolError(message, "Plan again; git fsck says what is wrong with a damaged clone.")
    found = generated.recorded(seen.where, task.prefix, task.answers_file, content.content, commit=task.base)
    found = replace(found, source=task.template)
    return planner.look_in(_pinned(releases, task), found, UpdateTarget(to=task.version, trust=job.trust))


def _pinned(releases: Releases, task: Task) -> Releases:
    """The template with the tag where it was when the plan was made."""
    return replace(releases, tags={**releases.tags, task.version: task.commit})


# ---- the commit ------------------------------------------------------------------------------------------------------


def _committed(task: Task, job: RunContext, look: Refresh, plan: Plan, facts: Mapping[str, Any]) -> Result:
    """The result of a plan: current where it changes nothing, else a commit in a bundle."""
    shared: dict[str, Any] = {"notes": tuple(map(readable, plan.notes)), **facts}
    if not plan.changes:
        return store.outcome(task, job.plan, state=ResultState.CURRENT, **shared)
    target = branches.of(task)
    commit = _commit(plan, task, job)
    file = _bundle(plan, task, job, target, commit)
    news = _news(look)
    return store.outcome(
        task,
        job.plan,
        state=ResultState.CONFLICT if plan.conflicts else ResultState.UPDATED,
        target=target,
        commit=commit,
        tree=plan.tree,
        bundle=file,
        lines=sum(one.lines for one in plan.differences),
        news=news,
        files=tuple(PathNote(readable(one.path), one.kind) for one in plan.changes),
        conflicts=tuple(PathNote(readable(one.path), one.reason) for one in plan.conflicts),
        **shared,
    )


def _commit(plan: Plan, task: Task, job: RunContext) -> str:
    """The commit of the plan; the same whenever and wherever it is made."""
    about = CommitInfo(job.plan, job.author, int(datetime.fromisoformat(job.created).timestamp()))
    content = commits.content(task, plan.tree, about, has_conflicts=bool(plan.conflicts))
    return objects.write(plan.scratch.objects, "commit", content, object_format=plan.repository.object_format)


def _bundle(plan: Plan, task: Task, job: RunContext, target: str, commit: str) -> str:
    """Write the commit as a bundle, wholly or not at all; its name in the folder of results.

    Without deltas: whoever takes it need not have the files of the commit below.
    """
    if not _PLAIN.fullmatch(target) and git.git("check-ref-format", f"refs/heads/{target}", codes=(0, 1)).code:
        raise ToolError(f"{target!r} is no name that git lets a branch have.", "Give the template's version another.")
    name = f"bundles/{store.slug(task.name)}.bundle"
    file, ref = job.out / name, f"refs/heads/{target}"
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        (plan.scratch.folder / ref).parent.mkdir(parents=True, exist_ok=True)
        (plan.scratch.folder / ref).write_text(f"{commit}\n")
        command = ("-c", "pack.window=0", "bundle", "create", "--quiet", str(fresh.absolute()), ref, f"^{task.base}")
        plan.scratch.git(*command)
        fresh.replace(file)
    except ProcessError as error:
        raise ToolError(f"{file} cannot be written: {error.reason}", "Free the disk, then run this again.") from error
    finally:
        for left in file.parent.glob(
            f".{glob.escape(file.name)}.*"
        ):  # git's lock too, and those of runs that were killed
            left.unlink(missing_ok=True)
    return name


def _facts(scratch: Scratch, task: Task, base: Tree, theirs: Tree) -> dict[str, Any]:
    """What had been edited before, and which edits copier's own update would have deleted with their file."""
    names = {f"{task.base}:{task.prefix}{path}": path for path in base if path != task.answers_file}
    mine = {names[name]: content for name, content in scratch.contents(names).items()}
    states = {path: planner.drifted(base[path].content, mine.get(path)) for path in names.values()}
    kept = [path for path, how in states.items() if how == "edited" and path not in theirs]
    drift = [PathNote(readable(path), how) for path, how in sorted(states.items()) if how]
    return {"kept": tuple(map(readable, sorted(kept))), "drift": tuple(drift)}


_told: dict[tuple[str | None, str | None], str] = {}


def _news(look: Refresh) -> str:
    """The template's changelog between both versions, looked up once for all projects that go the same way."""
    span = look.before.commit, look.after.commit
    if span not in _told:
        _told[span] = look.news()
    return _told[span]


# ---- every end of it -------------------------------------------------------------------------------------------------


def judged(task: Task, job: RunContext, work: Callable[[], Result]) -> Result:
    """What `work` makes of a task; a failure is a result, too, with its reason."""
    try:
        return work()
    except ToolError as error:
        return failed(task, job.plan, error.message, error.hint)
    except ProcessError as error:
        return failed(task, job.plan, f"{error.command} failed: {error.reason}", "See its log.")
    except OSError as error:
        reason = f"{error.filename or task.name}: {error.strerror or error}."
        return failed(task, job.plan, reason, "Mend that, then run this again.")


def failed(task: Task, plan: str, reason: str, hint: str = "") -> Result:
    """The result of a task that could not be done."""
    return store.outcome(task, plan, state=ResultState.FAILED, reason=reason, hint=hint)


def now() -> str:
    """This moment, as results have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
