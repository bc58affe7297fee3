"""The rules OPS2xx: environments in git, supported Pythons, the same version everywhere."""

import shlex
from dataclasses import replace
from datetime import date

import pytest
from support.rule_cases import finding_places as places
from support.rule_cases import fixed, run, texts

from new_ops_project.checks import catalogue, engine, repo

CI = """\
name: ci
on: push
jobs:
  check:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: "{}"
"""
CODE = {"task.py": "print('x')\n"}
PIN = ".python-version"
PROJECT = '[project]\nname = "audit"\nversion = "1"\nrequires-python = "{}"\n'
LIBRARY = PROJECT + "[build-system]\nrequires = []\n"
LISTED = (
    "[project]\nname = 'x'\nversion = '1'\nclassifiers = ['Programming Language :: Python :: 3.9']\n"
    "[build-system]\nrequires = []\n"
)
MATRIX = CI.replace('"{}"', "${{{{ matrix.python }}}}").replace(
    "    steps:", '    strategy:\n      matrix:\n        python: ["3.11", "{}"]\n    steps:'
)


IGNORING = [".venv/\n", ".venv\n", "*.log\n/.venv/\n", ".v*\n", "**/.venv/\r\n", ".*\n!.gitignore\n"]
NOT_IGNORING = ["", "venv/\n", "# .venv/\n", "docs/.venv/\n", "*.log\r\nx\r\n"]


@pytest.mark.parametrize("text", [*IGNORING, *NOT_IGNORING, ".venv/\n!.venv/\n"])
def test_venv_is_ignored(text: str) -> None:
    """Every pattern by which git ignores .venv is enough; else the fix adds a first line with the same line end.

    Not where another line lets .venv in.
    """
    expected = [] if text in IGNORING else [("OPS201", ".gitignore", 1, 1)]
    assert places({".gitignore": text}, "OPS201") == expected
    if text in NOT_IGNORING:
        line = ".venv/\r\n" if "\r" in text else ".venv/\n"
        assert fixed({".gitignore": text}, "OPS201") == {".gitignore": line + text}
    else:
        assert fixed({".gitignore": text}, "OPS201") == {}


def test_there_is_no_gitignore() -> None:
    """Without a .gitignore, the fix writes one."""
    assert places(CODE, "OPS201") == [("OPS201", ".gitignore", 0, 0)]
    assert fixed(CODE, "OPS201")[".gitignore"] == ".venv/\n"


def test_an_environment_that_git_would_add() -> None:
    """Without an environment it is a note that .venv is not ignored; with one, an error."""
    for files in (CODE, {**CODE, ".gitignore": "*.log\n"}):
        for untracked, severity in ((frozenset[str](), "info"), (frozenset({".venv/pyvenv.cfg"}), "error")):
            checked = engine.run(replace(repo.of(files), untracked=untracked), catalogue.selected(["OPS201"], ()))
            assert [finding.severity.value for finding in checked.findings] == [severity]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (".venv/bin/activate", ".venv"),
        (".venv/x", ".venv"),
        ("tools/.venv/x", "tools/.venv"),
        ("venv/bin/activate", "venv"),
        ("env/bin/python3.12", "env"),
        ("env/Scripts/python.exe", "env"),
        ("x/bin/python-tool", ""),
        ("bin/activate", ""),
        ("docs/venv.md", ""),
        ("x.venv/y", ""),
    ],
)
def test_a_part_of_a_virtual_environment_is_committed(path: str, folder: str) -> None:
    """Without pyvenv.cfg, an environment is recognised by its name, or by files that only environments have."""
    assert [where for _, where, _, _ in places({}, "OPS202", tracked=(path,))] == [folder] * bool(folder)


ENVIRONMENTS = (
    ".venv/pyvenv.cfg",
    ".venv/lib/python3.12/site-packages/pip/__init__.py",
    "tools/env/pyvenv.cfg",
    "old/lib/python3.9/site-packages/six.py",
    "win/Lib/site-packages/six.py",
    "layer/python/lib/python3.12/site-packages/six.py",
    "venv/x.py",
)
BYTECODE = ("a/__pycache__/x.pyc", "a/__pycache__/y.pyc", "__pycache__/z.pyc", "old.pyc", "x.pyo", "a/x.pyx")


