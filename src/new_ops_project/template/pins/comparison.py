"""What a comparison of pins with upstream found: one result for each pin, with the edits that would mend it."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """Which pins: the words of `--only`."""

    ACTIONS = "actions"
    TOOLS = "tools"
    PYTHON = "python"
    LOCKS = "locks"


class PinState(StrEnum):
    """How a pin stands to what is upstream."""

    CURRENT = "current"
    BEHIND = "behind"
    HELD = "held"
    """There is something newer, which is not taken: too young, or for a person to decide."""
    MOVED = "moved"
    """The tag of the pinned version names another commit now."""
    FAILED = "failed"


BROKEN = frozenset({PinState.MOVED, PinState.FAILED})  # nothing is written while one pin is in such a state


@dataclass(frozen=True)
class Replace:
    """A scalar of pins.yml gets another value; `path` is below `pins.default`."""

    path: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class End:
    """A Python minor moves from `versions` to `ended`."""

    minor: str


Edit = Replace | End


@dataclass(frozen=True)
class PinComparison:
    """One pin and what upstream has. `date` is that of `newest`, YYYY-MM-DD, or '' where none could be had.

    A pin that is behind without edits is for a person to mend, or part of locks.yml, which is written as a whole.
    """

    kind: Kind
    name: str
    current: str
    newest: str = ""
    state: PinState = PinState.CURRENT
    reason: str = ""
    date: str = ""
    remedy: str = ""
    edits: tuple[Edit, ...] = ()

    def failed(self, reason: str, remedy: str = "") -> "PinComparison":
        """The same pin, of which nothing could be found out."""
        return replace(self, state=PinState.FAILED, reason=reason, remedy=remedy)

    def as_json(self) -> dict[str, str]:
        """Its fields by their names, without the edits."""
        fields = ("kind", "name", "current", "newest", "state", "reason", "date", "remedy")
        return {field: str(getattr(self, field)) for field in fields}
