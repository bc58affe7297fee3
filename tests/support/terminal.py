"""The command on a pseudo-terminal of 80 columns."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pexpect

ESC = "\x1b"
CTRL_C = "\x03"
DOWN = "\x1b[B"
ENTER = "\r"

Terminal = Callable[..., "pexpect.spawn[str]"]


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A function that starts the command on a terminal of its own; at the end, what still runs is closed."""
    running: list[pexpect.spawn[str]] = []

    def call(*args: str) -> "pexpect.spawn[str]":
        env = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable, ["-m", "new_ops_project", *args], env=env, dimensions=(40, 80), timeout=60, encoding="utf-8"
        )
        running.append(child)
        return child

    yield call
    for child in running:
        child.close(force=True)
