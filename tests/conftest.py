"""The fixtures of all tests: an isolated home, the command as a function, templates to start from."""

import io
import os
import signal
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from plumbum import local
from support import foreign_templates, small, small_clones, two_releases
from support import terminal as terminals
from support.command import Ran, Run
from support.foreign_templates import Foreign, Start
from support.shapes import ASKED, SHAPES
from support.small import Small
from support.terminal import Terminal

from new_ops_project import cli
from new_ops_project.template import releases

# A background job of a shell ignores Ctrl-C, and so do its children: tests that press it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("any speed", deadline=None)
hypothesis.settings.load_profile("any speed")
GITCONFIG = "[user]\n\tname = Ada Ops\n\temail = ada@example.org\n[init]\n\tdefaultBranch = trunk\n"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the template's repository and checkouts, shared by all tests of a worker."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "git" / "hooks").mkdir(parents=True)
    return folder


# Modules whose tests run once more, each in the shape of repository that its name decides.
IN_SHAPES = frozenset(
    f"{folder}/test_{name}.py"
    for folder, names in {
        "update": ("pending", "branch", "guards", "collisions", "files", "update", "preview", "edits"),
        "promotion": ("promote", "files", "edits"),
        "project": ("neighbours", "recovery"),
    }.items()
    for name in names
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """See IN_SHAPES. With --shape, every test runs once, in that shape."""
    module = Path(metafunc.module.__file__ or "")
    if f"{module.parent.name}/{module.name}" in IN_SHAPES and not metafunc.config.getoption("--shape"):
        shape = SHAPES[zlib.crc32(metafunc.function.__name__.encode()) % len(SHAPES)]
        metafunc.parametrize("shape", [None, shape], indirect=True, ids=["plain", shape])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer --shape."""
    parser.addoption("--shape", choices=SHAPES, help="Make every project in a repository of this shape.")


@pytest.fixture(autouse=True)
def shape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have projects made in the shape that is asked for, by the test or by --shape; see support/shapes.py."""
    if asked := getattr(request, "param", request.config.getoption("--shape")):
        monkeypatch.setenv(ASKED, asked)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, of this test alone, and empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home for this test alone, with a git identity; the real one is out of reach."""
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
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(shared / "git"))  # without sample hooks, which copier would read
    monkeypatch.setenv("NEW_OPS_PROJECT_TEMPLATE", "embedded")
    releases.clear_caches()
    with local.env(**os.environ):  # plumbum, which copier runs git with, keeps the environment of its import
        yield folder
    releases.clear_caches()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(work: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs the command in this process, in the folder `work`, without a terminal."""

    def call(*args: str, code: int = 0) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        exit_code = cli.run(list(args))
        out, err = capfd.readouterr()
        assert exit_code == code, f"exit code {exit_code}, not {code}\n{out}\n{err}"
        return Ran(exit_code, out, err)

    return call


@pytest.fixture
def plain(tmp_path: Path) -> Small:
    """An update in which the template adds a file, and changes one that the user edited elsewhere."""
    return small.usual(tmp_path, small.MINE)


@pytest.fixture
def clash(tmp_path: Path) -> Small:
    """An update in which the user and the template changed the same line."""
    return small.usual(tmp_path, small.CLASH)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny wheels, built once per worker."""
    folder = tmp_path_factory.mktemp("wheels")
    small_clones.fill(folder)
    return folder


@pytest.fixture
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Limit pip and uv to these wheels."""
    for name, value in small_clones.variables(wheels).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return wheels


@pytest.fixture
def templates(shared: Path) -> Path:
    """The folder with the repositories of foreign templates, made once per worker."""
    folder = shared / "foreign"
    for foreign in foreign_templates.ALL.values():
        foreign_templates.repository(foreign.name, folder)
    return folder


@pytest.fixture
def start(templates: Path, work: Path) -> Start:
    """A function that starts a project from a foreign template; see Start."""

    def call(foreign: Foreign, tag: str = "", **answers: Any) -> Path:
        source, tag = str(templates / foreign.name), tag or foreign.tags[0]
        project = foreign_templates.plain(source, work / "project", {**foreign.answers, **answers}, tag)
        return foreign_templates.committed(project)

    return call


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A bare repository with two releases of the template."""
    return two_releases.published(tmp_path)


@pytest.fixture
def terminal(work: Path) -> Iterator[Terminal]:  # `work` sets the current folder
    """A function that starts the command on a terminal of its own, in the folder `work`."""
    with terminals.terminal() as start:
        yield start
