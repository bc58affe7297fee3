"""The work on one project of a fleet, without a change to its clone or its remote."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import save
from new_ops_project.base.masking import masked
from new_ops_project.base.text import escape_undecodable
from new_ops_project.fleet import branches, commits, store
from new_ops_project.fleet.commits import CommitInfo
from new_ops_project.fleet.inventory import mirrors
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import PathNote, Result, ResultState, RunContext, Task
from new_ops_project.fleet.names import short_id
from new_ops_project.fleet.run.view import open_view
from new_ops_project.git import objects
from new_ops_project.git.merge import Scratch
from new_ops_project.git.tree import Tree
from new_ops_project.plan.model import Plan
from new_ops_project.project import drift, generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import planner, preparation
from new_ops_project.project.update.preparation import Update, UpdateTarget
from new_ops_project.template.answer_migration import MissingAnswersError
from new_ops_project.template.releases import Releases

# Branch names that git surely allows; for these, no git process has to check the name.
_PLAIN = re.compile(r"template/[A-Za-z0-9]\w*(?:[.+-]\w+)*", re.ASCII)


def run_update(task: Task, context: RunContext, releases: Releases, deadline: Deadline) -> Result:
    """Merge the new version into the project's pinned commit, then write the merge commit to a bundle.

    Raises ToolError or ProcessError if something is wrong with the project or its remote.
    """
    if context.checks_base and (moved := _moved(task, deadline)):
        return store.task_result(
            task, context.plan, reason=moved, hint="new-ops-project fleet retry DIR --only deferred"
        )
    with _update(task, context, releases, deadline) as prepared:
        planner.require_trust(prepared)
        update = planner.after_migrations(prepared) if planner.migrates_first(prepared) else prepared
        try:
            migrated = update.migrate_answers(ask=None)
        except MissingAnswersError as error:
            raise ToolError(error.message, f"new-ops-project update PATH {error.options}") from error
        if changes := migrated.unwanted:
            clauses = "; ".join(change.clause for change in changes)
            message = f"Recorded answers do not fit {task.version} of the template: {clauses}."
            raise ToolError(message, "new-ops-project update PATH --accept-answer-changes")
        renders = planner.render_both(update, migrated)
        with planner.planned_merge(update, migrated, renders) as plan:
            edits = _edits(plan.scratch, task, renders.base, renders.theirs)
            return _committed(task, context, update, plan, edits)


def find_drift(task: Task, context: RunContext, releases: Releases, deadline: Deadline) -> Result:
    """A result whose `drift` has the template's files that the project has edited or deleted.

    Raises the same errors as `run_update`.
    """
    with _update(task, context, releases, deadline) as update:
        states = planner.drifted(update, update.migrate_answers(ask=None))
        notes = tuple(filter(None, [planner.unrun_tasks(update)]))
    return store.task_result(task, context.plan, drift=_notes(states.items()), notes=notes)


def _moved(task: Task, deadline: Deadline) -> str:
    """A sentence that says how the branch moved since the plan, '' if it did not; raises ToolError without a clone."""
    if not task.folder:
        now = mirrors.remote_state(task.url, deadline).commit
    elif Path(task.folder).is_dir():
        now = git.resolve(Path(task.folder), f"refs/heads/{task.branch}" if task.branch else "HEAD") or ""
    else:
        raise ToolError(f"{task.folder} does not exist.", "Run this where the plan was made, or plan by addresses.")
    if now == task.base:
        return ""
    return f"{task.branch or 'HEAD'} moved from {task.base[:7]} to {short_id(now)} since the plan."


@contextmanager
def _update(task: Task, context: RunContext, releases: Releases, deadline: Deadline) -> Iterator[Update]:
    """The update of the project at its pinned commit to the pinned version of the template."""
    with _recorded(task, deadline) as project:
        # The tag names the commit that it named when the plan was made.
        tags = {**releases.tags, task.version: task.commit}
        location = project.source if masked(project.source) == masked(task.template) else task.template
        pinned = replace(releases, tags=tags, source=replace(releases.source, location=location))
        target = UpdateTarget(to=task.version, trust=context.trust)
        yield preparation.prepare(replace(project, source=location), target, pinned)


def recorded_template(task: Task, deadline: Deadline) -> str:
    """The address of the template as the project records it, with its credentials; raises what `run_update` raises."""
    with _recorded(task, deadline) as project:
        return project.source


@contextmanager
def _recorded(task: Task, deadline: Deadline) -> Iterator[Project]:
    """The project at its pinned commit, in a temporary repository."""
    clone = Path(task.folder) if task.folder else mirrors.complete_clone(task.url, task.base, deadline)
    name = (task.prefix.rstrip("/") or task.name.removesuffix(f"//{task.answers_file}")).rpartition("/")[2]
    with open_view(clone, task.base, name, task.prefix) as (repository, reader):
        file = f"{task.prefix}{task.answers_file}"
        content = reader.get(f"{task.base}:{file}")
        if content is None:
            message = f"{file} is not in the commit {task.base[:7]}, or cannot be read."
            raise ToolError(message, "Plan again; git fsck says what is wrong with a damaged clone.")
        yield generated.parse(repository, task.prefix, task.answers_file, content.content, commit=task.base)


# ---- the commit ------------------------------------------------------------------------------------------------------


def _committed(task: Task, context: RunContext, update: Update, plan: Plan, edits: Mapping[str, Any]) -> Result:
    """The result of a plan: current if it changes nothing, else a commit in a bundle."""
    shared: dict[str, Any] = {"notes": tuple(map(escape_undecodable, plan.notes)), **edits}
    if not plan.changes:
        return store.task_result(task, context.plan, state=ResultState.CURRENT, **shared)
    commit = _commit(plan, task, context)
    return store.task_result(
        task,
        context.plan,
        state=ResultState.CONFLICT if plan.conflicts else ResultState.UPDATED,
        target=branches.name(task),
        commit=commit,
        tree=plan.tree_after,
        bundle=_bundle(plan, task, context, commit),
        lines=plan.scratch.count_lines(plan.tree_before, plan.tree_after),
        news=_news(update),
        files=_notes((change.path, change.kind) for change in plan.changes),
        conflicts=_notes((conflict.path, conflict.reason) for conflict in plan.conflicts),
        **shared,
    )


def _notes(pairs: Iterable[tuple[str, str]]) -> tuple[PathNote, ...]:
    return tuple(PathNote(escape_undecodable(path), what) for path, what in pairs)


def _commit(plan: Plan, task: Task, context: RunContext) -> str:
    """Write the commit of the plan; its id is the same on every machine and at any time."""
    info = CommitInfo(context.plan, context.author, int(datetime.fromisoformat(context.created).timestamp()))
    content = commits.content(task, plan.tree_after, info, has_conflicts=bool(plan.conflicts))
    return objects.write_loose(plan.scratch.objects, "commit", content, object_format=plan.repository.object_format)


def _bundle(plan: Plan, task: Task, context: RunContext, commit: str) -> str:
    """Write the commit as a bundle, completely or not at all; returns its path below the results folder.

    The bundle has no deltas: a blobless clone that takes it may lack the files of the parent commit.
    """
    target = branches.name(task)
    if not _PLAIN.fullmatch(target) and git.git("check-ref-format", f"refs/heads/{target}", codes=(0, 1)).exit_code:
        raise ToolError(f"git does not allow a branch called {target!r}.", "Rename the template's version.")
    name = f"bundles/{store.slug(task.name)}.bundle"
    ref, fresh = f"refs/heads/{target}", plan.scratch.folder / f"{store.slug(task.name)}.bundle"
    (plan.scratch.folder / ref).parent.mkdir(parents=True, exist_ok=True)
    (plan.scratch.folder / ref).write_text(f"{commit}\n")
    command = ("-c", "pack.window=0", "bundle", "create", "--quiet", str(fresh.absolute()), ref, f"^{task.base}")
    plan.scratch.git(*command)
    save(context.out / name, fresh.read_bytes(), hint="Free disk space, then run this again.")
    return name


def _edits(scratch: Scratch, task: Task, base: Tree, theirs: Tree) -> dict[str, Any]:
    """The fields `drift` and `kept` of a result: edited or deleted files, and edits that copier would have deleted."""
    managed = {path: entry for path, entry in base.items() if path != task.answers_file}
    states = drift.committed(scratch, task.base, task.prefix, managed)
    kept = (path for path, state in states.items() if state == "edited" and path not in theirs)
    return {"kept": tuple(map(escape_undecodable, kept)), "drift": _notes(states.items())}


_news_by_versions: dict[tuple[str | None, str | None], str] = {}  # by both commits of the template


def _news(update: Update) -> str:
    """The template's changelog between both versions, read once in this process for each pair of versions."""
    versions = update.before.commit, update.after.commit
    if versions not in _news_by_versions:
        _news_by_versions[versions] = update.news
    return _news_by_versions[versions]
