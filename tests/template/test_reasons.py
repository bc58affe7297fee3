"""Why a template cannot be rendered, or its project not created: the true reason, with the template's own path."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command import Run
from support.foreign_templates import ANSWERS_FILE, written
from support.history import Files
from support.small import make, refused

QUESTION = "a: {type: str, default: x}\n"
CLONED = "{{ _copier_conf.src_path }}"  # so that copier renders a clone of the template

# The files of the template, and what its sentence says.
CASES: Mapping[str, tuple[Files, str]] = {
    "a file, then a folder": ({"{{ 'x' }}/y": "1\n", "x": "2\n"}, "a file and a folder of it have the same place: x."),
    "a folder, then a file": ({"{{ 'x' }}": "1\n", "x/y": "2\n"}, "a file and a folder of it have the same place: x."),
    "a folder below": (
        {"{{ 'in' }}/x": "1\n", "in/x/y": "2\n"},
        "a file and a folder of it have the same place: in/x.",
    ),
    "a link and a folder": (
        {"copier.yml": f"_preserve_symlinks: true\n{QUESTION}", "{{ 'x' }}": "1\n", "x/y.jinja": f"2{CLONED}\n"},
        "a file and a folder of it have the same place: x.",
    ),
    "git's folder": ({"{{ '.GIT' }}/a": "x\n"}, "git refuses the path .GIT/a."),
    "its short name": ({"{{ 'git~1' }}": "x\n"}, "git refuses the path git~1."),
    "git's folder itself": (
        {"copier.yml": f"_exclude: []\n{QUESTION}", "{{ '.git' }}/a": "x\n"},
        "The template writes files to .git, which belongs to git.",
    ),
    "an absolute include": ({"f.jinja": "{% include '/etc/none' %}"}, "it includes /etc/none, which is no file of it."),
    "an include": ({"f.jinja": f"{CLONED}{{% include 'none' %}}"}, "it includes none, which is no file of it."),
    "one of two": ({"f.jinja": "{% include ['b', 'c'] %}"}, "it includes b or c, which is no file of it."),
    "a parent": ({"f.jinja": "{% extends 'none' %}"}, "it includes none, which is no file of it."),
    "syntax": ({"in/f.jinja": f"{CLONED}\n{{% if %}}"}, "(in/f.jinja, line 2)."),
    "syntax of an include": (
        {"f.jinja": f"{CLONED}{{% include 'in/g' %}}", "in/g": "{% if %}"},
        "(in/g, line 1).",
    ),
    "YAML": (
        {"copier.yml": f"{QUESTION}---\n!include /etc/x.yml\n"},
        "Include files of the template, by paths from its root.",
    ),
    "a rule that hides all": ({".gitignore": "*\n"}, "the template's own .gitignore:1 (*) hides all of its files."),
    "no file": ({"copier.yml": f"_exclude: ['*']\n{QUESTION}"}, "the template writes no file for these answers."),
}


@pytest.mark.parametrize("case", CASES)
def test_a_true_reason(run: Run, work: Path, tmp_path: Path, case: str) -> None:
    """`new` says it in two lines with a remedy, without a path of a cache or a temporary folder, and keeps nothing."""
    files, sentence = CASES[case]
    template = written(tmp_path / "t", {"v1.0.0": {"copier.yml": QUESTION, **ANSWERS_FILE, **files}})
    told = run("new", "audit", "--defaults", "--template", str(template), code=2).err
    assert sentence in told
    assert len(told.splitlines()) == 2
    assert not re.search(r"leads out|copier\._vcs|versions/|search path|nothing to commit|fatal", told)
    assert [*work.iterdir()] == []


def test_hidden_files_without_a_commit(run: Run, work: Path, tmp_path: Path) -> None:
    """The remedy for files that the template itself hides gives them."""
    template = written(tmp_path / "t", {"v1.0.0": {"copier.yml": QUESTION, **ANSWERS_FILE, ".gitignore": "*\n"}})
    run("new", "audit", "--defaults", "--no-commit", "--template", str(template))
    assert (work / "audit" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("path", [".GIT/a", "git~1"])
def test_an_update_with_a_path_that_git_refuses(run: Run, tmp_path: Path, path: str) -> None:
    """`update` names the path, and changes nothing."""
    small = make(tmp_path, {"a": "a\n"}, {f"{{{{ '{path}' }}}}" if "/" not in path else "{{ '.GIT' }}/a": "x\n"})
    assert f"git refuses the path {path}." in refused(run, small)
