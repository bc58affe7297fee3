"""Any name or text that a person types reaches the generated files unchanged."""

import ast
import keyword
import re
import string
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.command import ROOT, Run, tree

from new_ops_project.base.errors import ToolError
from new_ops_project.template import copier_yml, evaluation, releases, render, sources

QUESTIONNAIRE = copier_yml.read(ROOT)
NAMES = st.text(max_size=70) | st.text(string.ascii_letters + " -_.éßøžабвγδ2'", min_size=1, max_size=70)
RENDERS = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def answered(**given_answers: Any) -> evaluation.Answers:
    """Answers to our template's questions, with the defaults for the rest."""
    answers = evaluation.Answers(QUESTIONNAIRE)
    for question in QUESTIONNAIRE.questions:
        if question in QUESTIONNAIRE.asked and answers.is_open(question):
            answers.answer(question, given_answers.get(question.name, answers.default(question)))
        else:
            answers.compute(question)
    return answers


@given(name=NAMES)
@example(name="json")
@example(name="2fa-sync")
@example(name="Requests")
@example(name="İstanbul")
@example(name="con")
@example(name="a" * 80)
@settings(max_examples=150, deadline=None)
def test_any_name_works_or_gets_a_suggestion(name: str) -> None:
    """A name gives a distribution name (PEP 503) and a free module name, or an error that suggests another name."""
    try:
        answers = answered(project_name=name).values
    except ToolError as error:
        proposed = error.hint.removeprefix("Try ").rstrip(".")
        answers = answered(project_name=proposed).values
        assert answers["distribution_name"] == proposed
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", answers["distribution_name"])
    module = answers["import_name"]
    assert module.isidentifier()
    assert not keyword.iskeyword(module)
    assert not keyword.issoftkeyword(module)
    assert module not in {name.lower() for name in sys.stdlib_module_names}
    assert module not in _installed_modules()


@cache
def _installed_modules() -> set[str]:
    packages = yaml.safe_load((ROOT / "templates" / "locks.yml").read_bytes())["locks"]["default"]["packages"]
    return {module for package in packages.values() for module in package["modules"].split()}


@pytest.mark.parametrize(
    ("name", "distribution", "module"),
    [
        ("Rotate Keys", "rotate-keys", "rotate_keys"),
        ("réseau-audit", "reseau-audit", "reseau_audit"),
        ("re\u0301seau", "reseau", "reseau"),
        ("2fa-sync", "2fa-sync", "ops_2fa_sync"),
        ("json", "json", "ops_json"),
        ("Class", "class", "ops_class"),
        ("yaml", "yaml", "ops_yaml"),
        *((name, name, f"ops_{name}") for name in ("venv", "ssl", "tests", "conftest", "attr", "match")),
        ("node modules", "node-modules", "ops_node_modules"),
        ("dist", "dist", "dist"),
        ("Straße", "strasse", "strasse"),
        ("Мониторинг", "monitoring", "monitoring"),
        ("a__b..c", "a-b-c", "a_b_c"),
        ("Bob's tool", "bobs-tool", "bobs_tool"),
        ("🔑 keys 🔑", "keys", "keys"),
    ],
)
def test_names(name: str, distribution: str, module: str) -> None:
    """Names become distribution and module names."""
    values = answered(project_name=name).values
    assert (values["distribution_name"], values["import_name"]) == (distribution, module)


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("requests", "requests-ops"),
        *(
            (name, f"{name}-ops")
            for name in ("ruff", "mypy", "pytest", "build", "hatchling", "pip", "setuptools", "wheel")
        ),
        ("Ruff", "ruff-ops"),
        ("pre commit", "pre-commit-ops"),
        ("pkg_resources", "pkg-resources-ops"),
        ("日本", "ops-project"),
        ("sync 日本", "sync"),
        ("--", "ops-project"),
        ("con", "con-ops"),
        ("x" * 65, "x" * 64),
    ],
)
def test_a_bad_name_gets_a_suggestion(name: str, proposed: str) -> None:
    """A name that cannot be normalized, or would shadow a package, gets a suggestion."""
    with pytest.raises(ToolError) as caught:
        answered(project_name=name)
    assert caught.value.hint == f"Try {proposed}."


@pytest.mark.parametrize(
    "name", ["json", "class", "ssl", "Json", "pip", "setuptools", "pkg_resources", "pytest", "_pytest", "yaml", "ruff"]
)
def test_a_package_that_an_import_does_not_find(name: str) -> None:
    """A package is called what somebody says, so one that Python would not import is refused."""
    with pytest.raises(ToolError) as caught:
        answered(project_name="x", code="own", package=name)
    proposed = caught.value.hint.removeprefix("Try ").rstrip(".")
    assert answered(project_name="x", code="own", package=proposed).values["import_name"] == proposed


