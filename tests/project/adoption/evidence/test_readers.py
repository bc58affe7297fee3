"""The evidence for answers in each file that may have it."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from new_ops_project.formats.code_layout import Layout, layout
from new_ops_project.project.adoption.evidence.readers import Evidence, gather, parse_problems

OFFERED: Mapping[str, Any] = {
    "python_version": ["3.11", "3.12", "3.13", "3.14"],
    "runner": ["ubuntu-24.04", "ubuntu-26.04"],
    "license": ["MIT", "Apache-2.0", "Proprietary"],
    "dependencies": ["boto3", "click", "jinja2", "pyyaml", "requests", "rich"],
    "cloud": ["none", "aws-oidc", "aws-keys", "gcp-oidc", "azure-oidc"],
    "updates": ["dependabot", "renovate", "none"],
}
Texts = Mapping[str, str]
Told = tuple[Any, str]


def told(files: Texts, folder: str = "here") -> dict[str, Told]:
    """{question: (value, place)}."""
    evidence = gather({path: text.encode() for path, text in files.items()}, folder, OFFERED)
    assert len({item.name for item in evidence}) == len(evidence)
    return {item.name: (item.value, item.where) for item in evidence}


PYPROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "Rotate.Keys"
description = "Rotates keys."
requires-python = ">=3.12"
license = { text = "MIT" }
authors = [
    { email = "team@example.org" },
    { name = "Ada Ops", email = "ada@example.org" },
]
dependencies = [
    "tabulate",
    "Boto3>=1.40",
    "PyYAML",
]

[project.scripts]
rotate = "rotate_keys.main:main"
"""
WORKFLOW = """\
on: push
env:
  PY: "3.12"
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [windows-2022, ubuntu-24.04]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ env.PY }}
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn
  deploy:
    runs-on: ubuntu-latest
"""


def test_a_whole_repository() -> None:
    """Every question has its answer, in the order of the questions."""
    evidence = told(
        {
            "pyproject.toml": PYPROJECT,
            "src/rotate_keys/__init__.py": "",
            "src/rotate_keys/main.py": "import click\n\n\n@click.option('--dry-run')\ndef main(): ...\n",
            ".github/workflows/ci.yml": WORKFLOW,
            ".github/dependabot.yml": "version: 2\n",
            "Dockerfile": "FROM python:3.12\n",
            "LICENSE": "\nMIT License\n\nCopyright (c) 2026 Ada\n",
        }
    )
    assert list(evidence.items()) == [
        ("project_name", ("Rotate.Keys", "pyproject.toml:5")),
        ("python_version", ("3.12", ".github/workflows/ci.yml:3")),
        ("tier", ("cli", "pyproject.toml:20")),
        ("description", ("Rotates keys.", "pyproject.toml:6")),
        ("author_name", ("Ada Ops", "pyproject.toml:11")),
        ("author_email", ("team@example.org", "pyproject.toml:10")),
        ("license", ("MIT", "LICENSE:2")),
        ("runner", ("ubuntu-24.04", ".github/workflows/ci.yml:9")),
        ("dependencies", (["boto3", "pyyaml"], "pyproject.toml:15, pyproject.toml:16")),
        ("cloud", ("aws-oidc", ".github/workflows/ci.yml:15")),
        ("container", (True, "Dockerfile")),
        ("updates", ("dependabot", ".github/dependabot.yml")),
        ("command", ("rotate", "pyproject.toml:20")),
        ("dry_run", (True, "src/rotate_keys/main.py:4")),
    ]


def test_nothing_says_nothing() -> None:
    """But the folder has a name."""
    assert gather({}, "rotate-keys", OFFERED) == (Evidence("project_name", "rotate-keys", "the folder's name"),)


