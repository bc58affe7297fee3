"""What the branch is called that the commit of a project goes to."""

import hashlib
import os
import re

from new_ops_project.fleet.model import Task

BEGIN = "template/"  # of the names of all our branches
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
_SHOWN = 60  # characters of a folder's name


def of(task: Task) -> str:
    """`template/VERSION`, with what stands for the project's folder if that is not the root of its repository."""
    return f"{BEGIN}{task.version}{_suffix(task.prefix)}"


def version(name: str, task: Task) -> str:
    """The version that a branch of the same project would be of, by its name; '' for what is called otherwise."""
    tail = _suffix(task.prefix)
    return name.removeprefix(BEGIN).removesuffix(tail) if name.startswith(BEGIN) and name.endswith(tail) else ""


def _suffix(prefix: str) -> str:
    """Another one for each folder, and allowed by git (git-check-ref-format(1)) whatever the folder is called."""
    folder = prefix.strip("/")
    if not folder:
        return ""
    plain = re.sub(r"[^A-Za-z0-9_-]+", ".", folder)[-_SHOWN:].strip(".")
    if _PLAIN.fullmatch(folder) and len(folder) <= _SHOWN and not folder.endswith("lock"):
        return f".{plain}"
    return f".{plain}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
