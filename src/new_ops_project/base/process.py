"""How child processes run: without a shell, in a clean environment, never prompting."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.environ import child_environment
from new_ops_project.base.errors import ProcessError

# Called when a program has ended, with its arguments, how many seconds it took and its exit code.
Watcher = Callable[[tuple[str, ...], float, int | None], None]

_GRACE = 5.0  # seconds that a program gets to end by itself after SIGTERM

_watchers: list[Watcher] = []
_limited: set[subprocess.Popen[bytes]] = set()  # the programs that `run_within` is waiting for
_stopping = False


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
) -> ProcessResult:
    """Run the program `args` and wait for it.

    Raises ProcessError when it cannot start or ends with a code that is not one of `codes`.
    """
    try:
        with _timed(args) as exit_codes:
            done = subprocess.run(
                args,
                cwd=cwd,
                env=child_environment(env),
                input=stdin if stdin is not None else b"",
                capture_output=True,
                check=False,
            )
            exit_codes.append(done.returncode)
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    failed = done.returncode not in codes
    stderr = (done.stderr or (done.stdout if failed else b"")).decode(errors="replace")
    if failed:
        raise ProcessError(args, done.returncode, stderr)
    return ProcessResult(done.stdout, stderr, done.returncode)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call `watcher` for each program that ends in this block; the exit code is None for one that did not start."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def notify_watchers(args: tuple[str, ...]) -> None:
    """Call the watchers for a program that was started and stays open."""
    for watcher in _watchers:
        watcher(args, 0.0, None)


@contextmanager
def _timed(args: tuple[str, ...]) -> Iterator[list[int]]:
    """Call the watchers with the duration of the block; the block appends the exit code to the list."""
    codes: list[int] = []
    start = time.monotonic()
    try:
        yield codes
    finally:
        for watcher in _watchers:
            watcher(args, time.monotonic() - start, codes[0] if codes else None)


def output_lines(
    *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, keep: tuple[int, ...] = ()
) -> Generator[str, None, None]:
    """Yield each line that the program `args` writes, as it comes. `keep`: file descriptors that it inherits.

    A caller that may stop before the last line must close the generator, which ends the program (contextlib.closing).

    Raises ProcessError, with all of the output, when it cannot start or ends with a code other than 0.
    """
    written: list[str] = []
    try:
        child = subprocess.Popen(
            args,
            cwd=cwd,
            env=child_environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=keep,
        )
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    with child:
        try:
            for line in child.stdout or ():
                written.append(line)
                yield line.rstrip("\n")
        except BaseException:  # Ctrl-C, or the generator was closed: nobody reads the rest
            child.terminate()
            try:
                child.wait(_GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    if child.returncode:
        raise ProcessError(args, child.returncode, "".join(written))


def run_within(
    seconds: float,
    *args: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0,),
) -> ProcessResult:
    """Run `args` in a new session, so without a terminal to prompt at; kill it and its children after `seconds`.

    Raises ProcessError when it cannot start, takes too long, or ends with a code that is not one of `codes`.
    """
    try:
        child = subprocess.Popen(
            args,
            cwd=cwd,
            env=child_environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    _limited.add(child)
    try:
        with _timed(args) as exit_codes:
            stdout, stderr = child.communicate(stdin, timeout=0 if _stopping else max(seconds, 0))
            exit_codes.append(child.returncode)
    except subprocess.TimeoutExpired as error:
        raise ProcessError(args, None, f"no answer within {seconds:.0f} seconds") from error
    finally:
        _limited.discard(child)
        if child.returncode is None:
            _stop(child)
    if child.returncode not in codes:
        raise ProcessError(args, child.returncode, (stderr or stdout).decode(errors="replace"))
    return ProcessResult(stdout, stderr.decode(errors="replace"), child.returncode)


@contextmanager
def stopped_together() -> Iterator[None]:
    """Kill what other threads run with `run_within` if this block ends early.

    Those programs are in sessions of their own, where Ctrl-C does not reach them.
    """
    global _stopping  # noqa: PLW0603 - a process has one terminal
    _stopping = False
    try:
        yield
    except BaseException:
        _stopping = True
        for child in tuple(_limited):
            _stop(child, wait=False)
        raise


def _stop(child: subprocess.Popen[bytes], *, wait: bool = True) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)  # the group, for git starts helpers and ssh
        else:
            child.kill()
    if wait:
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        child.wait()


@contextmanager
def started(
    *commands: tuple[str, ...], seconds: float, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Callable[[], list[ProcessResult | ProcessError]]]:
    """Start all `commands` at once; yield a function that waits for them, at most until `seconds` after the start.

    The function returns the result of each, or why it failed. A program that is still running when the block ends is
    killed with its children.
    """
    end = time.monotonic() + seconds
    running = [_Running(command, cwd, child_environment(env)) for command in commands]
    try:
        yield lambda: [program.result(end - time.monotonic(), seconds) for program in running]
    finally:
        for program in running:
            program.kill()


class _Running:
    """One program in a process group of its own.

    It writes to temporary files rather than to pipes: a child that outlives it would keep a pipe open, and reading
    would wait for that child.
    """

    def __init__(self, args: tuple[str, ...], cwd: Path | None, env: Mapping[str, str]) -> None:

        self._args = args
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill
        self._child: subprocess.Popen[bytes] | None = None
        self._error: ProcessError | None = None
        try:
            self._child = subprocess.Popen(
                args,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
                start_new_session=True,
            )
        except OSError as error:
            self._error = ProcessError(args, None, str(error))

    def result(self, patience: float, limit: float) -> ProcessResult | ProcessError:
        """Wait at most `patience` seconds for its result; `limit` is the whole time, for the message."""
        if self._child is None:
            return self._error or ProcessError(self._args, None, "")
        try:
            code = self._child.wait(max(patience, 0))
        except subprocess.TimeoutExpired:
            return ProcessError(self._args, None, f"no answer within {limit:g} seconds")
        self._out.seek(0)
        self._err.seek(0)
        stderr = self._err.read().decode(errors="replace")
        return ProcessError(self._args, code, stderr) if code else ProcessResult(self._out.read(), stderr, code)

    def kill(self) -> None:
        """Kill it and its children if it is still running."""
        if self._child and self._child.poll() is None:
            if os.name == "nt":
                self._child.kill()
            else:
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._out.close()
        self._err.close()
