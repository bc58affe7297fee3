"""The results of a fleet benchmark, which are stored as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Row:
    """One command on a number of repositories, with a sample for each round.

    `conflicts` counts repositories, `codes` counts exit codes (or our outcomes), both in the last round. `failed` names
    the repositories that were not updated in any of the rounds.
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
        """Wall-clock seconds per repository, the median of the rounds."""
        return median(self.seconds) / self.repositories

    @property
    def cpu_each(self) -> float:
        """CPU seconds per repository, the median of the rounds."""
        return median(self.cpu) / self.repositories

    @property
    def peak(self) -> float:
        """MiB of the largest process, the median of the rounds."""
        return median(self.peaks)


@dataclass(frozen=True)
class Fleet:
    """The results of one run on one machine."""

    machine: Mapping[str, str]
    rounds: int
    rows: tuple[Row, ...]

    def ratio(self, row: Row, name: str) -> float | None:
        """The ratio of a row's time to that of `name` for the same task and size; None where that was not measured."""
        key = (row.task, row.repositories, name)
        matching = (other for other in self.rows if (other.task, other.repositories, other.name) == key)
        return next((row.each / other.each for other in matching), None)


def write(fleet: Fleet, path: Path) -> None:
    """Write every sample as JSON."""
    path.write_text(json.dumps(asdict(fleet), indent=2) + "\n", encoding="utf-8")


def is_fleet(path: Path) -> bool:
    """Whether a file of samples holds a fleet benchmark."""
    return "rows" in json.loads(path.read_text(encoding="utf-8"))


def read(path: Path) -> Fleet:
    """Read a file that `write` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    lists = ("failed", "seconds", "cpu", "peaks")
    rows = (Row(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in data["rows"])
    return Fleet(data["machine"], data["rounds"], tuple(rows))
