"""Isolation for every test: a home, git configuration and caches of its own; and the command as a function."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plumbum import local
from support.command import Ran, Run

from new_ops_project import cli
from new_ops_project.template import releases

if TYPE_CHECKING:
    from support.foreign_templates import Foreign, Start
    from support.small import Small
    from support.terminal import Terminal

# A shell's background job ignores Ctrl-C and hands that on to what it starts: tests that press it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
GITCONFIG = "[user]\n\tname = Ada Ops\n\temail = ada@example.org\n[init]\n\tdefaultBranch = trunk\n"


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
    from support.small import MINE, usual

    return usual(tmp_path, MINE)


@pytest.fixture
def clash(tmp_path: Path) -> "Small":
    """The same, but the user changed the very line that the template changes."""
    from support.small import CLASH, usual

    return usual(tmp_path, CLASH)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny wheels, made once per worker."""
    from support.small_clones import fill

    folder = tmp_path_factory.mktemp("wheels")
    fill(folder)
    return folder


@pytest.fixture
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """These wheels are all that pip and uv can install."""
    from support.small_clones import variables

    for name, value in variables(wheels).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return wheels


@pytest.fixture
def templates(shared: Path) -> Path:
    """The folder of the foreign templates' repositories, made once per worker."""
    from support.foreign_templates import ALL, repository

    folder = shared / "foreign"
    for one in ALL.values():
        repository(one.name, folder)
    return folder


@pytest.fixture
def start(templates: Path, work: Path) -> "Start":
    """See Start."""
    from support.foreign_templates import committed, plain

    def call(one: "Foreign", tag: str = "", **answers: Any) -> Path:
        source = str(templates / one.name)
        return committed(plain(source, work / "project", {**one.answers, **answers}, tag or one.tags[0]))

    return call


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A served repository with two releases of the template."""
    from support import two_releases

    return two_releases.published(tmp_path)


@pytest.fixture
def terminal(work: Path) -> "Iterator[Terminal]":  # the current folder is that of the command
    """The command on a terminal of its own, in the folder `work`."""
    from support.terminal import terminal

    with terminal() as start:
        yield start
