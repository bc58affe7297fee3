"""The limits on what the template of a stranger may use: time, files, memory.

They are below what harms a machine: a verb holds up to three trees in memory, and opens no file of more than 50 MB.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from new_ops_project.base import confined
from new_ops_project.base.confined import ExceededError, ResourceLimits
from new_ops_project.base.errors import ToolError
from new_ops_project.template.errors import LimitError
from new_ops_project.template.releases import Checkout

T = TypeVar("T")

_SECONDS = "NEW_OPS_PROJECT_RENDER_SECONDS"
_USUAL_SECONDS, _SIZE, _FILES, _MEMORY = "60", 500_000_000, 100_000, 4_000_000_000


def of(*, is_trusted: bool) -> ResourceLimits:
    """The limits; what is trusted may take any memory, since the programs that it starts would have to share it.

    Raises ToolError for an environment variable that is no number of seconds.
    """
    given = os.environ.get(_SECONDS) or _USUAL_SECONDS
    if not re.fullmatch(r"\d{0,9}\.?\d{1,9}", given, re.ASCII) or not float(given):
        message = f"{_SECONDS} is {given!r}."
        raise ToolError(message, f"Set it to a number of seconds, or not at all ({_USUAL_SECONDS}).")
    return ResourceLimits(float(given), _SIZE, _FILES, None if is_trusted else _MEMORY)


def rendering(
    checkout: Checkout, work: Callable[[], T], *, folder: Path | None = None, trusted: bool = False, asks: bool = False
) -> T:
    """What `work` on a template returns: done here for our own, in a child with limits for that of a stranger.

    `folder` is where it writes files. If it `asks` a person, that time does not count. Raises what `work` raises, and
    LimitError.
    """
    if checkout.is_ours:
        return work()
    with readable(f"The template {checkout.source.name} cannot be rendered"), _terminal_restored(asks):
        return confined.call(work, of(is_trusted=trusted), folder=folder, asks=asks)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn the end of a child into one sentence that begins with `what`.

    The limits are on all of its work, so the place is only where it was then.
    """
    try:
        yield
    except ExceededError as error:
        more = f" If it needs that long, set {_SECONDS}." if error.is_late else ""
        place = f"; it was at {error.place}" if error.place else ""
        raise LimitError(f"{what}: it {error}{place}.", f"Fix it there.{more}") from error


@contextmanager
def _terminal_restored(asks: bool) -> Iterator[None]:  # noqa: FBT001 - one of a pair
    """Restore the terminal that a child which is ended in the middle of a question leaves unreadable."""
    if not asks or sys.platform == "win32" or not os.isatty(0):
        yield
        return
    import termios  # noqa: PLC0415 - Windows has none

    before = termios.tcgetattr(0)
    try:
        yield
    except ExceededError:
        termios.tcsetattr(0, termios.TCSANOW, before)
        raise
