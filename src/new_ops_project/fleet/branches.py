"""The name of the branch that carries a project's template commit."""

from new_ops_project.fleet.model import Task
from new_ops_project.plan import branch_names

NAMESPACE = branch_names.NAMESPACE


def name(task: Task) -> str:
    """`template/VERSION`, with a suffix for a project below the root of its repository, or with other answers."""
    return branch_names.usual(task.version, task.prefix, task.answers_file)


def version(branch: str, task: Task) -> str:
    """The version in the name of a branch of the same project; '' for any other branch."""
    tail = branch_names.suffix(task.prefix, task.answers_file)
    is_ours = branch.startswith(NAMESPACE) and branch.endswith(tail)
    return branch.removeprefix(NAMESPACE).removesuffix(tail) if is_ours else ""
