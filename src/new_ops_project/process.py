"""Run a program: an argument tuple, a scrubbed environment, a readable failure."""

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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

_limited: "set[Popen[bytes]]" = set()  # what `run_within` has started and not seen the end of
_stopping = False


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
class Result:
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
) -> Result:
    """Run `args` to its end.

    Raises ProcessError when it cannot start or ends with a code that is not one of `codes`.
    """
    import subprocess  # here, so that --help, which scrubs, does not pay for it

    try:
        done = subprocess.run(
            args, cwd=cwd, env=environment(env), input=stdin if stdin is not None else b"", capture_output=True,
            check=False,
        )  # fmt: skip
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    failed = done.returncode not in codes
    stderr = (done.stderr or (done.stdout if failed else b"")).decode(errors="replace")
    if failed:
        raise ProcessError(args, done.returncode, stderr)
    return Result(done.stdout, stderr, done.returncode)


def lines(*args: str, cwd: "Path | None" = None, env: "Mapping[str, str] | None" = None) -> "Iterator[str]":
    """Yield each line that `args` writes, as it comes, for progress.

    Raises ProcessError, with all that was written, when it cannot start or ends with a code other than 0.
    """
    import subprocess

    written: list[str] = []
    try:
        child = subprocess.Popen(
            args, cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    with child:
        for line in child.stdout or ():
            written.append(line)
            yield line.rstrip("\n")
    if child.returncode:
        raise ProcessError(args, child.returncode, "".join(written))


def run_within(
    seconds: float,
    *args: str,
    cwd: "Path | None" = None,
    env: "Mapping[str, str] | None" = None,
    stdin: bytes = b"",
) -> Result:
    """Run `args` in a session of its own, without a terminal to ask at, and stop it and its children after `seconds`.

    Raises ProcessError when it cannot start, takes too long, or ends with a code other than 0.
    """
    import subprocess

    try:
        child = subprocess.Popen(
            args, cwd=cwd, env=environment(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ProcessError(args, None, str(error)) from error
    _limited.add(child)
    try:
        stdout, stderr = child.communicate(stdin, timeout=0 if _stopping else max(seconds, 0))
    except subprocess.TimeoutExpired as error:
        raise ProcessError(args, None, f"no answer within {seconds:.0f} seconds") from error
    finally:
        _limited.discard(child)
        if child.returncode is None:
            _stop(child)
    if child.returncode:
        raise ProcessError(args, child.returncode, (stderr or stdout).decode(errors="replace"))
    return Result(stdout, stderr.decode(errors="replace"))


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