@pytest.mark.parametrize(
    ("code", "tracked", "paths"),
    [
        ("OPS202", ENVIRONMENTS, [".venv", "old", "tools/env", "win"]),
        ("OPS203", BYTECODE, ["__pycache__", "a/__pycache__", "old.pyc", "x.pyo"]),
    ],
    ids=["environments", "bytecode"],
)
def test_what_is_committed(code: str, tracked: tuple[str, ...], paths: list[str]) -> None:
    """One finding for each environment, whatever its name; one for each folder of bytecode, and for each loose file."""
    assert [path for _, path, _, _ in places({}, code, tracked=tracked)] == paths


@pytest.mark.parametrize(("code", "path"), [("OPS202", "my env/pyvenv.cfg"), ("OPS203", "my env/__pycache__/x.pyc")])
def test_the_command_names_one_folder(code: str, path: str) -> None:
    """The remedy can be pasted: a folder with a space stays one argument."""
    (located,) = run({}, code, tracked=(path,))
    assert shlex.split(located.finding.remedy)[-1].startswith("my env")


# ---- .python-version ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [{"README.md": "# x\n"}, *({**CODE, PIN: text} for text in ("3.12\n", "3.12.4\n", "cpython-3.12\n", "3.12"))],
)
def test_python_is_pinned(files: dict[str, str]) -> None:
    """Every spelling that pyenv and uv read as a minor version is enough; without Python code, none is needed."""
    assert places(files, "OPS204") == []


def test_python_is_not_pinned() -> None:
    """The fix writes the file only if all files that name a Python name the same one."""
    assert places(CODE, "OPS204") == [("OPS204", ".python-version", 0, 0)]
    flow = {".github/workflows/ci.yml": CI.format("3.12")}
    assert fixed({**CODE, **flow}, "OPS204")[".python-version"] == "3.12\n"
    assert ".python-version" not in fixed({**CODE, **flow, "Dockerfile": "FROM python:3.11-slim\n"}, "OPS204")
    assert ".python-version" not in fixed({**CODE, "Dockerfile": "FROM python:3.9\n"}, "OPS204")  # which has ended
    assert ".python-version" not in fixed(CODE, "OPS204")


def test_a_pin_that_names_nothing() -> None:
    """A file that names no minor version is found, and not overwritten."""
    files = {**CODE, ".python-version": "system\n", "Dockerfile": "FROM python:3.12\n"}
    assert places(files, "OPS204") == [("OPS204", ".python-version", 1, 1)]
    assert fixed(files, "OPS204") == {}


@pytest.mark.parametrize(
    ("files", "severities"),
    [
        (CODE, ["info"]),
        ({**CODE, "requirements.txt": "boto3==1.40.0\n"}, ["warning"]),
        ({**CODE, "requirements.txt": "a==1\n", "custom_components/a/manifest.json": "{}"}, ["info"]),
        ({"pyproject.toml": LIBRARY.format(">=3.11")}, ["info"]),
        ({"pyproject.toml": LIBRARY.format(">=3.11"), ".github/workflows/ci.yml": MATRIX.format("3.12")}, []),
    ],
)
def test_how_much_a_pin_is_missed(files: dict[str, str], severities: list[str]) -> None:
    """A script's environment needs one Python; a distribution that is tested on several has none."""
    assert [result.finding.severity.value for result in run(files, "OPS204")] == severities


