"""Findings for a person at a terminal, each on a line that an editor can jump to, the remedy below it."""

import os
import sys
import textwrap
from collections.abc import Iterator, Sequence

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, counted, drawn, escape_invisible, list_first
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.linters.program import ABSENT, EXTRA
from new_ops_project.checks.output.counts import summary
from new_ops_project.checks.run import CheckReport

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "bright_black"}
_MOST = 5  # codes that are named where rules could not look


def lines(report: CheckReport) -> Iterator[Drawn]:
    """Everything there is to say, in colours, the counts last."""
    for finding in report.fixed:
        yield styled(f"fixed  {_place(finding)}: {finding.code} {escape_invisible(finding.message)}", fg="green")
    last_remedy = ""
    for finding in report.findings:
        head = f"{_place(finding)}: {finding.severity} {finding.code}"
        text = wrapped(f"{head} {escape_invisible(finding.message)}", below="    ")
        yield drawn(styled(text[: len(head)], fg=_COLORS[finding.severity]), text[len(head) :])
        if finding.remedy != last_remedy:
            remedy = wrapped(escape_invisible(finding.remedy), "    ", below="    ")
            yield styled(remedy, fg="bright_black")
        last_remedy = finding.remedy
    for line in _not_checked(report.skipped):
        yield styled(wrapped(escape_invisible(line), below="    "), fg="bright_black")
    for line in _end(report):
        yield drawn(wrapped(line, below="    "))


def _place(finding: Finding) -> str:
    """`path:line:column`, as much of it as is known."""
    parts = [escape_invisible(finding.path), *(str(number) for number in (finding.line, finding.column) if number)]
    return ":".join(parts)


def wrapped(text: str, first: str = "", *, below: str = "") -> str:
    """`text` in lines that fit the terminal, with these indents; one line elsewhere, for programs that read lines.

    Never broken inside a word, which may be a path or a command.
    """
    return textwrap.fill(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )


def _width() -> int:
    """The columns of the terminal, at most 100 to read well; no limit without a terminal."""
    try:
        return min(os.get_terminal_size().columns, 100)
    except OSError:
        return sys.maxsize


def _not_checked(skipped: Sequence[Skipped]) -> Iterator[str]:
    """A line for each reason; programs that are not installed share one line."""
    for_absence = [skip for skip in skipped if skip.reason.endswith(ABSENT)]
    if for_absence:
        programs = sorted(skip.reason.removesuffix(ABSENT) for skip in for_absence)
        count = sum(len(skip.codes) for skip in for_absence)
        are = "is" if len(programs) == 1 else "are"
        yield f"not checked: {counted(count, 'rule')}, because {', '.join(programs)} {are} not installed. {EXTRA}"
    for skip in skipped:
        if skip not in for_absence:
            yield f"not checked: {list_first(skip.codes, _MOST)}: {skip.reason} {skip.hint}".rstrip()


def _end(report: CheckReport) -> Iterator[str]:
    counts = summary(report.counts)
    ignored = f"; {len(report.ignored)} ignored, each with its reason" if report.ignored else ""
    where = f" in {counted(len(report.projects), 'project')}" if len(report.projects) > 1 else ""
    yield f"{counts[:1].upper()}{counts[1:]}{where}{ignored}."
    fixable = [finding for finding in report.findings if finding.fixable and not report.rule(finding.code).fixed_when]
    if fixable:
        yield f"{len(fixable)} can be fixed: new-ops-project check --fix (with --preview, nothing is written)."
    first = next((finding.code for finding in report.findings if finding.counts), "")
    if first:
        yield f"Why: new-ops-project check --explain {first}"
