"""The Pythons of this machine: found where pyenv, uv and the system keep them, and tried before they are used."""

import sys
from pathlib import Path

import pytest

from new_ops_project.base.errors import ToolError
from new_ops_project.clones import environment, interpreters
from new_ops_project.clones.interpreters import Interpreter
from new_ops_project.clones.needs import Needs

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def put(path: Path, text: str = "exit 1") -> Path:
    """A program that does this."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python: what a test puts into this folder is all there is."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setattr(interpreters, "_UNIX", (str(tmp_path / "usr" / "bin"),))
    return tmp_path


def said(version: str, *, makes: str = "venv", kind: str = "cpython") -> str:
    """A program that answers as a Python of this version would."""
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
def test_every_place_is_looked_at(bare: Path, place: str) -> None:
    """PATH, pyenv's versions, uv's, and the system's folders."""
    path = put(bare / place, said("3.19.2"))
    assert interpreters.find_working("3.19") == Interpreter(path, "3.19.2", makes_environments=True)


def test_one_that_does_not_run_is_passed_over(bare: Path) -> None:
    """A broken build, an empty file and a Python that is none are no reason to stop looking."""
    put(bare / "bin" / "python3.19")
    put(bare / "pyenv" / "versions" / "3.19.9" / "bin" / "python3.19", "echo hello")
    put(bare / "pyenv" / "versions" / "3.19.8" / "bin" / "python3.19", said("3.19.8", kind="pypy"))
    put(bare / "pyenv" / "versions" / "3.19.7" / "bin" / "python3.19", said("3.18.7"))
    good = put(bare / "uv" / "cpython-3.19.1-linux" / "bin" / "python3.19", said("3.19.1"))
    found = interpreters.find_working("3.19")
    assert found
    assert found.path == good


def test_the_newest_release_comes_first(bare: Path) -> None:
    """3.19.10 before 3.19.9, a release before a release candidate; a build without the lock never."""
    for version in ("3.19.9", "3.19.10", "3.19.11rc1", "3.19.12t"):
        put(bare / "pyenv" / "versions" / version / "bin" / "python3.19")
    put(bare / "uv" / "cpython-3.19.13+freethreaded-linux" / "bin" / "python3.19")
    found = [path.parent.parent.name for path in interpreters._places("3.19")]  # noqa: SLF001
    assert found == ["3.19.10", "3.19.9", "3.19.11rc1"]


def test_one_that_makes_environments_comes_first(bare: Path) -> None:
    """Debian's Python without python3-venv is taken last."""
    put(bare / "bin" / "python3.19", said("3.19.5", makes=""))
    put(bare / "usr" / "bin" / "python3.19", said("3.19.1"))
    found = interpreters.find_working("3.19")
    assert found
    assert found.version == "3.19.1"


def test_debian_without_venv(tmp_path: Path) -> None:
    """The package that is missing is named."""
    base = Interpreter(Path("/usr/bin/python3.19"), "3.19.5", makes_environments=False)
    filling = environment.EnvironmentBuilder(Needs(tmp_path), environment.Installer(), environment.Steps(lambda *_: None, 9))
    with pytest.raises(ToolError) as error:
        filling.make(base)
    assert "apt install python3.19-venv" in error.value.hint


def test_this_python_says_what_it_is() -> None:
    """A real one, asked through its environment, names what the environment was made from."""
    found = interpreters.probe(Path(sys.executable))
    assert found
    assert found.minor == MINOR
    assert found.path.is_file()
    assert Path(sys.prefix) not in found.path.parents


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
    """The minors that it lets in, newest first."""
    found = interpreters.minors_within(specifier)
    assert (found[0], found[-1]) == (first, last)


def test_what_is_on_the_machine_is_advised_first(bare: Path) -> None:
    """Who has pyenv is told of pyenv first."""
    put(bare / "bin" / "pyenv")
    assert interpreters.install_hint("3.19").startswith("Install it with `pyenv install 3.19`, `uv python install 3.19`")
