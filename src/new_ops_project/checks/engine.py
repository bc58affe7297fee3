"""The engine that runs rules on a repository to get its findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from new_ops_project.base.finding import Finding
from new_ops_project.base.masking import masked
from new_ops_project.checks.ignoring import entries as ignoring
from new_ops_project.checks.ignoring.entries import Ignore
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
    """Rules that could not be checked for the same reason; the hint says what to do about it."""

    codes: tuple[str, ...]
    reason: str
    hint: str = ""


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
    reports = _reports(repo)
    reports.start({rule.tool for rule in rules if rule.tool})
    results: list[FixableFinding] = []
    skipped: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        try:
            for breach in _breaches(rule, repo, reports):
                results.append(_result(rule, breach))  # noqa: PERF401 - what was checked before an error counts
        except UncheckedError as error:
            skipped.setdefault((error.reason, error.hint), []).append(rule.code)
    reasons = tuple(Skipped(tuple(codes), *reason) for reason, codes in skipped.items())
    return _without_ignored(_without_doubles(results, rules), ignoring.read(repo), reasons)


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
    results: Iterable[FixableFinding], entries: Sequence[Ignore], skipped: tuple[Skipped, ...]
) -> Checked:
    counted: list[FixableFinding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    for result in sorted(dict.fromkeys(results), key=_order):
        ignore = next((ignore for ignore in entries if ignore.covers(result.finding)), None)
        if ignore is None:
            counted.append(result)
        else:
            ignored.append((result.finding, ignore))
    return Checked(tuple(counted), tuple(ignored), skipped)


def _order(result: FixableFinding) -> tuple[str, int, int, str]:
    finding = result.finding
    return finding.path, finding.line, finding.column, finding.code