POETRY = """\
[tool.poetry]
name = "keys"
authors = [
  "Ada Ops <ada@example.org>"]
license = "Apache-2.0"
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2"
[tool.poetry.scripts]
keys = "keys:main"
"""
SETUP = """\
from setuptools import setup
setup(
    name="keys",
    author="Ada Ops",
    author_email="ada@example.org",
    license="Apache 2.0",
    python_requires=">=3.11",
    install_requires=[
        "requests",
    ],
    entry_points={
        "console_scripts": ["keys = keys:main"]},
)
"""
CFG = """\
[metadata]
name = keys
author = Ada Ops
author-email = ada@example.org
license = Apache License 2.0
[options]
python_requires = >=3.11
install_requires =
    requests
[options.entry_points]
console_scripts =
    keys = keys:main
"""


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("pyproject.toml", POETRY, (2, 7, 10, 4, 4, 5, 8, 10)),
        ("setup.py", SETUP, (3, 7, 12, 4, 5, 6, 9, 12)),
        ("setup.cfg", CFG, (2, 7, 12, 3, 4, 5, 9, 12)),
    ],
)
def test_each_kind_of_metadata(path: str, text: str, lines: tuple[int, ...]) -> None:
    """Poetry, setup.py and setup.cfg give the same answers."""
    names = (
        "project_name",
        "python_version",
        "tier",
        "author_name",
        "author_email",
        "license",
        "dependencies",
        "command",
    )
    values = ("keys", "3.11", "cli", "Ada Ops", "ada@example.org", "Apache-2.0", ["requests"], "keys")
    evidence = told({path: text, "keys/__init__.py": ""})
    assert evidence == {name: (value, f"{path}:{line}") for name, value, line in zip(names, values, lines, strict=True)}


def flow(*steps: str, image: str = "x") -> Texts:
    """A workflow with these steps, which begin in line 5."""
    head = ["jobs:", "  a:", f"    runs-on: {image}", "    steps:"]
    return {".github/workflows/a.yaml": "\n".join([*head, *(f"      - {step}" for step in steps)])}


