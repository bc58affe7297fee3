"""Compares new-ops-project with copier, whole processes, in one interleaved run."""

import argparse
import sys
from pathlib import Path

import machine
import results
import rounds
import tables
from benchmarks import BENCHMARKS, Benchmark
from measure import CommandError
from results import Report
from sandbox import sandbox


def main() -> None:
    """Measure, or compare two earlier runs."""
    options = _options()
    if options.verb == "compare":
        print(tables.comparison(results.read(options.old), results.read(options.new)))
        return
    report = _report(_chosen(options.only, slow=options.slow), options.rounds)
    print(tables.table(report))
    if options.json:
        results.write(report, options.json)


def _chosen(only: list[str] | None, *, slow: bool) -> list[Benchmark]:
    if only:
        return [one for one in BENCHMARKS if one.name in only]
    return [one for one in BENCHMARKS if slow or not one.is_slow]


def _report(chosen: list[Benchmark], times: int) -> Report:
    try:
        with sandbox() as box:
            found = rounds.run(chosen, box, times)
            return Report(machine.describe(box.env), times, found)
    except CommandError as error:
        sys.exit(str(error))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--rounds", type=_positive, default=7, metavar="N", help="default: %(default)s")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"any of {', '.join(names)}")
    parser.add_argument("--slow", action="store_true", help="measure what installs packages, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    verbs = parser.add_subparsers(dest="verb", metavar="[compare OLD NEW]")
    compare = verbs.add_parser("compare", help="compare two files that --json wrote")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)
    return parser.parse_args()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    main()
