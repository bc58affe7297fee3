"""The comparison of all pins of a template with upstream.

All sources are asked at once, and one that fails does not stop the others.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from new_ops_project.base import process
from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins import actions, locks_yml, packages, pins_yml, python_releases, resolution
from new_ops_project.template.pins.comparison import BROKEN, Kind, PinComparison, PinState
from new_ops_project.template.pins.edits import apply_edits
from new_ops_project.template.pins.pins_yml import Pins, minor
from new_ops_project.template.pins.tags import TagSource

_AT_ONCE = 8

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class UpstreamQuery:
    """Which pins to compare, and with what.

    `base` is the URL below which `OWNER/REPOSITORY` is, `seconds` the time limit of each repository, `min_age` the
    age from which a version is taken.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    base: str = "https://github.com"
    seconds: float = 30
    min_age: timedelta = timedelta(days=7)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def limit(self) -> datetime | None:
        """The moment after which a version is too young; None if age does not matter."""
        return self.now - self.min_age if self.min_age else None

    @property
    def today(self) -> date:
        """The date that tells whether the support of a Python has ended."""
        return self.now.date()

    def remote(self, repository: str) -> TagSource:
        """A repository, whose time limit starts now."""
        return TagSource.within(self.seconds, f"{self.base.rstrip('/')}/{repository}")


@dataclass(frozen=True)
class PinFiles:
    """templates/pins.yml and templates/locks.yml of one checkout, as they are on disk."""

    folder: Path
    pins_text: str
    pins: Pins
    locks_text: str
    locks: locks_yml.Locks

    @property
    def pins_file(self) -> Path:
        """The path of pins.yml."""
        return self.folder / "templates" / pins_yml.NAME

    @property
    def locks_file(self) -> Path:
        """The path of locks.yml, which may not exist yet."""
        return self.folder / "templates" / locks_yml.NAME


@dataclass(frozen=True)
class UpstreamComparison:
    """The result for every pin, and the new text of locks.yml; '' if that was not asked for or failed."""

    pins: tuple[PinComparison, ...]
    locks_text: str = ""

    @property
    def broken(self) -> list[PinComparison]:
        """The pins that prevent writing anything."""
        return [pin for pin in self.pins if pin.state in BROKEN]

    @property
    def behind(self) -> list[PinComparison]:
        """The pins that are out of date."""
        return [pin for pin in self.pins if pin.state is PinState.BEHIND]


def read(folder: Path) -> PinFiles:
    """The files of the template in `folder`; raises ToolError when there is no pins.yml."""
    pins_file, locks_file = folder / "templates" / pins_yml.NAME, folder / "templates" / locks_yml.NAME
    if not pins_file.is_file():
        hint = "Give the folder of a checkout of the template: new-ops-project template pins PATH"
        raise ToolError(f"{folder} is not a template: it has no templates/{pins_yml.NAME}.", hint)
    pins, locked = pins_yml.read(pins_file), locks_yml.read(locks_file)
    locks_text = locks_file.read_bytes().decode() if locks_file.exists() else ""
    return PinFiles(folder, pins_file.read_bytes().decode(), pins, locks_text, locked)


def compare(files: PinFiles, query: UpstreamQuery, progress: Progress) -> UpstreamComparison:
    """Ask every source. The pins of a source that does not answer have the state `failed` and the reason."""
    sources = dict(_sources(files, query))
    with ThreadPoolExecutor(_AT_ONCE) as pool, process.stopped_together():
        running = {pool.submit(source): name for name, source in sources.items()}
        _watch(running, progress)
    outcomes = [future.result() for future in running]
    order = [*Kind]
    pins = sorted((pin for outcome in outcomes for pin in outcome.pins), key=lambda pin: order.index(pin.kind))
    return UpstreamComparison(tuple(pins), "".join(outcome.locks_text for outcome in outcomes))


def _watch(running: dict["Future[UpstreamComparison]", str], progress: Progress) -> None:
    total = len(running)
    progress("asking upstream", 0, total)
    for done, future in enumerate(as_completed(running), 1):
        progress(running[future], done, total)


