"""What a comparison of the template's pins found, in words, as a diff and as JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit
from new_ops_project.base.report import Voice
from new_ops_project.template.pins.comparison import BROKEN, PinComparison, PinState
from new_ops_project.template.pins.upstream import UpstreamComparison

_COLORS = {PinState.BEHIND: "yellow", PinState.HELD: "cyan", PinState.MOVED: "red", PinState.FAILED: "red"}
_NEWS = frozenset({PinState.BEHIND, PinState.HELD})
_AFTER = (
    "Next: python -m pytest, a line in CHANGELOG.md, commit, git tag vX.Y.Z, git push --follow-tags",
    "docs/maintaining.md says how a change is tested and rolled out.",
)
_LINES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class PinsReport:
    """What was found out about the pins of a template, and what was done about it.

    `state` is current, behind, written or failed; `diffs` are of the files that would change or have changed, by path.
    """

    folder: Path
    state: str
    pins: tuple[PinComparison, ...]
    diffs: Mapping[str, str]
    steps: tuple[str, ...] = ()

    @property
    def broken(self) -> list[PinComparison]:
        """The pins of which nothing could be found out, or nothing good."""
        return [pin for pin in self.pins if pin.state in BROKEN]

    def code(self, *, check: bool) -> Exit:
        """The exit code: a source that failed counts more than what is behind."""
        if self.broken:
            return Exit.FAILED
        return Exit.FINDINGS if check and self.state == "behind" else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """All of it; each pin by the names of its fields."""
        pins = [pin.as_json() for pin in self.pins]
        return {
            "path": str(self.folder),
            "state": self.state,
            "pins": pins,
            "diff": "".join(self.diffs.values()),
            "next": list(self.steps),
        }


def failed(folder: Path, outcome: UpstreamComparison, *, write: bool) -> PinsReport:
    """A comparison in which a source did not answer, or answered what must not be."""
    step = "Not everything could be compared" + (", so nothing was written." if write else ".")
    return PinsReport(folder, "failed", outcome.pins, {}, (step,))


def kept(
    folder: Path, outcome: UpstreamComparison, changes: Iterable[tuple[str, str, str]], *, write: bool
) -> PinsReport:
    """A comparison that is complete; `changes` are path, text before and after of each file."""
    diffs = {name: diff(name, before, after) for name, before, after in changes}
    by_hand = tuple(f"By hand: {pin.name}, {pin.reason}. {pin.remedy}" for pin in outcome.behind if pin.remedy)
    if write and diffs:
        return PinsReport(folder, "written", outcome.pins, diffs, (*by_hand, *_AFTER))
    state = "behind" if outcome.behind else "current"
    how = ("new-ops-project template pins --write",) if diffs and not write else ()
    return PinsReport(folder, state, outcome.pins, diffs, (*by_hand, *how))


def diff(name: str, before: str, after: str) -> str:
    """The change of one file, as git shows it."""
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=2
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def say(voice: Voice, kept: PinsReport, *, is_written: bool) -> None:
    """Show the pins that are not current, how many there are, the diff of what was written, and what comes next."""
    _say_table(voice, [pin for pin in kept.pins if pin.state in _NEWS])
    _say_broken(voice, kept.broken)
    for text in kept.diffs.values() if is_written else ():
        voice.say()
        _say_diff(voice, text)
    voice.say(f"{kept.folder}: {_counted(kept.pins)}.", bold=True)
    for step in kept.steps:
        voice.say(f"  {step}")


def _counted(pins: Iterable[PinComparison]) -> str:
    counts = Counter(pin.state for pin in pins)
    return ", ".join(f"{counts[state]} {state}" for state in PinState if counts[state]) or "no pins"


def _say_table(voice: Voice, pins: list[PinComparison]) -> None:
    rows = [(str(pin.state), str(pin.kind), pin.name, _versions(pin), pin.date) for pin in pins]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
    for pin, row in zip(pins, rows, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        voice.say(f"{cells}  {pin.reason}".rstrip(), fg=_COLORS[pin.state])
        if pin.remedy:
            voice.say(f"    {pin.remedy}")


def _say_broken(voice: Voice, pins: list[PinComparison]) -> None:
    """Those of one source together, and what to do once for all that need the same."""
    for remedy, alike in groupby(pins, key=lambda pin: pin.remedy):
        for (state, reason), group in groupby(alike, key=lambda pin: (pin.state, pin.reason)):
            names = ", ".join(pin.name for pin in group)
            voice.say(f"{state}  {names}: {reason}", fg=_COLORS[state], bold=True)
        voice.say(f"    {remedy}")


def _versions(pin: PinComparison) -> str:
    if not pin.newest or pin.newest == pin.current:
        return pin.current
    return f"{pin.current or '-'} -> {pin.newest}"


def _say_diff(voice: Voice, text: str) -> None:
    for line in _short(text.splitlines()):
        is_head = line.startswith(("+++", "---"))
        voice.say(line, fg=None if is_head else _LINES.get(line[:1]), bold=is_head)


def _short(lines: Iterable[str]) -> Iterator[str]:
    """Each run of hashes as one line: there are thousands, and nobody reads them."""
    for sign, group in groupby(lines, key=lambda line: line[:1] if line[1:].lstrip().startswith("sha256:") else ""):
        if not sign:
            yield from group
            continue
        yield f"{sign}          ({len([*group])} hashes)"
