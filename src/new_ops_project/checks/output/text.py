"""Findings for a person at a terminal: worst first, in groups with one remedy, on lines that an editor can jump to."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, capitalize, counted, drawn, escape_invisible, list_first
from new_ops_project.checks.ignoring.entries import Ignore
from new_ops_project.checks.output import not_checked
from new_ops_project.checks.output.counts import summary
from new_ops_project.checks.output.wrapping import height, wrapped
from new_ops_project.checks.run import CheckReport

LINES = 20  # that a person reads without being asked to scroll
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "bright_black"}
_FIXED = 6  # lines about what was fixed, if anything else was found
_PROJECTS = 8  # lines about projects
_MOST = 5  # files that are named in a line
_BELOW = "    "


@dataclass(frozen=True)
class _Group:
    """Findings of the same rule that are equally serious; those with the same remedy follow each other.

    `is_fixed`: they are no more.
    """

    findings: tuple[Finding, ...]
    is_fixed: bool = False

    def lines(self, count: int) -> list[Drawn]:
        """The first `count` findings with the number of the others; a remedy below the last one that it is for."""
        shown: list[Drawn] = []
        for number, finding in enumerate(self.findings[:count], start=1):
            more = _more(self.findings[count:]) if number == count else ""
            if self.is_fixed:
                shown.append(_fixed(finding, more))
                continue
            shown.append(_finding(finding, more))
            if number == count or finding.remedy != self.findings[number].remedy:
                shown += _remedy(finding)
        return shown


def lines(report: CheckReport, again: str = "") -> Iterator[Drawn]:
    """What there is to say, in colours, the counts last: in LINES lines, and how to see the rest.

    `again` is the command that shows everything; without it, this is everything.
    """
    fixed = [_Group(group, is_fixed=True) for group in _by_rule(report.fixed)]
    groups = [_Group(group) for group in _by_rule(report.findings)]
    end = [*not_checked.lines(report, in_full=not again), drawn(wrapped(_summary(report), below=_BELOW))]
    start = list(_projects(report, _PROJECTS if again else sys.maxsize)) if len(report.projects) > 1 else []
    start += not_fixed(report)
    rows = LINES - height(start) - height(end) if again else sys.maxsize
    start += _shown(fixed, _fitting(fixed, min(rows, _FIXED) if again and groups else rows))
    rows = LINES - height(start) - height(end) if again else sys.maxsize
    counts, reasons = _fitting(groups, rows), not_checked.left_out(report) if again else 0
    if sum(counts) < len(report.findings) or reasons:
        line = _left_out(groups, [0] * len(groups), reasons, again)
        counts = _fitting(groups, rows - height([line]))
        end = [_left_out(groups, counts, reasons, again), *end]
    ignored = [_ignored(finding, why) for finding, why in report.ignored] if not again else []
    yield from (*start, *_shown(groups, counts), *ignored, *end)


def not_fixed(report: CheckReport) -> list[Drawn]:
    """The files that --fix left as they are, in a line for each reason."""
    unseen = [str(PurePosixPath(plan["path"], path)) for plan in report.plans for path in plan["unseen"]]
    held = [str(PurePosixPath(plan["path"], path)) for plan in report.plans for path in plan["held"]]
    changed = [path for path in held if path not in unseen]
    have = "has" if len(changed) == 1 else "have"
    texts = [f"{list_first(changed, _MOST)} {have} uncommitted changes"] if changed else []
    texts += [f"git ignores {list_first(unseen, _MOST)}"] if unseen else []
    return [styled(wrapped(escape_invisible(f"not fixed: {text}"), below=_BELOW), fg="yellow") for text in texts]


# ---- projects -------------------------------------------------------------------------------------------------------


def _projects(report: CheckReport, most: int) -> Iterator[Drawn]:
    """A line for each of the projects, worst first, and one for those beyond `most`; then an empty one."""
    rows = sorted(report.by_project.items(), key=lambda row: _badness(row[1]), reverse=True)
    for name, counts in rows[:most]:
        text = "could not be checked" if counts is None else summary(counts)
        yield drawn(wrapped(f"{escape_invisible(name)}: {text}", below=_BELOW))
    if others := [counts for _, counts in rows[most:]]:
        done = [counts for counts in others if counts is not None]
        texts = [summary({severity: sum(counts[severity] for counts in done) for severity in Severity})] if done else []
        texts += [f"{others.count(None)} could not be checked"] if None in others else []
        yield drawn(wrapped(f"and {counted(len(others), 'more project')}: {'; '.join(texts)}", below=_BELOW))
    yield drawn()


def _badness(counts: Mapping[Severity, int] | None) -> tuple[int, ...]:
    return (sys.maxsize,) if counts is None else tuple(counts.values())


# ---- groups ---------------------------------------------------------------------------------------------------------


def _by_rule(findings: Sequence[Finding]) -> list[tuple[Finding, ...]]:
    """The findings of each rule, worst first; in each, those with the same remedy together, by place."""
    groups: dict[tuple[Severity, str], dict[str, list[Finding]]] = {}
    for finding in findings:
        remedies = groups.setdefault((finding.severity, finding.code), {})
        remedies.setdefault(finding.remedy, []).append(finding)
    severities = list(Severity)
    ordered = sorted(groups.items(), key=lambda item: (severities.index(item[0][0]), item[0][1]))
    return [tuple(finding for same in remedies.values() for finding in same) for _, remedies in ordered]


def _fitting(groups: Sequence[_Group], rows: int) -> list[int]:
    """How many findings of each group fit: one of every group comes before a second one of any.

    Of notes, which nobody has to act on, one is enough; they come last.
    """
    if rows == sys.maxsize:
        return [len(group.findings) for group in groups]
    counts = [0] * len(groups)
    for is_problem, most in ((True, 1), (True, sys.maxsize), (False, 1)):
        left_out: Severity | None = None
        for index, group in enumerate(groups):
            first = group.findings[0]
            if left_out not in {None, first.severity}:
                break  # what is less serious is not shown in its place
            while first.counts is is_problem and counts[index] < min(most, len(group.findings)):
                cost = height(group.lines(counts[index] + 1)) - height(group.lines(counts[index]))
                if cost > rows and any(counts):
                    break
                rows, counts[index] = rows - cost, counts[index] + 1
            left_out = first.severity if first.counts and not counts[index] else left_out
    return counts


def _shown(groups: Iterable[_Group], counts: Iterable[int]) -> Iterator[Drawn]:
    for group, count in zip(groups, counts, strict=True):
        yield from group.lines(count)


# ---- lines ----------------------------------------------------------------------------------------------------------


def _finding(finding: Finding, more: str) -> Drawn:
    place, label = _place(finding), f"{finding.severity} {finding.code}"
    mark = " [*]" if finding.fixable else ""
    text = f"{place}: {label}{mark} {escape_invisible(finding.message)}{more}"
    text = wrapped(text, below=_BELOW, whole=[place, f"{label}{mark}"])
    between, _, message = text[len(place) :].partition(f"{label}{mark}")
    parts = [styled(place, bold=True), between, styled(label, fg=_COLORS[finding.severity])]
    return drawn(*parts, *([styled(mark, fg="cyan")] if mark else []), message)


def _fixed(finding: Finding, more: str) -> Drawn:
    place = _place(finding)
    text = f"fixed  {place}: {finding.code} {escape_invisible(finding.message)}{more}"
    return styled(wrapped(text, below=_BELOW, whole=[place]), fg="green")


def _ignored(finding: Finding, why: Ignore) -> Drawn:
    place = _place(finding)
    text = f"ignored  {place}: {finding.code} {escape_invisible(f'{finding.message} Reason: {why.reason}')}"
    return styled(wrapped(text, below=_BELOW, whole=[place]), fg="bright_black")


def _place(finding: Finding) -> str:
    """`path:line:column`, as much of it as is known."""
    parts = [escape_invisible(finding.path), *(str(number) for number in (finding.line, finding.column) if number)]
    return ":".join(parts)


def _remedy(finding: Finding) -> list[Drawn]:
    text = wrapped(escape_invisible(finding.remedy), _BELOW, below=_BELOW)
    return [styled(text, fg="bright_black")] if finding.remedy else []


def _more(others: Sequence[Finding]) -> str:
    if not others:
        return ""
    files = len({finding.path for finding in others})
    return f" (and {len(others)} more{f' in {files} files' if files > 1 else ''})"


def _left_out(groups: Sequence[_Group], counts: Sequence[int], reasons: int, again: str) -> Drawn:
    """How much of what is not shown, and the command that shows it."""
    left = Counter[Severity]()
    for group, count in zip(groups, counts, strict=True):
        left[group.findings[0].severity] += len(group.findings) - count
    parts = [summary({each: left[each] for each in Severity})] if left.total() else []
    parts += [counted(reasons, "reason")] if reasons else []
    return drawn(wrapped(f"Not shown: {', '.join(parts)}. See all: {again}", below=_BELOW))


def _summary(report: CheckReport) -> str:
    """One line: what was fixed, found, can be fixed, is ignored."""
    parts = []
    if report.fixed:
        parts.append(f"fixed {len(report.fixed)}")
    where = f" in {counted(len(report.projects), 'project')}" if len(report.projects) > 1 else ""
    counts = summary(report.counts)
    parts.append(f"found {counts}{where}" if report.findings else f"{counts}{where}")
    if fixable := sum(finding.fixable for finding in report.findings):
        parts.append(f"[*] {fixable} fixable with --fix")
    if report.ignored:
        number = len(report.ignored)
        parts.append(f"{number} ignored, each with its reason" if number > 1 else "1 ignored with its reason")
    if not report.is_complete:
        parts.append("not everything was checked")
    return capitalize(f"{'; '.join(parts)}.")