FLOW = ".github/workflows/a.yaml"
AWS = "aws-actions/configure-aws-credentials@v4"
ONE: list[tuple[str, Texts, Told | None]] = [
    ("python_version", {".python-version": "# ours\n3.12.4\n"}, ("3.12", ".python-version:2")),
    ("python_version", {".python-version": "pypy3.10\n"}, None),
    ("python_version", {".python-version": "3.8", "Dockerfile": "FROM python:3.12"}, (None, ".python-version:1")),
    ("python_version", {".tool-versions": "ruby 3.3\npython 3.13.1\n"}, ("3.13", ".tool-versions:2")),
    (
        "python_version",
        flow("uses: actions/setup-python@v5\n        with: {python-version: 3.14}"),
        ("3.14", f"{FLOW}:6"),
    ),
    (
        "python_version",
        {"Dockerfile": "ARG V=3.12\nFROM --platform=x ghcr.io/a/python:${V}-slim AS b\n"},
        ("3.12", "Dockerfile:2"),
    ),
    ("python_version", {"Dockerfile": "FROM python:3.11 AS build\nFROM python:3.13"}, ("3.13", "Dockerfile:2")),
    (
        "python_version",
        {"pyproject.toml": "project.requires-python = '<4,!=3.12.1,>= 3.11'"},
        ("3.11", "pyproject.toml:1"),
    ),
    ("python_version", {"pyproject.toml": "[project]\nrequires-python = '>=3.8'"}, (None, "pyproject.toml:2")),
    (
        "python_version",
        {
            "pyproject.toml": "[project]\nrequires-python = '>=3.8'\nclassifiers = [\n"
            "'Programming Language :: Python :: 3.9',\n'Programming Language :: Python :: 3.12',\n"
            "'Programming Language :: Python :: 3.11']"
        },
        ("3.12", "pyproject.toml:5"),
    ),
    ("python_version", {"tox.ini": "[tox]\nenvlist = py39,py312,py311"}, ("3.12", "tox.ini:2")),
    ("python_version", {"pyproject.toml": "[tool.ruff]\ntarget-version = 'py313'"}, ("3.13", "pyproject.toml:2")),
    ("python_version", {"a.py": "# /// script\n# requires-python = '>=3.12'\n# ///\n"}, ("3.12", "a.py:2")),
    ("license", {"LICENSE.txt": "  Apache License\n  Version 2.0, January 2004\n"}, ("Apache-2.0", "LICENSE.txt:1")),
    (
        "license",
        {
            "LICENSE": "Copyright (c) Ada. All rights reserved.\n\nPermission is hereby granted, free of charge, "
            "to any person obtaining a copy, to deal"
        },
        ("MIT", "LICENSE:3"),
    ),
    ("license", {"LICENSE": "BSD 3-Clause License\nAll rights reserved.\nRedistribution is"}, (None, "LICENSE:1")),
    ("license", {"LICENSE": "Copyright Ada.\nAll rights reserved.\n"}, ("Proprietary", "LICENSE:1")),
    ("license", {"pyproject.toml": "[project]\nlicense = 'GPL-3.0-only'"}, (None, "pyproject.toml:2")),
    (
        "license",
        {"pyproject.toml": "[project]\nclassifiers = [\n'Typing :: Typed',\n'License :: Other/Proprietary License']"},
        ("Proprietary", "pyproject.toml:4"),
    ),
    ("runner", flow(image="[self-hosted, ubuntu-26.04]"), ("ubuntu-26.04", f"{FLOW}:3")),
    ("runner", flow(image="ubuntu-latest"), None),
    (
        "cloud",
        flow(f"uses: {AWS}\n        with: {{role-to-assume: a, aws-access-key-id: b}}"),
        ("aws-keys", f"{FLOW}:5"),
    ),
    ("cloud", flow("run: x", f"uses: {AWS}\n        with: {{role-to-assume: a}}"), ("aws-oidc", f"{FLOW}:6")),
    ("cloud", flow("env:\n          AWS_ACCESS_KEY_ID: ${{ secrets.K }}"), ("aws-keys", f"{FLOW}:6")),
    (
        "cloud",
        flow("uses: google-github-actions/auth@v3\n        with: {workload_identity_provider: a}"),
        ("gcp-oidc", f"{FLOW}:5"),
    ),
    ("cloud", flow("uses: google-github-actions/auth@v3\n        with: {credentials_json: a}"), None),
    ("cloud", flow("uses: azure/login@v2\n        with: {client-id: a}"), ("azure-oidc", f"{FLOW}:5")),
    ("cloud", flow("uses: azure/login@v2\n        with: {creds: a}"), None),
    ("updates", {".github/renovate.json5": "{}"}, ("renovate", ".github/renovate.json5")),
    ("updates", {"docs/renovate.json": "{}"}, None),
    ("container", {"docker/Dockerfile": "FROM a"}, None),
    (
        "dependencies",
        {"requirements.txt": "-r base.txt\nclick==8 # why\n", "base.txt": "# a\nRequests[x]>=2; a\n./local\n"},
        (["click"], "requirements.txt:2"),
    ),
    (
        "dependencies",
        {"requirements.txt": "-r base.txt\nclick==8 # why\n", "base.txt": "# a\nRequests[x]>=2\n"},
        (["click", "requests"], "requirements.txt:2, base.txt:2"),
    ),
    (
        "dependencies",
        {
            "requirements.txt": "click==8 \\\n    --hash=sha256:0\n    # via flask\nrich==1\n    # via\n"
            "    #   -r requirements.in\n    #   x\nboto3==1  # via -r requirements.in\nrequests==2 # via boto3\n"
        },
        (["boto3", "rich"], "requirements.txt:8, requirements.txt:4"),
    ),
    (
        "dependencies",
        {"requirements.in": "boto3\n", "requirements.txt": "boto3==1\nrequests==2\n"},
        (["boto3"], "requirements.in:1"),
    ),
    (
        "dependencies",
        {"setup.py": "from setuptools import setup\nsetup(install_requires='a\\nrich>1')"},
        (["rich"], "setup.py:2"),
    ),
    ("dependencies", {"Pipfile": "[packages]\njinja2 = '*'\n"}, (["jinja2"], "Pipfile:2")),
    ("dependencies", {"a.py": "# /// script\n# dependencies = [\n#   'rich',\n# ]\n# ///\n"}, (["rich"], "a.py:3")),
    ("dependencies", {"a.py": "import os\nfrom yaml.nodes import Node\n"}, (["pyyaml"], "a.py:2")),
    ("dependencies", {"requirements.txt": "flask\n    rich\n--hash\n"}, (["rich"], "requirements.txt:2")),
    (
        "command",
        {"pyproject.toml": "[project]\nname = 'a-b'\n[project.scripts]\nx = 'x:x'\na_b = 'x:x'\n"},
        ("a_b", "pyproject.toml:5"),
    ),
    ("command", {"pyproject.toml": "[project]\n[project.scripts]\nx = 'x:x'\ny = 'x:x'\n"}, None),
    ("command", {"pyproject.toml": "[project]\n[project.gui-scripts]\nx = 'x:x'\n"}, None),
    ("dry_run", {"a.py": "'''Knows --dry-run.'''\nprint('no --dry-run')\n"}, None),
    ("tier", {"a/__init__.py": "", "a.sh": ""}, ("library", "a")),
    (
        "tier",
        {"a.py": "print()", "pyproject.toml": "[tool.poetry]\nname = 'a'\npackage-mode = false"},
        ("script", "a.py:1"),
    ),
    ("tier", {"a.py": "print()", "pyproject.toml": "[tool.poetry]\nname = 'a'"}, ("library", "a.py")),
    (
        "tier",
        {"mod.py": "", "setup.py": "from setuptools import setup\nsetup(py_modules=['mod'])"},
        ("library", "mod.py"),
    ),
    ("tier", {"a.py": "import os\n\n\ndef f(): ...\n\n\nif '__main__' == __name__:\n    f()\n"}, ("script", "a.py:7")),
    ("tier", {"pyproject.toml": "[project]\nname = 'a'\n", "main.py": "print()"}, ("script", "main.py:1")),
    ("project_name", {"keys.py": "print()", "pyproject.toml": "[project]\nname = 'ops'"}, ("keys", "keys.py")),
    ("project_name", {"a_b.py": "print()", "pyproject.toml": "[project]\nname = 'A-B'"}, ("A-B", "pyproject.toml:2")),
    ("description", {"pyproject.toml": "[project]\ndescription = 'Add your description here'"}, None),
    ("author_email", {"pyproject.toml": "[project]\nauthors = [{email = 'at home'}, 1]"}, None),
]


