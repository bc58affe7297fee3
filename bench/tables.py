"""The Markdown tables of a benchmark run."""

from collections.abc import Iterable, Mapping, Sequence

from results import Report, Result

HEAD = ("what", "against", "ours", "theirs", "ratio", "at most", "reached", "peak MiB", "of theirs", "git commands")
PEAK = 1.0
"""The largest allowed ratio of the memory of any of our commands to that of copier's."""
COMPARED = ("what", "ours before", "ours now", "change", "ratio before", "ratio now", "at most", "peak MiB")


def table(report: Report) -> str:
    """Every benchmark of one run, the worst memory ratio, the machine."""
    rows = [*map(_row, report.results), *((*row, "", "", "") for row in peaks(report))]
    return f"{markdown(HEAD, rows)}\n\n{note(report.rounds, report.machine)}"


def peaks(report: Report, more: Iterable[tuple[float, float, str]] = ()) -> list[tuple[str, ...]]:
    """A row for the benchmark against copier with the worst memory ratio; [] where none is against copier.

    `more` adds further peaks: ours, theirs, what was measured.
    """
    candidates = [(result.ours.peak, result.theirs.peak, result.what) for result in report.results if result.is_copier]
    worst = max([*candidates, *more], key=lambda peak: peak[0] / peak[1], default=None)
    if worst is None:
        return []
    ours, theirs, what = worst
    cells = (f"{ours:.0f} MiB", f"{theirs:.0f} MiB", *verdict(ours / theirs, PEAK))
    return [(f"peak memory of any of them: {what}", "copier", *cells)]


def verdict(ratio: float, target: float) -> tuple[str, str, str]:
    """The cells for a ratio, for its target, for whether it was reached."""
    return f"{ratio:.3f}", f"{target:g}", "yes" if ratio <= target else "no"


def comparison(old: Report, new: Report) -> str:
    """The benchmarks that both runs have, before and now, with a warning if the machines differ."""
    before = {result.name: result for result in old.results}
    rows = [_change(before[result.name], result) for result in new.results if result.name in before]
    return markdown(COMPARED, rows) + changed(old.machine, new.machine)


def note(rounds: int, machine: Mapping[str, str]) -> str:
    """The sentence below a table: what its figures are, the machine that they come from."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    return f"Medians of {rounds} interleaved rounds. {about}."


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """A paragraph that warns of differences between two machines; '' where there are none."""
    names = [name for name in new if new[name] != old.get(name)]
    return f"\n\nNot the same in both: {', '.join(names)}." if names else ""


def _row(result: Result) -> tuple[str, ...]:
    ours, theirs = result.ours, result.theirs
    return (
        result.what,
        result.against,
        time(ours.median),
        time(theirs.median),
        *verdict(result.ratio, result.target),
        f"{ours.peak:.0f} / {theirs.peak:.0f}",
        f"{result.peak_ratio:.2f}",
        f"{ours.git_commands} / {theirs.git_commands}",
    )


def _change(old: Result, new: Result) -> tuple[str, ...]:
    return (
        new.what,
        time(old.ours.median),
        time(new.ours.median),
        f"{new.ours.median / old.ours.median - 1:+.0%}",
        f"{old.ratio:.3f}",
        f"{new.ratio:.3f}",
        f"{new.target:g}",
        f"{old.ours.peak:.0f} → {new.ours.peak:.0f}",
    )


def time(seconds: float) -> str:
    """Seconds as a cell in milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with padded columns."""
    cells = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)) for row in cells]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)
