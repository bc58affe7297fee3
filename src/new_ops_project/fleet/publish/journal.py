"""The journal of a publisher: how each commit was delivered, and when each token of its pace was taken."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivery
from new_ops_project.fleet.publish.rate_limit import HOUR, Clock

_TAKEN = "taken"  # the key of a line that stands for one token


class Journal:
    """A file of JSON lines. Each is on the disk before what follows from it is done."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._last: dict[tuple[str, str], Delivery] = {}

    @contextmanager
    def opened(self, *, for_reading: bool = False) -> Iterator[None]:
        """Have it for this run alone, or only read it.

        Raises ToolError when another run has it, or it cannot be written.
        """
        from filelock import FileLock, Timeout

        if for_reading:
            self._last = store.deliveries(self.path)
            yield
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=0):
                self._mend()
                self._last = store.deliveries(self.path)
                yield
        except Timeout as error:
            message = f"Another run publishes with {self.path}."
            raise ToolError(message, "Wait for it: two would ask for twice as much as the forge allows.") from error
        except OSError as error:
            message = f"{error.filename or self.path} cannot be written: {error.strerror or error}."
            raise ToolError(message, "What is in it is kept; mend that, then run this again.") from error

    def _mend(self) -> None:
        """Take away the half line that a run which was killed may have left."""
        if self.path.exists():
            content = self.path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                with self.path.open("r+b") as file:
                    file.truncate(whole)

    def last(self, name: str, plan: str) -> Delivery | None:
        """How far the commit of a project has got."""
        return self._last.get((name, plan))

    def add(self, *deliveries: Delivery) -> tuple[Delivery, ...]:
        """Write deliveries, but those of which the last line of the project says the same; return them with times."""
        kept, lines = [], []
        for one in deliveries:
            before = self.last(one.name, one.plan)
            if before and replace(before, at="") == replace(one, at=""):
                kept.append(before)
                continue
            stamped = replace(one, at=_text(self._clock.now()))
            self._last[one.name, one.plan] = stamped
            kept.append(stamped)
            lines.append(stamped.as_json())
        self._write(*lines)
        return tuple(kept)

    def took(self, at: float) -> None:
        """Write that a token was taken."""
        self._write({_TAKEN: _text(at)})

    def taken(self) -> list[float]:
        """When the tokens of the last hour were taken."""
        since, found = self._clock.now() - HOUR, []
        for line in store.objects(self.path):
            with suppress(ValueError, TypeError, KeyError):
                found.append(datetime.fromisoformat(line[_TAKEN]).timestamp())
        return [at for at in found if at > since]

    def _write(self, *lines: Mapping[str, Any]) -> None:
        if lines:
            with self.path.open("ab") as file:
                file.write(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