@pytest.mark.parametrize(
    ("name", "files", "expected"), ONE, ids=[f"{name}-{at}" for at, (name, _, _) in enumerate(ONE)]
)
def test_one_question(name: str, files: Texts, expected: Told | None) -> None:
    """The answer and its place; None where no file is evidence."""
    assert told(files).get(name) == expected


def test_what_is_not_offered_is_told_as_it_was_found() -> None:
    """The text is kept, so that a message can say why it is not a valid answer."""
    evidence = gather({".python-version": b"3.8.1\n", "pyproject.toml": b"project.license = 'ISC'"}, "", OFFERED)
    assert [(item.value, item.text) for item in evidence] == [(None, "3.8.1"), (None, "ISC")]


def test_a_matrix_is_weaker_than_a_bound() -> None:
    """Several versions say what is tested; the bound says what is meant. Alone, the newest offered counts."""
    head = "jobs:\n  a:\n    strategy:\n      matrix:\n        py: [3.9, 3.13, 3.12]\n    steps:\n"
    step = "      - uses: actions/setup-python@v5\n        with:\n          python-version: ${{ matrix.py }}\n"
    matrix = {FLOW: head + step}
    assert told(matrix)["python_version"] == ("3.13", f"{FLOW}:5")
    bound = {"pyproject.toml": "project.requires-python = '>=3.11'"}
    assert told({**matrix, **bound})["python_version"] == ("3.11", "pyproject.toml:1")


