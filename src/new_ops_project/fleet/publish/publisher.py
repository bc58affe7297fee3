"""A run of the publisher: which commits it delivers, which wait, when it stops."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.text import nearest
from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, Result, ResultState
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish import delivery, forge
from new_ops_project.fleet.publish.candidate import PLAN_AGAIN, Candidate
from new_ops_project.fleet.publish.delivery import DeliveryOptions
from new_ops_project.fleet.publish.journal import Journal
from new_ops_project.fleet.publish.rate_limit import HOUR, MINUTE, Clock, Rate, RateLimiter
from new_ops_project.fleet.run.limits import WaveTally, exceeds, outliers, with_limits

STOPPED = "The wave was stopped: "  # the reason of a commit that was not tried begins with it
TIME_OVER = "The time for this run is over."
_FAILURES_IN_A_ROW = 10  # more than that is the network, the forge or the token, not the repositories


@dataclass(frozen=True)
class PublishRequest:
    """What to deliver, and how. None and '' stand for what the caller left open."""

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
    """after which no more deliveries start"""

    @property
    def rate(self) -> Rate:
        """GitHub wants a second between two requests that write; a push is not a request to its API."""
        gap = min(1.0, MINUTE / self.max_per_minute) if self.mode == "pr" else 0.0
        return Rate(self.max_per_minute, self.max_per_hour, gap)


@dataclass(frozen=True)
class Published:
    """What a run did. `conflicts` are the projects whose conflicts were not delivered.

    `stopped` is why the wave was stopped, or ''; `is_over`: the time for this run ended, and another run continues.
    """

    plan: str
    deliveries: tuple[Delivery, ...] = ()
    conflicts: tuple[str, ...] = ()
    stopped: str = ""
    is_over: bool = False

    @property
    def must_be_planned_again(self) -> bool:
        """Whether a branch is no longer what it was when the plan was made."""
        return any(delivery.hint == PLAN_AGAIN for delivery in self.deliveries)

    @property
    def counts(self) -> dict[str, int]:
        """The number of deliveries in each state that occurs."""
        return dict(Counter(str(delivery.state) for delivery in self.deliveries))

    @property
    def exit_code(self) -> Exit:
        """2 when something failed or the wave was stopped, 3 for conflicts that wait."""
        if self.stopped or any(delivery.state == Delivered.FAILED for delivery in self.deliveries):
            return Exit.FAILED
        return Exit.CONFLICTS if self.conflicts else Exit.DONE


@dataclass(frozen=True)
class PublishEvent:
    """What has just happened, and how far the run is.

    One of three is set: `starting` (a project's name), `delivery` or `waiting` (a sentence). `tried` of `total` commits
    are done, in `seconds`; about `seconds_left` are left.
    """

    tried: int
    total: int
    counts: Mapping[Delivered, int]
    seconds: float
    seconds_left: float
    starting: str = ""
    delivery: Delivery | None = None
    waiting: str = ""


OnEvent = Callable[[PublishEvent], None]


def publish(request: PublishRequest, on_event: OnEvent, clock: Clock | None = None) -> Published:
    """Deliver what is ready in the folders of results, no faster than the request's rate.

    Raises ToolError where nothing can be started: no plan, another publisher, no program for the forge.
    """
    plan, gathered = store.gather(request.folders)
    plan = with_limits(plan, request.max_failed, request.max_conflicts)
    results = [result for _, result in gathered.values()]
    if (reason := WaveTally(plan, results).stop_reason) and not request.force:
        return Published(plan.id, stopped=reason)
    candidates = _candidates(plan, gathered, request)
    _require_programs(candidates, plan, request)
    git.require_on_path()
    held = frozenset() if request.force else outliers(plan, results) - {*request.only}
    clock = clock or Clock()
    journal = Journal(request.journal or request.folders[0] / store.JOURNAL, clock)
    with journal.opened(for_reading=request.preview):
        return _Run(request, plan, held, journal, on_event=on_event, clock=clock).run(candidates)


def _candidates(
    plan: FleetPlan, gathered: Mapping[str, tuple[Path, Result]], request: PublishRequest
) -> list[Candidate]:
    """The commits that there are, in the order of the plan; with --only, of those projects.

    Raises ToolError for a name that is not in the plan.
    """
    for name in request.only:
        if name not in gathered:
            hint = nearest(name, [*gathered]).capitalize() or "Look at `fleet report`."
            raise ToolError(f"There is no {redacted_line(name)} in the plan.", hint)
    return [
        Candidate(task, result, folder, plan.author)
        for task in plan.tasks
        for folder, result in [gathered[task.name]]
        if result.state in {ResultState.UPDATED, ResultState.CONFLICT}
        and (not request.only or task.name in request.only)
    ]


def _require_programs(candidates: list[Candidate], plan: FleetPlan, request: PublishRequest) -> None:
    """Raise ToolError, before anything is done, when no program can open the pull requests.

    A project that is not on a forge fails later, alone.
    """
    for candidate in candidates if request.mode == "pr" else ():
        try:
            host, _ = forge.host_and_path(candidate.task.url)
        except ToolError:
            continue
        forge.kind_of(host, request.forge or plan.forge)


class _Run:
    """One run, with the counts that decide when it stops."""

    def __init__(
        self,
        request: PublishRequest,
        plan: FleetPlan,
        held: frozenset[str],
        journal: Journal,
        *,
        on_event: OnEvent,
        clock: Clock,
    ) -> None:
        self._request, self._plan, self._held = request, plan, held
        self._journal, self._on_event, self._clock = journal, on_event, clock
        self._started = clock.now()
        self._counts: Counter[Delivered] = Counter()  # how the tries of this run ended
        self._failures_in_a_row, self._total, self._is_over = 0, 0, False

    def run(self, candidates: list[Candidate]) -> Published:
        """Deliver them; what failed in an earlier run comes last, so that it does not stop the others."""
        settled = {candidate.task.name: self._settled(candidate) for candidate in candidates}
        queue = [candidate for candidate in candidates if not settled[candidate.task.name]]
        queue.sort(key=lambda candidate: self._last_state(candidate) is Delivered.FAILED)
        self._total = len(queue)
        deliveries = (*self._record(*filter(None, settled.values())), *self._deliver_all(queue))
        conflicts = [candidate for candidate in candidates if candidate.result.state == ResultState.CONFLICT]
        left = () if self._request.deliver_conflicts else tuple(candidate.task.name for candidate in conflicts)
        return Published(self._plan.id, deliveries, left, self._stop_reason(), self._is_over)

    def _deliver_all(self, queue: list[Candidate]) -> Iterator[Delivery]:
        limiter = RateLimiter(
            self._request.rate,
            self._clock,
            taken=self._journal.token_times(),
            on_take=self._journal.add_token,
            on_wait=lambda sentence: self._tell(waiting=sentence),
        )
        kind, mode = self._request.forge or self._plan.forge, self._request.mode
        options = DeliveryOptions(mode, limiter, kind, self._request.preview)
        for number, candidate in enumerate(queue):
            if reason := self._stop_reason():
                rest = (f"{STOPPED}{reason}", "Look at what failed; --force continues.")
                yield from self._record(*(left.delivery(mode, Delivered.DEFERRED, *rest) for left in queue[number:]))
                return
            if self._is_time_over(limiter):
                # Another run continues, so the journal must not say that these are deferred.
                rest = (TIME_OVER, "Run this again to continue.")
                yield from (left.delivery(mode, Delivered.DEFERRED, *rest) for left in queue[number:])
                return
            self._tell(starting=candidate.task.name)
            may_reopen = self._request.force or candidate.task.name in self._request.only
            (done,) = self._record(delivery.deliver(candidate, options, may_reopen=may_reopen))
            self._counts[done.state] += 1
            self._failures_in_a_row = self._failures_in_a_row + 1 if done.state is Delivered.FAILED else 0
            self._tell(delivery=done)
            yield done

    def _settled(self, candidate: Candidate) -> Delivery | None:
        """The delivery of a commit for which no server need be asked: it was delivered, is held, or is in conflict."""
        last, mode = self._journal.last(candidate.task.name, candidate.result.plan), self._request.mode
        if last and last.state.is_final and (last.mode, last.commit) == (mode, candidate.result.commit):
            return last
        if candidate.result.state == ResultState.CONFLICT and not self._request.deliver_conflicts:
            count = len(candidate.result.conflicts)
            reason = f"{count or 'Some'} file{'s' * (count != 1)} in conflict."
            return candidate.delivery(mode, Delivered.DEFERRED, reason, "--deliver-conflicts delivers it, as a draft.")
        if candidate.task.name in self._held:
            reason = f"It changes {candidate.result.lines} lines, far more than the others."
            hint = f"Look at it, then: --only {redacted_line(candidate.task.name)}"
            return candidate.delivery(mode, Delivered.HELD, reason, hint)
        return None

    def _record(self, *deliveries: Delivery) -> tuple[Delivery, ...]:
        return deliveries if self._request.preview else self._journal.add(*deliveries)

    def _last_state(self, candidate: Candidate) -> Delivered | None:
        last = self._journal.last(candidate.task.name, candidate.result.plan)
        return last.state if last else None

    def _stop_reason(self) -> str:
        """Why nothing more is delivered, or ''."""
        failed, limit = self._counts[Delivered.FAILED], self._plan.limits.failed
        if self._request.force:
            return ""
        if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
            return f"{_FAILURES_IN_A_ROW} deliveries failed one after the other."
        if exceeds(failed, self._total, limit):
            return f"{failed} of {self._total} deliveries failed, which is more than {limit:g} %."
        return ""

    def _is_time_over(self, limiter: RateLimiter) -> bool:
        """Whether the time for this run ends before another request may be sent.

        Waiting for the rate limit counts: a token of a GitHub App could end while the run waits.
        """
        end = self._started + (self._request.minutes or float("inf")) * MINUTE
        self._is_over = max(limiter.ready_at(), self._clock.now()) >= end
        return self._is_over

    def _tell(self, *, starting: str = "", delivery: Delivery | None = None, waiting: str = "") -> None:
        tried, seconds = self._counts.total(), self._clock.now() - self._started
        left = self._total - tried
        by_pace = left * seconds / tried if tried else 0.0
        by_limit = left / self._request.max_per_hour * HOUR if left > self._request.max_per_hour else 0.0
        self._on_event(
            PublishEvent(
                tried, self._total, Counter(self._counts), seconds, max(by_pace, by_limit), starting, delivery, waiting
            )
        )
