"""`fleet report`: what came of a rollout, in files of several formats."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from new_ops_project.base.files import save
from new_ops_project.fleet.reports import facts
from new_ops_project.fleet.reports.facts import Facts

STDOUT = "-"


@dataclass(frozen=True)
class FleetReport:
    """The facts of a rollout, the report's title, and the document for stdout ('' if none is to go there)."""

    facts: Facts
    title: str
    document: str = ""


def report(folders: tuple[Path, ...], title: str | None, files: Mapping[str, str]) -> FleetReport:
    """Gather the facts in the folders and write the files: `files` has a path, or STDOUT, for html, markdown and csv.

    Raises ToolError for folders that are not results of one plan, and for a file that cannot be written.
    """
    rollout = facts.gather(folders, datetime.now(UTC).date())
    title = title or rollout.title
    printed = ""
    for shape, file in files.items():
        document = _document(rollout, title, shape)
        if file == STDOUT:
            printed += document
        else:
            save(Path(file), document.encode(), hint="Give another path.")
    return FleetReport(rollout, title, printed)


def _document(rollout: Facts, title: str, shape: str) -> str:
    if shape == "csv":
        from new_ops_project.fleet.reports import csv_sheet  # noqa: PLC0415 - only with --csv

        return csv_sheet.document(rollout)
    if shape == "markdown":
        from new_ops_project.fleet.reports import step_summary  # noqa: PLC0415 - only with --markdown

        return step_summary.document(rollout, title)
    from new_ops_project.fleet.reports import html_page  # noqa: PLC0415 - only with --html

    return html_page.document(rollout, title)
