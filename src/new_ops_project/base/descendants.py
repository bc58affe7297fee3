"""The processes that this process has started, with those that they have started in turn."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_PARENT = 1  # the second field after the name of the program in /proc/PID/stat, proc_pid_stat(5)


def interrupt(*, is_ctrl_c: bool) -> None:
    """Ask all of them to end, as Ctrl-C does; where a terminal has sent Ctrl-C, those of our group have it already."""
    # A process that a shell started in the background ignores Ctrl-C, and so do its children.
    number = signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
    for pid in of(os.getpid()):
        with suppress(OSError):
            if not is_ctrl_c or os.getpgid(pid) != os.getpgrp():
                os.kill(pid, number)


def kill(pid: int) -> None:
    """Kill the process `pid` and its descendants."""
    for each in (*of(pid), pid):
        with suppress(OSError):
            os.kill(each, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def of(pid: int) -> list[int]:
    """The descendants of a process; none where the system does not tell (Windows)."""
    children: dict[int, list[int]] = {}
    for each, parent in _parents():
        children.setdefault(parent, []).append(each)
    below, level = list[int](), [pid]
    while level:
        level = [child for each in level for child in children.pop(each, ())]
        below += level
    return below


def _parents() -> Iterator[tuple[int, int]]:
    """Each process with its parent."""
    if _PROCESSES.is_dir():
        for name in filter(str.isdigit, os.listdir(_PROCESSES)):  # noqa: PTH208 - names are enough
            with suppress(OSError, ValueError, IndexError):
                stat = (_PROCESSES / name / "stat").read_bytes()
                yield int(name), int(stat[stat.rindex(b")") + 1 :].split()[_PARENT])
    elif os.name == "posix":
        with os.popen("ps -A -o pid= -o ppid=") as listing:  # noqa: S605, S607 - macOS and the BSDs
            for line in listing:
                pid, parent = line.split()
                yield int(pid), int(parent)
