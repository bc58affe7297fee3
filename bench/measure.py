"""One whole process: how long it takes and how much memory it and its children hold at most."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What ru_maxrss counts in, as a share of a MiB.
_UNIT = 1024**2 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Sample:
    """One run: wall-clock seconds, and the MiB of the largest process in it."""

    seconds: float
    peak: float


class CommandError(Exception):
    """A command that did not do what is to be measured, with what it wrote."""

    def __init__(self, command: tuple[str, ...], output: bytes) -> None:
        super().__init__(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")


def to_end(command: tuple[str, ...], *, at: Path, env: Mapping[str, str]) -> Sample:
    """Run `command` without a terminal until it ends; raises CommandError for any exit code but 0."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=at, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        peak = reap(child)
        seconds = time.perf_counter() - start
        output.seek(0)
        if child.returncode:
            raise CommandError(command, output.read())
    return Sample(seconds, peak)


def reap(child: subprocess.Popen[bytes]) -> float:
    """Wait for the end of `child`; return the peak memory of the largest process in it, in MiB."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / _UNIT
