"""A rule: what shall hold, why, what to do where it does not, and the function that finds where."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from new_ops_project.base.finding import Severity
from new_ops_project.git.tree import Entry

if TYPE_CHECKING:
    from new_ops_project.checks.repo import Repo


@dataclass(frozen=True)
class Edit:
    """In the text file `path`, `old`, which stands at `line` and `column` (characters from 1), becomes `new`.

    Both may have several lines, ended by a line feed whatever the file has. An insertion has '' as `old`.
    """

    path: str
    line: int
    column: int
    old: str
    new: str


@dataclass(frozen=True)
class Write:
    """The file `path` becomes `entry`, whether it is there or not."""

    path: str
    entry: Entry


Fix = tuple[Edit | Write, ...]


@dataclass(frozen=True)
class Breach:
    """One place where a rule is broken; `path`, `line` and `column` as in Finding.

    `remedy` and `severity` are those of the rule unless given. A `fix` is applied as a whole or not at all.
    """

    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    fix: Fix = ()
    remedy: str = ""
    severity: Severity | None = None


class UncheckedError(Exception):
    """A rule could not look: why, as a sentence, and what would let it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True)
class Rule:
    """`title` says what holds in a repository that keeps it; `tool` names the program that looks, '' for our own code.

    `check` yields each breach, and raises UncheckedError when it cannot look. `fixes`: whether it ever gives a fix;
    `fixed_when`: '' for whenever --fix is given; for fixes that undo what somebody wrote, `named` for where the file is
    named as PATH or the code in --select, `selected` for the latter only.
    """

    code: str
    title: str
    severity: Severity
    why: str
    remedy: str
    link: str
    check: Callable[["Repo"], Iterable[Breach]]
    fixes: bool = False
    fixed_when: Literal["", "named", "selected"] = ""
    tool: str = ""


@dataclass(frozen=True)
class Family:
    """Rules that read the same things; codes share their first four letters: OPS1 and so on."""

    name: str
    title: str
    rules: tuple[Rule, ...]
