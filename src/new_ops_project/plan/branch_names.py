"""The names of the branches that carry a template's commits."""

import hashlib
import os
import re

from new_ops_project.template.answers_file import ANSWERS_FILE

NAMESPACE = "template/"  # every branch of ours begins with it
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
_LONGEST = 60  # characters of a folder's name


def usual(what: str, prefix: str, answers_file: str = ANSWERS_FILE) -> str:
    """`template/WHAT`, with a suffix for a project below the root of its repository, or with other answers."""
    return f"{NAMESPACE}{what}{suffix(prefix, answers_file)}"


def suffix(prefix: str, answers_file: str = ANSWERS_FILE) -> str:
    """A suffix that is different for each project of a repository.

    Git allows it in a branch name whatever the folder is called (git-check-ref-format(1)). Replacing characters or
    cutting the name can make two folders look alike, and git refuses a name that ends in `.lock`; such names get a
    hash of the folder.
    """
    folder = prefix.strip("/") if answers_file == ANSWERS_FILE else f"{prefix}{answers_file}"
    if not folder:
        return ""
    plain = re.sub(r"[^A-Za-z0-9_-]+", ".", folder)[-_LONGEST:].strip(".")
    if _PLAIN.fullmatch(folder) and len(folder) <= _LONGEST and not folder.endswith("lock"):
        return f".{plain}"
    return f".{plain}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