# ---- support --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({PIN: "3.9\n"}, [(PIN, 1, 1)]),
        ({PIN: "3.6\n"}, [(PIN, 1, 1)]),  # older than every version in the pins
        ({"Dockerfile": "# x\nFROM python:3.8.20-slim AS run\n"}, [("Dockerfile", 2, 13)]),
        ({".github/workflows/ci.yml": CI.format("3.10")}, [(".github/workflows/ci.yml", 9, 28)]),
        ({"pyproject.toml": PROJECT.format("==3.9.*")}, [("pyproject.toml", 4, 22)]),
        ({".github/workflows/ci.yml": MATRIX.format("3.9"), "pyproject.toml": PROJECT.format(">=3.8")}, []),
        ({".github/workflows/ci.yml": CI.format("3.9"), "pyproject.toml": LIBRARY.format(">=3.9")}, []),
        ({".github/workflows/ci.yml": CI.format("3.9"), "pyproject.toml": LISTED}, []),
        (
            {
                ".github/workflows/ci.yml": CI.format("3.9"),
                ".github/workflows/all.yml": MATRIX.format("3.9"),
                "pyproject.toml": LIBRARY.format(">=3.10"),
            },
            [],
        ),
    ],
)
def test_python_has_ended(files: dict[str, str], expected: list[tuple[str, int, int]]) -> None:
    """A Python past its end of life is found where something runs with it, not where it is tried or only allowed."""
    assert places({**CODE, **files}, "OPS205", "OPS206") == [("OPS205", *place) for place in expected]


@pytest.mark.parametrize(
    ("today", "code"),
    [
        (date(2027, 5, 3), ""),
        (date(2027, 5, 4), "OPS206"),
        (date(2027, 10, 31), "OPS206"),
        (date(2027, 11, 1), "OPS205"),
    ],
)
def test_python_ends_soon(today: date, code: str) -> None:
    """3.11 ends with 2027-10: 180 days before it is a warning, the day after an error."""
    findings = places({".python-version": "3.11\n"}, "OPS205", "OPS206", today=today)
    assert [finding[0] for finding in findings] == ([code] if code else [])


@pytest.mark.parametrize(("minor", "when"), [("3.9", " in 2025-10"), ("3.5", "")])
def test_the_month_is_named(minor: str, when: str) -> None:
    """The message has the month, unless the pins do not know that old version."""
    assert texts(run({"Dockerfile": f"FROM python:{minor}\n"}, "OPS205")) == [
        f"Support for Python {minor} ended{when}."
    ]


# ---- one version ----------------------------------------------------------------------------------------------


