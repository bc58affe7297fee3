"""Finding: the one result type of check, doctor and fleet."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding matters: only an `info` leaves the exit code at 0."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and what to do about it.

    `path` is below the folder that was looked at, with `/`, '' for all of it. `line` and `column` count from 1 in
    characters; 0 where there is none. `fixable`: whether --fix mends it.
    """

    code: str
    severity: Severity
    path: str
    line: int
    column: int
    message: str
    remedy: str
    fixable: bool = False

    @property
    def counts(self) -> bool:
        """Whether it makes the exit code 1."""
        return self.severity is not Severity.INFO

    def as_json(self) -> dict[str, Any]:
        """Its fields by their names, the severity as its word."""
        return {**asdict(self), "severity": str(self.severity)}
