"""A Plan reaches the repository: its work tree and index, or a branch."""

import hashlib
import os
import shlex
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project import git
from new_ops_project.base import interrupts
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git import journal
from new_ops_project.git.journal import Change
from new_ops_project.git.merge import Difference
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan.model import Plan

_SUBMODULE = "160000"
# What is laid ready is no business of hooks and monitors; the user's line ends and filters are heeded.
_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "submodule.recurse=false")
TREE_TRAILER = "Template-Tree"  # the trailer by which a commit of ours, that nobody has changed, is known


def require_clean(now: Status, prefix: str, *, has_in_place: bool = True) -> None:
    """Raise ToolError when something below `prefix` is not committed."""
    if mine := [path for path in now.dirty if path.startswith(prefix) or prefix.startswith(path)]:
        hint = "Commit or stash that first, or use --branch, which leaves the work tree alone"
        hint += "; --in-place updates the other files only." if has_in_place else "."
        raise ToolError(f"The work tree has changes that are not committed: {_some(mine)}.", hint)


def require_untouched(plan: Plan, now: Status) -> None:
    """Raise ToolError when the plan writes what is not committed."""
    touched = {path for one in plan.differences for path in (one.path, one.before)}
    if mine := [path for path in now.dirty if path in touched]:
        hint = "Commit or stash that first, or use --branch, which leaves the work tree alone."
        raise ToolError(f"What is not committed here would change: {_some(mine)}.", hint)


def require_branch(where: Repository, branch: str) -> None:
    """Raise ToolError where git could not make the branch: it is checked out, or a part of its name is a branch."""
    if at := git.worktree_of(where.root, branch):
        raise ToolError(f"The branch {branch} is checked out in {at}.", "Switch to another, or give --branch NAME.")
    for above in _parents(branch):
        if git.resolve(where.root, f"refs/heads/{above}"):
            message = f"There is a branch {above}, beside which git cannot have one called {branch}."
            raise ToolError(message, "Give --branch NAME.")


def require_identity(where: Repository) -> None:
    """Raise ToolError where git knows no author for a commit."""
    if not git.has_identity(where.root):
        hint = 'git config user.name "NAME" && git config user.email ADDRESS'
        raise ToolError("git knows no author for the commit.", hint)


def require_no_merge(where: Repository) -> None:
    """Raise ToolError while a merge, a rebase or the like is under way: a commit now would conclude it."""
    for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"):
        if (where.git_dir / name).exists():
            what = name.partition("_HEAD")[0].partition("-")[0].lower().replace("_", "-")
            raise ToolError(f"A git {what} is under way in {where.root}.", "Conclude or abort it first.")


def require_nothing_staged(where: Repository) -> None:
    """Raise ToolError when a commit would take along what the user has staged, a submodule's commit included."""
    staged = git.git("diff-index", "--cached", "--name-only", "-z", "HEAD", at=where.root).stdout.split(b"\0")
    if any(staged):
        message = (
            f"The commit would take along what is staged here: {_some([os.fsdecode(one) for one in staged if one])}."
        )
        raise ToolError(message, "Commit or unstage that first, or leave --commit out.")


def write_work_tree(plan: Plan, *, about: Mapping[str, Any]) -> Change:
    """Write the plan to the work tree and the index, as one change that can be taken back.

    Raises ToolError, with nothing moved, where something that git does not know of is in the way.
    """
    where = plan.repository
    written = [one for one in plan.differences if one.mode != _SUBMODULE]
    _require_free(where, written)
    plan.scratch.hand_over(where.objects)
    with journal.preparation_folder(where.git_dir) as ready:
        _lay_out(plan, ready, [one.path for one in written if one.status != "D"])
        _mark_unmerged(plan, ready)
        before = {path: journal.digest(where.root / path) for path in _as_committed(where, written)}
        removed = {one.before for one in written if one.status in "DR" and one.before in before}
        return journal.put_in_place(ready, where.root, where.git_dir, before=before, removed=removed, about=about)


