"""One whole process: how long it takes, and what it and its children use of processors and memory."""

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
    """One run: seconds on the clock, the MiB of the largest process in it, seconds of processors, what it wrote."""

    seconds: float
    peak: float
    cpu: float = 0.0
    output: bytes = b""


@dataclass(frozen=True)
class Usage:
    """What a process and the children that it waited for used: MiB of the largest one, user and system seconds."""

    peak: float
    cpu: float


class CommandError(Exception):
    """A command that did not do what is to be measured, with what it wrote."""

    def __init__(self, command: tuple[str, ...], output: bytes) -> None:
        super().__init__(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")


def to_end(command: tuple[str, ...], *, at: Path, env: Mapping[str, str], codes: tuple[int, ...] = (0,)) -> Sample:
    """Run `command` without a terminal until it ends; raises CommandError for any exit code but `codes`."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=at, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        usage = reap(child)
        seconds = time.perf_counter() - start
        output.seek(0)
        written = output.read()
    if child.returncode not in codes:
        raise CommandError(command, written)
    return Sample(seconds, usage.peak, usage.cpu, written)


def reap(child: subprocess.Popen[bytes]) -> Usage:
    """Wait for the end of `child`; return what it and its children used."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Usage(usage.ru_maxrss / _UNIT, usage.ru_utime + usage.ru_stime)
