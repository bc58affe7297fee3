"""The rules OPS2xx: environments in git, supported Pythons, the same version everywhere."""

from datetime import date

import pytest
from support.rules import fixed, message, places

from new_ops_project.template.pins import pins_yml

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
PROJECT = '[project]\nname = "audit"\nversion = "1"\nrequires-python = "{}"\n'
MATRIX = CI.replace('"{}"', "${{{{ matrix.python }}}}").replace(
    "    steps:", '    strategy:\n      matrix:\n        python: ["3.11", "{}"]\n    steps:'
)


@pytest.mark.parametrize(
    "text", [".venv/\n", ".venv\n", "*.log\n/.venv/\n", ".v*\n", "**/.venv/\r\n", ".*\n!.gitignore\n"]
)
def test_venv_is_ignored(text: str) -> None:
    """Every pattern by which git ignores .venv is enough."""
    assert places({".gitignore": text}, "OPS201") == []


@pytest.mark.parametrize("text", ["", "venv/\n", "# .venv/\n", ".venv/\n!.venv/\n", "docs/.venv/\n"])
def test_venv_is_not_ignored(text: str) -> None:
    """The fix adds a first line, and leaves the others as they were."""
    assert places({".gitignore": text}, "OPS201") == [("OPS201", ".gitignore", 1, 1)]
    if "!" not in text:
        assert fixed({".gitignore": text}, "OPS201") == {".gitignore": ".venv/\n" + text}


def test_there_is_no_gitignore() -> None:
    """Without a .gitignore, the fix writes one."""
    assert places(CODE, "OPS201") == [("OPS201", ".gitignore", 0, 0)]
    assert fixed(CODE, "OPS201")[".gitignore"] == ".venv/\n"


def test_line_ends_stay() -> None:
    """A .gitignore from Windows keeps its line ends, the new line's included."""
    assert fixed({".gitignore": "*.log\r\nx\r\n"}, "OPS201")[".gitignore"] == ".venv/\r\n*.log\r\nx\r\n"


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


def test_a_virtual_environment_is_committed() -> None:
    """One finding for each environment at its folder, whatever its name."""
    tracked = (
        ".venv/pyvenv.cfg",
        ".venv/lib/python3.12/site-packages/pip/__init__.py",
        "tools/env/pyvenv.cfg",
        "old/lib/python3.9/site-packages/six.py",
        "win/Lib/site-packages/six.py",
        "venv/x.py",
    )
    findings = places({}, "OPS202", tracked=tracked)
    assert [path for _, path, _, _ in findings] == [".venv", "old", "tools/env", "win"]


def test_bytecode_is_committed() -> None:
    """One finding for each folder of bytecode, and for each loose file."""
    tracked = ("a/__pycache__/x.pyc", "a/__pycache__/y.pyc", "__pycache__/z.pyc", "old.pyc", "x.pyo", "a/x.pyx")
    findings = places({}, "OPS203", tracked=tracked)
    assert [path for _, path, _, _ in findings] == ["__pycache__", "a/__pycache__", "old.pyc", "x.pyo"]


# ---- .python-version ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3.12\n", "3.12.4\n", "cpython-3.12\n", "3.12"])
def test_python_is_pinned(text: str) -> None:
    """Every spelling that pyenv and uv read as a minor version is enough."""
    assert places({**CODE, ".python-version": text}, "OPS204") == []


def test_nothing_to_pin() -> None:
    """A repository without Python needs none."""
    assert places({"README.md": "# x\n"}, "OPS204") == []


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
    assert fixed(files, "OPS204") == files


