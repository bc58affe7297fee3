"""Answers to secret questions are printed nowhere, and stored only where copier would store them."""

import json
import os
from pathlib import Path

import pytest
from support import small
from support.command import Run
from support.small import Small

from new_ops_project.base import process

HIDDEN = "hunter2-of-ops"
QUESTION = f"{small.QUESTIONS}api_token:\n  type: str\n  secret: true\n  default: none\n"
LISTED = f"{small.QUESTIONS}api_token:\n  type: str\n  default: none\n_secret_questions: [api_token]\n"
FILES = {"task.py": small.LINES, "token.txt.jinja": "Bearer {{ api_token }}\n", "token.txt": "Bearer none\n"}


@pytest.fixture(params=["on the question", "in a list"])
def secretive(request: pytest.FixtureRequest, tmp_path: Path) -> Small:
    """A project of a template with a secret question, whose answer is written to a file."""
    questions = QUESTION if request.param == "on the question" else LISTED
    old = {path: content for path, content in FILES.items() if path != "token.txt"}
    return small.make(
        tmp_path, old, {"notes.md": "New.\n"}, {"token.txt": "Bearer none\n"}, questions=(questions, None)
    )


def places(*roots: Path) -> set[str]:
    """The names of the files below `roots` that hold the secret."""
    paths = (Path(folder, name) for root in roots for folder, _, names in os.walk(root) for name in names)
    return {path.name for path in paths if path.is_file() and HIDDEN.encode() in path.read_bytes()}


@pytest.mark.parametrize("text", ["--preview", "--preview --json", "", "--json", "--commit", "--branch"])
def test_an_answer_that_is_given(run: Run, secretive: Small, tmp_path: Path, shared: Path, text: str) -> None:
    """It is in the file that the template writes, and nowhere else."""
    options, commands = text.split(), list[str]()
    with process.watched(lambda args, _seconds, _code: commands.append(" ".join(args))):
        ran = small.update(run, secretive, "--set", f"api_token={HIDDEN}", *options)
    assert not [text for text in (ran.out, ran.err, *commands) if HIDDEN in text]
    assert "***" in ran.out + ran.err
    assert places(tmp_path, shared) <= {"token.txt"}
    if not options:
        assert HIDDEN in secretive.text("token.txt")
        assert "api_token" not in secretive.recorded()


def test_no_patch_with_an_answer(run: Run, secretive: Small, work: Path) -> None:
    """A patch would show it."""
    assert "Use --branch" in small.refused(run, secretive, "--set", f"api_token={HIDDEN}", "--patch", "a.patch")
    assert not [*work.iterdir()]


TYPES = ("int", "float", "json", "yaml", "bool")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("value", [HIDDEN, "[x:", "{7"])
def test_an_answer_that_does_not_fit(run: Run, tmp_path: Path, kind: str, value: str) -> None:
    """What is wrong is said without the value, however short it is."""
    question = f"{small.QUESTIONS}api_token:\n  type: {kind}\n  secret: true\n  default: 1\n"
    project = small.make(tmp_path, small.OLD, small.NEW, questions=(question, None))
    if kind == "yaml" and value == HIDDEN:
        return
    message = small.refused(run, project, "--set", f"api_token={value}")
    assert f"api_token is '***', which is not of type {kind}." in message
    assert value not in message


@pytest.mark.parametrize(
    "more",
    ["choices: [one, two]", "validator: '{{ api_token }} is wrong'", "choices: {one: {value: one}, two: {value: two}}"],
)
def test_an_answer_that_is_refused(run: Run, tmp_path: Path, more: str) -> None:
    """Neither the choices nor the validator of the template lead to the value being printed."""
    question = f"{small.QUESTIONS}api_token:\n  type: str\n  secret: true\n  default: one\n  {more}\n"
    project = small.make(tmp_path, small.OLD, small.NEW, questions=(question, None))
    message = small.refused(run, project, "--set", f"api_token={HIDDEN}")
    assert "***" in message
    assert HIDDEN not in message


@pytest.mark.parametrize("options", [["--preview"], ["--json"], ["--accept-answer-changes"], ["--check"]])
@pytest.mark.parametrize("kind", ["str", "int"])
def test_an_answer_that_became_secret(run: Run, tmp_path: Path, kind: str, options: list[str]) -> None:
    """A value that was recorded in the open is shown no more, also where it does not fit."""
    before = f"{small.QUESTIONS}api_token:\n  type: str\n  default: none\n"
    after = f"{small.QUESTIONS}api_token:\n  type: {kind}\n  secret: true\n  default: 1\n"
    answers = {"colour": "blue", "api_token": HIDDEN}
    project = small.make(tmp_path, small.OLD, small.NEW, questions=(before, after), answers=answers)
    fails = kind == "int" and options in (["--preview"], ["--json"])
    code = 2 if fails else 1 if options == ["--check"] else 0
    ran = small.update(run, project, *options, code=code)
    assert HIDDEN not in ran.out + ran.err
    assert not fails or "api_token: '***' -> '***'" in ran.err


def test_a_check_of_answers(run: Run, tmp_path: Path) -> None:
    """What `check` says of a recorded answer that does not fit names no value of a secret question."""
    question = f"{small.QUESTIONS}api_token:\n  type: int\n  secret: true\n  default: 1\n"
    answers = {"colour": "blue", "api_token": HIDDEN}
    project = small.make(tmp_path, small.OLD, small.NEW, questions=(question, None), answers=answers)
    for shape in ("text", "json", "sarif", "github", "markdown"):
        ran = run("check", str(project.project), "--select", "template", "--format", shape, code=1)
        output = (ran.out + ran.err).replace("\\", "")  # of Markdown
        assert "***" in output
        assert HIDDEN not in output


def test_a_new_project(run: Run, work: Path, tmp_path: Path, secretive: Small) -> None:
    """The preview with its texts, the project itself, its answers file and its history."""
    words = ["new", "audit", "--defaults", "--template", str(secretive.template), "--set", f"api_token={HIDDEN}"]
    ran = run(*words, "--preview", "--json")
    texts = {file["path"]: file.get("text") for file in ran.json["files"]}
    assert texts["token.txt"] == "Bearer ***\n"
    assert HIDDEN not in ran.err + run(*words).out
    assert places(work) == {"token.txt"}


def test_a_fleet(run: Run, work: Path, secretive: Small) -> None:
    """A recorded value that became secret is in no row, result, bundle's message or log."""
    questions = f"{small.QUESTIONS}api_token:\n  type: int\n  secret: true\n  default: 1\n"
    small.release(secretive.template, "v1.2.0", {"copier.yml": questions})
    secretive.commit({small.ANSWERS: json.dumps({**secretive.recorded(), "api_token": HIDDEN})})
    ran = run("fleet", "update", str(secretive.project), "--out", "out", code=2)
    ran = run("fleet", "report", "out", "--json", code=2)
    assert "'***' -> '***'" in ran.out + ran.err
    assert HIDDEN not in ran.out + ran.err
    assert not places(work)


def test_no_default_for_a_secret(run: Run, secretive: Small, home: Path) -> None:
    """The config file does not keep it, and what somebody wrote there by hand is masked."""
    run("config", "set", "template", str(secretive.template))
    os.environ.pop("NEW_OPS_PROJECT_TEMPLATE", None)
    assert "not stored" in run("config", "set", "api_token", HIDDEN, code=2).err
    assert not places(home)
    file = next(home.rglob("config.toml"))
    file.write_text(f'{file.read_text()}api_token = "{HIDDEN}"\n')
    assert "api_token = '***'" in run("config", "show").out
