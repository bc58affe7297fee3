"""The result of a diagnosis: topics, which may be findings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit
from new_ops_project.base.finding import Finding, Severity

_CODES = {
    "git": "DOC101",
    "identity": "DOC102",
    "remote": "DOC103",
    "template": "DOC104",
    "python": "DOC105",
    "environment": "DOC106",
    "lock": "DOC107",
    "packages": "DOC108",
    "project": "DOC109",
    "hooks": "DOC110",
    "variables": "DOC111",
    "disk": "DOC112",
}


@dataclass(frozen=True)
class Topic:
    """One topic of a diagnosis. `severity`: None if all is well; `remedy`: what to do, or ''.

    `path`: the file that is concerned, or ''.
    """

    name: str
    message: str
    severity: Severity | None = None
    remedy: str = ""
    path: str = ""

    @property
    def state(self) -> str:
        """Its severity as a word, `ok` if all is well."""
        return str(self.severity) if self.severity else "ok"

    @property
    def finding(self) -> Finding | None:
        """The finding; None if all is well."""
        if self.severity is None:
            return None
        return Finding(_CODES[self.name], self.severity, self.path, 0, 0, self.message, self.remedy)


@dataclass(frozen=True)
class Diagnosis:
    """All topics, in the order in which a person would fix them."""

    path: Path
    topics: tuple[Topic, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(topic.finding for topic in self.topics if topic.finding)

    @property
    def exit_code(self) -> Exit:
        """1 if a finding counts."""
        return Exit.FINDINGS if any(finding.counts for finding in self.findings) else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        checks = [
            {"name": topic.name, "state": topic.state, "message": topic.message, "remedy": topic.remedy}
            for topic in self.topics
        ]
        return {"path": str(self.path), "checks": checks, "findings": [finding.as_json() for finding in self.findings]}
