"""Updates by copier, for templates that run code (`_tasks`, `_migrations`, Jinja extensions).

copier updates a linked worktree, so the template's code cannot touch the user's work tree. The result becomes a Plan.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git.merge import Merged, read_stage
from new_ops_project.plan import three_way
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.project.generated import Project
from new_ops_project.template import answers_file, render
from new_ops_project.template.releases import Checkout

_QUIET = (*git.TEMPORARY, "-c", "user.name=new-ops-project", "-c", "user.email=new-ops-project@localhost")


@dataclass(frozen=True)
class VersionStep:
    """The change from one version of a template to another.

    `repository` is a git repository on this machine that has both versions; `given` are the answers to change.
    """

    repository: Path
    before: Checkout
    after: Checkout
    given: Mapping[str, Any]


@contextmanager
def planned(project: Project, step: VersionStep) -> Iterator[Plan]:
    """Let copier update a linked worktree of the project's last commit, and yield the result as a Plan.

    Raises ToolError when the template's code fails; the project is unchanged then.
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
        merged = _read_result(root, project.prefix)
    owned = frozenset({project.answers_file})
    render_sides = Sides(base, theirs, project.commit, project.prefix, template_only=owned)
    with three_way.plan_from_copier(project.repository, render_sides, merged) as plan:
        yield plan


@contextmanager
def _linked(project: Project) -> Iterator[Path]:
    """A detached worktree of the project's commit in a temporary folder, removed from git's list at the end."""
    repository = project.repository.root
    with tempfile.TemporaryDirectory(prefix="new-ops-project-", ignore_cleanup_errors=True) as holder:
        root = Path(holder).resolve() / (repository.name or "project")
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
                at=repository,
            )
            yield root
        except ProcessError as error:
            raise ToolError(
                f"The update in a linked worktree failed: {error.reason}", "Nothing was changed."
            ) from error
        finally:
            with suppress(ProcessError):
                git.git("worktree", "remove", "--force", str(root), at=repository)


def _point_at(file: Path, step: VersionStep) -> None:
    """Record the repository that has both versions as the template's source; copier wants that committed."""
    text = file.read_bytes().decode()
    record = {"_commit": str(step.before.version), "_src_path": str(step.repository)}
    file.write_bytes(answers_file.set_entries(text, record).encode())
    git.git(*_QUIET, "commit", "--quiet", "--all", "--allow-empty", "--no-verify", "--message=t", at=file.parent)


def _read_result(root: Path, prefix: str) -> Merged:
    """The project below `prefix` as copier left it in the work tree `root`, with its conflicts."""
    # The stages are read before `git add`, which would resolve them. They are named from the folder where git runs.
    listed = git.git("ls-files", "--unmerged", "-z", at=root / prefix).stdout
    stages = tuple(map(read_stage, filter(None, listed.split(b"\0"))))
    git.git(*_QUIET, "add", "--all", at=root)
    tree = git.git("write-tree", f"--prefix={prefix}", at=root).text
    return Merged(tree, stages, {stage.path: "CONFLICT (contents)" for stage in stages})
