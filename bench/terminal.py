"""The time until a process shows a text on a pseudo-terminal."""

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
PATIENCE = 60.0  # seconds without output

_ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[=>78])")
# The reply to a query for the cursor's position, which prompt_toolkit waits for before it ends; then Ctrl-C.
_STOP = b"\x1b[1;1R\x03"


def to_prompt(command: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], text: str) -> Sample:
    """Run `command` until `text` is on the screen, then stop it with Ctrl-C. Raises CommandError if it never is."""
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, SIZE)
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    seconds, output = _until(text.encode(), screen, start)
    usage = _stop(child, screen)
    os.close(screen)
    if seconds is None:
        raise CommandError(command, output)
    return Sample(seconds, usage.peak, usage.cpu)


def _until(text: bytes, screen: int, start: float) -> tuple[float | None, bytes]:
    """The seconds from `start` until `text` was on the screen, None if it never was; the output until then."""
    output = b""
    for chunk in _read(screen, PATIENCE):
        output += chunk
        if text in _ESCAPES.sub(b"", output):
            return time.perf_counter() - start, output
    return None, output


def _read(screen: int, patience: float) -> Iterator[bytes]:
    """The output as it comes, until the terminal is closed or silent for `patience` seconds."""
    while select.select([screen], [], [], patience)[0]:
        try:
            chunk = os.read(screen, 65536)
        except OSError:  # on Linux: no process has the terminal open any more
            return
        if not chunk:
            return
        yield chunk


def _stop(child: subprocess.Popen[bytes], screen: int) -> Usage:
    """Send Ctrl-C, read to the end, kill a process that remains. Returns the resources used."""
    os.write(screen, _STOP)
    for _ in _read(screen, PATIENCE / 6):
        pass
    os.kill(child.pid, signal.SIGKILL)  # has no effect on one that has ended
    return reap(child)
