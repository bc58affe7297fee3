"""How child processes run: without a shell, in a clean environment, never prompting."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base import descendants
from new_ops_project.base.environ import child_environment
from new_ops_project.base.errors import ProcessError

# Called when a program has ended, with its arguments, how many seconds it took and its exit code.
Watcher = Callable[[tuple[str, ...], float, int | None], None]

Child = subprocess.Popen[bytes]

# The seconds after which a program must have written something, and those after which it must write again.
Silence = tuple[float, float]

# Says why a program that has not ended for a while never will; None if nothing is known.
Obstacle = Callable[[], Exception | None]
_PATIENCE = 1.0  # seconds until it is asked first, and then after twice as long each time

_watchers: list[Watcher] = []
_running: set[Child] = set()  # the programs that `run` is waiting for
_stopping = False
_thread = threading.local()  # `end`: when the programs of this thread have to have ended


@dataclass(frozen=True)
class ProcessResult:
    """What a program wrote, once it has ended as expected."""

    stdout: bytes
    stderr: str
    exit_code: int = 0

    @property
    def text(self) -> str:
        """Its stdout decoded as file names are (os.fsdecode), so that any bytes survive, without final newlines."""
        return os.fsdecode(self.stdout).rstrip("\n")


def run(
    *args: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    codes: tuple[int, ...] = (0,),
    seconds: float | None = None,
    silence: Silence | None = None,
    obstacle: Obstacle | None = None,
) -> ProcessResult:
    """Run the program `args` and wait for it.

    With a limit in `seconds`, it runs in a new session, so without a terminal to prompt at, and is killed with its
    children when the time is over. So it is with a limit of `silence`, in which it writes nothing. It is killed too if
    there is an `obstacle`, which is raised. Without a limit of its own, it has that of `limited`.
    Raises ProcessError when it cannot start, takes too long, or ends with a code that is not one of `codes`.
    """
    start, exit_code = time.monotonic(), None
    if seconds is None and silence is None and (end_of_block := getattr(_thread, "end", None)):
        seconds = max(end_of_block - start, 0.0)
    try:
        stdout, stderr, exit_code = _captured(args, cwd, env, stdin or b"", (seconds, silence, obstacle))
    finally:
        for watcher in _watchers:
            watcher(args, time.monotonic() - start, exit_code)
    if exit_code not in codes:
        raise ProcessError(args, exit_code, (stderr or stdout).decode(errors="replace"))
    return ProcessResult(stdout, stderr.decode(errors="replace"), exit_code)


def _captured(
    args: tuple[str, ...],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: bytes,
    limits: tuple[float | None, Silence | None, Obstacle | None],
) -> tuple[bytes, bytes, int]:
    """The output, the messages and the exit code of a program; the limits are those of `run`."""
    seconds, silence, obstacle = limits
    child = start(*args, cwd=cwd, env=env, stderr=subprocess.PIPE, start_new_session=limits[:2] != (None, None))
    _running.add(child)
    try:
        if silence is not None and os.name != "nt":  # Windows does not tell what was written so far
            return *_heard(child, args, stdin, (0, 0) if _stopping else silence), child.returncode
        if obstacle:
            return *_waited(child, stdin, obstacle, 0 if _stopping and seconds else seconds), child.returncode
        return *child.communicate(stdin, 0 if _stopping and seconds else seconds), child.returncode
    except subprocess.TimeoutExpired as error:
        # It may have ended and left a child behind that holds its pipes, as ssh does with ControlPersist.
        if child.poll() is None or os.name == "nt":
            raise _unanswered(args, seconds or 0) from error
        return error.stdout or b"", error.stderr or b"", child.returncode
    except KeyboardInterrupt:  # it was asked to end too
        end(child)
        raise
    finally:
        _running.discard(child)
        end(child, 0)


def _waited(child: Child, stdin: bytes, obstacle: Obstacle, seconds: float | None) -> tuple[bytes, bytes]:
    """The output and the messages of a program that ends some time; raises the obstacle if there is one."""
    given: bytes | None = stdin
    wait, end_of_wait = _PATIENCE, time.monotonic() + (math.inf if seconds is None else seconds)
    while True:
        try:
            return child.communicate(given, max(min(end_of_wait - time.monotonic(), wait), 0.0))
        except subprocess.TimeoutExpired:
            if error := obstacle():
                raise error from None
            if time.monotonic() >= end_of_wait:
                raise
            given, wait = None, 2 * wait


def _heard(child: Child, args: tuple[str, ...], stdin: bytes, silence: Silence) -> tuple[bytes, bytes]:
    """The output and the messages of a program that is not silent for longer than that."""
    given: bytes | None = stdin
    limit, later = silence
    size, end_of_silence, has_ended = 0, time.monotonic() + limit, False
    while True:
        try:
            return child.communicate(given, max(min(end_of_silence - time.monotonic(), 1.0), 0.0))
        except subprocess.TimeoutExpired as error:
            given, output = None, (error.stdout or b"", error.stderr or b"")
        if len(output[0] + output[1]) > size:
            size, limit, end_of_silence = len(output[0] + output[1]), later, time.monotonic() + later
        elif has_ended:  # and left a child behind that holds its pipes, as ssh does with ControlPersist
            return output
        elif time.monotonic() >= end_of_silence:
            raise _unanswered(args, limit)
        has_ended = child.poll() is not None


def _unanswered(args: tuple[str, ...], seconds: float) -> ProcessError:
    limit = f"{seconds:.0f}" if seconds > 1 else f"{seconds:g}"
    return ProcessError(args, None, f"no answer within {limit} seconds")


def stream(
    *args: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    keep: tuple[int, ...] = (),
    silence: Silence | None = None,
) -> Generator[str, None, None]:
    """Yield each line that the program `args` writes, as it comes. `keep`: file descriptors that it inherits.

    A caller that may stop before the last line must close the generator, which ends the program (contextlib.closing).
    `silence` is a limit as in `run`.

    Raises ProcessError, with all of the output, when it cannot start or ends with a code other than 0.
    """
    written: list[str] = []
    is_limited = silence is not None
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "pass_fds": keep}
    child: subprocess.Popen[Any] = start(
        *args, cwd=cwd, env=env, errors="replace", start_new_session=is_limited, **options
    )
    listening = _Listening(child, silence)
    try:
        for line in child.stdout or ():
            listening.heard.set()
            written.append(line)
            yield line.rstrip("\n")
        child.wait()
    except KeyboardInterrupt:  # it was asked to end too
        raise
    except BaseException:  # the generator was closed: nobody reads the rest
        child.terminate()
        raise
    finally:
        end(child)
        listening.heard.set()
    if listening.was_silent:
        raise _unanswered(args, listening.limit)
    if child.returncode:
        raise ProcessError(args, child.returncode, "".join(written))


class _Listening:
    """Kills a program that is silent for too long; without a limit, it does nothing."""

    def __init__(self, child: Child, silence: Silence | None) -> None:
        self.heard, self.was_silent, self.limit = threading.Event(), False, 0.0
        if silence is not None:
            threading.Thread(target=self._listen, args=(child, silence), daemon=True).start()

    def _listen(self, child: Child, silence: Silence) -> None:
        self.limit, later = silence
        while self.heard.wait(self.limit):
            self.heard.clear()
            self.limit = later
            if child.returncode is not None:
                return
        self.was_silent = child.returncode is None
        kill(child)


def start(*args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, **options: Any) -> Child:
    """Start a program, in a new session, that answers on its stdout what is written to its stdin, until `end`.

    `options` are those of Popen. Raises ProcessError when it cannot start.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    options = {**pipes, "start_new_session": True, **options}
    try:
        return subprocess.Popen(args, cwd=cwd, env=child_environment(env), **options)
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error


def end(child: Child, grace: float = 5.0) -> None:
    """Close the pipes of a program, and kill it unless it ends within `grace` seconds."""
    for pipe in filter(None, (child.stdin, child.stdout, child.stderr)):
        with suppress(OSError):
            pipe.close()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        kill(child)
        child.wait()


def kill(child: Child) -> None:
    """Kill a program with its children, for git starts helpers and ssh; in a session of its own, also orphaned ones."""
    if child.returncode is None:
        descendants.kill(child.pid)
        with suppress(OSError, AttributeError):  # Windows has no groups
            os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call `watcher` for each program that ends in this block; the exit code is None for one that did not start."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let no program that this thread runs in the block last longer than until so many seconds from now."""
    _thread.end = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.end = None


@contextmanager
def stopped_together() -> Iterator[None]:
    """Kill the programs that other threads run if this block ends early.

    Those with a time limit are in sessions of their own, where Ctrl-C does not reach them.
    """
    global _stopping  # noqa: PLW0603 - a process has one terminal
    _stopping = False
    try:
        yield
    except BaseException:
        _stopping = True
        for child in tuple(_running):
            kill(child)
        raise
