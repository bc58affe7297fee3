"""A process on a pseudo-terminal, until a text is on its screen."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from measure import CommandError, Sample, Usage, reap

SIZE = (24, 80)
PATIENCE = 60.0

_ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[=>78])")
# The answer to "where is the cursor?", which prompt_toolkit awaits before it ends; then Ctrl-C.
_STOP = b"\x1b[1;1R\x03"


def to_prompt(command: tuple[str, ...], *, at: Path, env: Mapping[str, str], text: str) -> Sample:
    """Run `command` until `text` is on the screen, then stop it with Ctrl-C; raises CommandError if it never is."""
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, SIZE)
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=at, env=env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    seconds, seen = _until(text.encode(), screen, start)
    usage = _stop(child, screen)
    os.close(screen)
    if seconds is None:
        raise CommandError(command, seen)
    return Sample(seconds, usage.peak, usage.cpu)


def _until(text: bytes, screen: int, start: float) -> tuple[float | None, bytes]:
    """When `text` was on the screen, in seconds since `start`, and all that was written until then."""
    seen = b""
    for written in _read(screen, PATIENCE):
        seen += written
        if text in _ESCAPES.sub(b"", seen):
            return time.perf_counter() - start, seen
    return None, seen


def _read(screen: int, patience: float) -> Iterator[bytes]:
    """What is written, as it comes, until the terminal is closed or nothing came for `patience` seconds."""
    while select.select([screen], [], [], patience)[0]:
        try:
            written = os.read(screen, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            return
        if not written:
            return
        yield written


def _stop(child: subprocess.Popen[bytes], screen: int) -> Usage:
    """Send Ctrl-C, read to the end, and return what was used; a process that stays is killed."""
    os.write(screen, _STOP)
    for _ in _read(screen, PATIENCE / 6):
        pass
    os.kill(child.pid, signal.SIGKILL)  # nothing, to one that has ended
    return reap(child)
