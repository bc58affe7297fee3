"""A report as CSV (RFC 4180, UTF-8): one row for each repository, and no cell that a spreadsheet would compute."""

import csv
import io
from typing import Any

from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.rows import as_values

COLUMNS = (
    "name",
    "standing",
    "state",
    "delivery",
    "owner",
    "group",
    "tier",
    "python",
    "python_ends",
    "before",
    "version",
    "after",
    "reason",
    "hint",
    "files",
    "conflicts",
    "drift",
    "kept",
    "lines",
    "branch",
    "target",
    "commit",
    "request",
    "seconds",
    "cpu",
    "tries",
    "shard",
    "at",
    "command",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take these, too


def document(facts: Facts) -> str:
    """The rows, the worst first; of files there is a count."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow("edits_kept" if name == "kept" else name for name in COLUMNS)
    for row in facts.rows:
        values = as_values(row, facts)
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A value, or the count of a list; an apostrophe goes before text that begins like a formula."""
    if isinstance(value, list):
        return len(value)
    is_formula = isinstance(value, str) and value.lstrip(" \u00a0").startswith(_FORMULA)
    return f"'{value}" if is_formula else value
