"""Answers that the newest version of a foreign template no longer accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.command import Run
from support.foreign_templates import DOCS, MODULE, ROLE, Foreign, Start, fresh, recorded_by, snapshot, state, without


@dataclass(frozen=True)
class Misfit:
    """Answers that the newest version does not take as they are: the words that name them, and what is used."""

    foreign: Foreign
    answers: Mapping[str, Any]
    named: tuple[str, ...]
    used: Mapping[str, Any]


MISFITS = {
    "choice": Misfit(ROLE, {"min_ansible": "2.14"}, ("min_ansible", "2.14", "2.15"), {"min_ansible": "2.15"}),
    "multiselect": Misfit(
        ROLE, {"platforms": ["bookworm", "jammy"]}, ("platforms", "jammy"), {"platforms": ["bookworm"]}
    ),
    "renamed": Misfit(MODULE, {"examples": False}, ("examples",), {"with_examples": True}),
    "two": Misfit(
        MODULE,
        {"terraform_version": "1.5"},
        ("terraform_version", "1.5", "1.9", "examples"),
        {"terraform_version": "1.9", "with_examples": True},
    ),
}


@pytest.mark.parametrize("misfit", MISFITS.values(), ids=MISFITS)
def test_answers_that_no_longer_fit(misfit: Misfit, start: Start, run: Run) -> None:
    """The message names them with what would replace them, and nothing moves; --accept-answer-changes continues."""
    project = start(misfit.foreign, **misfit.answers)
    before = state(project)
    message = run("update", str(project / misfit.foreign.file), code=2).err
    assert [word for word in misfit.named if word not in message] == []
    assert state(project) == before
    run("update", str(project / misfit.foreign.file), "--accept-answer-changes")
    recorded = recorded_by(project, misfit.foreign)
    assert {key: recorded[key] for key in misfit.used} == misfit.used


def test_a_renamed_answer_given_anew(start: Start, run: Run, work: Path) -> None:
    """--set answers the renamed question, and the result is what a fresh project with that answer is."""
    project = start(MODULE, examples=False)
    expected = fresh(MODULE, "v1.2.0", project, work / "fresh", with_examples=False)
    run("update", str(project), "--accept-answer-changes", "--set", "with_examples=false")
    assert without(snapshot(project), MODULE.once) == without(expected, MODULE.once)
    assert not (project / "examples").exists()


def test_a_newly_required_answer(start: Start, run: Run) -> None:
    """A new question without default is named, accepting changes does not answer it, --set does."""
    project = start(DOCS)
    before = state(project)
    assert "service_level" in run("update", str(project), code=2).err
    assert "service_level" in run("update", str(project), "--accept-answer-changes", code=2).err
    assert state(project) == before
    run("update", str(project), "--set", "service_level=silver")
    assert recorded_by(project, DOCS)["service_level"] == "silver"


def test_a_choice_that_depends_on_an_answer(start: Start, run: Run) -> None:
    """A choice with a validator of its own is no longer offered either; what is set must be offered."""
    project = start(DOCS, theme="cinder", palette="default")
    message = run("update", str(project), "--set", "service_level=gold", code=2).err
    assert "cinder" in message
    assert "service_level" in run("update", str(project), "--set", "service_level=lead", code=2).err
    run("update", str(project), "--set", "service_level=gold", "--set", "theme=readthedocs")
    assert recorded_by(project, DOCS)["palette"] == "default"


def test_a_list_given_with_set(start: Start, run: Run, work: Path) -> None:
    """--set takes lists and mappings as YAML, and folders that are named by them come and go."""
    project = start(ROLE)
    expected = fresh(ROLE, "1.2.0", project, work / "fresh", platforms=["bookworm", "trixie"], settings={"pool": "c"})
    run("update", str(project / ROLE.file), "--set", "platforms=bookworm,trixie", "--set", "settings={pool: c}")
    assert without(snapshot(project), ROLE.once) == without(expected, ROLE.once)
    assert not (project / "molecule" / "noble").exists()
