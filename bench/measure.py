"""The time, the CPU time, the memory of one whole process with its children."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The units of ru_maxrss in a MiB: bytes on macOS, KiB on Linux.
_UNIT = 1024**2 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Sample:
    """One run: wall-clock seconds, MiB of the largest process, CPU seconds, output."""

    seconds: float
    peak: float
    cpu: float = 0.0
    output: bytes = b""


@dataclass(frozen=True)
class Usage:
    """The resources of a process and its children: MiB of the largest one, user plus system seconds."""

    peak: float
    cpu: float


class CommandError(Exception):
    """A command failed, so that there is nothing to measure; the message has its output."""

    def __init__(self, command: tuple[str, ...], output: bytes) -> None:
        super().__init__(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")


def to_end(command: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], codes: tuple[int, ...] = (0,)) -> Sample:
    """Run `command` without a terminal until it ends. Raises CommandError for any exit code except `codes`."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        usage = reap(child)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    if child.returncode not in codes:
        raise CommandError(command, text)
    return Sample(seconds, usage.peak, usage.cpu, text)


def reap(child: subprocess.Popen[bytes]) -> Usage:
    """Wait until `child` ends. Returns the resources that it and its children used."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Usage(usage.ru_maxrss / _UNIT, usage.ru_utime + usage.ru_stime)
