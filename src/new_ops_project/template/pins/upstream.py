"""The comparison of all pins of a template with upstream.

All sources are asked at once, and one that fails does not stop the others.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from new_ops_project.base import process, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.template.pins import actions, locks_yml, packages, pins_yml, python_releases, resolution
from new_ops_project.template.pins.comparison import Kind, PinComparison, PinState
from new_ops_project.template.pins.pins_yml import Pins, minor
from new_ops_project.template.pins.releases import TagSource

PINS, LOCKS = f"templates/{pins_yml.NAME}", f"templates/{locks_yml.NAME}"  # paths below the template

_AT_ONCE = 8


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


@dataclass(frozen=True)
class PinFiles:
    """PINS and LOCKS of the template in `folder`: their texts by path, and what they say; LOCKS may not exist yet."""

    folder: Path
    texts: Mapping[str, str]
    pins: Pins
    locks: locks_yml.Locks


@dataclass(frozen=True)
class UpstreamComparison:
    """The result for every pin, and the new text of locks.yml; '' if that was not asked for or failed."""

    pins: tuple[PinComparison, ...]
    locks_text: str = ""


def read(folder: Path) -> PinFiles:
    """The files of the template in `folder`; raises ToolError when there is no pins.yml."""
    if not (folder / PINS).is_file():
        hint = "Give the folder of a checkout of the template: new-ops-project template pins PATH"
        raise ToolError(f"{folder} is not a template: it has no {PINS}.", hint)
    pins, locked = pins_yml.read(folder / PINS), locks_yml.read(folder / LOCKS)
    paths = {name: folder / name for name in (PINS, LOCKS)}
    texts = {name: (reading.read_if_there(path) or b"").decode() for name, path in paths.items()}
    return PinFiles(folder, texts, pins, locked)


def compare(files: PinFiles, query: UpstreamQuery, progress: Progress) -> UpstreamComparison:
    """Ask every source. The pins of a source that does not answer have the state `failed` and the reason."""
    sources = dict(_sources(files, query))
    progress("asking upstream", 0, len(sources))
    with ThreadPoolExecutor(_AT_ONCE) as pool, process.stopped_together():
        running = {pool.submit(source): name for name, source in sources.items()}
        for done, future in enumerate(as_completed(running), 1):
            progress(running[future], done, len(running))
    outcomes = [future.result() for future in running]
    pins = sorted((pin for outcome in outcomes for pin in outcome.pins), key=lambda pin: [*Kind].index(pin.kind))
    return UpstreamComparison(tuple(pins), "".join(outcome.locks_text for outcome in outcomes))


def _sources(files: PinFiles, query: UpstreamQuery) -> Iterator[tuple[str, Callable[[], UpstreamComparison]]]:
    """Each source by its name, as a function that asks it; the slowest one first."""
    if query.kinds & {Kind.TOOLS, Kind.LOCKS}:
        yield packages.INDEX, partial(_packages, files, query)
    if Kind.PYTHON in query.kinds:
        pythons = partial(python_releases.compare, files.pins, limit=query.limit, today=query.today)
        yield python_releases.REPOSITORY, partial(_tags, pythons, python_releases.REPOSITORY, query)
    if Kind.ACTIONS in query.kinds:
        for repository, pinned in actions.by_repository(files.pins.actions).items():
            yield (
                repository,
                partial(_tags, partial(actions.compare, repository, pinned, limit=query.limit), repository, query),
            )


def _tags(
    compare: Callable[[TagSource], list[PinComparison]], repository: str, query: UpstreamQuery
) -> UpstreamComparison:
    """What `compare` finds in a repository, whose time starts now."""
    source = TagSource(f"{query.base.rstrip('/')}/{repository}", query.seconds, time.monotonic() + query.seconds)
    return UpstreamComparison(tuple(compare(source)))


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
    if text != files.texts[LOCKS] and not any(pin.state is PinState.BEHIND for pin in compared):
        pin = PinComparison(Kind.LOCKS, locks_yml.NAME, "")
        yield pin.behind("", "differs from what this command writes")
