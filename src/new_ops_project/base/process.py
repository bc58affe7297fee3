"""Run a program: an argument tuple, a scrubbed environment, a readable failure."""

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path
    from subprocess import Popen

# What git exports to its hooks; a child that saw these would act on the caller's repository.
_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXEC_PATH",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)

_watchers: "list[Callable[[tuple[str, ...], float, int | None], None]]" = []
_limited: "set[Popen[bytes]]" = set()  # what `run_within` has started and not seen the end of
_stopping = False


_GRACE = 5.0  # seconds in which a program that is stopped may end by itself


class ProcessError(Exception):
    """A program that could not start or ended with a code other than 0."""

    def __init__(self, args: tuple[str, ...], code: int | None, stderr: str) -> None:
        super().__init__(f"{' '.join(args)}: {stderr.strip() or f'exit code {code}'}")
        self.args_run = args
        self.code = code
        self.stderr = stderr

    @property
    def command(self) -> str:
        """The program that failed, without its arguments, which may hold what nobody should read."""
        return self.args_run[0]

    @property
    def reason(self) -> str:
        """What went wrong: git's own `fatal:` line, else the last line that the program wrote."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        fatal = [line for line in lines if line.startswith("fatal:")]
        return (fatal or lines[-1:] or [f"exit code {self.code}"])[0]


@dataclass(frozen=True)
class ProcessResult:
    """What a program wrote that ended as expected."""

    stdout: bytes
    stderr: str
    code: int = 0

    @property
    def text(self) -> str:
        """Its standard output as text, without the final newline; names of any bytes survive."""
        return os.fsdecode(self.stdout).rstrip("\n")


def scrub() -> None:
    """Forget the caller's repository for this whole process: copier and git start children of their own."""
    for name in _REPOSITORY & os.environ.keys():
        del os.environ[name]


def environment(extra: "Mapping[str, str] | None" = None) -> dict[str, str]:
    """The environment of every child: no prompt, English messages, no repository but the one it is given."""
    kept = {name: value for name, value in os.environ.items() if name not in _REPOSITORY}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"} | dict(extra or {})


def run(
    *args: str,
    cwd: "Path | None" = None,
    env: "Mapping[str, str] | None" = None,
    stdin: bytes | None = None,
    codes: tuple[int, ...] = (0,),
) -> ProcessResult:
    """Run `args` to its end.

    Raises ProcessError when it cannot start or ends with a code that is not one of `codes`.
    """
    import subprocess  # here, so that --help, which scrubs, does not pay for it

    try:
        with _timed(args) as ended:
            done = subprocess.run(
                args,
                cwd=cwd,
                env=environment(env),
                input=stdin if stdin is not None else b"",
                capture_output=True,
                check=False,
            )
            ended.append(done.returncode)
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    failed = done.returncode not in codes
    stderr = (done.stderr or (done.stdout if failed else b"")).decode(errors="replace")
    if failed:
        raise ProcessError(args, done.returncode, stderr)
    return ProcessResult(done.stdout, stderr, done.returncode)


@contextmanager
def watched(watcher: "Callable[[tuple[str, ...], float, int | None], None]") -> "Iterator[None]":
    """Tell `watcher` of each program that ends in this block: its arguments, seconds, exit code (None: none)."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def notify_watchers(args: tuple[str, ...]) -> None:
    """Tell whoever watches of a program that stays open."""
    for watcher in _watchers:
        watcher(args, 0.0, None)


@contextmanager
def _timed(args: tuple[str, ...]) -> "Iterator[list[int]]":
    """Tell whoever watches how long the block took; the block appends the exit code."""
    import time

    ended: list[int] = []
    start = time.monotonic()
    try:
        yield ended
    finally:
        for watcher in _watchers:
            watcher(args, time.monotonic() - start, ended[0] if ended else None)


def output_lines(
    *args: str, cwd: "Path | None" = None, env: "Mapping[str, str] | None" = None, keep: tuple[int, ...] = ()
) -> "Generator[str, None, None]":
    """Yield each line that `args` writes, as it comes, for progress. `keep`: file descriptors that it inherits.

    Whoever may stop before the last line closes the generator, which ends the program.

    Raises ProcessError, with all that was written, when it cannot start or ends with a code other than 0.
    """
    import subprocess

    written: list[str] = []
    try:
        child = subprocess.Popen(
            args,
            cwd=cwd,
            env=environment(env),
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
        except BaseException:  # Ctrl-C, or whoever reads the lines has gone: nobody waits for the rest
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
    cwd: "Path | None" = None,
    env: "Mapping[str, str] | None" = None,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0,),
) -> ProcessResult:
    """Run `args` in a session of its own, without a terminal to ask at, and stop it and its children after `seconds`.

    Raises ProcessError when it cannot start, takes too long, or ends with a code that is not one of `codes`.
    """
    import subprocess

    try:
        child = subprocess.Popen(
            args,
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    _limited.add(child)
    try:
        with _timed(args) as ended:
            stdout, stderr = child.communicate(stdin, timeout=0 if _stopping else max(seconds, 0))
            ended.append(child.returncode)
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
def stopped_together() -> "Iterator[None]":
    """What other threads run with `run_within` ends when this block ends early: Ctrl-C does not reach it."""
    global _stopping  # noqa: PLW0603 - a process has one terminal
    _stopping = False
    try:
        yield
    except BaseException:
        _stopping = True
        for child in tuple(_limited):
            _stop(child, wait=False)
        raise


def _stop(child: "Popen[bytes]", *, wait: bool = True) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)  # git's helpers and ssh, too
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
    *commands: tuple[str, ...], seconds: float, cwd: "Path | None" = None, env: "Mapping[str, str] | None" = None
) -> "Iterator[Callable[[], list[ProcessResult | ProcessError]]]":
    """Start all `commands` at once; yield a function that waits for them, at most until `seconds` after the start.

    Each one's result, or why it failed. What still runs then, or when the block is left, is killed with its children.
    """
    import time

    end = time.monotonic() + seconds
    running = [_Running(command, cwd, environment(env)) for command in commands]
    try:
        yield lambda: [one.result(end - time.monotonic(), seconds) for one in running]
    finally:
        for one in running:
            one.kill()


class _Running:
    """One program in a process group of its own; what it writes goes to files, so that no child of its keeps a pipe."""

    def __init__(self, args: tuple[str, ...], cwd: "Path | None", env: "Mapping[str, str]") -> None:
        import subprocess
        import tempfile

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

    def result(self, patience: float, limit: float) -> "ProcessResult | ProcessError":
        """What it wrote, or why it failed; it is given `patience` more seconds, of `limit` in all."""
        import subprocess

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
        """End it and its children, if it has not ended."""
        import signal

        if self._child and self._child.poll() is None:
            if os.name == "nt":
                self._child.kill()
            else:
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._out.close()
        self._err.close()
