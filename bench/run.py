"""Compares new-ops-project with copier and its like, whole processes, in one interleaved run."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cookie
import fleet
import fleet_results
import fleet_tables
import machine
import readme
import results
import rounds
import tables
from benchmark import Benchmark
from benchmarks import BENCHMARKS
from measure import CommandError
from results import Report
from sandbox import Sandbox, sandbox

ROUNDS = 7


def main() -> None:
    """Measure, compare two earlier runs, or write the README's table from them."""
    options = _options()
    if options.verb == "compare":
        print(_comparison(options.old, options.new))
    elif options.verb == "fleet":
        _measure_fleet(options)
    elif options.verb == "readme":
        _write_table(options.run, options.fleet)
    else:
        _measure(options)


def _measure(options: argparse.Namespace) -> None:
    report = _report(_chosen(options.only, slow=options.slow), options.rounds or ROUNDS, options.others)
    print(tables.table(report))
    if options.json:
        results.write(report, options.json)


def _measure_fleet(options: argparse.Namespace) -> None:
    try:
        found = fleet.run(sorted({*options.sizes}), options.rounds or 1, measures_all=options.all)
    except CommandError as error:
        sys.exit(str(error))
    print(fleet_tables.table(found))
    if options.json:
        fleet_results.write(found, options.json)


def _write_table(run: Path, of_fleet: Path | None) -> None:
    if fleet_results.is_fleet(run) or (of_fleet and not fleet_results.is_fleet(of_fleet)):
        sys.exit("A file of single commands comes first, one of a fleet second.")
    try:
        readme.write(results.read(run), fleet_results.read(of_fleet) if of_fleet else None)
    except ValueError as error:
        sys.exit(str(error))


def _comparison(old: Path, new: Path) -> str:
    kinds = {fleet_results.is_fleet(old), fleet_results.is_fleet(new)}
    if len(kinds) > 1:
        sys.exit(f"Only one of {old} and {new} is of a fleet.")
    if kinds == {True}:
        return fleet_tables.comparison(fleet_results.read(old), fleet_results.read(new))
    return tables.comparison(results.read(old), results.read(new))


def _chosen(only: list[str] | None, *, slow: bool) -> list[Benchmark]:
    if only:
        return [one for one in BENCHMARKS if one.name in only]
    return [one for one in BENCHMARKS if slow or not one.is_slow]


def _report(chosen: list[Benchmark], times: int, others: Path | None) -> Report:
    try:
        with sandbox(others=others) as box:
            there = [*_there(chosen, box)]
            if any(one.needs == "cookiecutter" for one in there):
                cookie.make(box)
            found = rounds.run(there, box, times)
            return Report(machine.describe(box.env), times, found)
    except CommandError as error:
        sys.exit(str(error))


def _there(chosen: Sequence[Benchmark], box: Sandbox) -> Iterator[Benchmark]:
    """Those whose programs are there; what is left out is named."""
    for one in chosen:
        if not one.needs or shutil.which(one.needs, path=box.env["PATH"]):
            yield one
        else:
            print(f"{one.name} is left out: {one.needs} is not on PATH, nor in --others.", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--rounds", type=_positive, metavar="N", help=f"default: {ROUNDS}, of a fleet 1")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"any of {', '.join(names)}")
    parser.add_argument("--slow", action="store_true", help="measure what installs packages, too")
    parser.add_argument("--others", type=Path, metavar="DIR", help="a folder with putup and cookiecutter; else PATH")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    verbs = parser.add_subparsers(dest="verb", metavar="[fleet | compare OLD NEW | readme RUN [FLEET]]")
    compare = verbs.add_parser("compare", help="compare two files that --json wrote")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)
    table = verbs.add_parser("readme", help="write the README's table from files that --json wrote")
    table.add_argument("run", type=Path)
    table.add_argument("fleet", type=Path, nargs="?")
    _add_fleet(verbs.add_parser("fleet", help="update a fleet of repositories, against a loop of copier"))
    return parser.parse_args()


def _add_fleet(verb: argparse.ArgumentParser) -> None:
    sizes = ",".join(map(str, fleet.SIZES))
    told = "how many repositories; default: %(default)s"
    verb.add_argument("--sizes", type=_sizes, default=sizes, metavar="N,N", help=told)
    verb.add_argument("--all", action="store_true", help="measure copier with the largest sizes, too")
    for name, kind in (("--rounds", _positive), ("--json", Path)):
        verb.add_argument(name, type=kind, default=argparse.SUPPRESS, help="as above")


def _sizes(text: str) -> list[int]:
    return [_positive(one) for one in text.split(",")]


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    main()
