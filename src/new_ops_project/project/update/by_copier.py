"""A template that runs code updates a linked worktree, by copier; what it made there becomes a Plan.

The user's own work tree is out of its reach until that Plan is applied.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.git.merge import Stage, read_stage
from new_ops_project.git.tree import Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.model import CopierResult, Plan
from new_ops_project.project.generated import Project
from new_ops_project.template import answers_file as signed
from new_ops_project.template import render
from new_ops_project.template.releases import Checkout

_QUIET = (*git.TEMPORARY, "-c", "user.name=new-ops-project", "-c", "user.email=new-ops-project@localhost")


@dataclass(frozen=True)
class VersionStep:
    """From one version of a template to another: `repository` holds both, `given` are the answers to change."""

    repository: Path
    before: Checkout
    after: Checkout
    given: Mapping[str, Any]


@contextmanager
def planned(project: Project, step: VersionStep) -> Iterator[Plan]:
    """Let copier update a linked worktree of the project's last commit; yield what came out of it as a Plan.

    Raises ToolError when the template's code fails; the project is as it was.
    """
    sides = (step.before, project.answers), (step.after, {**project.answers, **step.given})
    base, theirs = (
        render.tree(checkout, answers, project.folder, answers_file=project.answers_file, trusted=True)
        for checkout, answers in sides
    )
    with _linked(project) as root:
        folder = root / project.prefix
        _point_at(folder / project.answers_file, step)
        render.update(step.after, folder, step.given, answers_file=project.answers_file)
        found = _found(root, project, base, theirs)
    with three_way.found(project.repository, project.commit, project.prefix, found) as made:
        yield made


@contextmanager
def _linked(project: Project) -> Iterator[Path]:
    """A detached worktree of the project's commit, outside of it; unregistered and gone at the end."""
    where = project.repository.root
    with tempfile.TemporaryDirectory(prefix="new-ops-project-", ignore_cleanup_errors=True) as holder:
        root = Path(holder).resolve() / (where.name or "project")
        try:
            git.git(
                *_QUIET,
                "-c",
                "core.sparseCheckout=false",
                "worktree",
                "add",
                "--quiet",
                "--detach",
                str(root),
                project.commit,
                at=where,
            )
            yield root
        except ProcessError as error:
            raise ToolError(
                f"The update in a linked worktree failed: {error.reason}", "Nothing was changed."
            ) from error
        finally:
            with suppress(ProcessError):
                git.git("worktree", "remove", "--force", str(root), at=where)


def _point_at(answers_file: Path, step: VersionStep) -> None:
    """Have copier look for the template where both versions are known to be, and commit that, as it insists on."""
    text = answers_file.read_bytes().decode()
    marks = {"_commit": str(step.before.version), "_src_path": str(step.repository)}
    answers_file.write_bytes(signed.resigned(text, marks).encode())
    git.git(
        *_QUIET, "commit", "--quiet", "--all", "--allow-empty", "--no-verify", "--message=t", at=answers_file.parent
    )


def _found(root: Path, project: Project, base: Tree, theirs: Tree) -> CopierResult:
    """What the worktree holds now, conflicts and all."""
    unmerged = tuple(one for one in _stages(root) if one.path.startswith(project.prefix))
    git.git(*_QUIET, "add", "--all", at=root)
    tree = git.git("write-tree", at=root).text
    subtree = git.resolve_object(root, f"{tree}:{project.prefix.rstrip('/')}") if project.prefix else tree
    bare = tuple(Stage(one.mode, one.blob, one.number, one.path.removeprefix(project.prefix)) for one in unmerged)
    return CopierResult(subtree, bare, base, theirs, frozenset({project.answers_file}))


def _stages(root: Path) -> list[Stage]:
    """The unmerged paths of the work tree `root`, from its top."""
    listed = git.git("ls-files", "--unmerged", "--full-name", "-z", at=root).stdout
    return [read_stage(field) for field in listed.split(b"\0") if field]
