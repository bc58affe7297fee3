"""How a long operation reports its progress, whoever shows it."""

from typing import Protocol


class Progress(Protocol):
    """Called as each step starts or ends, with what is being done, the steps done so far and their total."""

    def __call__(self, text: str, done: int, total: int, /) -> None:
        """Show it."""
