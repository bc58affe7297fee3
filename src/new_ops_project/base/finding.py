"""Finding, the result type that several verbs share."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How serious a finding is; only `info` leaves the exit code at 0."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and what to do about it.

    `path` is relative to the checked folder, with `/`; '' for the whole folder. `line` and `column` count from 1, in
    characters; 0 if there is none. `fixable`: whether --fix fixes it.
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
        """Whether it sets the exit code to 1."""
        return self.severity is not Severity.INFO

    def as_json(self) -> dict[str, Any]:
        """Its fields by name, the severity as a word."""
        return {**asdict(self), "severity": str(self.severity)}
