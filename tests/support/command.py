"""The means to run commands in tests, to compare the folders that they leave."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """The output and the exit code of one command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """A function that runs a command line in this process."""

    def __call__(self, *args: str, code: int = 0) -> Ran:
        """Run the command line; fail unless it ends with the exit code."""


def git(*args: str, at: Path, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """Run git and return its output."""
    command = ["git", *args]
    done = subprocess.run(
        command, cwd=at, check=True, capture_output=True, text=True, env={**os.environ, **(env or {})}, input=stdin
    )
    return done.stdout.strip()


def tree(folder: Path) -> dict[str, bytes]:
    """The content of every file below `folder`, except git's own, by its POSIX path."""
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differing(left: dict[str, bytes], right: dict[str, bytes]) -> dict[str, tuple[bytes | None, bytes | None]]:
    """The files that differ, with both contents; None where one is missing."""
    return {
        path: (left.get(path), right.get(path))
        for path in left.keys() | right.keys()
        if left.get(path) != right.get(path)
    }
