"""The result of comparing one pin with upstream, with the edits that would bring it up to date."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of pins, which are the values of `--only`."""

    ACTIONS = "actions"
    TOOLS = "tools"
    PYTHON = "python"
    LOCKS = "locks"


class PinState(StrEnum):
    """How a pin compares with upstream."""

    CURRENT = "current"
    BEHIND = "behind"
    HELD = "held"
    """There is a newer version, which is too young or which somebody has to decide about."""
    MOVED = "moved"
    """The tag of the pinned version points to another commit now."""
    FAILED = "failed"


UNDATED = "its date is unknown"
BROKEN = frozenset({PinState.MOVED, PinState.FAILED})  # while one pin is in such a state, nothing is written


@dataclass(frozen=True)
class PinEdit:
    """Gives a scalar of pins.yml another value; `path` is below `pins.default`."""

    path: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class PinComparison:
    """One pin and what upstream has. `date` is that of `newest`, YYYY-MM-DD, or '' if it is unknown.

    A pin that is behind but has no edits has to be updated by hand, or belongs to locks.yml, which is written as a
    whole.
    """

    kind: Kind
    name: str
    current: str
    newest: str = ""
    state: PinState = PinState.CURRENT
    reason: str = ""
    date: str = ""
    remedy: str = ""
    edits: tuple[PinEdit, ...] = ()

    def behind(self, newest: str, reason: str = "", date: str = "", edits: tuple[PinEdit, ...] = ()) -> "PinComparison":
        """The same pin, for which there is a version to take."""
        return replace(self, newest=newest, state=PinState.BEHIND, reason=reason, date=date, edits=edits)

    def failed(self, reason: str, remedy: str = "") -> "PinComparison":
        """The same pin, which could not be compared."""
        return replace(self, state=PinState.FAILED, reason=reason, remedy=remedy)

    def as_json(self) -> dict[str, str]:
        """Its fields by name, without the edits."""
        fields = ("kind", "name", "current", "newest", "state", "reason", "date", "remedy")
        return {field: str(getattr(self, field)) for field in fields}
