"""The name of the branch that carries a project's template commit."""

import hashlib
import os
import re

from new_ops_project.fleet.model import Task

NAMESPACE = "template/"  # every branch of ours begins with it
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
_LONGEST = 60  # characters of a folder's name


def name(task: Task) -> str:
    """`template/VERSION`, with a suffix for a project below the root of its repository."""
    return f"{NAMESPACE}{task.version}{_suffix(task.prefix)}"


def version(branch: str, task: Task) -> str:
    """The version in the name of a branch of the same project; '' for any other branch."""
    tail = _suffix(task.prefix)
    is_ours = branch.startswith(NAMESPACE) and branch.endswith(tail)
    return branch.removeprefix(NAMESPACE).removesuffix(tail) if is_ours else ""


def _suffix(prefix: str) -> str:
    """A suffix that is different for each folder.

    Git allows it in a branch name whatever the folder is called (git-check-ref-format(1)). Replacing characters or
    cutting the name can make two folders look alike, and git refuses a name that ends in `.lock`; such names get a
    hash of the folder.
    """
    folder = prefix.strip("/")
    if not folder:
        return ""
    plain = re.sub(r"[^A-Za-z0-9_-]+", ".", folder)[-_LONGEST:].strip(".")
    if _PLAIN.fullmatch(folder) and len(folder) <= _LONGEST and not folder.endswith("lock"):
        return f".{plain}"
    return f".{plain}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