def _sources(files: PinFiles, query: UpstreamQuery) -> Iterator[tuple[str, Callable[[], UpstreamComparison]]]:
    """Each source by its name, as a function that asks it; the slowest one first."""
    if query.kinds & {Kind.TOOLS, Kind.LOCKS}:
        yield packages.INDEX, partial(_packages, files, query)
    if Kind.PYTHON in query.kinds:
        yield python_releases.REPOSITORY, partial(_pythons, files, query)
    if Kind.ACTIONS in query.kinds:
        for repository, pinned in actions.by_repository(files.pins.actions).items():
            yield repository, partial(_actions, repository, pinned, query)


def _actions(repository: str, pinned: actions.Actions, query: UpstreamQuery) -> UpstreamComparison:
    return UpstreamComparison(tuple(actions.compare(repository, pinned, query.remote(repository), query.limit)))


def _pythons(files: PinFiles, query: UpstreamQuery) -> UpstreamComparison:
    remote = query.remote(python_releases.REPOSITORY)
    return UpstreamComparison(tuple(python_releases.compare(files.pins, remote, query.limit, query.today)))


def _packages(files: PinFiles, query: UpstreamQuery) -> UpstreamComparison:
    """The bounds and locks, for the Pythons that remain when those whose support has ended are removed."""
    pins, kinds = files.pins, query.kinds
    offered = python_releases.offered(pins, query.today) if Kind.PYTHON in kinds else [*pins.pythons]
    at_least = {name: requirement.at_least for name, requirement in pins.packages.items()}
    wanted = resolution.ResolutionInput(min(offered, key=minor), at_least, query.limit, files.locks.packages)
    try:
        resolved = resolution.resolve(wanted)
        fresh = resolution.lock(resolved) if Kind.LOCKS in kinds else None
    except ToolError as error:
        kind = Kind.LOCKS if Kind.LOCKS in kinds else Kind.TOOLS
        return UpstreamComparison(tuple(packages.failures(pins, wanted, error, kind)))
    bounds = packages.bounds(pins, resolved) if Kind.TOOLS in kinds else []
    if fresh is None:
        return UpstreamComparison(tuple(bounds))
    text, compared = locks_yml.render(fresh), packages.locked(files.locks, fresh, resolved)
    return UpstreamComparison((*bounds, *compared, *_reformatted(files, text, compared)), text)


def _reformatted(files: PinFiles, text: str, compared: list[PinComparison]) -> Iterator[PinComparison]:
    """The lock file itself, if its content is current but its text differs: somebody edited it."""
    if text != files.locks_text and not any(pin.state is PinState.BEHIND for pin in compared):
        yield PinComparison(
            Kind.LOCKS, locks_yml.NAME, "", "", PinState.BEHIND, "differs from what this command writes"
        )


def texts(files: PinFiles, outcome: UpstreamComparison, query: UpstreamQuery) -> dict[Path, str]:
    """The new texts of the files that change when everything is brought up to date; {} if all is current.

    Raises ToolError when pins.yml has a form that cannot be rewritten.
    """
    edits = [edit for pin in outcome.behind for edit in pin.edits]
    new_texts: dict[Path, str] = {}
    if edits:
        is_whole = {Kind.ACTIONS, Kind.PYTHON} <= query.kinds
        new_texts[files.pins_file] = apply_edits(files.pins_text, edits, query.today if is_whole else None)
    if outcome.locks_text not in {"", files.locks_text}:
        new_texts[files.locks_file] = outcome.locks_text
    return new_texts


def changes(files: PinFiles, texts: dict[Path, str]) -> list[tuple[str, str, str]]:
    """Each file that changes: its path below the template, its text before and after."""
    before = {files.pins_file: files.pins_text, files.locks_file: files.locks_text}
    return [(path.relative_to(files.folder).as_posix(), before[path], after) for path, after in texts.items()]


def require_unchanged(files: PinFiles) -> None:
    """Raise ToolError when somebody has changed a file since it was read."""
    now = read(files.folder)
    if (now.pins_text, now.locks_text) != (files.pins_text, files.locks_text):
        raise ToolError("Somebody else changed the pins in the meantime; nothing was written.", "Run this again.")
