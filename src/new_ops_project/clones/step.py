"""What a step is, of those that make a clone ready for work: it can look, and most can act."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from new_ops_project.base.finding import Severity
from new_ops_project.clones.clone import Clone
from new_ops_project.clones.run import Run


@dataclass(frozen=True)
class Seen:
    """What a step sees: `severity` None if all is well; `remedy`: what to do, or ''; `path`: the file concerned, or ''.

    An error or a warning is a problem, for the step to act on; `info` is a note.
    """

    message: str
    severity: Severity | None = None
    remedy: str = ""
    path: str = ""

    @property
    def state(self) -> str:
        """Its severity as a word, `ok` if all is well."""
        return str(self.severity or "ok")

    @property
    def is_problem(self) -> bool:
        """Whether there is something to do."""
        return self.severity in {Severity.ERROR, Severity.WARNING}


@dataclass(frozen=True)
class SetupStep:
    """One step. `code`: of its findings, '' if `doctor` leaves it out.

    `look` finds out without changing anything: nothing if the step does not concern the clone. `act` does what is
    missing, and returns what there is to say about it, or ''. It raises ToolError if it fails, which ends the run
    unless `failed` says which state the step has then.
    """

    name: str
    code: str
    look: Callable[[Clone], Iterator[Seen]]
    act: Callable[[Run], str] | None = None
    failed: str = ""
