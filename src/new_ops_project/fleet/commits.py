"""The commit of a fleet's task: the same plan gives the same commit id on every machine."""

import re
from dataclasses import dataclass

from new_ops_project.fleet.model import Task
from new_ops_project.plan.apply import TREE_TRAILER

VERSION, PLAN = "Template-Version", "Fleet-Plan"
_LINES = re.compile(r"[\0\r\n]+")


@dataclass(frozen=True)
class CommitInfo:
    """What all commits of a plan share: the plan's id, the author `NAME <ADDRESS>`, the date (seconds since 1970)."""

    plan: str
    author: str
    seconds: int


def content(task: Task, tree: str, info: CommitInfo, *, has_conflicts: bool) -> bytes:
    """The content of git's commit object: tree, parent, author, committer and message."""
    signature = f"{_LINES.sub(' ', info.author)} {info.seconds} +0000"
    head = f"tree {tree}\nparent {task.base}\nauthor {signature}\ncommitter {signature}\n"
    return f"{head}\n{_message(task, tree, info.plan, has_conflicts=has_conflicts)}".encode()


def _message(task: Task, tree: str, plan: str, *, has_conflicts: bool) -> str:
    trailers = {TREE_TRAILER: tree, "Template-From": task.before, VERSION: task.version, PLAN: plan}
    lines = "".join(f"{key}: {value}\n" for key, value in trailers.items())
    warning = "\n\nIt has conflicts, with markers in the files." if has_conflicts else ""
    return f"Update template to {task.version}\n\nFrom {task.before}, by new-ops-project fleet.{warning}\n\n{lines}"
