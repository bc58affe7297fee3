"""A file of JSON lines, one run's at a time, in which each line is on the disk before the run goes on."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from new_ops_project.base import files, locks
from new_ops_project.base.errors import ToolError
from new_ops_project.base.masking import masked_json


def read(path: Path) -> Iterator[Any]:
    """The values of its complete lines that are JSON; none if the file does not exist."""
    if path.exists():
        for line in path.read_bytes().split(b"\n")[:-1]:
            with suppress(ValueError, RecursionError):
                yield json.loads(line)


def append(path: Path, *values: Mapping[str, Any]) -> None:
    """Write the lines, and wait until they are on the disk; raises ToolError if that fails."""
    lines = "".join(f"{json.dumps(masked_json(value), separators=(',', ':'))}\n" for value in values)
    with files.explained(path, "Its lines are kept. Fix that, then run this again."), path.open("ab") as file:
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def locked(path: Path, busy: ToolError) -> Iterator[None]:
    """Reserve the file for this run, without the incomplete last line that a killed run can leave.

    Raises `busy` if another run has it, and OSError if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(path.with_name(f"{path.name}.lock"), busy):
        content = path.read_bytes() if path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)
        yield
