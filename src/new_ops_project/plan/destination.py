"""Where the Plan of a verb goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.plan.project_place import ProjectPlace

STDOUT = "-"  # the name of a patch file that means standard output


@dataclass(frozen=True)
class Destination:
    """Where the plan of `verb` goes: the work tree, unless another field says otherwise.

    `patch` is a file, or STDOUT; `branch` is '' for the usual name of that verb. `texts` asks for the difference of
    each file in the details of the outcome. `wishes`: the options that say what the result should be, as typed.
    `again`: the words that ask for the same once more.
    """

    verb: str
    preview: bool = False
    patch: str | None = None
    branch: str | None = None
    in_place: bool = False
    commit: bool = False
    texts: bool = False
    wishes: tuple[str, ...] = ()
    again: tuple[str, ...] = ()

    @property
    def writes_work_tree(self) -> bool:
        """Whether the result goes to the work tree."""
        return not (self.preview or self.patch is not None or self.branch is not None)


@dataclass(frozen=True)
class Purpose:
    """What a plan is for: the `message` of its commit, its usual `branch`, and the `details` that --json shows.

    `left`: the migrations that `--continue` has to run once its conflicts are resolved, as `running` has them.
    """

    message: str
    branch: str
    details: Mapping[str, Any]
    place: ProjectPlace
    left: Mapping[str, Any] = field(default_factory=dict)
