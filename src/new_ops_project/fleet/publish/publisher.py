"""A run of the publisher: which commits are delivered, which wait, and when it stops."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project.base.errors import Exit, ToolError, nearest
from new_ops_project.base.progress import Progress
from new_ops_project.base.report import Voice
from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, Limits, Result, ResultState
from new_ops_project.fleet.publish import delivery, forge
from new_ops_project.fleet.publish.candidate import Candidate, shown
from new_ops_project.fleet.publish.delivery import DeliveryOptions
from new_ops_project.fleet.publish.journal import Journal
from new_ops_project.fleet.publish.rate_limit import HOUR, MINUTE, Clock, Rate, RateLimiter, span
from new_ops_project.fleet.run import limits as holding

STOPPED = "The wave was stopped: "  # what the reason of each begins with that was not begun
OVER = "The time that was given was over."
_ROW = 10  # failures one after the other: it is the network, the forge or the token, not the repositories


@dataclass(frozen=True)
class PublishRequest:
    """What is asked for. None and '' are what was not said."""

    folders: tuple[Path, ...]
    mode: str
    max_per_minute: int = 60
    max_per_hour: int = 450
    journal: Path | None = None
    deliver_conflicts: bool = False
    only: tuple[str, ...] = ()
    force: bool = False
    max_failed: float | None = None
    max_conflicts: float | None = None
    forge: str = ""
    preview: bool = False
    minutes: float | None = None
    """after which no more is begun"""

    @property
    def rate(self) -> Rate:
        """GitHub wants a second between two requests that write; a push is none of its API's."""
        gap = min(1.0, MINUTE / self.max_per_minute) if self.mode == "pr" else 0.0
        return Rate(self.max_per_minute, self.max_per_hour, gap)


