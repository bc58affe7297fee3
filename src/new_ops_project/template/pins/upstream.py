"""All pins of a template compared with upstream: every source at once, and one that fails does not stop the others."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from new_ops_project.base import process
from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins import actions, locks_yml, packages, pins_yml, python_releases, resolution
from new_ops_project.template.pins import edits as rewrite
from new_ops_project.template.pins.comparison import BROKEN, Kind, PinComparison, PinState
from new_ops_project.template.pins.pins_yml import Pins, minor
from new_ops_project.template.pins.tags import TagSource

_AT_ONCE = 8

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class UpstreamQuery:
    """What to compare, with what, and when.

    `base` is the URL below which `OWNER/REPOSITORY` is, `seconds` how long each repository may take to answer, and
    `limit` the moment at which a version has to have been there to be taken, None for any.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    base: str = "https://github.com"
    seconds: float = 30
    min_age: timedelta = timedelta(days=7)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def limit(self) -> datetime | None:
        """The moment that divides what is old enough from what is too young, None where age does not matter."""
        return self.now - self.min_age if self.min_age else None

    @property
    def today(self) -> date:
        """The date by which support has ended or not."""
        return self.now.date()

    def remote(self, repository: str) -> TagSource:
        """A repository, whose time runs from now on."""
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
        """Where pins.yml is."""
        return self.folder / "templates" / pins_yml.NAME

    @property
    def locks_file(self) -> Path:
        """Where locks.yml is, or will be."""
        return self.folder / "templates" / locks_yml.NAME


@dataclass(frozen=True)
class UpstreamComparison:
    """Every pin as it compares, and what locks.yml would be; '' where that was not asked or cannot be known."""

    pins: tuple[PinComparison, ...]
    locks_text: str = ""

    @property
    def broken(self) -> list[PinComparison]:
        """Those that stand in the way of writing anything."""
        return [pin for pin in self.pins if pin.state in BROKEN]

    @property
    def behind(self) -> list[PinComparison]:
        """Those that are not what they should be."""
        return [pin for pin in self.pins if pin.state is PinState.BEHIND]


def read(folder: Path) -> PinFiles:
    """The files of the template in `folder`; raises ToolError when it holds none."""
    pins_file, locks_file = folder / "templates" / pins_yml.NAME, folder / "templates" / locks_yml.NAME
    if not pins_file.is_file():
        hint = "Give the folder of a checkout of the template: new-ops-project template pins PATH"
        raise ToolError(f"{folder} is no template: it has no templates/{pins_yml.NAME}.", hint)
    pins, locked = pins_yml.read(pins_file), locks_yml.read(locks_file)
    locks_text = locks_file.read_bytes().decode() if locks_file.exists() else ""
    return PinFiles(folder, pins_file.read_bytes().decode(), pins, locks_text, locked)


def compare(files: PinFiles, asked: UpstreamQuery, progress: Progress) -> UpstreamComparison:
    """Ask every source; each that does not answer is a pin in a state of its own, with the reason."""
    sources = dict(_sources(files, asked))
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


def _sources(files: PinFiles, asked: UpstreamQuery) -> Iterator[tuple[str, Callable[[], UpstreamComparison]]]:
    """Each source by its name, as a function that asks it; the slowest one first."""
    packaged = asked.kinds & {Kind.TOOLS, Kind.LOCKS}
    if packaged:
        yield packages.INDEX, partial(_packages, files, asked)
    if Kind.PYTHON in asked.kinds:
        yield python_releases.REPOSITORY, partial(_pythons, files, asked)
    if Kind.ACTIONS in asked.kinds:
        for repository, pinned in actions.by_repository(files.pins.actions).items():
            yield repository, partial(_actions, repository, pinned, asked)


def _actions(repository: str, pinned: actions.Actions, asked: UpstreamQuery) -> UpstreamComparison:
    return UpstreamComparison(tuple(actions.compare(repository, pinned, asked.remote(repository), asked.limit)))


def _pythons(files: PinFiles, asked: UpstreamQuery) -> UpstreamComparison:
    remote = asked.remote(python_releases.REPOSITORY)
    return UpstreamComparison(tuple(python_releases.compare(files.pins, remote, asked.limit, asked.today)))


def _packages(files: PinFiles, asked: UpstreamQuery) -> UpstreamComparison:
    """Bounds and locks, for the Pythons that are offered once those whose support has ended are gone."""
    pins, kinds = files.pins, asked.kinds
    offered = python_releases.offered(pins, asked.today) if Kind.PYTHON in kinds else [*pins.pythons]
    at_least = {name: requirement.at_least for name, requirement in pins.packages.items()}
    wanted = resolution.ResolutionInput(min(offered, key=minor), at_least, asked.limit, files.locks.packages)
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
    return UpstreamComparison((*bounds, *compared, *_edited(files, text, compared)), text)


def _edited(files: PinFiles, text: str, compared: list[PinComparison]) -> Iterator[PinComparison]:
    """The lock file itself, where nothing but its spelling is not as it would be written."""
    if text != files.locks_text and not any(pin.state is PinState.BEHIND for pin in compared):
        yield PinComparison(Kind.LOCKS, locks_yml.NAME, "", "", PinState.BEHIND, "not as this command writes it")


def texts(files: PinFiles, outcome: UpstreamComparison, asked: UpstreamQuery) -> dict[Path, str]:
    """What the files would be with everything that is behind mended, for those that change; {} if all is current.

    Raises ToolError when pins.yml is written in a way that cannot be rewritten.
    """
    edits = [edit for pin in outcome.behind for edit in pin.edits]
    found: dict[Path, str] = {}
    if edits:
        is_whole = {Kind.ACTIONS, Kind.PYTHON} <= asked.kinds
        found[files.pins_file] = rewrite.apply_edits(files.pins_text, edits, asked.today if is_whole else None)
    if outcome.locks_text not in {"", files.locks_text}:
        found[files.locks_file] = outcome.locks_text
    return found


def changes(files: PinFiles, texts: dict[Path, str]) -> list[tuple[str, str, str]]:
    """Of each file that changes: its path below the template, its text before and after."""
    before = {files.pins_file: files.pins_text, files.locks_file: files.locks_text}
    return [(path.relative_to(files.folder).as_posix(), before[path], after) for path, after in texts.items()]


def require_unchanged(files: PinFiles) -> None:
    """Raise ToolError when somebody has changed a file since it was read."""
    now = read(files.folder)
    if (now.pins_text, now.locks_text) != (files.pins_text, files.locks_text):
        raise ToolError("The pins were changed by somebody else meanwhile; nothing was written.", "Run this again.")
