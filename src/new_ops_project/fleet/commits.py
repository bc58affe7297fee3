"""The commit that a plan makes of a project's tree: whoever makes it, and wherever, it is the same."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.fleet.model import Task

TREE = "Template-Tree"  # as in every commit of ours on a branch: who changes the commit changes what this should say
VERSION, PLAN = "Template-Version", "Fleet-Plan"
# A configured encoding would be a line of the commit.
_SAME = (*git.TEMPORARY, "-c", "i18n.commitEncoding=UTF-8")


@dataclass(frozen=True)
class About:
    """What a plan says of all its commits: its id, `NAME <ADDRESS>`, and the date in a form that git reads."""

    plan: str
    author: str
    date: str


def make(at: Path, task: Task, tree: str, about: About, *, has_conflicts: bool) -> str:
    """Write the commit to the repository `at`, on no branch; return its id."""
    name, _, address = about.author.rstrip(">").rpartition(" <")
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", name), ("EMAIL", address), ("DATE", about.date))}  # fmt: skip
    words = _message(task, tree, about.plan, has_conflicts=has_conflicts)
    return git.git(*_SAME, "commit-tree", "-p", task.base, tree, at=at, env=who, stdin=words.encode()).text


def _message(task: Task, tree: str, plan: str, *, has_conflicts: bool) -> str:
    marks = {TREE: tree, "Template-From": task.before, VERSION: task.version, PLAN: plan}
    trailers = "".join(f"{key}: {value}\n" for key, value in marks.items())
    warning = "\n\nIt has conflicts, with markers in the files." if has_conflicts else ""
    return f"Update template to {task.version}\n\nFrom {task.before}, by new-ops-project fleet.{warning}\n\n{trailers}"
