"""The results of a benchmark run, which are stored as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Side:
    """One tool: a sample for each round (seconds, MiB), the number of git commands that one run starts."""

    seconds: tuple[float, ...]
    peaks: tuple[float, ...]
    git_commands: int

    @property
    def median(self) -> float:
        """Seconds, the median of the rounds."""
        return median(self.seconds)

    @property
    def peak(self) -> float:
        """MiB, the median of the rounds."""
        return median(self.peaks)


@dataclass(frozen=True)
class Result:
    """One row: two tools that did the same work."""

    name: str
    what: str
    against: str
    target: float
    ours: Side
    theirs: Side

    @property
    def ratio(self) -> float:
        """The ratio of our median time to theirs."""
        return self.ours.median / self.theirs.median

    @property
    def peak_ratio(self) -> float:
        """The ratio of our peak memory to theirs."""
        return self.ours.peak / self.theirs.peak

    @property
    def is_copier(self) -> bool:
        """Whether the other tool is copier, whose memory is our target."""
        return self.against.startswith("copier")


@dataclass(frozen=True)
class Report:
    """The results of one run on one machine."""

    machine: Mapping[str, str]
    rounds: int
    results: tuple[Result, ...]


def write(report: Report, path: Path) -> None:
    """Write every sample as JSON."""
    path.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """Read a file that `write` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Report(data["machine"], data["rounds"], tuple(map(_result, data["results"])))


def _result(data: Mapping[str, Any]) -> Result:
    return Result(**{**data, "ours": _side(data["ours"]), "theirs": _side(data["theirs"])})


def _side(data: Mapping[str, Any]) -> Side:
    return Side(tuple(data["seconds"]), tuple(data["peaks"]), data["git_commands"])
