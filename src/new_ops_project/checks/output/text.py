"""Findings for a person at a terminal: one line each that an editor can jump to, and the remedy below it."""

import os
import sys
import textwrap
from collections.abc import Iterator, Sequence

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.report import Voice
from new_ops_project.base.text import readable
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.linters.program import ABSENT, EXTRA
from new_ops_project.checks.run import Checkup, counted, summary

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "bright_black"}
_MOST = 5  # codes that are named where rules could not look


def say(checkup: Checkup, voice: Voice) -> None:
    """Print everything, the counts last."""
    for finding in checkup.fixed:
        voice.say(f"mended  {_place(finding)}: {finding.code} {readable(finding.message)}", fg="green")
    told = ""
    for finding in checkup.findings:
        head = f"{_place(finding)}: {finding.severity} {finding.code}"
        text = wrapped(f"{head} {readable(finding.message)}", below="    ")
        voice.say(text[: len(head)], fg=_COLORS[finding.severity], nl=False)
        voice.say(text[len(head) :])
        if finding.remedy != told:
            voice.say(wrapped(readable(finding.remedy), "    ", below="    "), fg="bright_black")
        told = finding.remedy
    for line in _not_checked(checkup.skipped):
        voice.say(wrapped(readable(line), below="    "), fg="bright_black")
    for line in _end(checkup):
        voice.say(wrapped(line, below="    "))


def _place(finding: Finding) -> str:
    """`path:line:column`, as much of it as is known."""
    parts = [readable(finding.path), *(str(number) for number in (finding.line, finding.column) if number)]
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
    """The columns of the terminal, at most 100 to read well; no limit where there is none."""
    try:
        return min(os.get_terminal_size().columns, 100)
    except OSError:
        return sys.maxsize


def _not_checked(skipped: Sequence[Skipped]) -> Iterator[str]:
    """A line for each reason; programs that are not installed are told together."""
    absent = sorted(one.reason.removesuffix(ABSENT) for one in skipped if one.reason.endswith(ABSENT))
    if absent:
        count = sum(len(one.codes) for one in skipped if one.reason.endswith(ABSENT))
        yield f"not checked: {counted(count, 'rule')}, for want of {', '.join(absent)}. {EXTRA}"
    for one in skipped:
        if not one.reason.endswith(ABSENT):
            more = f" and {len(one.codes) - _MOST} more" if len(one.codes) > _MOST else ""
            yield f"not checked: {', '.join(one.codes[:_MOST])}{more}: {one.reason} {one.hint}".rstrip()


def _end(checkup: Checkup) -> Iterator[str]:
    counts = summary(checkup.counts)
    ignored = f"; {len(checkup.ignored)} ignored, each with its reason" if checkup.ignored else ""
    where = f" in {counted(len(checkup.projects), 'project')}" if len(checkup.projects) > 1 else ""
    yield f"{counts[:1].upper()}{counts[1:]}{where}{ignored}."
    fixable = [one for one in checkup.findings if one.fixable and not checkup.rule(one.code).fixed_when]
    if fixable:
        yield f"{len(fixable)} can be mended: new-ops-project check --fix (with --preview, nothing is written)."
    first = next((one.code for one in checkup.findings if one.counts), "")
    if first:
        yield f"Why: new-ops-project check --explain {first}"
