"""The journal of a publisher: a file of JSON lines that a later run continues from.

A line is a delivery, or the time at which a token of the rate limit was taken.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from new_ops_project.base import locks
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet import store
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
        if for_reading:
            self._last = store.deliveries(self.path)
            yield
            return
        message = f"Another run publishes with {self.path}."
        busy = ToolError(message, "Wait until it is done: two would exceed the limits of the forge.")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locks.exclusive(self.path.with_name(f"{self.path.name}.lock"), busy):
                self._drop_partial_line()
                self._last = store.deliveries(self.path)
                yield
        except OSError as error:
            message = f"{error.filename or self.path} cannot be written: {error.strerror or error}."
            raise ToolError(message, "Its contents are kept; fix that, then run this again.") from error

    def _drop_partial_line(self) -> None:
        """Remove the unfinished line that a killed run may have left: the next line would be appended to it."""
        if self.path.exists():
            content = self.path.read_bytes()
            end = content.rfind(b"\n") + 1
            if end != len(content):
                with self.path.open("r+b") as file:
                    file.truncate(end)

    def last(self, name: str, plan: str) -> Delivery | None:
        """The last delivery of a project's commit."""
        return self._last.get((name, plan))

    def add(self, *deliveries: Delivery) -> tuple[Delivery, ...]:
        """Write the deliveries that differ from the last one of their project; return all, each with its time."""
        stamped, lines = [], []
        for delivery in deliveries:
            before = self.last(delivery.name, delivery.plan)
            if before and replace(before, at="") == replace(delivery, at=""):
                stamped.append(before)
                continue
            fresh = replace(delivery, at=_timestamp(self._clock.now()))
            self._last[delivery.name, delivery.plan] = fresh
            stamped.append(fresh)
            lines.append(fresh.as_json())
        self._write(*lines)
        return tuple(stamped)

    def add_token(self, moment: float) -> None:
        """Write that a token was taken at `moment` (seconds since 1970)."""
        self._write({_TAKEN: _timestamp(moment)})

    def token_times(self) -> list[float]:
        """When the tokens of the last hour were taken, in seconds since 1970."""
        since, moments = self._clock.now() - HOUR, []
        for line in store.json_lines(self.path):
            with suppress(ValueError, TypeError, KeyError):
                moments.append(datetime.fromisoformat(line[_TAKEN]).timestamp())
        return [moment for moment in moments if moment > since]

    def _write(self, *lines: Mapping[str, Any]) -> None:
        if lines:
            with self.path.open("ab") as file:
                file.write(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
