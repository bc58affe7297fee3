"""The command in forked processes, which a test can stop at any step."""

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from new_ops_project.base import interrupts

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "pytest",
        "copier",
        "filelock",
        "pathspec",
        "new_ops_project.cli",
        "new_ops_project.commands.update",
        "new_ops_project.project.update.planner",
    ]
)

# What the interpreter announces (sys.addaudithook) before it writes to a disk, or starts git, which may.
_WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Stop:
    """A signal that a process sends itself right before its step `at`, of those that touch the folder `root`.

    Right before one step is right after the one before it.
    """

    signal: signal.Signals
    at: int
    root: Path


@dataclass(frozen=True)
class Forked:
    """A started command, with everything that it says in the file `log`."""

    process: BaseProcess
    log: Path

    def wait(self) -> int:
        """Its exit code, or the negative number of the signal that ended it, when what it started is over too."""
        self.process.join()
        pid, code = self.process.pid or 0, self.process.exitcode
        while _is_running(pid):
            time.sleep(0.002)
        assert code is not None
        return code

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped by a signal, until it is continued."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid or 0, number)

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()


def start(*args: str | Path, log: Path, stop: Stop | None = None) -> Forked:
    """Start the command, in a session of its own; return when it begins."""
    begins = _SERVER.Event()
    process = _SERVER.Process(target=_run, args=(list(map(str, args)), dict(os.environ), log, stop, begins))
    process.start()
    begins.wait(30)
    return Forked(process, log)


def _run(args: list[str], environ: dict[str, str], log: Path, stop: Stop | None, begins: Any) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None
    tempfile.gettempdir()  # which tries whether it can write there; that is not one of our steps
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for number in interrupts.SIGNALS:  # one that comes before the command or after it changes nothing
        signal.signal(number, lambda *_: None)
    if stop:
        _count(stop)
    begins.set()
    sys.exit(_command(args))


def _command(args: list[str]) -> int:
    from new_ops_project import cli

    return cli.run(args)


def _count(stop: Stop) -> None:
    steps = 0

    def hook(event: str, given: tuple[Any, ...]) -> None:
        nonlocal steps
        if not _is_step(event, given, str(stop.root)):
            return
        steps += 1
        if steps == stop.at:
            os.kill(os.getpid(), stop.signal)

    sys.addaudithook(hook)


def _is_step(event: str, given: tuple[Any, ...], root: str) -> bool:
    if event == "subprocess.Popen":
        return True
    if event == "open" and isinstance(given[2], int) and given[2] & _WRITING:
        return _is_below(given[:1], root)
    return event in _WRITES and _is_below(given, root)


def _is_below(given: tuple[Any, ...], root: str) -> bool:
    """Whether one of the paths, or the folder that one of the numbers is open as, is below `root`."""
    for path in given:
        place = path
        if isinstance(path, int):
            try:
                place = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115 - quick, as it runs at every step
            except OSError:
                continue
        if isinstance(place, str | bytes | os.PathLike) and os.fsdecode(place).startswith(root):
            return True
    return False


def _is_running(session: int) -> bool:
    """Whether a process of this session is at work still, other than as a zombie."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state not in "ZX":
                return True
    return False
