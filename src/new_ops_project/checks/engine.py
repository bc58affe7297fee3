"""The engine that runs rules on a repository to get its findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from new_ops_project.base import process
from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.masking import masked
from new_ops_project.checks.ignoring import entries as ignoring
from new_ops_project.checks.ignoring.entries import Ignore
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.linters.reports import Reports
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Fix, Rule, UncheckedError


@dataclass(frozen=True)
class FixableFinding:
    """A finding with its fix; () if it has none."""

    finding: Finding
    fix: Fix = ()


@dataclass(frozen=True)
class Skipped:
    """Rules that could not be checked for the same reason; the hint says what to do about it.

    `fails`: a linter that should have been asked was not, or not about everything, so the run is incomplete. `path`:
    the file that this is about, '' if it is about others. `is_optional`: the linter that is missing is one that this
    tool does not bring, and nobody asked for its rules by their codes. `is_note`: nothing was left out, but something
    was not checked as one may expect; it has no codes.
    """

    codes: tuple[str, ...]
    reason: str
    hint: str = ""
    fails: bool = False
    path: str = ""
    is_optional: bool = False
    is_note: bool = False


@dataclass(frozen=True)
class Checked:
    """The results for one repository, sorted by path, line and column.

    `ignored` has the findings that the repository's own configuration ignores, each with its entry there.
    """

    results: tuple[FixableFinding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    skipped: tuple[Skipped, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that are not ignored."""
        return tuple(result.finding for result in self.results)


def run(repo: Repo, rules: Sequence[Rule]) -> Checked:
    """Check every rule; the linters that the rules need run at the same time."""
    entries = ignoring.read(repo)
    unasked = {entry.code: entry.reason for entry in entries if not entry.paths}
    asked = [rule for rule in rules if rule.tool not in unasked]
    results, unchecked = _asked(repo, asked)
    unchecked += [(rule.code, _left_out(rule.tool, unasked[rule.tool])) for rule in rules if rule.tool in unasked]
    tools = {rule.code: rule.tool for rule in rules}
    unchecked = [(code, _excused(error, tools.get(code, ""), entries)) for code, error in unchecked]
    return _without_ignored(_without_doubles(results, rules), entries, tools, _reasons(results, unchecked))


_Unchecked = list[tuple[str, UncheckedError]]


def _asked(repo: Repo, rules: Sequence[Rule]) -> tuple[list[FixableFinding], _Unchecked]:
    """What the rules find, and the codes of those that could not be checked."""
    reports = _reports(repo)
    with process.stopped_together():  # the linters, if this is interrupted
        reports.start({rule.tool for rule in rules if rule.tool})
        # Rules that need no linter are checked while the linters are at work.
        in_turn = sorted(rules, key=lambda rule: bool(rule.tool))
        checked = {rule.code: _checked(rule, repo, reports) for rule in in_turn}
    results = [result for rule in rules for result in checked[rule.code][0]]
    return results, [gap for rule in rules for gap in checked[rule.code][1]] + _unread(repo)


def _checked(rule: Rule, repo: Repo, reports: Reports) -> tuple[list[FixableFinding], _Unchecked]:
    """What one rule finds, and what was not checked."""
    results: list[FixableFinding] = []
    try:
        for breach in _breaches(rule, repo, reports):
            results.append(_result(rule, breach))  # noqa: PERF401 - what was checked before an error counts
    except UncheckedError as error:
        return results, [(rule.code, error)]
    return results, [(rule.code, gap) for gap in (reports.gaps(rule.tool) if rule.tool else ())]


def _unread(repo: Repo) -> _Unchecked:
    """The files that no rule could read."""
    refused = repo.files.refused if isinstance(repo.files, LazyFiles) else {}
    return [("", UncheckedError(refused[path], fails=True, path=path)) for path in sorted(refused)]


def _left_out(tool: str, reason: str) -> UncheckedError:
    return UncheckedError(f"{tool} is ignored in pyproject.toml: {reason}")


def _excused(error: UncheckedError, tool: str, entries: Sequence[Ignore]) -> UncheckedError:
    """The error; it is none if the repository ignores what the linter finds in that file."""
    about = (entry for entry in entries if error.path and tool and entry.code == tool and entry.is_about(error.path))
    why = next((entry.reason for entry in about), "")
    reason = f"{error.reason} That is ignored in pyproject.toml: {why}"
    return UncheckedError(reason, path=error.path) if why else error


def _reasons(results: Sequence[FixableFinding], unchecked: _Unchecked) -> tuple[Skipped, ...]:
    """What was not checked, with the codes for which the same is the reason.

    That a linter cannot read a file goes without saying where an error is found in it.
    """
    broken = {result.finding.path for result in results if result.finding.severity is Severity.ERROR}
    codes: dict[tuple[str, str, bool, str, bool, bool], list[str]] = {}
    for code, error in unchecked:
        if error.fails and error.path in broken:
            continue
        reason = (error.reason, error.hint, error.fails, error.path, error.is_optional, error.is_note)
        about = codes.setdefault(reason, [])
        about += [code] if code and not error.is_note else []
    return tuple(Skipped(tuple(codes), *reason) for reason, codes in codes.items())


def _reports(repo: Repo) -> Reports:
    """The linters' reports, shared by every round of fixes: most linters read the folder, which no round changes."""
    reports: Reports = repo.shared.setdefault("reports", Reports(repo))
    return reports


def _breaches(rule: Rule, repo: Repo, reports: Reports) -> Iterable[Breach]:
    return rule.check(repo, reports.of(rule.tool)) if rule.tool else rule.check(repo)


def _result(rule: Rule, breach: Breach) -> FixableFinding:
    finding = Finding(
        rule.code,
        breach.severity or rule.severity,
        breach.path,
        breach.line,
        breach.column,
        masked(breach.message),  # before a format escapes letters of a secret
        masked(breach.remedy or rule.remedy),
        fixable=bool(breach.fix),
    )
    return FixableFinding(finding, breach.fix)


def _without_doubles(results: Sequence[FixableFinding], rules: Iterable[Rule]) -> Iterable[FixableFinding]:
    """Without what another rule, which knows more about it, reports on the same line."""
    others = {rule.code: rule.unless for rule in rules}
    lines = {(result.finding.code, result.finding.path, result.finding.line) for result in results}
    for result in results:
        finding = result.finding
        if not any((code, finding.path, finding.line) in lines for code in others[finding.code]):
            yield result


def _without_ignored(
    results: Iterable[FixableFinding],
    entries: Sequence[Ignore],
    tools: Mapping[str, str],
    skipped: tuple[Skipped, ...],
) -> Checked:
    counted: list[FixableFinding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    for result in sorted(dict.fromkeys(results), key=_order):
        ignore = next((ignore for ignore in entries if ignore.covers(result.finding, tools[result.finding.code])), None)
        if ignore is None:
            counted.append(result)
        else:
            ignored.append((result.finding, ignore))
    return Checked(tuple(counted), tuple(ignored), skipped)


def _order(result: FixableFinding) -> tuple[str, int, int, str]:
    finding = result.finding
    return finding.path, finding.line, finding.column, finding.code