LAYOUTS = [
    (["src/a/__init__.py", "b/__init__.py", "c.py"], Layout("a", "src/a")),
    (["src/ns/deep/x.py"], Layout("ns", "src/ns")),
    (["src/a/__init__.py", "src/here/__init__.py"], Layout("here", "src/here")),
    (["a/__init__.py", "tests/__init__.py", "docs/__init__.py"], Layout("a", "a")),
    (["a/__init__.py", "run.py"], Layout("run", "run.py")),
    (["a/__init__.py", "run.py", "setup.py"], Layout("a", "a")),
    (["setup.py", "conftest.py", "test_a.py", "noxfile.py", "a.py"], Layout("a", "a.py")),
    (["a.py", "b.py"], Layout("", "")),
    (["a.py", "b.py", "here.py"], Layout("here", "here.py")),
    (["a.py", "b.py", "Dockerfile"], Layout("b", "b.py")),
    (["README.md"], Layout("", "")),
    (["a/__init__.py", "y/__init__.py", "setup.py"], Layout("y", "y")),
]


@pytest.mark.parametrize(("paths", "expected"), LAYOUTS)
def test_the_layout(paths: list[str], expected: Layout) -> None:
    """A package in src, else one that is built, else the one program, else a package."""
    content = {"setup.py": b"setup(name='Y')", "Dockerfile": b'CMD ["python", "b.py"]'}
    assert layout({path: content.get(path, b"print()\n") for path in paths}, "here") == expected


def test_a_helper_module_is_no_program() -> None:
    """Of two files, the one that does something when run is the program."""
    assert layout({"a.py": b"def f(): ...\n", "b.py": b"import a\nfor x in []: pass\n"}).place == "b.py"


def test_files_that_do_not_parse_are_named() -> None:
    """They are no evidence, and people should know."""
    files = {"pyproject.toml": b"a = ", "setup.py": b"(", ".github/workflows/a.yml": b"a: [", "setup.cfg": b"x"}
    assert told({path: content.decode() for path, content in files.items()}).keys() == {"project_name", "tier"}
    places = ["setup.py:1", "setup.cfg", "pyproject.toml", ".github/workflows/a.yml"]
    assert [clause.split(" does not parse")[0] for clause in parse_problems(files)] == places


PATHS = st.sampled_from(
    [
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "requirements.in",
        ".python-version",
        "Dockerfile",
        ".github/workflows/a.yml",
        "LICENSE",
        "a.py",
        "src/a/__init__.py",
        "tox.ini",
        "Pipfile",
        "README.md",
        "ruff.toml",
        ".tool-versions",
        "runtime.txt",
        "a/__init__.py",
    ]
)
WORDS = st.sampled_from(
    [
        b"[project]\n",
        b"[tool.poetry]\n",
        b"name",
        b" = ",
        b"[",
        b"]",
        b'"a"',
        b"{",
        b"}",
        b"\n",
        b"dependencies",
        b"authors",
        b"scripts",
        b"license",
        b"requires-python",
        b"1",
        b"jobs:\n  a:\n    ",
        b"steps:\n    - ",
        b"uses: ",
        b"with: ",
        b"runs-on: ",
        b"&x ",
        b"*x",
        b"- ",
        b"FROM python:",
        b"3.",
        b"setup(",
        b"**",
        b")",
        b"-r requirements.txt",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        b"\r\n",
        b"'",
        b"# via ",
        b"[metadata]\n",
        b"file: ",
        b"# /// script\n",
        b"# ///\n",
    ]
)
CONTENTS = st.binary(max_size=40) | st.lists(WORDS, max_size=12).map(b"".join)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(PATHS, CONTENTS, max_size=6))
@example({"pyproject.toml": b"project = 1\ntool = []"})
@example({"pyproject.toml": b"project = {name = [], authors = {}, dependencies = 1, scripts = [], license = 1}"})
@example({".github/workflows/a.yml": b"jobs: &x {a: *x, b: {steps: [*x, 1], runs-on: *x}}"})
@example({".github/workflows/a.yml": b"[" * 5000, "pyproject.toml": b"a = " + b"[" * 5000, "setup.py": b"(" * 5000})
def test_no_content_raises(files: dict[str, bytes]) -> None:
    """Whatever people have in these files; lines that are named exist."""
    for item in gather(files, "here", OFFERED):
        path, _, line = item.where.split(", ")[0].partition(":")
        assert not line or 1 <= int(line) <= len(files[path].split(b"\n"))
    parse_problems(files)
