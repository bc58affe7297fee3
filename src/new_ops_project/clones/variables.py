"""The environment variables that a repository lists in `.env.example`: their names, never a value."""

import os
import re
from pathlib import Path

EXAMPLE = ".env.example"
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$", re.MULTILINE | re.ASCII)


def missing_variables(folder: Path) -> tuple[str, ...]:
    """The names that neither the environment nor `.env` gives a value."""
    given = {name for name, value in _assigned(folder / ".env") if value.strip("'\"")}
    listed = dict.fromkeys(name for name, _ in _assigned(folder / EXAMPLE))
    return tuple(name for name in listed if name not in given and not os.environ.get(name))


def has_example(folder: Path) -> bool:
    """Whether the repository lists any."""
    return bool(_assigned(folder / EXAMPLE))


def _assigned(file: Path) -> list[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [(found[1], found[2].strip()) for found in _ASSIGNMENT.finditer(text)]
