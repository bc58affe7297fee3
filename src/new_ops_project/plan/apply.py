"""How a Plan is written to a repository: to its work tree, or to a branch."""

import hashlib
import os
import shlex
import shutil
from collections.abc import Container, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project import git
from new_ops_project.base import interrupts
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.text import list_first
from new_ops_project.git import identity, journal
from new_ops_project.git.journal import Change
from new_ops_project.git.merge import Difference
from new_ops_project.git.objects import format_of
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan.model import Plan
from new_ops_project.template.answers_file import ANSWERS_FILE

_SUBMODULE = "160000"
TEMPLATE = "template"  # in the journal: the template's files, for migrations that use them at --continue
# Submodules are left alone, whatever is set for them.
_QUIET = ("-c", "submodule.recurse=false")
_OWNER_TRAILER = "Template-Project"  # the answers file, from the root; absent for the usual one in the root
TREE_TRAILER = "Template-Tree"  # its value shows whether a commit is ours and unchanged: it is the id of its own tree


def require_clean(now: Status, prefix: str, *, has_in_place: bool = True) -> None:
    """Raise ToolError when something below `prefix` is not committed. `has_in_place`: whether to hint at --in-place."""
    if mine := [path for path in now.dirty if path.startswith(prefix) or prefix.startswith(path)]:
        hint = "Commit or stash that first, or use --branch, which leaves the work tree alone"
        hint += "; --in-place updates the other files only." if has_in_place else "."
        raise ToolError(f"The work tree has uncommitted changes: {_some(mine)}.", hint)


def require_untouched(plan: Plan, now: Status) -> None:
    """Raise ToolError when the plan would overwrite uncommitted changes."""
    touched = {path for difference in plan.differences for path in (difference.path, difference.before)}
    if mine := [path for path in now.dirty if path in touched]:
        hint = "Commit or stash that first, or use --branch, which leaves the work tree alone."
        raise ToolError(f"Uncommitted changes would be overwritten: {_some(mine)}.", hint)


def require_branch(repository: Repository, branch: str) -> None:
    """Raise ToolError for a branch that git would not create: it is checked out, or its name means something else."""
    if branch == "HEAD":
        raise _bad_name(branch)
    if path := git.worktree_of(repository.root, branch):
        raise ToolError(f"The branch {branch} is checked out in {path}.", "Switch to another, or give --branch NAME.")
    for parent in _parents(branch):
        if git.resolve(repository.root, f"refs/heads/{parent}"):
            raise ToolError(
                f"There is a branch {parent}, so git cannot create one called {branch}.", "Give --branch NAME."
            )


def require_identity(repository: Repository) -> None:
    """Raise ToolError if git knows no author for a commit."""
    if not identity.author(repository.root):
        raise ToolError("git has no author for the commit.", identity.REMEDY)


def require_no_merge(repository: Repository) -> None:
    """Raise ToolError during a merge, a rebase or the like, which a commit would conclude."""
    for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"):
        if (repository.git_dir / name).exists():
            operation = name.partition("_HEAD")[0].partition("-")[0].lower().replace("_", "-")
            raise ToolError(f"A git {operation} is under way in {repository.root}.", "Finish or abort it first.")


def require_nothing_staged(repository: Repository, besides: Container[str] = ()) -> None:
    """Raise ToolError when a commit would include what the user has staged, such as the commit of a submodule."""
    output = git.git("diff-index", "--cached", "--name-only", "-z", "HEAD", at=repository.root).stdout
    names = [os.fsdecode(name) for name in output.split(b"\0") if name]
    if staged := [name for name in names if name not in besides]:
        raise ToolError(
            f"The commit would also include other staged changes: {_some(staged)}.", "Commit or unstage that first."
        )


def write_work_tree(plan: Plan, *, about: Mapping[str, Any]) -> Change:
    """Write the plan to the work tree and the index, as one change that can be undone.

    Raises ToolError, with nothing changed, if something that git does not track is in the way.
    """
    repository = plan.repository
    written = [difference for difference in plan.differences if difference.mode != _SUBMODULE]
    _require_free(repository, written)
    plan.scratch.copy_objects_to(repository.objects)
    with journal.preparation_folder(repository.git_dir) as ready:
        _prepare(plan, ready, [difference.path for difference in written if difference.status != "D"])
        _mark_unmerged(plan, ready)
        if source := about.get("left", {}).get("source"):
            shutil.copytree(source, ready / TEMPLATE, symlinks=True)
        before = {
            path: journal.digest_below(repository.root, path) for path in _paths_as_committed(repository, written)
        }
        removed = {
            difference.before for difference in written if difference.status in "DR" and difference.before in before
        }
        return journal.put_in_place(
            ready, repository.root, repository.git_dir, before=before, removed=removed, about=about
        )


