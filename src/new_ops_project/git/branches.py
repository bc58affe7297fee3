"""Which branch of a repository is its default one."""

import os
from pathlib import Path

from new_ops_project import git

_USUAL = ("main", "master", "trunk")


def default_branch(repository: Path) -> tuple[str, str]:
    """The default branch, with what tells it as words; ('', '') where nothing does.

    A server's own word counts most (`origin/HEAD`), then that there is only one branch, then a usual name.
    """
    row = "%(HEAD)%00%(refname:lstrip=2)%00%(symref:lstrip=3)"
    output = git.git("for-each-ref", f"--format={row}", "refs/remotes/origin", "refs/heads", at=repository).stdout
    rows = [os.fsdecode(line).split("\0") for line in output.splitlines()]
    if target := next((target for _, name, target in rows if name == "origin/HEAD"), ""):
        return target, "origin/HEAD"
    names = {name.removeprefix("origin/") for _, name, _ in rows}
    current = next((name for mark, name, _ in rows if mark == "*"), "")
    if len(names) == 1:
        return names.pop(), "the only branch"
    if usual := [name for name in (current, *_USUAL) if name in names.intersection(_USUAL)]:
        return usual[0], "the branch of that name"
    return (current, "the current branch") if current else ("", "")