def _require_free(where: Repository, written: Iterable[Difference]) -> None:
    """Raise ToolError when a new file would replace one that git does not track, or reach through a link."""
    gone = {one.before for one in written if one.status in "DR"}
    for one in written:
        if one.status not in "AR":
            continue
        if os.path.lexists(where.root / one.path) and not _is_empty(where.root / one.path, gone, one.path):
            raise _in_the_way(one.path, one.path)
        for folder in _parents(one.path):
            at = where.root / folder
            if (at.is_symlink() or (at.exists() and not at.is_dir())) and folder not in gone:
                raise _in_the_way(one.path, folder)


def _is_empty(path: Path, gone: set[str], name: str) -> bool:
    """Whether `path` is a folder of which nothing will be left, or a file that goes itself."""
    if path.is_symlink() or not path.is_dir():
        return name in gone
    below = (Path(at, file).relative_to(path).as_posix() for at, _, files in os.walk(path) for file in files)
    return all(f"{name}/{file}" in gone for file in below)


def _in_the_way(path: str, what: str) -> ToolError:
    message = f"{path} is new in the template, and {what}, which git does not track, is there."
    return ToolError(message, f"Move {what} elsewhere, or commit it; then run this again.")


def _lay_out(plan: Plan, ready: Path, paths: list[str]) -> None:
    """Lay a copy of the index ready with the plan's tree in it, and the new files as git checks them out.

    Git believes `new` to be its work tree: line ends, filters, modes and a sparse checkout are heeded as ever.
    """
    where = plan.repository
    journal.require_unlocked_index(where.git_dir)
    shutil.copy2(where.git_dir / "index", ready / "index")
    shutil.copy2(ready / "index", ready / "index.old")
    new = ready / "new"
    env = {"GIT_DIR": str(where.git_dir), "GIT_INDEX_FILE": str(ready / "index"), "GIT_WORKTREE": str(new)}
    git.git(*_QUIET, "read-tree", "-m", "-u", plan.head, plan.tree, at=new, env=env)
    unwanted = {path.relative_to(new).as_posix() for path in new.rglob("*") if not path.is_dir()} - {*paths}
    for path in unwanted:
        (new / path).unlink()
    # What is out of sight stays there, but for what is in conflict; what is there in spite of its flag is written.
    conflicts = {stage.path for stage in plan.stages}
    hidden = [path for path in paths if not os.path.lexists(new / path)]
    if shown := [path for path in hidden if path in conflicts or os.path.lexists(where.root / path)]:
        names = b"".join(os.fsencode(path) + b"\0" for path in shown)
        command = ("checkout-index", "--force", "--quiet", "--ignore-skip-worktree-bits", "-z", "--stdin")
        git.git(*_QUIET, *command, at=new, env=env, stdin=names)


def _mark_unmerged(plan: Plan, ready: Path) -> None:
    """Record the conflicts in the index that is laid ready."""
    if not plan.stages:
        return
    paths = dict.fromkeys(stage.path for stage in plan.stages)
    empty = "0" * len(plan.tree)
    lines = [f"0 {empty}\t{path}" for path in paths]
    lines += [f"{stage.mode} {stage.blob} {stage.number}\t{stage.path}" for stage in plan.stages]
    told = b"".join(os.fsencode(line) + b"\0" for line in lines)
    env = {"GIT_INDEX_FILE": str(ready / "index")}
    git.git(*_QUIET, "update-index", "-z", "--index-info", at=plan.repository.root, env=env, stdin=told)


def _as_committed(where: Repository, written: Iterable[Difference]) -> list[str]:
    """The paths in sight that the plan replaces, once it is sure that each is as committed.

    Raises ToolError for one that is not although git's index says so (`git update-index --assume-unchanged`).
    """
    expected = {one.before: one.old_blob for one in written if one.status != "A"}
    doubtful = []
    for path, blob in expected.items():
        at = where.root / path
        if not os.path.lexists(at):
            continue
        content = os.fsencode(os.readlink(at)) if at.is_symlink() else at.read_bytes() if at.is_file() else b""  # noqa: PTH115
        if _blob_id(content, blob) != blob:
            doubtful.append(path)
    if doubtful:
        _require_same(where, {path: expected[path] for path in doubtful})
    return [path for path in expected if os.path.lexists(where.root / path)]