def _require_free(repository: Repository, written: Iterable[Difference]) -> None:
    """Raise ToolError when a new file would replace one that git does not track, or any lie beyond a symbolic link.

    A link that the plan removes is in nobody's way, and what lies beyond it is not in the project.
    """
    root, removed = repository.root, {difference.before for difference in written if difference.status in "DR"}
    for difference in written:
        path, is_new = difference.path, difference.status in "AR"
        above = [root / parent for parent in reversed([*_parents(path)]) if parent not in removed]
        if link := next((folder for folder in above if folder.is_symlink()), None):
            blocked = link.relative_to(root).as_posix()
            raise _in_the_way(path, blocked, f"{blocked} is a symbolic link here, and not in the commit", is_new=is_new)
        is_taken = os.path.lexists(root / path) and not journal.is_beyond_link(root, path)
        blocked = path if is_taken and not _will_be_empty(root / path, removed, path) else ""
        files = (folder.relative_to(root).as_posix() for folder in above if folder.exists() and not folder.is_dir())
        if is_new and (blocked := next(files, blocked)):
            raise _in_the_way(path, blocked, f"the untracked {blocked} is in its place", is_new=is_new)


def _in_the_way(path: str, blocked: str, clause: str, *, is_new: bool) -> ToolError:
    hint = f"Move {blocked} elsewhere, or commit it; then run this again."
    return ToolError(f"{path} is {'new' if is_new else 'changed'} in the template, but {clause}.", hint)


def _will_be_empty(target: Path, removed: set[str], path: str) -> bool:
    """Whether `target` is a file that the plan removes, or a folder all of whose files it removes."""
    if target.is_symlink() or not target.is_dir():
        is_renamed = journal.is_spelled_otherwise(target) and path.casefold() in map(str.casefold, removed)
        return path in removed or is_renamed
    below = (
        Path(folder, file).relative_to(target).as_posix() for folder, _, files in os.walk(target) for file in files
    )
    return all(f"{path}/{file}" in removed for file in below)


def _prepare(plan: Plan, ready: Path, paths: list[str]) -> None:
    """Write a copy of the index that has the plan's tree to `ready`, and the new files as git checks them out.

    Git uses the folder `new` as its work tree. So it applies line endings, filters, modes and a sparse checkout
    as it always does, without touching the user's files.
    """
    repository = plan.repository
    journal.require_unlocked_index(repository.git_dir)
    shutil.copy2(repository.git_dir / "index", ready / "index")
    shutil.copy2(ready / "index", ready / "index.old")
    new = ready / "new"
    env = {"GIT_DIR": str(repository.git_dir), "GIT_INDEX_FILE": str(ready / "index"), "GIT_WORK_TREE": str(new)}
    git.git(*_QUIET, "read-tree", "-m", "-u", plan.tree_before, plan.tree_after, at=new, env=env, filters=True)
    unwanted = {path.relative_to(new).as_posix() for path in new.rglob("*") if not path.is_dir()} - {*paths}
    for path in unwanted:
        (new / path).unlink()
    # A sparse checkout has left out some paths. They stay so, except those in conflict, which a person must see, and
    # those that are in the work tree in spite of it, which would otherwise be out of date.
    conflicts = {stage.path for stage in plan.stages}
    hidden = [path for path in paths if not os.path.lexists(new / path)]
    if visible := [path for path in hidden if path in conflicts or os.path.lexists(repository.root / path)]:
        names = b"".join(os.fsencode(path) + b"\0" for path in visible)
        command = ("checkout-index", "--force", "--quiet", "--ignore-skip-worktree-bits", "-z", "--stdin")
        git.git(*_QUIET, *command, at=new, env=env, stdin=names, filters=True)


def _mark_unmerged(plan: Plan, ready: Path) -> None:
    """Record the conflicts in the prepared index."""
    if not plan.stages:
        return
    paths = dict.fromkeys(stage.path for stage in plan.stages)
    zero = "0" * len(plan.tree_after)
    # A line with mode 0 removes the merged entry, which git keeps beside the stages otherwise (git-update-index(1)).
    rows = [f"0 {zero}\t{path}" for path in paths]
    rows += [f"{stage.mode} {stage.blob} {stage.number}\t{stage.path}" for stage in plan.stages]
    stdin = b"".join(os.fsencode(row) + b"\0" for row in rows)
    env = {"GIT_INDEX_FILE": str(ready / "index")}
    git.git(*_QUIET, "update-index", "-z", "--index-info", at=plan.repository.root, env=env, stdin=stdin)


