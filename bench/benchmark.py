"""What a benchmark is: two commands that do the same."""

import sys
from dataclasses import dataclass

NAME = "bench-project"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Benchmark:
    """Two commands that do the same, and how long ours may take as a share of theirs."""

    name: str
    what: str
    against: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    target: float
    prompt: str = ""
    """On a pseudo-terminal, until this text is on the screen; '' for without a terminal, to the end."""
    before: tuple[str, ...] = ()
    """What fills the folder first, untimed; () for nothing."""
    codes: tuple[int, ...] = (0,)
    """Exit codes of either that are right."""
    needs: str = ""
    """A program that comes from elsewhere; where it is not on PATH, the row is left out."""
    is_slow: bool = False
    """Whether it installs packages, and so is only measured with --slow or by its name."""
