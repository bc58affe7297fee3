"""What a run of the fleet's benchmark found, in memory and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Row:
    """One command on so many repositories; a sample for each round.

    `conflicts` counts repositories and `codes` exit codes (or our outcomes), both of the last round; `failed` are the
    repositories that were not updated, of all rounds.
    """

    task: str
    name: str
    label: str
    repositories: int
    conflicts: int
    failed: tuple[str, ...]
    codes: Mapping[str, int]
    seconds: tuple[float, ...]
    cpu: tuple[float, ...]
    peaks: tuple[float, ...]

    @property
    def each(self) -> float:
        """Seconds on the clock for each repository, as the median of the rounds."""
        return median(self.seconds) / self.repositories

    @property
    def cpu_each(self) -> float:
        """Seconds of processors for each repository."""
        return median(self.cpu) / self.repositories

    @property
    def peak(self) -> float:
        """MiB of the largest process."""
        return median(self.peaks)


@dataclass(frozen=True)
class Fleet:
    """One run, and the machine that it holds for."""

    machine: Mapping[str, str]
    rounds: int
    rows: tuple[Row, ...]

    def ratio(self, row: Row, name: str) -> float | None:
        """A row's time as a share of that of `name` at the same task; None where that was not measured."""
        same = (row.task, row.repositories, name)
        return next((row.each / one.each for one in self.rows if (one.task, one.repositories, one.name) == same), None)


def write(fleet: Fleet, path: Path) -> None:
    """Write every sample as JSON."""
    path.write_text(json.dumps(asdict(fleet), indent=2) + "\n", encoding="utf-8")


def is_fleet(path: Path) -> bool:
    """Whether a file of samples is of a fleet."""
    return "rows" in json.loads(path.read_text(encoding="utf-8"))


def read(path: Path) -> Fleet:
    """Read what `write` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    lists = ("failed", "seconds", "cpu", "peaks")
    rows = (Row(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in found["rows"])
    return Fleet(found["machine"], found["rounds"], tuple(rows))