AGREEING: list[dict[str, str]] = [
    {"pyproject.toml": PROJECT.format(">=3.11,<4")},
    {"pyproject.toml": PROJECT.format(">=3.12.4")},
    {"pyproject.toml": PROJECT.format("not a specifier")},
    {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.ruff]\ntarget-version = "py311"\n'},
    {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.12"\n'},
    {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.11"\n'},
    {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.13"\n'},
    {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\n[tool.ruff]\ntarget-version = "py311"\n'},
    {"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.12"\n'},
    {
        "setup.py": "import setuptools\nsetuptools.setup(python_requires='>=3.9')\n",
        "ruff.toml": 'target-version = "py39"\n',
    },
    {".github/workflows/a.yml": CI.format("3.12"), ".github/workflows/b.yml": CI.format("3.13")},
    {".github/workflows/a.yml": MATRIX.format("3.12"), "Dockerfile": "FROM python:3.11\n"},
    {".gitlab-ci.yml": "", ".github/workflows/ci.yml": CI.format("3.13")},
    {"pyproject.toml": '[tool.ruff]\ntarget-version = "py312"\n'},
    {"mypy.ini": "[mypy]\npython_version = 3.12\n"},
    {".github/workflows/ci.yml": CI.format("3.12")},
    {".github/workflows/ci.yml": CI.format("3.12.4")},
    {".github/workflows/ci.yml": MATRIX.format("3.12")},
    {"Dockerfile": "FROM python:3.12-slim\n"},
    {"Dockerfile": "FROM python:3.9 AS build\nFROM python:3.12-slim\n"},
]
DISAGREEING = [
    ({"pyproject.toml": PROJECT.format(">=3.13")}, ("pyproject.toml", 4, 22)),
    ({"pyproject.toml": PROJECT.format(">=3.9,<3.12")}, ("pyproject.toml", 4, 22)),
    ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.13"\n'}, ("pyproject.toml", 2, 12)),
    ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11"\n'}, ("pyproject.toml", 2, 12)),
    (
        {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.ruff]\ntarget-version = "py312"\n'},
        ("pyproject.toml", 6, 19),
    ),
    (
        {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.10"\n'},
        ("pyproject.toml", 6, 19),
    ),
    ({"pyproject.toml": "[tool.mypy]\npython_version = 3.11\n"}, ("pyproject.toml", 2, 18)),
    ({"ruff.toml": 'target-version = "py39"\n'}, ("ruff.toml", 1, 19)),
    ({"mypy.ini": "[mypy]\npython_version = 3.9\n"}, ("mypy.ini", 2, 18)),
    ({"setup.cfg": "[mypy]\npython_version = 3.9\n"}, ("setup.cfg", 2, 18)),
    ({".github/workflows/ci.yml": CI.format("3.13")}, (".github/workflows/ci.yml", 9, 28)),
    ({"Dockerfile": "FROM python:3.13-slim\n"}, ("Dockerfile", 1, 13)),
    ({"Dockerfile": "ARG V=3.13\nFROM python:${V}-slim\n"}, ("Dockerfile", 2, 1)),
]


@pytest.mark.parametrize(("files", "place"), [*((files, ()) for files in AGREEING), *DISAGREEING])
def test_versions_agree(files: dict[str, str], place: tuple[object, ...]) -> None:
    """Each file that names another version than .python-version is found at that version.

    Bounds that allow 3.12, linters on the lowest, a matrix with it, a build stage with another: all agree.
    """
    assert places({PIN: "3.12\n", **files}, "OPS207") == ([("OPS207", *place)] if place else [])


def test_a_matrix_without_it() -> None:
    """A matrix without the pinned Python is found once."""
    files = {PIN: "3.12\n", ".github/workflows/ci.yml": MATRIX.format("3.13")}
    assert [finding[0] for finding in places(files, "OPS207")] == ["OPS207"]


@pytest.mark.parametrize("others", ["|\n            3.11\n            3.13", '"3.13"'])
def test_without_a_pin_workflows_may_vary(others: str) -> None:
    """Where only workflows say what runs, each may try other Pythons, on purpose, and so may tools be set to others."""
    files = {".github/workflows/a.yml": CI.format("3.12"), ".github/workflows/b.yml": CI.replace('"{}"', others)}
    assert places({**files, "ruff.toml": 'target-version = "py311"\n'}, "OPS207") == []


@pytest.mark.parametrize(
    ("tail", "severity", "remedy"),
    [
        ('ruff]\ntarget-version = "py312"', "error", 'Write target-version = "py311", the lowest that has to work.'),
        ('ruff]\ntarget-version = "py310"', "info", 'Write target-version = "py311", the lowest that has to work.'),
        ('mypy]\npython_version = "3.10"', "info", 'Write python_version = "3.11", the lowest that has to work.'),
    ],
)
def test_how_bad_a_disagreement_is(tail: str, severity: str, remedy: str) -> None:
    """On a newer Python, ruff writes what the lowest cannot run; on an older one it does no harm."""
    (result,) = run({"pyproject.toml": f"{PROJECT.format('>=3.11')}[tool.{tail}\n"}, "OPS207")
    assert (result.finding.severity.value, result.finding.remedy) == (severity, remedy)


@pytest.mark.parametrize(
    ("files", "remedy"),
    [
        ({PIN: "3.12\n", "pyproject.toml": PROJECT.format(">=3.13")}, f"Allow 3.12, or name a version in {PIN}"),
        ({PIN: "3.12\n", ".github/workflows/ci.yml": CI.format("3.13")}, f"Test 3.12 too, or name 3.13 in {PIN}."),
        ({PIN: "3.12\n", "Dockerfile": "FROM python:3.13-slim\n"}, "Test 3.13 too, or name 3.12 here."),
    ],
)
def test_what_helps(files: dict[str, str], remedy: str) -> None:
    """What is not allowed, not tested or named twice has a remedy of its own; several versions may be meant."""
    (result,) = run(files, "OPS207")
    assert result.finding.remedy.startswith(remedy)


def test_without_a_pin_files_are_compared_with_each_other() -> None:
    """Without a pin, the image is compared with what the workflow runs."""
    files = {".github/workflows/ci.yml": CI.format("3.12"), "Dockerfile": "FROM python:3.11\n"}
    assert texts(run(files, "OPS207")) == ["Python 3.11 is named here, but 3.12 in .github/workflows/ci.yml."]
