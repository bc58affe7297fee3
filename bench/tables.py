"""Reports as Markdown tables."""

from collections.abc import Iterable, Mapping, Sequence

from results import Report, Result

HEAD = ("what", "against", "ours", "theirs", "ratio", "target", "reached", "peak MiB", "git commands")
COMPARED = ("what", "ours before", "ours now", "change", "ratio before", "ratio now", "target", "peak MiB")


def table(report: Report) -> str:
    """Every benchmark of one run, and the machine."""
    return f"{markdown(HEAD, map(_row, report.results))}\n\n{note(report.rounds, report.machine)}"


def comparison(old: Report, new: Report) -> str:
    """The benchmarks that both runs hold, before and now; a warning when the machines differ."""
    before = {result.name: result for result in old.results}
    rows = [_change(before[result.name], result) for result in new.results if result.name in before]
    return markdown(COMPARED, rows) + changed(old.machine, new.machine)


def note(rounds: int, machine: Mapping[str, str]) -> str:
    """What the figures are, and of which machine."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    return f"Medians of {rounds} interleaved rounds. {about}."


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """A paragraph that warns of machines that differ; '' for the same."""
    names = [name for name in new if new[name] != old.get(name)]
    return f"\n\nNot the same in both: {', '.join(names)}." if names else ""


def _row(result: Result) -> tuple[str, ...]:
    ours, theirs = result.ours, result.theirs
    return (
        result.what,
        result.against,
        _time(ours.median),
        _time(theirs.median),
        f"{result.ratio:.2f}",
        f"{result.target:.2f}",
        "yes" if result.ratio <= result.target else "no",
        f"{ours.peak:.0f} / {theirs.peak:.0f}",
        f"{ours.git_commands} / {theirs.git_commands}",
    )


def _change(old: Result, new: Result) -> tuple[str, ...]:
    return (
        new.what,
        _time(old.ours.median),
        _time(new.ours.median),
        f"{new.ours.median / old.ours.median - 1:+.0%}",
        f"{old.ratio:.2f}",
        f"{new.ratio:.2f}",
        f"{new.target:.2f}",
        f"{old.ours.peak:.0f} → {new.ours.peak:.0f}",
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its columns padded."""
    cells = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)) for row in cells]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)
