"""The table of the README, between its two marks."""

from pathlib import Path

import fleet_tables
from fleet_results import Fleet, Row
from results import Report
from tables import markdown, note, peaks, time, verdict

HEAD = ("what", "against", "ours", "theirs", "ratio", "at most", "reached")
README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- bench -->\n", "<!-- end bench -->"
_COMMAND = "python bench/run.py --others DIR --json run.json"
_FLEET = " && python bench/run.py fleet --sizes {sizes} --rounds {rounds} --json fleet.json"


def write(report: Report, fleet: Fleet | None, path: Path = README) -> None:
    """Put the table in place of what is between the marks; raises ValueError where they are not."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path.name} has no {BEGIN.strip()} ... {END}")
    path.write_text(before + begin + _section(report, fleet) + end + after, encoding="utf-8")


def _section(report: Report, fleet: Fleet | None) -> str:
    rows = [(one.what, one.against, *_times(one.ours.median, one.theirs.median, one.target)) for one in report.results]
    largest = [*fleet_tables.compared(fleet)][-1:] if fleet else []
    rows += [_each(*pair) for pair in largest]
    more = [(ours.peak, loop.peak, "`fleet update`") for ours, loop in largest]
    table = markdown(HEAD, [*rows, *peaks(report, more)])
    return f"{table}\n\n{note(report.rounds, report.machine)}\n\n```sh\n{_command(report, fleet)}\n```\n"


def _times(ours: float, theirs: float, target: float) -> tuple[str, ...]:
    return (time(ours), time(theirs), *verdict(ours / theirs, target))


def _each(ours: Row, loop: Row) -> tuple[str, ...]:
    what = f"`fleet update` of {ours.repositories}, 2 jobs, per repository"
    return (what, loop.label, *_times(ours.each, loop.each, fleet_tables.TARGET))


def _command(report: Report, fleet: Fleet | None) -> str:
    one = _COMMAND.replace(" --json", f" --rounds {report.rounds} --json")
    if not fleet:
        return one
    sizes = ",".join(str(size) for size in sorted({one.repositories for one in fleet.rows}))
    return one + _FLEET.format(sizes=sizes, rounds=fleet.rounds)
