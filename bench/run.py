"""Compares new-ops-project with other project generators, as whole processes, in one interleaved run."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cookie
import fleet
import fleet_results
import fleet_size
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
OURS = "new-ops-project"


def main() -> None:
    """Measure, compare two earlier runs, or write the README's table from them."""
    options = _options()
    if options.verb == "compare":
        print(_comparison(options.old, options.new))
    elif options.verb == "fleet":
        _measure_fleet(options)
    elif options.verb == "size":
        _measure_size(options)
    elif options.verb == "readme":
        _write_table(options.run, options.fleet)
    else:
        _measure(options)


def _measure(options: argparse.Namespace) -> None:
    chosen = _choose(options.only, slow=options.slow)
    if options.earlier:
        chosen = [_against_earlier(benchmark, options.earlier) for benchmark in chosen]
    report = _report(chosen, options.rounds or ROUNDS, options.others)
    print(tables.table(report))
    if options.json:
        results.write(report, options.json)


def _measure_fleet(options: argparse.Namespace) -> None:
    try:
        measured = fleet.run(sorted({*options.sizes}), options.rounds or 1, measures_all=options.all)
    except CommandError as error:
        sys.exit(str(error))
    print(fleet_tables.table(measured))
    if options.json:
        fleet_results.write(measured, options.json)


def _measure_size(options: argparse.Namespace) -> None:
    try:
        measured = fleet_size.run(sorted({*options.sizes}), options.rounds or 1)
    except CommandError as error:
        sys.exit(str(error))
    print(fleet_tables.size_table(measured))
    if options.json:
        fleet_results.write(measured, options.json)


def _write_table(run: Path, fleet_run: Path | None) -> None:
    if fleet_results.is_fleet(run) or (fleet_run and not fleet_results.is_fleet(fleet_run)):
        sys.exit("Give the file of single commands first and the file of a fleet second.")
    try:
        readme.write(results.read(run), fleet_results.read(fleet_run) if fleet_run else None)
    except ValueError as error:
        sys.exit(str(error))


def _comparison(old: Path, new: Path) -> str:
    kinds = {fleet_results.is_fleet(old), fleet_results.is_fleet(new)}
    if len(kinds) > 1:
        sys.exit(f"Only one of {old} and {new} is a fleet benchmark; give two of the same kind.")
    if kinds == {True}:
        return fleet_tables.comparison(fleet_results.read(old), fleet_results.read(new))
    return tables.comparison(results.read(old), results.read(new))


def _choose(only: list[str] | None, *, slow: bool) -> list[Benchmark]:
    if only:
        return [benchmark for benchmark in BENCHMARKS if benchmark.name in only]
    return [benchmark for benchmark in BENCHMARKS if slow or not benchmark.is_slow]


def _against_earlier(benchmark: Benchmark, folder: Path) -> Benchmark:
    """The same command of another new-ops-project, which is in `folder`, in place of the other tool's."""
    program = str(folder.resolve() / OURS)
    theirs = tuple(program if word == OURS else word for word in benchmark.ours)
    return replace(benchmark, against="the earlier new-ops-project", theirs=theirs, target=1.05, needs="")


def _report(chosen: list[Benchmark], times: int, others: Path | None) -> Report:
    try:
        with sandbox(others=others) as box:
            possible = [*_possible(chosen, box)]
            if any(benchmark.needs == "cookiecutter" for benchmark in possible):
                cookie.make(box)
            return Report(machine.describe(box.env), times, rounds.run(possible, box, times))
    except CommandError as error:
        sys.exit(str(error))


def _possible(chosen: Sequence[Benchmark], box: Sandbox) -> Iterator[Benchmark]:
    """The benchmarks whose programs are installed; the others are named on stderr."""
    for benchmark in chosen:
        if not benchmark.needs or shutil.which(benchmark.needs, path=box.env["PATH"]):
            yield benchmark
        else:
            print(f"Skipping {benchmark.name}: {benchmark.needs} is not on PATH or in --others.", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument("--rounds", type=_positive, metavar="N", help=f"default: {ROUNDS}; for a fleet 1")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"any of {', '.join(names)}")
    parser.add_argument(
        "--slow",
        action="store_true",
        help="also measure what takes minutes: commands that install packages, thousands of files",
    )
    parser.add_argument("--others", type=Path, metavar="DIR", help="folder with putup and cookiecutter, if not on PATH")
    parser.add_argument("--earlier", type=Path, metavar="DIR", help="compare with the new-ops-project in this folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to a file")
    verbs = parser.add_subparsers(dest="verb", metavar="[fleet | size | compare OLD NEW | readme RUN [FLEET]]")
    compare = verbs.add_parser("compare", help="compare two files that --json wrote")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)
    table = verbs.add_parser("readme", help="write the README's table from files that --json wrote")
    table.add_argument("run", type=Path)
    table.add_argument("fleet", type=Path, nargs="?")
    against_copier = verbs.add_parser("fleet", help="update a fleet of repositories, against a loop of copier")
    against_copier.add_argument("--all", action="store_true", help="also measure copier with the largest sizes")
    _add_fleet(against_copier, fleet.SIZES)
    _add_fleet(verbs.add_parser("size", help="one repository of a fleet of thousands"), fleet_size.SIZES)
    return parser.parse_args()


def _add_fleet(verb: argparse.ArgumentParser, sizes: Sequence[int]) -> None:
    default, sizes_help = ",".join(map(str, sizes)), "numbers of repositories; default: %(default)s"
    verb.add_argument("--sizes", type=_sizes, default=default, metavar="N,N", help=sizes_help)
    for name, kind in (("--rounds", _positive), ("--json", Path)):
        verb.add_argument(name, type=kind, default=argparse.SUPPRESS, help="as above")


def _sizes(text: str) -> list[int]:
    return [_positive(size) for size in text.split(",")]


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
