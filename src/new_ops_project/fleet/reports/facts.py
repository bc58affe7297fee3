"""The facts of a rollout: a row for each repository, from which every count is taken."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from new_ops_project.base.errors import Exit
from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, ResultState, counts
from new_ops_project.fleet.names import natural_key
from new_ops_project.fleet.reports import burndown
from new_ops_project.fleet.reports.state import RepositoryState, Row
from new_ops_project.template.pins import python_support

UNKNOWN = "unknown"
NOBODY = "no owner"
_SLOWEST = 10


@dataclass(frozen=True)
class CountTable:
    """What was counted, for people: the heads of the columns, and rows with the highest counts first."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str | float, ...]]


@dataclass(frozen=True)
class Heat:
    """In how many repositories of an owner each template file had been edited; files and owners have most first."""

    files: tuple[str, ...]
    owners: tuple[str, ...]
    cells: Mapping[tuple[str, str], int]

    def total(self, file: str) -> int:
        """The number of repositories in which that file had been edited."""
        return sum(self.cells.get((file, owner), 0) for owner in self.owners)


@dataclass(frozen=True)
class Facts:
    """A plan and what came of it by a day; `rows` has the worst first."""

    plan: FleetPlan
    folders: tuple[Path, ...]
    today: date
    rows: tuple[Row, ...]

    @cached_property
    def by_result(self) -> dict[ResultState, int]:
        """The number of results in each state."""
        return counts(row.result for row in self.rows)

    @cached_property
    def by_delivery(self) -> dict[Delivered, int]:
        """The number of deliveries in each state."""
        numbers = Counter(row.delivery.state for row in self.rows if row.delivery)
        return {state: numbers[state] for state in Delivered}

    @cached_property
    def by_state(self) -> dict[RepositoryState, int]:
        """The number of repositories in each state, the worst first."""
        numbers = Counter(row.state for row in self.rows)
        return {state: numbers[state] for state in RepositoryState}

    @cached_property
    def needing_update(self) -> frozenset[RepositoryState]:
        """The states with a repository that has to be updated again, and not only published."""
        return frozenset(row.state for row in self.rows if row.result.state is not ResultState.UPDATED)

    @cached_property
    def mode(self) -> str:
        """How commits are delivered: branch, push or pr; pr if nothing was delivered yet."""
        return next((row.delivery.mode for row in self.rows if row.delivery and row.delivery.mode), "pr")

    @cached_property
    def at_version(self) -> int:
        """The number of repositories that have the version."""
        return sum(row.has_version for row in self.rows)

    @cached_property
    def versions(self) -> tuple[tuple[str, int, int], ...]:
        """Each template version with the number of repositories that had it and that have it now, the newest first."""
        before = Counter(row.result.before or UNKNOWN for row in self.rows)
        now = Counter(row.after or UNKNOWN for row in self.rows)
        names = sorted(before.keys() | now.keys(), key=lambda name: (name != UNKNOWN, natural_key(name)), reverse=True)
        return tuple((name, before[name], now[name]) for name in names)

    @cached_property
    def python_versions(self) -> tuple[python_support.VersionUse, ...]:
        """Each Python version, the oldest first, with the end of its support."""
        counted = Counter(row.result.python or UNKNOWN for row in self.rows)
        names = sorted(counted, key=lambda name: (name == UNKNOWN, natural_key(name)))
        return tuple(python_support.version_use(name, self.today, counted[name]) for name in names)

    @cached_property
    def burndown(self) -> burndown.Burndown:
        """The repositories that do not have the version yet, over time."""
        return burndown.compute(self.plan, self.rows)

    @cached_property
    def heat(self) -> Heat:
        """Where template files had been edited, by file and owner."""
        cells = Counter(
            (path, row.result.owner or NOBODY) for row in self.rows for path in {note.path for note in row.result.drift}
        )
        files, owners = Counter[str](), Counter[str]()
        for (file, owner), count in cells.items():
            files[file] += count
            owners[owner] += count
        return Heat(tuple(dict(_most(files))), tuple(dict(_most(owners))), cells)

    @cached_property
    def conflicts(self) -> tuple[tuple[str, int], ...]:
        """Each file that is in conflict, with the number of repositories; most first."""
        return _most(Counter(path for row in self.rows for path in {note.path for note in row.result.conflicts}))

    @cached_property
    def kept_files(self) -> tuple[tuple[str, int], ...]:
        """Each file that copier would have deleted with somebody's edits in it, with the number of repositories."""
        return _most(Counter(path for row in self.rows for path in set(row.result.kept)))

    @cached_property
    def slowest(self) -> tuple[tuple[str, float], ...]:
        """The repositories that took longest, with the seconds."""
        timed = sorted((row.result for row in self.rows if row.result.seconds), key=lambda result: -result.seconds)
        return tuple((result.name, result.seconds) for result in timed[:_SLOWEST])

    @property
    def tables(self) -> tuple[CountTable, ...]:
        """Every count of repositories except that by state, for a terminal or a summary; no empty table."""
        uses = [(use.name, use.count, use.mark) for use in self.python_versions]
        drift = [(file, self.heat.total(file)) for file in self.heat.files]
        tables = (
            CountTable(("template", "before", "now"), self.versions),
            CountTable(("Python", "repositories", "support"), uses),
            CountTable(("edited before", "repositories"), drift),
            CountTable(("in conflict", "repositories"), self.conflicts),
            CountTable(("edits kept", "repositories"), self.kept_files),
        )
        return tuple(table for table in tables if table.rows)

    @property
    def edits_kept(self) -> int:
        """The number of kept files over all repositories."""
        return sum(count for _path, count in self.kept_files)

    @property
    def version(self) -> str:
        """The version that the rollout brings; several are listed in order."""
        versions = {row.result.version for row in self.rows if row.result.version}
        return ", ".join(sorted(versions, key=natural_key))

    @property
    def template(self) -> str:
        """The template's address, or how many templates there are."""
        templates = {row.result.template for row in self.rows if row.result.template}
        return next(iter(templates), "") if len(templates) < 2 else f"{len(templates)} templates"  # noqa: PLR2004 - several

    @property
    def title(self) -> str:
        """The default title of the report."""
        name = self.template.rstrip("/").removesuffix(".git").rpartition("/")[2] or "template"
        return f"Rollout of {name} {self.version}".rstrip()

    @property
    def exit_code(self) -> Exit:
        """2 if a repository failed, else 3 if one is in conflict."""
        if self.by_state[RepositoryState.FAILED]:
            return Exit.FAILED
        return Exit.CONFLICTS if self.by_result[ResultState.CONFLICT] else Exit.DONE


