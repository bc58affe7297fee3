"""What a run of `template pins` found out and changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit
from new_ops_project.template.pins.comparison import BROKEN, PinComparison
from new_ops_project.template.pins.upstream import UpstreamComparison

_AFTER = (
    "Next: python -m pytest, a line in CHANGELOG.md, commit, git tag vX.Y.Z, git push --follow-tags",
    "docs/maintaining.md says how a change is tested and rolled out.",
)


@dataclass(frozen=True)
class PinsReport:
    """The pins of the template in `folder`, compared with upstream.

    `state` is current, behind, written or failed; `diffs` has a unified diff for each file that would change or has
    changed, by path; `steps` are sentences on what to do next.
    """

    folder: Path
    state: str
    pins: tuple[PinComparison, ...]
    diffs: Mapping[str, str]
    steps: tuple[str, ...] = ()

    @property
    def broken(self) -> list[PinComparison]:
        """The pins that could not be compared, or that are wrong."""
        return [pin for pin in self.pins if pin.state in BROKEN]

    def exit_code(self, *, check: bool) -> Exit:
        """The exit code: a source that failed counts more than a pin that is behind."""
        if self.broken:
            return Exit.FAILED
        return Exit.FINDINGS if check and self.state == "behind" else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        pins = [pin.as_json() for pin in self.pins]
        return {
            "path": str(self.folder),
            "state": self.state,
            "pins": pins,
            "diff": "".join(self.diffs.values()),
            "next": list(self.steps),
        }


def incomplete(folder: Path, outcome: UpstreamComparison, *, write: bool) -> PinsReport:
    """The report on a comparison in which a source did not answer, or gave a wrong answer."""
    step = "Not everything could be compared" + (", so nothing was written." if write else ".")
    return PinsReport(folder, "failed", outcome.pins, {}, (step,))


def complete(
    folder: Path, outcome: UpstreamComparison, changes: Iterable[tuple[str, str, str]], *, write: bool
) -> PinsReport:
    """The report on a complete comparison; `changes` are the path, old text and new text of each file."""
    diffs = {name: diff(name, before, after) for name, before, after in changes}
    by_hand = tuple(f"By hand: {pin.name}, {pin.reason}. {pin.remedy}" for pin in outcome.behind if pin.remedy)
    if write and diffs:
        return PinsReport(folder, "written", outcome.pins, diffs, (*by_hand, *_AFTER))
    state = "behind" if outcome.behind else "current"
    command = ("new-ops-project template pins --write",) if diffs and not write else ()
    return PinsReport(folder, state, outcome.pins, diffs, (*by_hand, *command))


def diff(name: str, before: str, after: str) -> str:
    """The change of one file, as git shows it."""
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=2
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
