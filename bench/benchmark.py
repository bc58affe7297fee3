"""The definition of a benchmark: two commands that do the same work."""

import sys
from dataclasses import dataclass

NAME = "bench-project"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Benchmark:
    """Two commands that do the same work; `target` is the largest allowed ratio of our time to theirs."""

    name: str
    what: str
    against: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    target: float
    prompt: str = ""
    """Run on a pseudo-terminal until this text is on the screen; '' to run without a terminal, to the end."""
    before: tuple[str, ...] = ()
    """The command that fills the folder first, untimed; () for an empty folder."""
    codes: tuple[int, ...] = (0,)
    """The exit codes that count as success, for both commands."""
    needs: str = ""
    """A program that has to be installed separately; without it on PATH, the benchmark is skipped."""
    is_slow: bool = False
    """Whether it installs packages or makes thousands of files; then it only runs with --slow or by its name."""