# ---- support --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({".python-version": "3.9\n"}, (".python-version", 1, 1)),
        ({".python-version": "3.6\n"}, (".python-version", 1, 1)),  # older than every version in the pins
        ({"Dockerfile": "# x\nFROM python:3.8.20-slim AS run\n"}, ("Dockerfile", 2, 13)),
        ({".github/workflows/ci.yml": CI.format("3.10")}, (".github/workflows/ci.yml", 9, 28)),
        ({"pyproject.toml": PROJECT.format("==3.9.*")}, ("pyproject.toml", 4, 22)),
    ],
)
def test_python_has_ended(files: dict[str, str], place: tuple[str, int, int]) -> None:
    """A Python past its end of life is found wherever something runs with it."""
    assert places({**CODE, **files}, "OPS205", "OPS206") == [("OPS205", *place)]


def test_a_matrix_may_try_old_ones() -> None:
    """Versions that are tried among others, or only allowed, are no findings."""
    files = {".github/workflows/ci.yml": MATRIX.format("3.9"), "pyproject.toml": PROJECT.format(">=3.8")}
    assert places({**CODE, **files}, "OPS205", "OPS206") == []


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


def test_the_newest_is_named() -> None:
    """The remedy names the Python that the template offers by default."""
    assert message({".python-version": "3.9\n"}, "OPS205") == "Support for Python 3.9 ended in 2025-10."
    assert pins_yml.shipped().default_python in pins_yml.shipped().pythons


# ---- one version ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PROJECT.format(">=3.11,<4")},
        {"pyproject.toml": PROJECT.format(">=3.12.4")},
        {"pyproject.toml": PROJECT.format("not a specifier")},
        {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.ruff]\ntarget-version = "py311"\n'},
        {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.12"\n'},
        {"pyproject.toml": PROJECT.format(">=3.11") + '[tool.mypy]\npython_version = "3.11"\n'},
        {"pyproject.toml": '[tool.ruff]\ntarget-version = "py312"\n'},
        {"mypy.ini": "[mypy]\npython_version = 3.12\n"},
        {".github/workflows/ci.yml": CI.format("3.12")},
        {".github/workflows/ci.yml": CI.format("3.12.4")},
        {".github/workflows/ci.yml": MATRIX.format("3.12")},
        {"Dockerfile": "FROM python:3.12-slim\n"},
        {"Dockerfile": "FROM python:3.9 AS build\nFROM python:3.12-slim\n"},
    ],
)
def test_versions_agree(files: dict[str, str]) -> None:
    """Bounds that allow 3.12, linters on the lowest, a matrix with it, a build stage with another: all agree."""
    assert places({".python-version": "3.12\n", **files}, "OPS207") == []


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"pyproject.toml": PROJECT.format(">=3.13")}, ("pyproject.toml", 4, 20)),
        ({"pyproject.toml": PROJECT.format(">=3.9,<3.12")}, ("pyproject.toml", 4, 20)),
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
    ],
)
def test_versions_disagree(files: dict[str, str], place: tuple[str, int, int]) -> None:
    """Each file that names another version than .python-version is found at that version."""
    assert places({".python-version": "3.12\n", **files}, "OPS207") == [("OPS207", *place)]


def test_a_matrix_without_it() -> None:
    """A matrix without the pinned Python is found, once for each entry."""
    files = {".python-version": "3.12\n", ".github/workflows/ci.yml": MATRIX.format("3.13")}
    assert [finding[0] for finding in places(files, "OPS207")] == ["OPS207", "OPS207"]


@pytest.mark.parametrize(("others", "count"), [("|\n            3.11\n            3.13", 0), ('"3.13"', 1)])
def test_without_a_pin_several_may_be_tried(others: str, count: int) -> None:
    """Where only a workflow says what runs, another one that tries several Pythons does not contradict it."""
    files = {".github/workflows/a.yml": CI.format("3.12"), ".github/workflows/b.yml": CI.replace('"{}"', others)}
    assert len(places(files, "OPS207")) == count


def test_without_a_pin_files_are_compared_with_each_other() -> None:
    """Without a pin, the image is compared with what the workflow runs."""
    files = {".github/workflows/ci.yml": CI.format("3.12"), "Dockerfile": "FROM python:3.11\n"}
    assert message(files, "OPS207") == "Python 3.11 is named here, but 3.12 in .github/workflows/ci.yml."