def gather(folders: Sequence[Path], today: date) -> Facts:
    """The facts in the folders of results of one plan; raises ToolError for other folders."""
    plan, gathered = store.gather(folders)
    delivered = _delivered(folders)
    rows = [
        Row(result, folder, _of_commit(result.commit, delivered.get((name, result.plan))))
        for name, (folder, result) in gathered.items()
    ]
    return Facts(plan, tuple(folders), today, tuple(sorted(rows, key=_order)))


def _delivered(folders: Iterable[Path]) -> dict[tuple[str, str], Delivery]:
    """The last delivery of each project, by its name and plan, in any of the folders' journals."""
    last: dict[tuple[str, str], Delivery] = {}
    for folder in folders:
        for key, delivery in store.deliveries(folder / store.JOURNAL).items():
            if key not in last or last[key].at <= delivery.at:
                last[key] = delivery
    return last


def _of_commit(commit: str, delivery: Delivery | None) -> Delivery | None:
    """The delivery, unless it is of another commit, which was computed before."""
    is_other = delivery and commit and delivery.commit and delivery.commit != commit
    return None if is_other else delivery


def _order(row: Row) -> tuple[int, int, str]:
    """The worst first; in the same state, those with more conflicts."""
    return row.state.rank, -len(row.result.conflicts), row.result.name


def _most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
