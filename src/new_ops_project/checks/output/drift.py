"""How the files of projects differ from their templates, for a person."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, counted, drawn, escape_invisible
from new_ops_project.checks.output.wrapping import wrapped
from new_ops_project.checks.run import CheckReport
from new_ops_project.checks.template.states import FileState

_COLORS = {"edited": "yellow", "deleted": "red", "extra": "bright_black"}
_WORDS = {"edited": "edited", "deleted": "deleted", "extra": "written with other answers only"}


def lines(report: CheckReport) -> Iterator[Drawn]:
    """For each project, a line for each file that is not as the template wrote it, and one that counts them.

    Nothing about a project that could not be compared.
    """
    for name in report.projects:
        states = report.drift.get(name, ())
        for file in states:
            if file.state != "same":
                yield _line(str(PurePosixPath(name, file.path)), file)
        if states or not report.skipped:
            yield drawn(wrapped(f"{escape_invisible(name)}: {_summary(states)}."))


def _line(path: str, file: FileState) -> Drawn:
    whose = " (yours to edit)" if file.state == "edited" and not file.is_maintained else ""
    return drawn(styled(f"{file.state:<8}", fg=_COLORS[file.state]), f" {escape_invisible(path)}{whose}")


def _summary(states: Sequence[FileState]) -> str:
    if not states:
        return "no template is recorded, so there is nothing to compare"
    numbers = {state: sum(file.state == state for file in states) for state in _WORDS}
    parts = [f"{number} {_WORDS[state]}" for state, number in numbers.items() if number]
    written = len(states) - numbers["extra"]
    return f"{counted(written, 'file')} of the template, {', '.join(parts) or 'all as it wrote them'}"
