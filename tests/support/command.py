"""Run the command in tests, git beside it, and compare folders."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What one command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs one command line in this process."""

    def __call__(self, *args: str, code: int = 0) -> Ran:
        """Run it and expect the exit code."""


def git(*args: str, at: Path, env: dict[str, str] | None = None) -> str:
    """Run git and return what it printed."""
    command = ["git", *args]
    done = subprocess.run(
        command, cwd=at, check=True, capture_output=True, text=True, env={**os.environ, **(env or {})}
    )
    return done.stdout.strip()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` but git's own, by its path with `/`."""
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> dict[str, tuple[bytes | None, bytes | None]]:
    """The files that are not the same in both, with what they are."""
    return {
        path: (one.get(path), other.get(path)) for path in one.keys() | other.keys() if one.get(path) != other.get(path)
    }
