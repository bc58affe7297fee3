"""The table of shapes of repository and verbs: `PYTHONPATH=tests python -m shapes.run [WORD...]`.

It makes each of the twelve shapes, runs each verb in it, checks the result, and prints a Markdown table. The exit code
is 1 if a cell is wrong. Words choose cells: `monorepo --abort`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from shapes import repositories, seed, trials
from shapes.checks import Trial
from shapes.repositories import SHAPES, Ground, Place

_MOST, _LONGEST = 6, 500  # of the problems of a cell, and of the letters of one


@dataclass(frozen=True)
class Cell:
    """One shape with one verb. `problems`: what is wrong; `remark`: how this machine has such a shape."""

    shape: str
    verb: str
    problems: Sequence[str] = ()
    remark: str = ""

    @property
    def word(self) -> str:
        """What the table says."""
        return "**wrong**" if self.problems else "right"


@dataclass(frozen=True)
class Bench:
    """A folder in which trials are made: the templates, and a volume that folds case, if there is one."""

    folder: Path
    planted: seed.Seed
    volume: Path | None

    def cell(self, shape: str, verb: str) -> Cell:
        """Try one verb in a new repository of one shape."""
        name = f"{list(SHAPES).index(shape)}-{list(trials.VERBS).index(verb)}"
        place = self.place(shape, trials.VERBS[verb].edits, name)
        trial = Trial(place, Path(place.env["TMPDIR"]), self.planted)
        try:
            trials.try_verb(trial, verb)
        except Exception as error:  # noqa: BLE001 - a trial that cannot go on is a wrong cell
            trial.problems.append(f"the trial ended early: {error!r}")
        return Cell(shape, verb, trial.problems, remark="; ".join(place.remarks))

    def place(self, shape: str, edits: str, name: str) -> Place:
        """A new repository of one shape, with a home and a folder for temporary files of its own."""
        env = seed.environment(self.folder / f"{name}-home", self.folder, self.folder / f"{name}-temporary")
        return repositories.make(shape, Ground(self.planted, self.folder / name, env, self.volume), edits)


@contextmanager
def bench(*, can_mount: bool = True) -> Iterator[Bench]:
    """A bench in a temporary folder; meanwhile the environment is its own. `can_mount`: whether to mount the volume."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="shapes-") as holder:
        folder = Path(holder).resolve()
        own = seed.environment(folder / "home", folder, folder / "temporary")
        own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
        try:
            os.environ.clear()
            os.environ.update(own)
            with repositories.folding_volume(folder / "volume") if can_mount else nullcontext() as volume:
                yield Bench(folder, seed.plant(folder), volume)
        finally:
            os.environ.clear()
            os.environ.update(before)


def table(cells: Sequence[Cell]) -> list[str]:
    """The lines of the Markdown table."""
    verbs = list(dict.fromkeys(cell.verb for cell in cells))
    rows = [f"| shape | {' | '.join(verbs)} |", f"|---{'|---' * len(verbs)}|"]
    for shape in dict.fromkeys(cell.shape for cell in cells):
        words = {cell.verb: cell.word for cell in cells if cell.shape == shape}
        rows.append(f"| {shape} | {' | '.join(words[verb] for verb in verbs)} |")
    return rows


def details(cells: Sequence[Cell]) -> list[str]:
    """The lines below the table: remarks, what is wrong, and the count."""
    remarks = dict.fromkeys((cell.shape, cell.remark) for cell in cells if cell.remark)
    lines = [f"- {shape}: {remark}" for shape, remark in remarks]
    for cell in cells:
        lines += [f"- {cell.shape}, {cell.verb}: {problem[:_LONGEST]}" for problem in cell.problems[:_MOST]]
    wrong = sum(bool(cell.problems) for cell in cells)
    return [*lines, "", f"{len(cells) - wrong} right, {wrong} wrong."]


def main(arguments: Sequence[str]) -> int:
    """Try the cells whose shape or verb contains each of the arguments (all cells without any), and print the table."""
    began = time.monotonic()
    pairs = [(shape, verb) for shape in SHAPES for verb in trials.VERBS]
    pairs = [pair for pair in pairs if all(any(part in name for name in pair) for part in arguments)]
    with bench() as workbench, ThreadPoolExecutor(os.cpu_count()) as pool:
        cells = list(pool.map(lambda pair: workbench.cell(*pair), pairs))
    lines = [*table(cells), "", *details(cells)]
    sys.stdout.write("\n".join([*lines, f"{time.monotonic() - began:.0f} seconds.", ""]))
    return 1 if any(cell.problems for cell in cells) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
