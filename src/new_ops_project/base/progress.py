"""How a long operation reports its progress."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """A function to call at each step, with what is being done, the steps done so far and their total."""

    def __call__(self, text: str, done: int, total: int, /) -> None:
        """Show the progress."""


ProgressDisplay = Callable[[], AbstractContextManager[Progress]]
"""Opens a display of progress, and closes it at the end of the block."""