@dataclass(frozen=True)
class Published:
    """What came of it. `conflicts` are those that were not delivered.

    `stopped` is why the wave was, or ''; `is_over`: the time that was given is, and another run goes on.
    """

    plan: str
    deliveries: tuple[Delivery, ...] = ()
    conflicts: tuple[str, ...] = ()
    stopped: str = ""
    is_over: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each state that there is."""
        return dict(Counter(str(one.state) for one in self.deliveries))

    @property
    def code(self) -> Exit:
        """2 when something failed or the wave was stopped, 3 for conflicts that wait."""
        if self.stopped or any(one.state == Delivered.FAILED for one in self.deliveries):
            return Exit.FAILED
        return Exit.CONFLICTS if self.conflicts else Exit.DONE


def publish(order: PublishRequest, voice: Voice, clock: Clock) -> Published:
    """Deliver what is ready in the folders of results, at the pace that was asked for.

    Raises ToolError where nothing can be begun: no plan, another publisher, no program for the forge.
    """
    plan, found = store.gathered(order.folders)
    plan = replace(plan, limits=_limits(plan.limits, order))
    results = [one for _, one in found.values()]
    if (reason := holding.stopped(plan, results)) and not order.force:
        return Published(plan.id, stopped=reason)
    parcels = _parcels(plan, found, order)
    _require_programs(parcels, plan, order)
    held = frozenset() if order.force else holding.held(plan, results) - {*order.only}
    journal = Journal(order.journal or order.folders[0] / store.JOURNAL, clock)
    with journal.opened(for_reading=order.preview):
        return _Run(order, plan, held, journal, clock).run(parcels, voice)


def _limits(limits: Limits, order: PublishRequest) -> Limits:
    failed = limits.failed if order.max_failed is None else order.max_failed
    conflicts = limits.conflicts if order.max_conflicts is None else order.max_conflicts
    return replace(limits, failed=failed, conflicts=conflicts)


def _parcels(plan: FleetPlan, found: dict[str, tuple[Path, Result]], order: PublishRequest) -> list[Candidate]:
    """What there is a commit of, in the order of the plan; with --only, those. Raises ToolError for an unknown name."""
    for name in order.only:
        if name not in found:
            raise ToolError(
                f"There is no {shown(name)} in the plan.",
                nearest(name, [*found]).capitalize() or "Look at `fleet report`.",
            )
    made = [Candidate(task, found[task.name][1], found[task.name][0], plan.author) for task in plan.tasks]
    return [
        one
        for one in made
        if one.result.state in {ResultState.UPDATED, ResultState.CONFLICT}
        and (not order.only or one.task.name in order.only)
    ]


def _require_programs(parcels: list[Candidate], plan: FleetPlan, order: PublishRequest) -> None:
    """Raise ToolError before anything is done when pull requests cannot be made; a place on no forge fails alone."""
    for parcel in parcels if order.mode == "pr" else ():
        try:
            host, _ = forge.address(parcel.task.url)
        except ToolError:
            continue
        forge.kind_of(host, order.forge or plan.forge)


class _Run:
    """One run, and how far it is."""

    def __init__(
        self, order: PublishRequest, plan: FleetPlan, held: frozenset[str], journal: Journal, clock: Clock
    ) -> None:
        self._order, self._plan, self._held = order, plan, held
        self._journal, self._clock = journal, clock
        self._has_bar = sys.stderr.isatty() and not os.environ.get("CI")
        self._begun, self._done, self._tried, self._total = clock.now(), Counter[Delivered](), 0, 0
        self._row, self._is_over = 0, False

    def run(self, parcels: list[Candidate], voice: Voice) -> Published:
        """Deliver them; what failed before comes last, so that it does not stop the others."""
        settled = [one for parcel in parcels if (one := self._settled(parcel))]
        queue = [parcel for parcel in parcels if not self._settled(parcel)]
        queue.sort(key=lambda one: self._last(one) is Delivered.FAILED)
        self._total = len(queue)
        with voice.progress() as show:
            pace = RateLimiter(
                self._order.rate,
                self._clock,
                taken=self._journal.taken(),
                note=self._journal.took,
                tell=lambda text: show(text, self._tried, max(self._total, 1)),
            )
            way = DeliveryOptions(self._order.mode, pace, self._order.forge or self._plan.forge, self._order.preview)
            found = (*self._written(*settled), *self._each(queue, way, show))
        conflicts = (
            ()
            if self._order.deliver_conflicts
            else tuple(one.task.name for one in parcels if one.result.state == ResultState.CONFLICT)
        )
        return Published(self._plan.id, found, conflicts, self._stopped(), self._is_over)

    def _each(self, queue: list[Candidate], way: DeliveryOptions, show: Progress) -> Iterator[Delivery]:
        for number, parcel in enumerate(queue):
            if reason := self._stopped() or self._over(way):
                rest = [one.delivery(way.mode, Delivered.DEFERRED, *_later(reason)) for one in queue[number:]]
                yield from rest if reason == OVER else self._written(*rest)  # another run goes on: nothing to retry
                return
            if self._has_bar:
                show(self._pulse() + shown(parcel.task.name), self._tried, self._total)
            (made,) = self._written(delivery.deliver(parcel, way, insists=self._insists(parcel)))
            self._count(made)
            show((self._pulse() if self._has_bar else "") + line(made), self._tried, self._total)
            yield made

    def _count(self, made: Delivery) -> None:
        self._tried += 1
        self._done[made.state] += 1
        self._row = self._row + 1 if made.state == Delivered.FAILED else 0

    def _settled(self, parcel: Candidate) -> Delivery | None:
        """What is known without asking anybody: it is there, it is held, or it is in conflict and nobody asked."""
        last, mode = self._journal.last(parcel.task.name, parcel.result.plan), self._order.mode
        if last and last.state.is_final and (last.mode, last.commit) == (mode, parcel.result.commit):
            return last
        if parcel.result.state == ResultState.CONFLICT and not self._order.deliver_conflicts:
            count = len(parcel.result.conflicts)
            return parcel.delivery(
                mode,
                Delivered.DEFERRED,
                f"{count or 'Some'} file{'s' * (count != 1)} in conflict.",
                "--deliver-conflicts delivers it, as a draft.",
            )
        if parcel.task.name in self._held:
            return parcel.delivery(
                mode,
                Delivered.HELD,
                f"It changes {parcel.result.lines} lines, far more than the others do.",
                f"Look at it, then: --only {shown(parcel.task.name)}",
            )
        return None

    def _written(self, *made: Delivery) -> tuple[Delivery, ...]:
        return made if self._order.preview else self._journal.add(*made)

    def _last(self, parcel: Candidate) -> Delivered | None:
        last = self._journal.last(parcel.task.name, parcel.result.plan)
        return last.state if last else None

    def _insists(self, parcel: Candidate) -> bool:
        return self._order.force or parcel.task.name in self._order.only

    def _stopped(self) -> str:
        """Why no more is delivered, or ''."""
        failed, limit = self._done[Delivered.FAILED], self._plan.limits.failed
        if self._order.force:
            return ""
        if self._row >= _ROW:
            return f"{self._row} deliveries failed one after the other."
        if holding.exceeds(failed, self._total, limit):
            return f"{failed} of {self._total} deliveries failed, which is more than {limit:g} %."
        return ""

    def _over(self, way: DeliveryOptions) -> str:
        """Whether the time that was given is over before another request could be made; the words for it, or ''."""
        minutes = self._order.minutes
        if minutes is None or max(way.pace.ready_at(), self._clock.now()) < self._begun + minutes * MINUTE:
            return ""
        self._is_over = True
        return OVER

    def _pulse(self) -> str:
        """Counts, rate and time left, once there is something to tell."""
        seconds = self._clock.now() - self._begun
        if not self._tried or seconds <= 0:
            return ""
        left = self._total - self._tried
        paced = left / self._order.max_per_hour * HOUR if left > self._order.max_per_hour else 0.0
        time = max(left * seconds / self._tried, paced)
        counted = ", ".join(f"{count} {state}" for state, count in sorted(self._done.items()))
        rest = f", {span(time)} left" if left else ""
        return f"{counted} · {self._tried / seconds * MINUTE:.0f} a minute{rest} · "


def _later(reason: str) -> tuple[str, str]:
    """Reason and hint of what was not begun."""
    if reason == OVER:
        return reason, "Run it again, which goes on from here."
    return f"{STOPPED}{reason}", "Look at what failed; --force goes on."


def line(one: Delivery) -> str:
    """A delivery in one line."""
    where = one.request or one.target
    why = f": {one.reason}" if one.reason else ""
    return f"{shown(one.name)}  {one.state}  {shown(where)}{why}"
