"""The commit that a plan makes of a project's tree: whoever makes it, and wherever, it is the same."""

import re
from dataclasses import dataclass

from new_ops_project.fleet.model import Task
from new_ops_project.plan.apply import TREE

VERSION, PLAN = "Template-Version", "Fleet-Plan"
_LINES = re.compile(r"[\0\r\n]+")


@dataclass(frozen=True)
class CommitInfo:
    """What a plan says of all its commits: its id, `NAME <ADDRESS>`, and when (seconds since 1970)."""

    plan: str
    author: str
    seconds: int


def content(task: Task, tree: str, about: CommitInfo, *, has_conflicts: bool) -> bytes:
    """The content of the commit (tree, parent, author, committer, message), as git keeps it."""
    who = f"{_LINES.sub(' ', about.author)} {about.seconds} +0000"
    head = f"tree {tree}\nparent {task.base}\nauthor {who}\ncommitter {who}\n"
    return f"{head}\n{_message(task, tree, about.plan, has_conflicts=has_conflicts)}".encode()


def _message(task: Task, tree: str, plan: str, *, has_conflicts: bool) -> str:
    marks = {TREE: tree, "Template-From": task.before, VERSION: task.version, PLAN: plan}
    trailers = "".join(f"{key}: {value}\n" for key, value in marks.items())
    warning = "\n\nIt has conflicts, with markers in the files." if has_conflicts else ""
    return f"Update template to {task.version}\n\nFrom {task.before}, by new-ops-project fleet.{warning}\n\n{trailers}"
