"""What a run of the benchmarks found, in memory and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Side:
    """One tool: a sample for each round (seconds, MiB), and how many git commands one run starts."""

    seconds: tuple[float, ...]
    peaks: tuple[float, ...]
    git_commands: int

    @property
    def median(self) -> float:
        """Seconds."""
        return median(self.seconds)

    @property
    def peak(self) -> float:
        """MiB, as the median of the rounds."""
        return median(self.peaks)


@dataclass(frozen=True)
class Result:
    """One row: two tools that did the same."""

    name: str
    what: str
    against: str
    target: float
    ours: Side
    theirs: Side

    @property
    def ratio(self) -> float:
        """Our median as a share of theirs."""
        return self.ours.median / self.theirs.median

    @property
    def peak_ratio(self) -> float:
        """Our peak memory as a share of theirs."""
        return self.ours.peak / self.theirs.peak

    @property
    def is_copier(self) -> bool:
        """Whether theirs is copier, against which memory is judged."""
        return self.against.startswith("copier")


@dataclass(frozen=True)
class Report:
    """One run, and the machine that it holds for."""

    machine: Mapping[str, str]
    rounds: int
    results: tuple[Result, ...]


def write(report: Report, path: Path) -> None:
    """Write every sample as JSON."""
    path.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """Read what `write` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Report(found["machine"], found["rounds"], tuple(map(_result, found["results"])))


def _result(found: Mapping[str, Any]) -> Result:
    return Result(**{**found, "ours": _side(found["ours"]), "theirs": _side(found["theirs"])})


def _side(found: Mapping[str, Any]) -> Side:
    return Side(tuple(found["seconds"]), tuple(found["peaks"]), found["git_commands"])
