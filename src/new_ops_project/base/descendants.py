"""The processes that this process has started, with those that they have started in turn."""

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_STATE, _PARENT, _START = 0, 1, 19  # fields after the name of the program in /proc/PID/stat, proc_pid_stat(5)
_GRACE, _PAUSE = 3.0, 0.01  # seconds


# A process: its number, and its start, which tells it from a later one with the same number.
_Process = tuple[int, str]


def end(*, is_ctrl_c: bool) -> None:
    """Interrupt all of them, and kill those that have not ended a little later.

    Where a terminal has sent Ctrl-C, those of our own group have it already.
    """
    all_of_them = below(os.getpid())
    # A process that a shell started in the background ignores Ctrl-C, and so do its children.
    number = signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
    for pid, _ in all_of_them:
        with suppress(OSError):
            if not is_ctrl_c or os.getpgid(pid) != os.getpgrp():
                os.kill(pid, number)
    end_of_grace = time.monotonic() + _GRACE
    while (alive := {*all_of_them} & _all().keys()) and time.monotonic() < end_of_grace:
        time.sleep(_PAUSE)
    _kill(alive | {*below(os.getpid())})


def kill(pid: int) -> None:
    """Kill the process `pid` with all that it has started."""
    _kill([*below(pid), (pid, "")])


def _kill(processes: Collection[_Process]) -> None:
    for pid, _ in processes:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def below(pid: int) -> list[_Process]:
    """The descendants of a process; none where the system does not tell (Windows)."""
    children: dict[int, list[_Process]] = {}
    for process, parent in _all().items():
        children.setdefault(parent, []).append(process)
    descendants, level = list[_Process](), children.pop(pid, [])
    while level:
        descendants += level
        level = [child for each, _ in level for child in children.pop(each, ())]
    return descendants


def _all() -> dict[_Process, int]:
    """Every process that has not ended, with its parent."""
    processes = dict[_Process, int]()
    if _PROCESSES.is_dir():
        for name in filter(str.isdigit, os.listdir(_PROCESSES)):  # noqa: PTH208 - names are enough
            with suppress(OSError, ValueError, IndexError):
                stat = (_PROCESSES / name / "stat").read_text("ascii", "replace")
                fields = stat[stat.rindex(")") + 1 :].split()
                if fields[_STATE] != "Z":
                    processes[int(name), fields[_START]] = int(fields[_PARENT])
    elif os.name == "posix":
        with os.popen("ps -A -o pid= -o ppid= -o lstart= -o stat=") as listing:  # noqa: S605, S607 - macOS and the BSDs
            for line in listing:
                pid, parent, *start, state = line.split()
                if not state.startswith("Z"):
                    processes[int(pid), " ".join(start)] = int(parent)
    return processes
