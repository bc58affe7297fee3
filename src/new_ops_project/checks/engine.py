"""Rules are run on a repository, and their breaches become findings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from new_ops_project.base.finding import Finding
from new_ops_project.checks import ignores
from new_ops_project.checks.ignores import Ignore
from new_ops_project.checks.linters.reports import Reports
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Fix, Rule, UncheckedError


@dataclass(frozen=True)
class FixableFinding:
    """A finding, and the fix that mends it, () if none does."""

    finding: Finding
    fix: Fix = ()


@dataclass(frozen=True)
class Skipped:
    """Rules that could not look: why, and what would let them."""

    codes: tuple[str, ...]
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Checked:
    """What the rules say of one repository: by path, line and column; and what its own configuration passes over."""

    found: tuple[FixableFinding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    skipped: tuple[Skipped, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Without what is ignored."""
        return tuple(one.finding for one in self.found)


def run(repo: Repo, rules: Sequence[Rule]) -> Checked:
    """Ask every rule; the programs that some of them need run at the same time."""
    reports = _reports(repo)
    reports.start({rule.tool for rule in rules if rule.tool})
    found: list[FixableFinding] = []
    skipped: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        try:
            found += [_found(rule, breach) for breach in _breaches(rule, repo, reports)]
        except UncheckedError as error:
            skipped.setdefault((error.reason, error.hint), []).append(rule.code)
    reasons = tuple(Skipped(tuple(codes), *why) for why, codes in skipped.items())
    return _sorted_out(found, ignores.read(repo), reasons)


def _reports(repo: Repo) -> Reports:
    """The reports of the linters; files that were fixed in memory keep those of the repository on disk."""
    reports: Reports = repo.shared.setdefault("reports", Reports(repo))
    return reports


def _breaches(rule: Rule, repo: Repo, reports: Reports) -> Iterable[Breach]:
    return rule.check(repo, reports.of(rule.tool)) if rule.tool else rule.check(repo)


def _found(rule: Rule, breach: Breach) -> FixableFinding:
    finding = Finding(
        rule.code,
        breach.severity or rule.severity,
        breach.path,
        breach.line,
        breach.column,
        breach.message,
        breach.remedy or rule.remedy,
        fixable=bool(breach.fix),
    )
    return FixableFinding(finding, breach.fix)


def _sorted_out(
    found: Iterable[FixableFinding], passed_over: Sequence[Ignore], skipped: tuple[Skipped, ...]
) -> Checked:
    kept: list[FixableFinding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    for one in sorted(dict.fromkeys(found), key=_order):
        ignore = next((ignore for ignore in passed_over if ignore.covers(one.finding)), None)
        if ignore is None:
            kept.append(one)
        else:
            ignored.append((one.finding, ignore))
    return Checked(tuple(kept), tuple(ignored), skipped)


def _order(one: FixableFinding) -> tuple[str, int, int, str]:
    finding = one.finding
    return finding.path, finding.line, finding.column, finding.code


def chosen(rules: Sequence[Rule], names: Iterable[str]) -> Iterator[Rule]:
    """Those whose code begins with one of `names`."""
    wanted = tuple(names)
    yield from (rule for rule in rules if rule.code.startswith(wanted))