@pytest.mark.parametrize("name", ["src", "tests", "rotate_keys", "X", "dist"])
def test_a_package_that_an_import_finds(name: str) -> None:
    """Others are taken as they are."""
    assert answered(project_name="x", code="own", package=name).values["import_name"] == name


PROGRAMS = ["python", "python3", "Python3", "python313", "pip", "pip3", "ruff", "mypy", "dmypy", "pytest", "pre-commit"]


@pytest.mark.parametrize("name", [*PROGRAMS, "setuptools", "activate", "hatchling", "PyTest"])
def test_a_command_that_an_environment_has(name: str) -> None:
    """A command that would replace a program of .venv is refused."""
    with pytest.raises(ToolError) as caught:
        answered(project_name="x", tier="cli", command=name)
    proposed = caught.value.hint.removeprefix("Try ").rstrip(".")
    assert answered(project_name="x", tier="cli", command=proposed).values["command"] == proposed


def test_every_module_of_this_python_is_reserved() -> None:
    """The reserved names include the standard library of the Python that runs the tests."""
    reserved = set(answered(project_name="x").values["reserved"].split())
    public = {name.lower() for name in sys.stdlib_module_names if not name.startswith("_")}
    assert not public - reserved


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), max_size=60)
NASTY = "\"'\\\n\r\n\t{{ 1/0 }} {% raw %} ${{ github.token }} # ]]> \u202e\u2028 \x7f\x00 '''\"\"\" 🔑 $(id) `id` <b>&"


@pytest.mark.parametrize("tier", ["script", "library", "cli"])
@given(description=TEXT, author=TEXT)
@example(description=NASTY, author=NASTY)
@example(description=" ", author="\n")
@RENDERS
def test_free_text_survives(tier: str, description: str, author: str) -> None:
    """With any description and author, every file parses and holds exactly that text."""
    given_answers = {"project_name": "Rotate Keys", "tier": tier, "description": description, "author_name": author}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "p")
        render.render(releases.checkout(sources.find()), answered(**given_answers).recorded, project)
        files = tree(project)
    parsers: dict[str, Any] = {".py": ast.parse, ".yml": yaml.safe_load, ".yaml": yaml.safe_load}
    parsed = {path: parsers[Path(path).suffix](text) for path, text in files.items() if Path(path).suffix in parsers}
    recorded = parsed[".copier-answers.yml"]
    assert (recorded["description"], recorded["author_name"]) == (description, author)
    metadata = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert metadata["description"] == description
    assert [entry["name"] for entry in metadata.get("authors", [])] == [author] * bool(author)
    assert description in files["README.md"].decode()
    assert author in files["LICENSE"].decode()


@pytest.mark.parametrize("text", ["\ud800", "ab\udfff", "a\x85b"])
def test_text_that_yaml_cannot_hold_is_refused(text: str) -> None:
    """A lone surrogate is an error, and so is U+0085, which YAML would read back as a space."""
    with pytest.raises(ToolError, match="cannot hold"):
        answered(project_name="x", description=text)


@pytest.mark.parametrize(
    "cron", ["*/5 * * * *", "0 0 1,15 * 1-5", "5 4 * JAN-MAR sun", "0-59/2 23 31 12 6", "07 05 * * *"]
)
def test_schedules(cron: str) -> None:
    """A schedule has five fields, with cron's lists, ranges, steps and names."""
    assert answered(project_name="x", schedule=cron).values["schedule"] == cron


@given(text=st.text(max_size=20))
@example(text="5 5 * * *\n")
@settings(max_examples=100, deadline=None)
def test_a_schedule_is_five_fields_or_an_error(text: str) -> None:
    """Only five fields of cron's own characters get into the workflow; an empty text is allowed too."""
    try:
        answered(project_name="x", schedule=text)
    except ToolError:
        return
    assert not text or re.fullmatch(r"[0-9A-Za-z*/,-]+( +[0-9A-Za-z*/,-]+){4}", text)


def test_a_description_from_the_command_line(run: Run, work: Path) -> None:
    """A description from the command line arrives as typed."""
    run("new", "x", "--defaults", "--set", f"description={NASTY.replace(chr(0), '')}")
    description = tomllib.loads((work / "x" / "pyproject.toml").read_bytes().decode())["project"]["description"]
    assert description == NASTY.replace("\0", "")
