"""The facts of a rollout: every repository's row, the worst first, and what is counted over them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from new_ops_project.base.errors import Exit
from new_ops_project.fleet import python_support, store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, ResultState, counts
from new_ops_project.fleet.names import natural
from new_ops_project.fleet.reports import burndown
from new_ops_project.fleet.reports.state import RepositoryState, Row

UNKNOWN = "unknown"
NOBODY = "no owner"
_SLOWEST = 10


@dataclass(frozen=True)
class VersionCount:
    """A version of the template, and how many repositories had it before and have it now."""

    name: str
    before: int
    now: int


@dataclass(frozen=True)
class Heat:
    """In how many repositories of an owner a file of the template had been edited; most first on both sides."""

    files: tuple[str, ...]
    owners: tuple[str, ...]
    cells: Mapping[tuple[str, str], int]

    def total(self, file: str) -> int:
        """The repositories in which that file had been edited."""
        return sum(self.cells.get((file, owner), 0) for owner in self.owners)


@dataclass(frozen=True)
class Facts:
    """A plan and what came of it on a day; `rows` has the worst first."""

    plan: FleetPlan
    folders: tuple[Path, ...]
    today: date
    rows: tuple[Row, ...]

    @cached_property
    def states(self) -> dict[ResultState, int]:
        """How many results there are of each state."""
        return counts(row.result for row in self.rows)

    @cached_property
    def deliveries(self) -> dict[Delivered, int]:
        """How many commits were delivered in each way, or were not."""
        found = Counter(row.delivery.state for row in self.rows if row.delivery)
        return {state: found[state] for state in Delivered}

    @cached_property
    def standings(self) -> dict[RepositoryState, int]:
        """How many repositories stand where, the worst first."""
        found = Counter(row.standing for row in self.rows)
        return {standing: found[standing] for standing in RepositoryState}

    @cached_property
    def uncomputed(self) -> frozenset[RepositoryState]:
        """Where there are repositories that have to be computed anew, rather than to be delivered."""
        return frozenset(row.standing for row in self.rows if row.result.state is not ResultState.UPDATED)

    @cached_property
    def mode(self) -> str:
        """The way in which commits are delivered, as far as it is known: branch, push or pr."""
        return next((row.delivery.mode for row in self.rows if row.delivery and row.delivery.mode), "pr")

    @cached_property
    def at_version(self) -> int:
        """How many repositories the version has got to."""
        return sum(row.is_there for row in self.rows)

    @cached_property
    def versions(self) -> tuple[VersionCount, ...]:
        """Each version of the template, the newest first."""
        before = Counter(row.result.before or UNKNOWN for row in self.rows)
        now = Counter(row.after or UNKNOWN for row in self.rows)
        names = sorted(before.keys() | now.keys(), key=lambda name: (name != UNKNOWN, natural(name)), reverse=True)
        return tuple(VersionCount(name, before[name], now[name]) for name in names)

    @cached_property
    def pythons(self) -> tuple[python_support.Use, ...]:
        """Each version of Python, the oldest first, with the end of its support."""
        return python_support.uses((row.result.python for row in self.rows), self.today)

    @cached_property
    def burndown(self) -> burndown.Burndown:
        """The repositories that were not at the version yet, over time."""
        return burndown.burndown(self.plan, self.rows)

    @cached_property
    def heat(self) -> Heat:
        """Where files of the template had been edited, by file and owner."""
        cells = Counter(
            (path, row.result.owner or NOBODY) for row in self.rows for path in {one.path for one in row.result.drift}
        )
        files, owners = Counter[str](), Counter[str]()
        for (file, owner), count in cells.items():
            files[file] += count
            owners[owner] += count
        return Heat(_names(files), _names(owners), cells)

    @cached_property
    def conflicts(self) -> tuple[tuple[str, int], ...]:
        """Each file that is in conflict, and in how many repositories; most first."""
        return _most(Counter(path for row in self.rows for path in {one.path for one in row.result.conflicts}))

    @cached_property
    def kept(self) -> tuple[tuple[str, int], ...]:
        """Each file that copier would have deleted with somebody's work in it; most first."""
        return _most(Counter(path for row in self.rows for path in set(row.result.kept)))

    @cached_property
    def slowest(self) -> tuple[Row, ...]:
        """The repositories that took longest."""
        timed = sorted((row for row in self.rows if row.result.seconds), key=lambda row: -row.result.seconds)
        return tuple(timed[:_SLOWEST])

    @property
    def edits_kept(self) -> int:
        """All those files, counted in each repository."""
        return sum(count for _path, count in self.kept)

    @property
    def version(self) -> str:
        """The version that the rollout goes to; several are told in their order."""
        found = {row.result.version for row in self.rows if row.result.version}
        return ", ".join(sorted(found, key=natural))

    @property
    def template(self) -> str:
        """The template's address, or how many there are."""
        found = {row.result.template for row in self.rows if row.result.template}
        return next(iter(found), "") if len(found) < 2 else f"{len(found)} templates"  # noqa: PLR2004 - several

    @property
    def title(self) -> str:
        """What the report is called unless it is given a title."""
        name = self.template.rstrip("/").removesuffix(".git").rpartition("/")[2] or "template"
        return f"Rollout of {name} {self.version}".rstrip()

    @property
    def code(self) -> Exit:
        """The exit code: a failure counts more than a conflict."""
        if self.standings[RepositoryState.FAILED]:
            return Exit.FAILED
        return Exit.CONFLICTS if self.states[ResultState.CONFLICT] else Exit.DONE


def gathered(folders: Sequence[Path], today: date) -> Facts:
    """The facts in folders of results of one plan; raises ToolError for what is none."""
    plan, found = store.gathered(folders)
    delivered = _delivered(folders)
    rows = [
        Row(one, folder, _fitting(one.commit, delivered.get((name, one.plan)))) for name, (folder, one) in found.items()
    ]
    return Facts(plan, tuple(folders), today, tuple(sorted(rows, key=_order)))


def _delivered(folders: Iterable[Path]) -> dict[tuple[str, str], Delivery]:
    """The last delivery in any of the folders' journals."""
    found: dict[tuple[str, str], Delivery] = {}
    for folder in folders:
        for key, one in store.deliveries(folder / store.JOURNAL).items():
            if key not in found or found[key].at <= one.at:
                found[key] = one
    return found


def _fitting(commit: str, delivery: Delivery | None) -> Delivery | None:
    """The delivery, unless it is one of another commit."""
    is_other = delivery and commit and delivery.commit and delivery.commit != commit
    return None if is_other else delivery


def _order(row: Row) -> tuple[int, int, str]:
    """The worst first; of the same, those with more conflicts."""
    return row.standing.rank, -len(row.result.conflicts), row.result.name


def _names(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _count in _most(counted))


def _most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
