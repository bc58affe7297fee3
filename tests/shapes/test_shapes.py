"""A part of the table of shapes and of the kills, which .ci/run makes as a whole."""

import re
from collections.abc import Iterator
from random import Random
from signal import SIGKILL, SIGTERM, Signals

import pytest
from shapes import kills, run, trials
from shapes.checks import Trial
from shapes.repositories import SHAPES
from support.command import ROOT


@pytest.fixture(scope="module")
def bench() -> Iterator[run.Bench]:
    """A bench of its own."""
    with run.bench(can_mount=False) as workbench:
        yield workbench


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "verb"),
    [
        ("submodule", "conflict, --abort"),
        ("linked worktree", "promote"),
        ("monorepo, two projects", "--branch"),
        ("sparse checkout", "conflict, --continue"),
    ],
)
def test_a_verb_in_a_shape(bench: run.Bench, shape: str, verb: str) -> None:
    """Nothing is wrong after the verb: on disk, in the index, in the refs, and in what it says."""
    cell = bench.cell(shape, verb)
    assert not cell.problems


@pytest.mark.slow
@pytest.mark.parametrize("sent", [SIGKILL, SIGTERM])
@pytest.mark.parametrize("shape", ["plain", "separate git directory"])
def test_a_killed_run(bench: run.Bench, shape: str, sent: Signals) -> None:
    """Killed at a random moment, the next run leads to the end or the beginning, and nothing is left."""
    moment = Random()  # noqa: S311 - no secret
    name = f"{list(SHAPES).index(shape)}-{sent}"
    killed = kills.Yard(bench, moment, name).kill(0, shape, "update", sent)
    assert not killed.problems


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["update", "conflict, --abort"])
def test_a_volume_that_folds_case(verb: str) -> None:
    """Where Case.txt and case.txt are one file, a template may rename one to the other."""
    with run.bench() as workbench:
        if not workbench.volume:
            pytest.skip("no such volume can be mounted here")
        assert not workbench.cell("case-folding", verb).problems


def test_what_is_wrong_is_noted(bench: run.Bench) -> None:
    """A trial sees another content, mode, index, file and exit code."""
    place = bench.place("plain", "clean", "noted")
    trial = Trial(place, bench.folder / "temporary", bench.planted)
    before, word = trial.seen(), place.root / "ops" / "words.txt"
    word.chmod(0o755)
    (place.root / "ops" / "loose.txt").write_text("Loose.\n")
    place.git("rm", "--quiet", "--cached", "mine/notes.txt")
    trial.as_before(before, "a")
    trial.only_changed(before, (), "index", "b")
    trial.has_on_disk(place.committed, "c")
    trial.has_index(place.committed, "d")
    trial.is_sound("e", staged=True)
    trial.run("false", 0, "true")
    assert [problem.split(":")[0] for problem in trial.problems] == ["a", "b", "b", "c", "d", "e", "`false`", "`false`"]
    assert re.search(r"% audit/ops/words.txt", trial.problems[0])


def test_the_table_of_the_document() -> None:
    """docs/update.md has a row for each shape, a column for each verb, and no cell that is wrong."""
    text = (ROOT / "docs" / "update.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.count("|") == len(trials.VERBS) + 2]
    table = {row.split(" | ")[0].removeprefix("| "): row for row in rows}
    assert rows[0] == f"| shape | {' | '.join(trials.VERBS)} |"
    assert table.keys() - {"shape"} == SHAPES.keys()
    assert all(set(row.strip("| ").split(" | ")[1:]) == {"right"} for row in rows[1:])


def test_words_of_the_table() -> None:
    """A cell is right or wrong; how the shape came to be, and what is wrong, are listed below."""
    cells = [run.Cell("a", "x"), run.Cell("a", "y", ["bad"]), run.Cell("b", "x", remark="odd"), run.Cell("b", "y")]
    assert run.table(cells)[2:] == ["| a | right | **wrong** |", "| b | right | right |"]
    assert run.details(cells) == ["- b: odd", "- a, y: bad", "", "3 right, 1 wrong."]
