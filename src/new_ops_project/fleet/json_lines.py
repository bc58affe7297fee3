"""A file of JSON lines, one run's at a time, in which each line is on the disk before the run goes on."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from new_ops_project.base import files, locks, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.masking import masked_json
from new_ops_project.base.parsers import read_json

LARGEST = 20 * reading.LARGEST  # bytes; a fleet of 100,000 projects does not write more


def read(path: Path) -> Iterator[Any]:
    """The values of its complete lines that are JSON; none if the file does not exist."""
    if path.exists():
        for line in reading.read(path, largest=LARGEST).split(b"\n")[:-1]:
            with suppress(ValueError):
                yield read_json(line)


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
        content = reading.read(path, largest=LARGEST) if path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)
        yield
