"""A fleet measured: every command on fresh copies of the very same clones, interleaved in one run."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import fleet_clones
import machine
import measure
import served
from fleet_results import Fleet, Row
from fleet_sides import SIDES, Found, Side
from measure import Sample
from sandbox import Sandbox, sandbox

SIZES = (15, 60, 240)
WARM = 3
"""Repositories of the round that fills caches, which is not counted."""

Key = tuple[Side, int, bool]
"""A command, the number of repositories, and whether it is the second run on them."""
Taken = dict[Key, list[tuple[Sample, Found]]]


def run(sizes: Sequence[int], rounds: int, *, measures_all: bool) -> Fleet:
    """Measure everything; raises CommandError for a command that did not do all of its repositories."""
    with sandbox(served.LATER) as box:
        originals = box.root / "originals"
        _say(f"making {max(sizes)} repositories")
        fleet_clones.make(originals, max(*sizes, WARM), box)
        _say("warming up")
        for side in SIDES:
            _measure(side, WARM, originals, box)
        taken = _all(sizes, rounds, originals, box, measures_all=measures_all)
        return Fleet(machine.describe(box.env), rounds, tuple(_row(key, runs) for key, runs in _sorted(taken)))


def _all(sizes: Sequence[int], rounds: int, originals: Path, box: Sandbox, *, measures_all: bool) -> Taken:
    """Every command at every size once a round; each round starts with another command."""
    taken: Taken = {}
    for number in range(rounds):
        for size in sizes:
            sides = [side for side in SIDES if measures_all or size <= side.most]
            for place in range(len(sides)):
                side = sides[(number + place) % len(sides)]
                _say(f"round {number + 1} of {rounds}, {size} repositories: {side.label}")
                for is_again, one in enumerate(_measure(side, size, originals, box)):
                    taken.setdefault((side, size, bool(is_again)), []).append(one)
    return taken


def _measure(side: Side, size: int, originals: Path, box: Sandbox) -> list[tuple[Sample, Found]]:
    """The runs of a command on copies of its own: one, or two."""
    with box.folder() as folder:
        clones = fleet_clones.copy(originals, size, folder / "clones", box)
        runs = []
        for _ in range(2 if side.has_second else 1):
            sample = measure.to_end(side.command, at=folder, env=box.env, codes=side.codes)
            runs.append((sample, side.checked(folder, clones, sample)))
        return runs


def _sorted(taken: Taken) -> Iterator[tuple[Key, list[tuple[Sample, Found]]]]:
    """By task, then by command, then by size."""
    yield from sorted(taken.items(), key=lambda item: (SIDES.index(item[0][0]), item[0][2], item[0][1]))


def _row(key: Key, runs: list[tuple[Sample, Found]]) -> Row:
    side, size, is_again = key
    samples, last = [sample for sample, _ in runs], runs[-1][1]
    failed = tuple(name for _, found in runs for name in found.failed)
    return Row(
        side.task,
        "again" if is_again else side.name,
        f"{side.label}, again" if is_again else side.label,
        size,
        last.conflicts,
        failed,
        last.codes,
        tuple(one.seconds for one in samples),
        tuple(one.cpu for one in samples),
        tuple(one.peak for one in samples),
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
