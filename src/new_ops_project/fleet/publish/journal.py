"""The journal of a publisher: a file of JSON lines that a later run continues from.

A line is a delivery, or the time at which a token of the rate limit was taken.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from new_ops_project.base import files
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet import json_lines, store
from new_ops_project.fleet.model import Delivery
from new_ops_project.fleet.publish.rate_limit import HOUR, Clock

_TAKEN = "taken"  # the key of a line that stands for one token


class Journal:
    """The journal in one file. Each line is on the disk before anything that depends on it is done."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._last: dict[tuple[str, str], Delivery] = {}

    @contextmanager
    def opened(self, *, for_reading: bool = False) -> Iterator[None]:
        """Lock the file for this run, or only read it.

        Raises ToolError when another run has locked it, or when it cannot be written.
        """
        message = f"Another run publishes with {self.path}."
        busy = ToolError(message, "Wait until it is done: two would exceed the limits of the forge.")
        with ExitStack() as stack:
            if not for_reading:
                with files.explained(self.path, "Fix that, then run this again."):
                    stack.enter_context(json_lines.locked(self.path, busy))
            self._last = store.deliveries(self.path)
            yield

    def last(self, name: str, plan: str) -> Delivery | None:
        """The last delivery of a project's commit."""
        return self._last.get((name, plan))

    def add(self, *deliveries: Delivery) -> tuple[Delivery, ...]:
        """Write the deliveries that differ from the last one of their project; return all, each with its time."""
        changed = []
        for delivery in deliveries:
            last = self.last(delivery.name, delivery.plan)
            if last is None or replace(last, at="") != replace(delivery, at=""):
                changed.append(replace(delivery, at=_timestamp(self._clock.now())))
                self._last[delivery.name, delivery.plan] = changed[-1]
        json_lines.append(self.path, *map(asdict, changed))
        return tuple(self._last[delivery.name, delivery.plan] for delivery in deliveries)

    def add_token(self, moment: float) -> None:
        """Write that a token was taken at `moment` (seconds since 1970)."""
        json_lines.append(self.path, {_TAKEN: _timestamp(moment)})

    def token_times(self) -> list[float]:
        """When the tokens of the last hour were taken, in seconds since 1970."""
        since, moments = self._clock.now() - HOUR, []
        for line in json_lines.read(self.path):
            with suppress(ValueError, TypeError, KeyError):
                moments.append(datetime.fromisoformat(line[_TAKEN]).timestamp())
        return [moment for moment in moments if moment > since]


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
