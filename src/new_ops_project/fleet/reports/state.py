"""The state of each repository in a rollout, from its result together with its delivery."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from new_ops_project.fleet.model import Delivered, Delivery, Result, ResultState


class RepositoryState(StrEnum):
    """How far a repository has got; what needs a person most comes first."""

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
        """What the state means, as a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    RepositoryState.FAILED: "It could not be updated, or its commit could not be delivered.",
    RepositoryState.CONFLICT: "There is a commit with conflict markers for a person to resolve.",
    RepositoryState.HELD: "It waits for a person: it changes far more than others, or its branch has other commits.",
    RepositoryState.DEFERRED: "It was put off for a reason that goes away; a later run does it.",
    RepositoryState.UPDATED: "There is a commit that has not been delivered.",
    RepositoryState.DELIVERED: "Its commit is on a branch or in a pull request.",
    RepositoryState.CURRENT: "It is at that version of the template already.",
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
    """One repository: its result, the folder of results with it, the delivery of its commit if there was one."""

    result: Result
    folder: Path
    delivery: Delivery | None = None

    @property
    def state(self) -> RepositoryState:
        """The state that its result and its delivery give together."""
        delivered = self.delivery.state if self.delivery else None
        if delivered is Delivered.FAILED:
            return RepositoryState.FAILED
        if self.result.state in _RESULTS:
            return _RESULTS[self.result.state]
        if delivered is None:
            return RepositoryState.UPDATED
        return _DELIVERIES.get(delivered, RepositoryState.DELIVERED)

    @property
    def has_version(self) -> bool:
        """Whether it has got the version: it was current, or its commit was delivered."""
        return self.state in {RepositoryState.CURRENT, RepositoryState.DELIVERED}

    @property
    def after(self) -> str:
        """The template version that it has now; '' if unknown."""
        return self.result.version if self.has_version else self.result.before

    @property
    def reason(self) -> str:
        """Why it is in that state: the delivery's reason if there is one, else the result's."""
        return (self.delivery.reason if self.delivery else "") or self.result.reason

    @property
    def hint(self) -> str:
        """The next step that belongs to the reason."""
        return self.delivery.hint if self.delivery and self.delivery.reason else self.result.hint

    @property
    def request(self) -> str:
        """The web address of its pull request; '' for any other text, which must not become a link."""
        address = self.delivery.request if self.delivery else ""
        return address if address.lower().startswith(("https://", "http://")) else ""
