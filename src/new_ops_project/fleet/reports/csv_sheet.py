"""A report as CSV (RFC 4180, UTF-8) with one row for each repository."""

import csv
import io
from typing import Any

from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.json_report import as_values

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
# What a spreadsheet computes when a cell begins with it; the wide forms, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms


def document(facts: Facts) -> str:
    """The table, the worst row first; lists of files are counts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow("edits_kept" if name == "kept" else name for name in COLUMNS)
    for row in facts.rows:
        values = as_values(row, facts)
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A value, or the length of a list; text that begins like a formula gets an apostrophe before it.

    Names are chosen by other people, and a spreadsheet would run `=HYPERLINK(...)` or worse.
    """
    if isinstance(value, list):
        return len(value)
    is_formula = isinstance(value, str) and value.lstrip(" \u00a0").startswith(_FORMULA)
    return f"'{value}" if is_formula else value
