"""Runs a sample of mutants of the update's core, each against the tests that execute its line.

cosmic-ray makes the mutants; coverage tells which test executes which line. Everything happens in clones of the last
commit below a temporary folder, so no mutant is ever in a checkout. How to run it: .github/CONTRIBUTING.md. What
survived, and why: docs/mutations.md.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pool, Queue, cpu_count
from pathlib import Path
from typing import Any

from cosmic_ray import commands, modules
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult
from coverage import CoverageData

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("src/new_ops_project")
# As many mutants of each; the resolvers are small, but decide what an update writes.
STRATA = ("plan/resolvers", "plan", "git", "template")
# The tests of these packages; of the slow ones those that alone judge a resolver.
TESTS = (
    ("tests/git", "tests/plan", "tests/template", "tests/project", "-m", "not slow"),
    ("tests/plan/resolvers/test_requirements.py", "-m", "slow"),
)
# What changes nothing that the program does: `|` joins types here, of None, True and enumerations `is` and `==` say
# the same; imports for types, whether a class is frozen, and what is cached.
SAME_OPERATORS = re.compile(
    r"core/(ReplaceBinaryOperator_BitOr_.*|ReplaceComparisonOperator_(Is_Eq|IsNot_NotEq|Eq_Is|NotEq_IsNot))$"
)
SAME_LINES = re.compile(r"if TYPE_CHECKING|@dataclass\(|@cache|@lru_cache")
CONTROLS = 6
DURATION = re.compile(r"^ *(\d+\.\d+)s (?:call|setup|teardown) +(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """One mutant, or a control where `mutations` is empty, with the tests to run in this order."""

    name: str
    mutations: tuple[MutationSpec, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What the tests did without a mutant: `lines` has the tests by file and line, `seconds` how long each takes."""

    lines: Mapping[str, Mapping[int, list[str]]]
    seconds: Mapping[str, float]

    def tests(self, spec: MutationSpec, budget: float) -> tuple[str, ...]:
        """Tests that execute the mutant's line, while the budget lasts: those of its module, of its package, others.

        Of the others, the fastest of each module comes before the rest.
        """
        by_line = self.lines.get(str(spec.module_path), {})
        names = sorted(_executing(spec, by_line) & self.seconds.keys(), key=self.seconds.__getitem__)
        package = Path("tests") / spec.module_path.parent.relative_to(SOURCE)
        own = [name for name in names if name.startswith(f"{package}/test_{spec.module_path.stem}.py::")]
        near = [name for name in names if name.startswith(f"{package}/")]
        fastest = {name.partition("::")[0]: name for name in reversed(names)}
        order = [*own, *near, *sorted(fastest.values(), key=names.index), *names]
        return tuple(self._within(budget, dict.fromkeys(order)))

    def _within(self, budget: float, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if budget <= 0:
                return
            budget -= self.seconds[name]
            yield name


def main() -> None:
    """Run the sample, print the survivors with their differences, and write every outcome."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        first, *others = ((options.keep or Path(folder)) / f"copy-{number}" for number in range(options.workers))
        jobs = _jobs(options, first)
        for copy in others:  # made after the tests have run once, so with the bytecode of every module
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(first, copy, symlinks=True)
        with _pool([first, *others]) as pool:
            controls = [Job(f"control {job.name}", (), job.tests) for job in jobs[:CONTROLS]]
            _require_green(pool.imap_unordered(_run, controls))
            outcomes = dict(_reported(pool.imap_unordered(_run, jobs), len(jobs)))
    options.results.write_text(json.dumps(outcomes, indent=1, sort_keys=True))
    _summarize(outcomes)


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--workers", type=int, default=min(2, cpu_count()))
    parser.add_argument("--seconds", type=float, default=60, help="of tests for each mutant, at most")
    parser.add_argument("--results", type=Path, default=Path("mutations.json"), help="the file for all outcomes")
    parser.add_argument("--again", type=Path, help="run only what survived according to this file")
    parser.add_argument("--keep", type=Path, help="a folder for the clones and the record, to use them again")
    options = parser.parse_args()
    options.results = options.results.resolve()
    options.keep = options.keep and options.keep.resolve()
    return options


def _jobs(options: Any, clone: Path) -> list[Job]:
    """The sample, in an order of chance, each mutant with its tests."""
    if not clone.exists():
        subprocess.run(("git", "clone", "--quiet", str(ROOT), str(clone)), check=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    _enter(clone)
    sampled = list(_sample(options.mutants, random.Random(options.seed)))  # noqa: S311 - a sample, not a secret
    record = _record()
    jobs = [Job(_name(spec), (spec,), record.tests(spec, options.seconds)) for spec in sampled]
    random.Random(options.seed).shuffle(jobs)  # noqa: S311 - as above
    if options.again:
        survived = {name for name, outcome in json.loads(options.again.read_text()).items() if not outcome["killed"]}
        jobs = [job for job in jobs if job.name in survived]
    return jobs


def _sample(count: int, chance: random.Random) -> Iterator[MutationSpec]:
    """As many mutants of each stratum; of the variants of one operator at one place, one."""
    places: dict[str, dict[Any, list[MutationSpec]]] = {stratum: defaultdict(list) for stratum in STRATA}
    for spec in _mutants():
        family = spec.operator_name.partition("_")[0]
        places[_stratum(spec)][str(spec.module_path), spec.start_pos, family].append(spec)
    for stratum in STRATA:
        keys = sorted(places[stratum])
        variants = (places[stratum][key] for key in chance.sample(keys, len(keys)))
        chosen = (
            chance.choice(sorted(specs, key=lambda spec: (spec.operator_name, spec.occurrence))) for specs in variants
        )
        yield from islice(filter(_is_mutant, chosen), count // len(STRATA))


def _is_mutant(spec: MutationSpec) -> bool:
    """Whether the mutant can make a difference: it compiles, and its line is not one of SAME_LINES."""
    source = spec.module_path.read_text("utf-8")
    if SAME_LINES.search(source.splitlines()[spec.start_pos[0] - 1]):
        return False
    operator = get_operator(spec.operator_name)(**spec.operator_args)
    with warnings.catch_warnings(action="error"):
        try:
            compile(mutate_code(source, operator, spec.occurrence), str(spec.module_path), "exec")
        except (SyntaxError, AttributeError):  # cosmic-ray knows no exception with a dot in its name
            return False
    return True


def _mutants() -> list[MutationSpec]:
    """All mutants that cosmic-ray makes of the strata."""
    paths = modules.find_modules([SOURCE / stratum for stratum in STRATA[1:]])
    with use_db("mutants.sqlite") as database:
        commands.init(paths, database, {})
        specs = [spec for item in database.work_items for spec in item.mutations]
    return [spec for spec in specs if not SAME_OPERATORS.match(spec.operator_name)]


def _stratum(spec: MutationSpec) -> str:
    return next(each for each in STRATA if spec.module_path.is_relative_to(SOURCE / each))


def _name(spec: MutationSpec) -> str:
    return f"{spec.module_path}:{spec.start_pos[0]}:{spec.start_pos[1]} {spec.operator_name} {spec.occurrence}"


def _record() -> Record:
    """Run the tests without a mutant, unless that was done here before."""
    log = Path("mutants.log")
    if not log.exists():
        sources = [f"--cov={SOURCE / stratum}" for stratum in STRATA[1:]]
        options = ("--cov-context=test", "--cov-append", "--cov-report=", "--durations=0", "--durations-min=0", "-vv")
        log.write_text("".join(_without_mutant(*tests, *sources, *options) for tests in TESTS))
    seconds: dict[str, float] = defaultdict(float)
    for duration, name in DURATION.findall(log.read_text()):
        seconds[name] += float(duration)
    return Record(_lines(), seconds)


def _without_mutant(*arguments: str) -> str:
    done = subprocess.run(_pytest(*arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The tests fail without a mutant:\n{done.stdout[-4000:]}{done.stderr[-1000:]}")
    return done.stdout


def _pytest(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments)


def _lines() -> dict[str, dict[int, list[str]]]:
    data = CoverageData(".coverage")
    data.read()
    lines = {}
    for path in data.measured_files():
        contexts = data.contexts_by_lineno(path)
        tests = {line: [name.rpartition("|")[0] for name in names if name] for line, names in contexts.items()}
        lines[str(Path(path).relative_to(Path.cwd()))] = tests
    return lines


def _executing(spec: MutationSpec, by_line: Mapping[int, list[str]]) -> set[str]:
    """The tests that execute the line; of a line that is executed at import, those that execute any of the file."""
    row = spec.start_pos[0]
    bodies = [
        range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        for node in ast.walk(ast.parse(spec.module_path.read_bytes()))
        if isinstance(node, ast.FunctionDef)
    ]
    bodies = [body for body in bodies if row in body]
    if not bodies:
        return {name for names in by_line.values() for name in names}
    start = max(body.start for body in bodies)
    # A line inside a statement may have no event of its own.
    above = [line for line in by_line if start <= line <= row]
    return set(by_line[max(above)]) if above else set()


def _pool(copies: list[Path]) -> Any:
    queue: Queue[Path] = Queue()
    for copy in copies:
        queue.put(copy)
    return Pool(len(copies), initializer=lambda: _enter(queue.get()))


def _enter(clone: Path) -> None:
    """Work in this clone, whose `src` comes before the installed package."""
    os.chdir(clone)
    os.environ["PYTHONPATH"] = str(clone / "src")


def _run(job: Job) -> tuple[str, dict[str, Any]]:
    """Run the tests with the mutant; a time limit that they exceed kills it."""
    if not job.tests:
        return job.name, {"killed": False, "output": "no test executes it", "diff": ""}
    names = Path("mutant-tests.txt")
    names.write_text("".join(f"{name}\n" for name in job.tests))
    command = " ".join(_pytest("-n0", "-x", "--tb=line", f"@{names}"))
    result: WorkResult = mutate_and_test(job.mutations, command, 600)
    is_killed = result.test_outcome is TestOutcome.KILLED  # not where cosmic-ray itself failed
    return job.name, {"killed": is_killed, "output": (result.output or "")[-600:], "diff": result.diff or ""}


def _require_green(outcomes: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for name, outcome in outcomes:
        if outcome["killed"]:
            sys.exit(f"The tests fail without a mutant, as {name}:\n{outcome['output']}")


def _reported(outcomes: Iterable[tuple[str, dict[str, Any]]], count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, (name, outcome) in enumerate(outcomes, 1):
        print(f"{number}/{count} {'killed' if outcome['killed'] else 'SURVIVED'} {name}", flush=True)
        yield name, outcome


def _summarize(outcomes: Mapping[str, Mapping[str, Any]]) -> None:
    survivors = {name: outcome for name, outcome in sorted(outcomes.items()) if not outcome["killed"]}
    for name, outcome in survivors.items():
        print(f"\n{name}\n{outcome['diff'] or outcome['output']}")
    print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants were killed.")


if __name__ == "__main__":
    main()
