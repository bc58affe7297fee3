"""How a long operation reports its progress."""

from collections.abc import Callable
from contextlib import AbstractContextManager

Progress = Callable[[str, int, int], None]
"""A function to call at each step, with what is being done, the steps done so far and their total."""

ProgressDisplay = Callable[[], AbstractContextManager[Progress]]
"""Opens a display of progress, and closes it at the end of the block."""
