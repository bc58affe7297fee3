"""How a verb that changes a project ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from new_ops_project.base.errors import Exit

if TYPE_CHECKING:
    from new_ops_project.git.journal import Change


@dataclass(frozen=True)
class Outcome:
    """How a verb ended: `state` is one word, `details` what --json adds to it, `next` the commands that follow.

    The other fields are for people. `template` is the name of the template that a project follows. `is_new` is false
    for a commit that was on the branch already. `patch` is the text of a patch for stdout. `change` is the pending
    change that the verb met: one that waits for its commit, was concluded or was undone. `was_finished` says that
    this run took the last steps of an interrupted one. `unchanged` are the paths whose conflict was resolved in favour
    of what the project had. `backup` is the folder with the edits that were made after the change was written. `parts`
    are the outcomes for each template of a project that follows several.
    """

    state: str
    exit_code: Exit = Exit.DONE
    details: Mapping[str, Any] = field(default_factory=dict)
    next: tuple[str, ...] = ()
    template: str = ""
    is_new: bool = True
    patch: bytes = b""
    change: "Change | None" = None
    was_finished: bool = False
    unchanged: tuple[str, ...] = ()
    backup: Path | None = None
    parts: "tuple[Outcome, ...]" = ()
