"""Counts what `check` finds in repositories, and how much of it a person judged to be a false alarm.

    python scripts/count_findings.py FOLDER... [--false FILE] [--list]

The table is Markdown, for docs/check.md. FILE has a line for each false alarm: the folder's name, the code, the path
and the line, such as `exporter OPS207 Dockerfile:3`. With --list, the findings are printed in that form, to be read.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
COUNTED = ("error", "warning")
_DONE = (0, 1, 2)  # exit codes of `check` that come with findings


class Line(NamedTuple):
    """One finding; `severity` is '' where a person wrote it down."""

    folder: str
    code: str
    place: str
    severity: str = ""
    message: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one finding from another."""
        return self.folder, self.code, self.place


def main() -> None:
    """Print the table, or the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--false", type=Path, metavar="FILE", help="the false alarms")
    parser.add_argument("--list", action="store_true", help="print the findings instead of the table")
    args = parser.parse_args()
    findings = [line for folder in args.folders for line in checked(folder)]
    if args.list:
        print(*(f"{line.folder} {line.code} {line.place} {line.message}" for line in findings), sep="\n")
    else:
        judged = args.false.read_text("utf-8").splitlines() if args.false else []
        false = {tuple(text.split()[:3]) for text in judged if text.strip() and not text.startswith("#")}
        print(*table(findings, [line for line in findings if line.key in false], len(args.folders)), sep="\n")


def checked(folder: Path) -> Iterator[Line]:
    """The errors and warnings of a repository."""
    program = Path(sys.executable).with_name("new-ops-project")
    command = [str(program), "check", "--offline", "--format", "json", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in _DONE:
        sys.exit(f"{folder}: exit code {done.returncode}\n{done.stderr}")
    for finding in json.loads(done.stdout)["findings"]:
        if finding["severity"] in COUNTED:
            path = Path(finding["path"]).relative_to(folder).as_posix()
            place = f"{path}:{finding['line']}".replace(" ", "_")
            yield Line(folder.name, finding["code"], place, finding["severity"], finding["message"])


def table(findings: list[Line], false: list[Line], folders: int) -> Iterator[str]:
    """The table, with a row for each code, and one for each severity."""
    where = defaultdict[tuple[str, str], set[str]](set)
    for line in findings:
        where[line.severity, line.code].add(line.folder)
    everything, wrong = counts(findings), counts(false)
    yield f"{folders} repositories, {datetime.now(UTC):%Y-%m-%d}, commit {commit()}"
    yield ""
    yield "| code | severity | findings | repositories | false |\n|---|---|---|---|---|"
    for severity in COUNTED:
        codes = sorted(code for kind, code in everything if kind == severity)
        for code in codes:
            key = severity, code
            yield f"| {code} | {severity} | {everything[key]} | {len(where[key])} | {wrong[key] or ''} |"
        total = sum(everything[severity, code] for code in codes)
        share = sum(wrong[severity, code] for code in codes)
        yield f"| **all** | {severity} | {total} | | {share} ({share / max(total, 1):.1%}) |"


def counts(findings: Iterable[Line]) -> Counter[tuple[str, str]]:
    """How many findings there are of each severity and code."""
    return Counter((line.severity, line.code) for line in findings)


def commit() -> str:
    """The commit of this checkout, in short."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
