"""The names of the environment variables that a repository lists in `.env.example`."""

import os
import re
from pathlib import Path

EXAMPLE = ".env.example"
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$", re.MULTILINE | re.ASCII)


def missing_variables(folder: Path) -> tuple[str, ...]:
    """The names of the variables that have no value, neither in the environment nor in `.env`."""
    assigned = {name for name, value in _assignments(folder / ".env") if value.strip("'\"")}
    needed = dict.fromkeys(name for name, _ in _assignments(folder / EXAMPLE))
    return tuple(name for name in needed if name not in assigned and not os.environ.get(name))


def has_example(folder: Path) -> bool:
    """Whether the repository lists any variables."""
    return bool(_assignments(folder / EXAMPLE))


def _assignments(file: Path) -> list[tuple[str, str]]:
    """Each variable in the file with its value; [] if the file cannot be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [(match[1], match[2].strip()) for match in _ASSIGNMENT.finditer(text)]