def _require_same(where: Repository, expected: Mapping[str, str]) -> None:
    """The same with git's filters (line ends, for example) applied."""
    for path, blob in expected.items():
        try:
            found = git.git("hash-object", "--", path, at=where.root).text
        except ProcessError:
            found = ""
        if found != blob:
            message = f"{path} differs from what is committed, and git was told not to look at it."
            raise ToolError(message, f"git update-index --no-assume-unchanged --no-skip-worktree {shlex.quote(path)}")


def write_branch(plan: Plan, branch: str, message: str) -> tuple[str, bool]:
    """Write the plan as one commit on `branch`; return its id and whether it is new. Nothing else moves.

    Raises ToolError when the branch holds what this tool did not write, and when git knows no author.
    """
    where, ref = plan.repository, f"refs/heads/{branch}"
    was = _replaceable(where, branch, plan)
    if (
        was
        and git.git("log", "-1", "--no-show-signature", "--format=%T %P", was, at=where.root).text
        == f"{plan.tree} {plan.commit}"
    ):
        return was, False
    if at := git.worktree_of(where.root, branch):
        raise ToolError(f"The branch {branch} is checked out in {at}.", "Switch to another, or give --branch NAME.")
    plan.scratch.hand_over(where.objects)
    text = f"{message}\n\n{TREE_TRAILER}: {plan.tree}\n"
    signed = ("--gpg-sign",) if git.config_boolean(where.root, "commit.gpgsign") == "true" else ()
    try:
        commit = git.git("commit-tree", *signed, "-p", plan.commit, plan.tree, at=where.root, stdin=text.encode()).text
        interrupts.ignore()
        git.git("update-ref", "-m", message.splitlines()[0], ref, commit, was or "0" * len(commit), at=where.root)
    except ProcessError as error:
        raise ToolError(f"The branch {branch} cannot be written: {error.reason}", "Nothing was changed.") from error
    return commit, True


def _replaceable(where: Repository, branch: str, plan: Plan) -> str | None:
    """The commit at the tip of `branch`, if that is ours and nobody has added to it; None for no branch."""
    tip = git.resolve(where.root, f"refs/heads/{branch}")
    if tip is None:
        return None
    tree, _, body = git.git("log", "-1", "--no-show-signature", "--format=%T%n%B", tip, at=where.root).text.partition(
        "\n"
    )
    if f"{TREE_TRAILER}: {tree}" not in body and tip != plan.commit:
        message = f"The branch {branch} exists and holds commits that are not this tool's."
        raise ToolError(message, f"Delete it (git branch -D {branch}), or give --branch NAME.")
    return tip


def commit_staged(where: Repository, message: str) -> str:
    """Commit what is staged, as the user's git does it (hooks and signature included); return the commit's id.

    Raises ToolError when git refuses; everything stays staged.
    """
    try:
        git.git("commit", "--quiet", f"--message={message}", at=where.root)
    except ProcessError as error:
        said = "; ".join(line.strip() for line in error.stderr.splitlines() if line.strip())
        message = f"git did not commit: {said or error.reason}"
        raise ToolError(message, "Everything is staged; mend that, then git commit.") from error
    return git.resolve(where.root, "HEAD") or ""


def _some(paths: list[str]) -> str:
    shown = ", ".join(sorted(paths)[:5])
    return f"{shown} and {len(paths) - 5} more" if len(paths) > 5 else shown  # noqa: PLR2004


def _blob_id(content: bytes, like: str) -> str:
    """The id that git gives to a blob, in the hash that `like` is in."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256  # noqa: PLR2004 - git's two object formats
    return kind(b"blob %d\0" % len(content) + content).hexdigest()


def _parents(path: str) -> Iterable[str]:
    """The folders above `path`, nearest first, without the root."""
    return [str(folder) for folder in PurePosixPath(path).parents if str(folder) != "."]
