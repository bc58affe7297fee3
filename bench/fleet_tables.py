"""The Markdown tables of a fleet benchmark."""

from collections.abc import Callable, Iterable, Iterator

from fleet_results import Fleet, Row
from tables import PEAK, changed, markdown, note

TARGET = 0.015
"""The largest allowed ratio of the time of `fleet update` to that of the loop."""

HEAD = (
    "what",
    "repositories",
    "seconds",
    "s each",
    "CPU s each",
    "peak MiB",
    "in conflict",
    "failed",
    "of the loop",
    "of xargs",
)
BY_SIZE = ("what", "repositories", "s each", "CPU s each", "peak MiB")
SIZE = ("what", "repositories", "seconds", "ms each", "CPU ms each", "times the first", "peak MiB", "KiB for each more")
COMPARED = ("what", "repositories", "s each before", "now", "change", "CPU s each", "peak MiB", "of the loop")


def table(fleet: Fleet) -> str:
    """Every command at every size, the figures by size, whether the targets were reached, the machine."""
    rows = markdown(HEAD, (_row(fleet, row) for row in fleet.rows))
    by_size = [*_by_size(fleet)]
    second = [markdown(BY_SIZE, by_size)] if by_size else []
    return "\n\n".join((rows, *second, _verdict(fleet), note(fleet.rounds, fleet.machine)))


def size_table(fleet: Fleet) -> str:
    """What one repository costs at each size, in relation to the smallest one; the machine."""
    first = {row.label: row for row in reversed(fleet.rows)}
    rows = (_sized(row, first[row.label]) for row in fleet.rows)
    return f"{markdown(SIZE, rows)}\n\n{note(fleet.rounds, fleet.machine)}"


def _sized(row: Row, first: Row) -> tuple[str, ...]:
    more = row.repositories - first.repositories
    return (
        row.label,
        f"{row.repositories:,}",
        f"{row.each * row.repositories:.0f}",
        f"{row.each * 1000:.1f}",
        f"{row.cpu_each * 1000:.1f}",
        f"{row.cpu_each / first.cpu_each:.2f}",
        f"{row.peak:.0f}",
        f"{(row.peak - first.peak) * 1024 / more:.1f}" if more else "",
    )


def comparison(old: Fleet, new: Fleet) -> str:
    """The rows that both runs have, before and now, with a warning if the machines differ."""
    before = {(row.label, row.repositories): row for row in old.rows}
    pairs = [(before[key], row) for row in new.rows if (key := (row.label, row.repositories)) in before]
    rows = (_change(was, now, old.ratio(was, "loop"), new.ratio(now, "loop")) for was, now in pairs)
    return markdown(COMPARED, rows) + changed(old.machine, new.machine)


def _row(fleet: Fleet, row: Row) -> tuple[str, ...]:
    is_ours = row.name in {"ours", "again"}
    return (
        row.label,
        str(row.repositories),
        f"{row.each * row.repositories:.1f}",
        f"{row.each:.3f}",
        f"{row.cpu_each:.3f}",
        f"{row.peak:.0f}",
        *((str(row.conflicts), str(len(row.failed))) if row.task == "update" else ("", "")),
        *(_share(fleet.ratio(row, name) if is_ours else None) for name in ("loop", "xargs")),
    )


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3f}"


def _by_size(fleet: Fleet) -> Iterator[tuple[str, ...]]:
    """A row for each command that was measured at several sizes."""
    for label in dict.fromkeys(row.label for row in fleet.rows):
        rows = [row for row in fleet.rows if row.label == label]
        if len(rows) > 1:
            cells: tuple[Callable[[Row], str], ...] = (
                lambda row: str(row.repositories),
                lambda row: f"{row.each:.3f}",
                lambda row: f"{row.cpu_each:.3f}",
                lambda row: f"{row.peak:.0f}",
            )
            yield label, *(" → ".join(map(cell, rows)) for cell in cells)


def _verdict(fleet: Fleet) -> str:
    both = [*compared(fleet)]
    times = _judge(TARGET, ((ours, ours.each / loop.each) for ours, loop in both))
    peaks = _judge(PEAK, ((ours, ours.peak / loop.peak) for ours, loop in both))
    return f"At most {TARGET} of the loop's time: {times}. At most {PEAK:g} of its memory: {peaks}."


def compared(fleet: Fleet) -> Iterator[tuple[Row, Row]]:
    """Our update and the loop's at every size that both were measured with, the smallest first."""
    rows = {(row.name, row.repositories): row for row in fleet.rows if row.task == "update"}
    for size in sorted(size for name, size in rows if name == "ours" and ("loop", size) in rows):
        yield rows["ours", size], rows["loop", size]


def _judge(target: float, shares: Iterable[tuple[Row, float]]) -> str:
    verdicts = (f"{share:.3f} with {row.repositories} ({'yes' if share <= target else 'no'})" for row, share in shares)
    return ", ".join(verdicts) or "not measured"


def _change(old: Row, new: Row, before: float | None, now: float | None) -> tuple[str, ...]:
    return (
        new.label,
        str(new.repositories),
        f"{old.each:.3f}",
        f"{new.each:.3f}",
        f"{new.each / old.each - 1:+.0%}",
        f"{old.cpu_each:.3f} → {new.cpu_each:.3f}",
        f"{old.peak:.0f} → {new.peak:.0f}",
        f"{_share(before)} → {_share(now)}" if new.name == "ours" else "",
    )
