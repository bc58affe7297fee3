"""Runs of any rules on files in memory."""

from collections.abc import Mapping
from datetime import date

from new_ops_project.checks import catalogue, engine, fixpoint, repo

TODAY = date(2026, 11, 25)

Place = tuple[str, str, int, int]


def places(files: Mapping[str, str], *select: str, tracked: tuple[str, ...] = (), today: date = TODAY) -> list[Place]:
    """Code, path, line and column of each finding of the rules that `select` names."""
    report = engine.run(repo.of(files, today=today, tracked=tracked), catalogue.selected(select, ()))
    return [(finding.code, finding.path, finding.line, finding.column) for finding in report.findings]


def message(files: Mapping[str, str], code: str, *, today: date = TODAY) -> str:
    """The message of the only finding of a rule."""
    (finding,) = engine.run(repo.of(files, today=today), catalogue.selected([code], ())).findings
    return finding.message


def fixed(files: Mapping[str, str], code: str) -> dict[str, str]:
    """The files after all fixes of a rule; afterwards it has nothing more to fix."""
    before = repo.of(files, today=TODAY)
    work = fixpoint.fixed_files(before, catalogue.selected([code], ()), lambda _: True)
    after = {**files, **{path: entry.content.decode() for path, entry in work.files.items()}}
    left = engine.run(repo.of(after, today=TODAY), catalogue.selected([code], ()))
    assert not [finding for finding in left.findings if finding.fixable]
    return after
