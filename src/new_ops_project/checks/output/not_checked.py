"""What was not checked and why, for a person."""

from collections.abc import Iterator, Sequence

from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, escape_invisible, list_first
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.linters.program import ABSENT
from new_ops_project.checks.output.wrapping import wrapped
from new_ops_project.checks.run import CheckReport

_MOST = 5  # codes that are named


def lines(report: CheckReport, *, in_full: bool) -> Iterator[Drawn]:
    """A line for each reason; linters that are not installed share one line if the same helps.

    Unless `in_full`, so do all reasons why the same rules or one linter, or else files or projects, were not checked,
    and nothing is said about optional linters.
    """
    for skips in _groups(report, in_full=in_full):
        start = "note: " if skips[0].is_note else "not checked: "
        text = wrapped(escape_invisible(f"{start}{_text(report, skips)}"), below="    ")
        yield styled(text, fg="red" if skips[0].fails else "bright_black")


def left_out(report: CheckReport) -> int:
    """How many reasons are shown only `in_full`."""
    return sum(len(skips) - 1 for skips in _groups(report, in_full=False) if not _is_absent(skips[0]))


def _groups(report: CheckReport, *, in_full: bool) -> Sequence[Sequence[Skipped]]:
    """The reasons that share a line; linters that are not installed come last."""
    groups: dict[tuple[bool, str, str, bool], list[Skipped]] = {}
    for skip in report.skipped:
        if skip.is_optional and not in_full:
            continue
        is_absent = _is_absent(skip)
        alike = skip.reason if in_full else _linter(report, skip) or " ".join(skip.codes)
        what = "" if is_absent else alike
        groups.setdefault((is_absent, what, skip.hint, skip.fails), []).append(skip)
    return sorted(groups.values(), key=lambda skips: _is_absent(skips[0]))


def _text(report: CheckReport, skips: Sequence[Skipped]) -> str:
    first = skips[0]
    if _is_absent(first):
        names = ", ".join(sorted(skip.reason.removesuffix(ABSENT) for skip in skips))
        return f"{names} {'is' if len(skips) == 1 else 'are'} not installed. {first.hint}".rstrip()
    codes = "" if _linter(report, first) or not first.codes else f"{list_first(first.codes, _MOST)}: "
    more = f" (and {len(skips) - 1} more)" if len(skips) > 1 else ""
    end = "" if first.reason.endswith((".", "!", "?")) else "."
    return f"{codes}{first.reason}{end}{more} {first.hint}".rstrip()


def _is_absent(skip: Skipped) -> bool:
    return skip.reason.endswith(ABSENT)


def _linter(report: CheckReport, skip: Skipped) -> str:
    """The linter with which the reason begins; '' if it is about rules."""
    tools = {rule.tool for rule in report.rules if rule.code in skip.codes}
    return next((tool for tool in tools if tool and skip.reason.startswith(f"{tool} ")), "")
