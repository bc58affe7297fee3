"""Isolation for every test: a home, git configuration and caches of its own; and the command as a function."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from plumbum import local

from new_ops_project import cli
from new_ops_project.template import releases

if TYPE_CHECKING:
    from foreign_templates import Foreign, Start
    from small import Small

ROOT = Path(__file__).parents[1]
# A shell's background job ignores Ctrl-C and hands that on to what it starts: tests that press it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
GITCONFIG = "[user]\n\tname = Ada Ops\n\temail = ada@example.org\n[init]\n\tdefaultBranch = trunk\n"


@dataclass(frozen=True)
class Ran:
    """What one command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs one command line in this process."""

    def __call__(self, *args: str, code: int = 0) -> Ran:
        """Run it and expect the exit code."""


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the template's repository and checkouts, for all tests of a worker."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "git" / "hooks").mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of this test's own, with a git identity; the real one is out of reach."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".gitconfig").write_text(GITCONFIG)
    for name in [name for name in os.environ if name.startswith(("GIT_", "NEW_OPS_", "COPIER_", "XDG_", "CI"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(shared / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(shared / "git"))  # without sample hooks, which copier reads each time
    monkeypatch.setenv("NEW_OPS_PROJECT_TEMPLATE", "embedded")
    releases.forget()
    with local.env(**os.environ):  # plumbum, copier's shell, keeps the environment that it found first
        yield folder
    releases.forget()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(work: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, in the folder `work`, without a terminal."""

    def call(*args: str, code: int = 0) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        got = cli.run(list(args))
        out, err = capfd.readouterr()
        assert got == code, f"exit code {got}, not {code}\n{out}\n{err}"
        return Ran(got, out, err)

    return call


@pytest.fixture
def plain(tmp_path: Path) -> "Small":
    """The template changes a file that the user edited elsewhere, and adds one."""
    from small import MINE, usual

    return usual(tmp_path, MINE)


@pytest.fixture
def clash(tmp_path: Path) -> "Small":
    """The same, but the user changed the very line that the template changes."""
    from small import CLASH, usual

    return usual(tmp_path, CLASH)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny wheels, made once per worker."""
    from small_clones import fill

    folder = tmp_path_factory.mktemp("wheels")
    fill(folder)
    return folder


@pytest.fixture
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """These wheels are all that pip and uv can install."""
    from small_clones import variables

    for name, value in variables(wheels).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return wheels


@pytest.fixture
def templates(shared: Path) -> Path:
    """The folder of the foreign templates' repositories, made once per worker."""
    from foreign_templates import ALL, repository

    folder = shared / "foreign"
    for one in ALL.values():
        repository(one.name, folder)
    return folder


@pytest.fixture
def start(templates: Path, work: Path) -> "Start":
    """See Start."""
    from foreign_templates import committed, plain

    def call(one: "Foreign", tag: str = "", **answers: Any) -> Path:
        source = str(templates / one.name)
        return committed(plain(source, work / "project", {**one.answers, **answers}, tag or one.tags[0]))

    return call


def git(*args: str, at: Path, env: dict[str, str] | None = None) -> str:
    """Run git and return what it printed."""
    command = ["git", *args]
    done = subprocess.run(
        command, cwd=at, check=True, capture_output=True, text=True, env={**os.environ, **(env or {})}
    )
    return done.stdout.strip()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` but git's own, by its path with `/`."""
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> dict[str, tuple[bytes | None, bytes | None]]:
    """The files that are not the same in both, with what they are."""
    return {
        path: (one.get(path), other.get(path)) for path in one.keys() | other.keys() if one.get(path) != other.get(path)
    }
