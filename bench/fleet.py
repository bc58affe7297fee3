"""The fleet benchmark: every command on fresh copies of the same clones, interleaved in one run."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import fleet_clones
import machine
import measure
import served
from fleet_results import Fleet, Row
from fleet_sides import SIDES, Outcome, Side
from measure import Sample
from sandbox import Sandbox, sandbox

SIZES = (15, 60, 240)
WARM = 3
"""The number of repositories in the first, unmeasured round, which fills caches."""

Key = tuple[Side, int, bool]
"""A command, the number of repositories, whether it is the second run on them."""
Runs = dict[Key, list[tuple[Sample, Outcome]]]


def run(sizes: Sequence[int], rounds: int, *, measures_all: bool) -> Fleet:
    """Measure everything. Raises CommandError for a command that did not do its work in every repository."""
    with sandbox(served.LATER) as box:
        originals = box.root / "originals"
        _say(f"making {max(sizes)} repositories")
        fleet_clones.make(originals, max(*sizes, WARM), box)
        _say("warming up")
        for side in SIDES:
            _measure(side, WARM, originals, box)
        runs = _measure_all(sizes, rounds, originals, box, measures_all=measures_all)
        return Fleet(machine.describe(box.env), rounds, tuple(_row(*item) for item in _sorted(runs)))


def _measure_all(sizes: Sequence[int], rounds: int, originals: Path, box: Sandbox, *, measures_all: bool) -> Runs:
    """Run every command at every size once a round; each round starts with another command."""
    runs: Runs = {}
    for number in range(rounds):
        for size in sizes:
            sides = [side for side in SIDES if measures_all or size <= side.most]
            for offset in range(len(sides)):
                side = sides[(number + offset) % len(sides)]
                _say(f"round {number + 1} of {rounds}, {size} repositories: {side.label}")
                for is_again, measured in enumerate(_measure(side, size, originals, box)):
                    runs.setdefault((side, size, bool(is_again)), []).append(measured)
    return runs


def _measure(side: Side, size: int, originals: Path, box: Sandbox) -> list[tuple[Sample, Outcome]]:
    """Run a command on new copies of the clones, once or twice."""
    with box.folder() as folder:
        clones = fleet_clones.copy(originals, size, folder / "clones", box)
        runs = []
        for _ in range(2 if side.has_second else 1):
            sample = measure.to_end(side.command, cwd=folder, env=box.env, codes=side.codes)
            runs.append((sample, side.checked(folder, clones, sample)))
        return runs


def _sorted(runs: Runs) -> Iterator[tuple[Key, list[tuple[Sample, Outcome]]]]:
    """Sort by task, then by command, then by size."""
    yield from sorted(runs.items(), key=lambda item: (SIDES.index(item[0][0]), item[0][2], item[0][1]))


def _row(key: Key, runs: list[tuple[Sample, Outcome]]) -> Row:
    side, size, is_again = key
    samples, last = [sample for sample, _ in runs], runs[-1][1]
    failed = tuple(name for _, outcome in runs for name in outcome.failed)
    return Row(
        side.task,
        "again" if is_again else side.name,
        f"{side.label}, again" if is_again else side.label,
        size,
        last.conflicts,
        failed,
        last.codes,
        tuple(sample.seconds for sample in samples),
        tuple(sample.cpu for sample in samples),
        tuple(sample.peak for sample in samples),
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
