"""The rule: what should hold, why, and the function that finds where it does not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from new_ops_project.base.finding import Severity
from new_ops_project.git.tree import Entry


@dataclass(frozen=True)
class Edit:
    """Replaces `old` at `line` and `column` (from 1, in characters) of the text file `path` by `new`.

    Both texts may have several lines, separated by a line feed whatever the file uses. An insertion has '' as `old`.
    """

    path: str
    line: int
    column: int
    old: str
    new: str


@dataclass(frozen=True)
class Write:
    """Replaces or creates the file `path` with `entry`."""

    path: str
    entry: Entry


Fix = tuple[Edit | Write, ...]


@dataclass(frozen=True)
class Breach:
    """One place where a rule is broken; `path`, `line` and `column` as in Finding.

    `remedy` and `severity` override those of the rule. A `fix` is applied as a whole or not at all.
    """

    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    fix: Fix = ()
    remedy: str = ""
    severity: Severity | None = None


class UncheckedError(Exception):
    """A rule could not be checked; `reason` is a sentence, `hint` says what to do about it.

    `fails`: a linter that should have been asked was not, so the run is incomplete. With a `path`, this is so for that
    file only, and an error that is found in it may be the cause. `is_optional`: a linter is not installed that this
    tool does not bring. `is_note`: everything was checked, but not as somebody may expect.
    """

    def __init__(
        self,
        reason: str,
        hint: str = "",
        *,
        fails: bool = False,
        path: str = "",
        is_optional: bool = False,
        is_note: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.fails = fails
        self.path = path
        self.is_optional = is_optional
        self.is_note = is_note


@dataclass(frozen=True)
class Rule:
    """`title` says what holds in a repository that keeps the rule; `tool` names the linter that it reads, '' for none.

    `check(repo)` yields each breach and raises UncheckedError when the rule cannot be checked; a rule with a `tool` is
    called as `check(repo, report)`, where `report` is what that linter's module in checks/linters returned.

    `fixes` tells whether it ever gives a fix. `fixed_when` tells when --fix applies it: '' always; fixes that bring
    back what somebody removed need the file to be named as PATH or the code in --select (`named`).

    A rule that passes on findings of a linter has the linter's name for them as its `code`. `replaces` has the codes of
    former rules that reported the same; `unless` those of present ones, on whose lines this one reports nothing.
    """

    code: str
    title: str
    severity: Severity
    why: str
    remedy: str
    link: str
    check: Callable[..., Iterable[Breach]]
    fixes: bool = False
    fixed_when: Literal["", "named"] = ""
    tool: str = ""
    replaces: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Rules about the same subject; the codes of our own share their first four characters, such as `OPS1`."""

    name: str
    title: str
    rules: tuple[Rule, ...]


def succession(rules: Iterable[Rule], former: str) -> str:
    """Who reports now what a former rule did: `zizmor reports the same under the name artipacked`; '' if none does."""
    successors = [rule for rule in rules if former in rule.replaces]
    names = " and ".join(rule.code for rule in successors)
    under = "under the names" if len(successors) > 1 else "under the name"
    return f"{successors[0].tool} reports the same {under} {names}" if successors else ""
