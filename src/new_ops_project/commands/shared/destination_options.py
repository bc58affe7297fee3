"""The options that say where the plan of a verb goes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from new_ops_project.base.errors import ToolError

if TYPE_CHECKING:
    from new_ops_project.plan.destination import Destination

_FIELDS = ("preview", "patch", "branch", "in_place", "commit")
_TOGETHER = (["--continue", "--commit"], ["--in-place", "--commit"], ["--preview", "--in-place"])


def taken(verb: str, options: dict[str, Any], *, as_json: bool) -> "Destination":
    """Take the options of a destination out of those of a verb."""
    from new_ops_project.plan.destination import Destination

    fields = {name: options.pop(name) for name in _FIELDS if name in options}
    return Destination(verb, texts=bool(fields["preview"] and as_json), **fields)


def require_sense(
    destination: "Destination",
    *,
    as_json: bool,
    resume: bool = False,
    abort: bool = False,
    aims: Mapping[str, Any] | None = None,
) -> None:
    """Raise ToolError for options that contradict each other; `aims` are those that say what to do, by name."""
    chosen = {
        "--continue": resume,
        "--abort": abort,
        "--preview": destination.preview,
        "--check": bool((aims or {}).get("--check")),
        "--patch": destination.patch is not None,
        "--branch": destination.branch is not None,
        "--in-place": destination.in_place,
        "--commit": destination.commit,
    }
    given = [name for name, is_given in chosen.items() if is_given]
    if len(given) > 1 and given not in _TOGETHER:
        raise ToolError(f"{' and '.join(given)} do not go together.", "Choose one.")
    if (resume or abort) and (useless := [name for name, value in (aims or {}).items() if value]):
        raise ToolError(f"{given[0]} takes no {' and no '.join(useless)}.", "Leave that out.")
    if destination.patch == "-" and as_json:
        raise ToolError("--json and --patch - both write to stdout.", "Give --patch a file.")
