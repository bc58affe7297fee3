"""Answers of templates with Jinja extensions of their own, once they are trusted."""

import sys
from pathlib import Path

import pytest
from support.command import Run, git
from support.fleets import results
from support.small import LINES, NEWER, Small, make, refused, update

EXTENSION = """
from jinja2.ext import Extension


class Loud(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        environment.filters["loud"] = str.upper
        environment.filters["to_json"] = lambda value: "mine"
"""
QUESTIONS = """
_jinja_extensions: [our_loud.Loud, jinja2.ext.do]
colour: {{type: str, default: "{{{{ '{}' | loud }}}}", choices: ["{{{{ 'red' | loud }}}}", "{{{{ '{}' | loud }}}}"]}}
"""
OLD, NEW = QUESTIONS.format("red", "blue"), QUESTIONS.format("red", "green")


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "our_loud.py").write_text(EXTENSION)
    monkeypatch.syspath_prepend(tmp_path / "installed")


def extended(tmp_path: Path, new: str, colour: str) -> Small:
    """A project of a template whose questions need an extension."""
    return make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(OLD, new), answers={"colour": colour})


def test_an_answer_that_is_still_offered(run: Run, tmp_path: Path) -> None:
    """Choices are evaluated with the extension, and an answer that is among them stays."""
    small = extended(tmp_path, NEW, "RED")
    update(run, small, "--trust")
    assert (small.recorded()["colour"], small.text("a")) == ("RED", NEWER)


def test_an_answer_that_is_no_longer_offered(run: Run, tmp_path: Path) -> None:
    """The same words and the same options as for any other template."""
    small = extended(tmp_path, NEW, "BLUE")
    message = refused(run, small, "--trust")
    for words in ("colour", "'BLUE' -> 'RED'", "is not offered", "--accept-answer-changes", "--set colour="):
        assert words in message
    assert "GREEN" in refused(run, small, "--trust", "--set", "colour=BLUE")
    update(run, small, "--trust", "--set", "colour=GREEN", "--commit")
    assert small.recorded()["colour"] == "GREEN"


def test_a_new_question_without_default(run: Run, tmp_path: Path) -> None:
    """It is named, and --set answers it."""
    small = extended(tmp_path, f"{NEW}owner: {{type: str}}\n", "RED")
    assert "--set owner=VALUE" in refused(run, small, "--trust")
    update(run, small, "--trust", "--set", "owner=ops")
    assert small.recorded()["owner"] == "ops"


def test_nothing_is_loaded_without_trust(run: Run, tmp_path: Path) -> None:
    """Without --trust, exit code 4 before an extension is imported."""
    (tmp_path / "installed" / "our_loud.py").write_text("raise SystemExit('loaded')\n")
    small = extended(tmp_path, NEW, "BLUE")
    assert "needs trust" in update(run, small, code=4).err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "our_absent.Loud",
            ("our_absent.Loud is not installed", f"uv pip install --python {sys.executable} our-absent"),
        ),
        ("our_loud.Quiet", ("our_loud.Quiet cannot be loaded",)),
        ("loud", ("loud",)),
    ],
)
def test_an_extension_that_cannot_be_loaded(run: Run, tmp_path: Path, name: str, words: tuple[str, ...]) -> None:
    """A sentence with its name, and for one that is not installed the command that installs it."""
    small = extended(tmp_path, NEW.replace("our_loud.Loud", name), "RED")
    message = refused(run, small, "--trust")
    assert [word for word in words if word not in message] == []


FLEET = """
_jinja_extensions: [jinja2.ext.do]
colour:
  type: str
  default: red
  choices: "{{% set all = ['red'] %}}{{% do all.append('{}') %}}{{{{ all | tojson }}}}"
"""


def test_in_a_fleet(run: Run, work: Path) -> None:
    """A fleet says the same of an answer that is no longer offered, and updates projects whose answers fit."""
    questions = (FLEET.format("blue"), FLEET.format("green"))
    for name in ("red", "blue"):
        make(work / name, {"a": LINES}, {"a": NEWER}, questions=questions, answers={"colour": name}, name=f"of-{name}")
        git("remote", "add", "origin", f"https://forge.example.org/of-{name}.git", at=work / name / f"of-{name}")
    run("fleet", "update", "red/of-red", "blue/of-blue", "--out", "out", "--trust", code=2)
    failed, updated = sorted(results(work / "out").values(), key=lambda row: row["state"])
    assert (failed["state"], updated["state"]) == ("failed", "updated")
    assert "colour: 'blue' -> 'red' (is not offered)" in failed["reason"]
    assert "--accept-answer-changes" in failed["hint"]