def _paths_as_committed(repository: Repository, written: Iterable[Difference]) -> list[str]:
    """The paths in the work tree that the plan replaces; each is as committed.

    Raises ToolError for one that is not, which git status does not show (`git update-index --assume-unchanged`).
    """
    expected = {difference.before: difference.old_blob for difference in written if difference.status != "A"}
    present = [path for path in expected if os.path.lexists(repository.root / path)]
    for path in present:
        file, blob = repository.root / path, expected[path]
        content = os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes() if file.is_file() else b""  # noqa: PTH115
        # Git may still see the committed content in it, by its filters for line endings.
        own_id = hashlib.new(format_of(blob), b"blob %d\0" % len(content) + content).hexdigest()
        if own_id != blob and git.ask("hash-object", "--", path, at=repository.root, filters=True) != blob:
            raise ToolError(
                f"{path} differs from the commit, and git is set to ignore that.",
                f"git update-index --no-assume-unchanged --no-skip-worktree {shlex.quote(path)}",
            )
    return present


def write_branch(plan: Plan, branch: str, message: str, *, owner: str) -> tuple[str, bool]:
    """Write the plan as one commit on `branch`, and nothing else; return the commit's id and whether it is new.

    `owner`: the name of the project. Raises ToolError if the branch has commits that this tool did not write for it,
    and if git knows no author.
    """
    repository, root, ref = plan.repository, plan.repository.root, f"refs/heads/{branch}"
    owner = owner.encode("unicode_escape").decode("ascii")  # a folder's name may hold anything
    if tip := git.resolve(root, ref):
        output = git.git("log", "-1", "--format=%T %P%n%B", tip, at=root).text
        tree_and_parents, _, body = output.partition("\n")
        if f"{TREE_TRAILER}: {tree_and_parents.split()[0]}" not in body and tip != plan.commit:
            raise ToolError(
                f"The branch {branch} exists and has commits that this tool did not write.",
                f"Give another --branch NAME, or delete it with its commits (git branch -D {shlex.quote(branch)}).",
            )
        if tree_and_parents == f"{plan.tree_after} {plan.commit}":
            return tip, False
        if tip != plan.commit and (other := _owner(body)) != owner:
            raise ToolError(f"The branch {branch} has a commit for {other}, not {owner}.", "Give --branch NAME.")
    require_branch(repository, branch)
    plan.scratch.copy_objects_to(repository.objects)
    text = f"{message}\n\n{TREE_TRAILER}: {plan.tree_after}\n"
    text += f"{_OWNER_TRAILER}: {owner}\n" if owner != ANSWERS_FILE else ""
    # commit-tree itself ignores this setting.
    sign = ["--gpg-sign"] * (git.ask("config", "--type=bool", "--get", "commit.gpgsign", at=root) == "true")
    try:
        commit = git.git("commit-tree", *sign, "-p", plan.commit, plan.tree_after, at=root, stdin=text.encode()).text
        interrupts.ignore()
        git.git("update-ref", "-m", message.splitlines()[0], ref, commit, tip or "0" * len(commit), at=root)
    except ProcessError as error:
        if git.git("check-ref-format", ref, codes=(0, 1)).exit_code:
            raise _bad_name(branch) from error
        raise ToolError(f"The branch {branch} cannot be written: {error.reason}", "Nothing was changed.") from error
    return commit, True


def _bad_name(branch: str) -> ToolError:
    return ToolError(f"git allows no branch called {branch!r}.", "Give another --branch NAME.")


def _owner(message: str) -> str:
    """The project that a commit of ours is for."""
    mark = f"{_OWNER_TRAILER}: "
    owners = [line.removeprefix(mark) for line in message.splitlines() if line.startswith(mark)]
    return owners[-1] if owners else ANSWERS_FILE


def commit_staged(repository: Repository, message: str) -> str:
    """Commit what is staged, with the user's hooks and signature; return the commit's id.

    Raises ToolError if git refuses; everything stays staged then.
    """
    try:
        git.git("commit", "--quiet", f"--message={message}", at=repository.root, filters=True, hooks=True)
    except ProcessError as error:
        output = "; ".join(line.strip() for line in error.stderr.splitlines() if line.strip())
        raise ToolError(
            f"git did not commit: {output or error.reason}", "Everything is staged; fix that, then git commit."
        ) from error
    return git.resolve(repository.root, "HEAD") or ""


def _some(paths: list[str]) -> str:
    return list_first(sorted(paths), 5)


def _parents(path: str) -> Iterable[str]:
    """The folders above `path`, nearest first, without the root."""
    return [str(folder) for folder in PurePosixPath(path).parents if str(folder) != "."]
