"""Where each repository stands: its result and its delivery in one word, the worst first."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from new_ops_project.fleet.model import Delivered, Delivery, Result, ResultState


class RepositoryState(StrEnum):
    """What a person has to do with a repository, if anything; what needs them most comes first."""

    FAILED = "failed"
    CONFLICT = "conflict"
    HELD = "held"
    DEFERRED = "deferred"
    UPDATED = "updated"
    DELIVERED = "delivered"
    CURRENT = "current"

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return [*RepositoryState].index(self)

    @property
    def meaning(self) -> str:
        """The word in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    RepositoryState.FAILED: "It could not be updated, or its commit could not be delivered.",
    RepositoryState.CONFLICT: "There is a commit with conflict markers, for a person to resolve.",
    RepositoryState.HELD: "It waits for a person: it changes far more than others, or somebody works on its branch.",
    RepositoryState.DEFERRED: "Not now, for a reason that goes away; a later run does it.",
    RepositoryState.UPDATED: "There is a commit, which has not been delivered.",
    RepositoryState.DELIVERED: "Its commit is on a branch or in a pull request.",
    RepositoryState.CURRENT: "It has that version of the template already.",
}

_RESULTS = {
    ResultState.FAILED: RepositoryState.FAILED,
    ResultState.CONFLICT: RepositoryState.CONFLICT,
    ResultState.DEFERRED: RepositoryState.DEFERRED,
    ResultState.CURRENT: RepositoryState.CURRENT,
}

_DELIVERIES = {
    Delivered.FAILED: RepositoryState.FAILED,
    Delivered.HELD: RepositoryState.HELD,
    Delivered.UNTOUCHED: RepositoryState.HELD,
    Delivered.DEFERRED: RepositoryState.DEFERRED,
}


@dataclass(frozen=True)
class Row:
    """One repository: its result, the folder of results that it is in, and how its commit was delivered, if it was."""

    result: Result
    folder: Path
    delivery: Delivery | None = None

    @property
    def standing(self) -> RepositoryState:
        """Its result and its delivery in one word."""
        delivered = self.delivery.state if self.delivery else None
        if delivered is Delivered.FAILED:
            return RepositoryState.FAILED
        if self.result.state in _RESULTS:
            return _RESULTS[self.result.state]
        if delivered is None:
            return RepositoryState.UPDATED
        return _DELIVERIES.get(delivered, RepositoryState.DELIVERED)

    @property
    def is_there(self) -> bool:
        """Whether the version has got to it: it was current, or its commit was delivered."""
        return self.standing in {RepositoryState.CURRENT, RepositoryState.DELIVERED}

    @property
    def after(self) -> str:
        """The version of its template now; '' when that is not known."""
        return self.result.version if self.is_there else self.result.before

    @property
    def reason(self) -> str:
        """Why it stands there: the delivery's reason when that is what stopped it."""
        return (self.delivery.reason if self.delivery else "") or self.result.reason

    @property
    def hint(self) -> str:
        """The next step that was given with the reason."""
        told = self.delivery if self.delivery and self.delivery.reason else self.result
        return told.hint

    @property
    def request(self) -> str:
        """The address of its pull request; '' for one that is none of the web."""
        address = self.delivery.request if self.delivery else ""
        return address if address.lower().startswith(("https://", "http://")) else ""
