"""The report of `template pins` in words for people."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from new_ops_project.commands.shared import diff_words
from new_ops_project.commands.shared.voice import Voice
from new_ops_project.template.pins.comparison import PinComparison, PinState
from new_ops_project.template.pins.run import PinsReport

_COLORS = {PinState.BEHIND: "yellow", PinState.HELD: "cyan", PinState.MOVED: "red", PinState.FAILED: "red"}
_NEWS = frozenset({PinState.BEHIND, PinState.HELD})


def say(voice: Voice, report: PinsReport) -> None:
    """Show the pins that are not current, the diff of what was written, the counts and the next steps."""
    _say_table(voice, [pin for pin in report.pins if pin.state in _NEWS])
    _say_broken(voice, report.broken)
    for text in report.diffs.values() if report.state == "written" else ():
        voice.say()
        diff_words.say(voice, _short(text.splitlines()))
    voice.say(f"{report.folder}: {_counted(report.pins)}.", bold=True)
    for step in report.steps:
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
    """Failures of one source together; a remedy once for all pins that share it."""
    for remedy, alike in groupby(pins, key=lambda pin: pin.remedy):
        for (state, reason), group in groupby(alike, key=lambda pin: (pin.state, pin.reason)):
            names = ", ".join(pin.name for pin in group)
            voice.say(f"{state}  {names}: {reason}", fg=_COLORS[state], bold=True)
        voice.say(f"    {remedy}")


def _versions(pin: PinComparison) -> str:
    if not pin.newest or pin.newest == pin.current:
        return pin.current
    return f"{pin.current or '-'} -> {pin.newest}"


def _short(lines: Iterable[str]) -> Iterator[str]:
    """Each run of hashes as one line: there are thousands, and nobody reads them."""
    for sign, group in groupby(lines, key=lambda line: line[:1] if line[1:].lstrip().startswith("sha256:") else ""):
        if not sign:
            yield from group
            continue
        yield f"{sign}          ({len([*group])} hashes)"
