"""The table in the README, between its two marks."""

from pathlib import Path

import fleet_tables
from fleet_results import Fleet, Row
from results import Report, Result
from tables import markdown, note, peaks, time, verdict

HEAD = ("what", "against", "ours", "theirs", "ratio", "at most", "reached")
README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- bench -->\n", "<!-- end bench -->"
_COMMAND = "python bench/run.py --others DIR --json run.json"
_FLEET = " && python bench/run.py fleet --sizes {sizes} --rounds {rounds} --json fleet.json"


def write(report: Report, fleet: Fleet | None, path: Path = README) -> None:
    """Replace the text between the marks with the table. Raises ValueError where the marks are missing."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path.name} has no {BEGIN.strip()} ... {END}")
    path.write_text(before + begin + _section(report, fleet) + end + after, encoding="utf-8")


def _section(report: Report, fleet: Fleet | None) -> str:
    rows = [_row(result) for result in report.results]
    largest = [*fleet_tables.compared(fleet)][-1:] if fleet else []
    rows += [_fleet_row(*pair) for pair in largest]
    fleet_peaks = [(ours.peak, loop.peak, "`fleet update`") for ours, loop in largest]
    table = markdown(HEAD, [*rows, *peaks(report, fleet_peaks)])
    return f"{table}\n\n{note(report.rounds, report.machine)}\n\n```sh\n{_command(report, fleet)}\n```\n"


def _row(result: Result) -> tuple[str, ...]:
    return (result.what, result.against, *_times(result.ours.median, result.theirs.median, result.target))


def _times(ours: float, theirs: float, target: float) -> tuple[str, ...]:
    return (time(ours), time(theirs), *verdict(ours / theirs, target))


def _fleet_row(ours: Row, loop: Row) -> tuple[str, ...]:
    what = f"`fleet update` of {ours.repositories}, 2 jobs, per repository"
    return (what, loop.label, *_times(ours.each, loop.each, fleet_tables.TARGET))


def _command(report: Report, fleet: Fleet | None) -> str:
    command = _COMMAND.replace(" --json", f" --rounds {report.rounds} --json")
    if not fleet:
        return command
    sizes = ",".join(str(size) for size in sorted({row.repositories for row in fleet.rows}))
    return command + _FLEET.format(sizes=sizes, rounds=fleet.rounds)
