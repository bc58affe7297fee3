"""Pythons are found where pyenv, uv or the system keep them, and tried before they are used."""

import sys
from pathlib import Path

import pytest

from new_ops_project.base.errors import ToolError
from new_ops_project.clones import interpreters
from new_ops_project.clones.interpreters import Interpreter
from new_ops_project.clones.needs import RequiredPython

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def write_program(path: Path, text: str = "exit 1") -> Path:
    """Write a shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python except those that a test writes to this folder."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setattr(interpreters, "_UNIX", (str(tmp_path / "usr" / "bin"),))
    return tmp_path


def python(version: str, *, makes: str = "venv", kind: str = "cpython") -> str:
    """A script that answers the probe as a Python of this version would."""
    return f"printf '%s\\n' {version} \"$0\" '{makes}' {kind}"


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.19",
        "pyenv/versions/3.19.2/bin/python3.19",
        "uv/cpython-3.19.2-linux-x86_64-gnu/bin/python3.19",
        "usr/bin/python3.19",
    ],
)
def test_every_place_is_searched(bare: Path, place: str) -> None:
    """A Python is found on PATH, among pyenv's versions, among uv's, and in the system's folders."""
    path = write_program(bare / place, python("3.19.2"))
    assert interpreters.find_working("3.19") == Interpreter(path, "3.19.2", makes_environments=True)


def test_one_that_does_not_run_is_passed_over(bare: Path) -> None:
    """A broken build, another program and another implementation do not stop the search."""
    write_program(bare / "bin" / "python3.19")
    write_program(bare / "pyenv" / "versions" / "3.19.9" / "bin" / "python3.19", "echo hello")
    write_program(bare / "pyenv" / "versions" / "3.19.8" / "bin" / "python3.19", python("3.19.8", kind="pypy"))
    write_program(bare / "pyenv" / "versions" / "3.19.7" / "bin" / "python3.19", python("3.18.7"))
    good = write_program(bare / "uv" / "cpython-3.19.1-linux" / "bin" / "python3.19", python("3.19.1"))
    assert interpreters.find_working("3.19") == Interpreter(good, "3.19.1", makes_environments=True)


def test_the_newest_release_comes_first(bare: Path) -> None:
    """3.19.10 comes before 3.19.9, a release before a release candidate; a free-threaded build is never used."""
    for version in ("3.19.9", "3.19.10", "3.19.11rc1", "3.19.12t"):
        write_program(bare / "pyenv" / "versions" / version / "bin" / "python3.19")
    write_program(bare / "uv" / "cpython-3.19.13+freethreaded-linux" / "bin" / "python3.19")
    versions = [path.parent.parent.name for path in interpreters._places("3.19")]  # noqa: SLF001
    assert versions == ["3.19.10", "3.19.9", "3.19.11rc1"]


def test_one_that_makes_environments_comes_first(bare: Path) -> None:
    """Debian's Python without python3-venv is used only if there is no other."""
    write_program(bare / "bin" / "python3.19", python("3.19.5", makes=""))
    write_program(bare / "usr" / "bin" / "python3.19", python("3.19.1"))
    assert getattr(interpreters.find_working("3.19"), "version", "") == "3.19.1"


def test_debian_without_venv(bare: Path) -> None:
    """The error names the package that is missing, unless uv makes the environment."""
    write_program(bare / "bin" / "python3.19", python("3.19.5", makes=""))
    needed = RequiredPython("3.19", "", "")
    with pytest.raises(ToolError) as error:
        interpreters.find(needed, needs_venv=True)
    assert "apt install python3.19-venv" in error.value.hint
    assert interpreters.find(needed, needs_venv=False).version == "3.19.5"


def test_this_python_says_what_it_is() -> None:
    """A Python in an environment names the interpreter that the environment was made from."""
    interpreter = interpreters.probe(Path(sys.executable))
    assert interpreter
    assert interpreter.version.startswith(f"{MINOR}.")
    assert interpreter.path.is_file()
    assert Path(sys.prefix) not in interpreter.path.parents


@pytest.mark.parametrize(
    ("specifier", "first", "last"),
    [
        (">=3.11", "3.20", "3.11"),
        (">=3.11,<3.13", "3.12", "3.11"),
        ("==3.12.*", "3.12", "3.12"),
        (">3.12.2,<3.14", "3.13", "3.12"),
        ("~=3.12.4", "3.12", "3.12"),
        ("nonsense", "3.20", "3.8"),
    ],
)
def test_minors_of_a_specifier(specifier: str, first: str, last: str) -> None:
    """The minor versions that a specifier allows are listed newest first."""
    minors = RequiredPython("", specifier, "").minors
    assert (minors[0], minors[-1]) == (first, last)
