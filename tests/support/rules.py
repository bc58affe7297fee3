"""Rules on files in memory: what they find, and what their fixes make of the files."""

from collections.abc import Mapping
from datetime import date

from new_ops_project.checks import catalogue, engine, fixpoint, repo

TODAY = date(2026, 11, 25)

Place = tuple[str, str, int, int]


def places(files: Mapping[str, str], *select: str, tracked: tuple[str, ...] = (), today: date = TODAY) -> list[Place]:
    """Code, path, line and column of everything that the rules named by `select` find."""
    found = engine.run(repo.of(files, today=today, tracked=tracked), catalogue.selected(select, ()))
    return [(one.code, one.path, one.line, one.column) for one in found.findings]


def message(files: Mapping[str, str], code: str, *, today: date = TODAY) -> str:
    """What the one finding of that rule says."""
    (found,) = engine.run(repo.of(files, today=today), catalogue.selected([code], ())).findings
    return found.message


def fixed(files: Mapping[str, str], code: str) -> dict[str, str]:
    """The files with everything mended that the rule can mend; afterwards it finds nothing more that it could."""
    before = repo.of(files, today=TODAY)
    work = fixpoint.mended(before, catalogue.selected([code], ()), lambda _: True)
    after = {**files, **{path: entry.content.decode() for path, entry in work.files.items()}}
    left = engine.run(repo.of(after, today=TODAY), catalogue.selected([code], ()))
    assert not [one for one in left.findings if one.fixable]
    return after
