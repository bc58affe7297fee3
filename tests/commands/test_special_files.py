"""Named pipes, devices and huge files in the place of files that a verb reads, or a program that it runs.

Each run ends, with a sentence that names the file.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import fleets
from support.command import Ran, git
from support.small import lay, make_template
from support.small_clones import PYPROJECT, fake_venv
from support.trees import multiply

PATIENCE = 60  # seconds, many times what a run takes

PROJECT = {
    "mine.py": "import os\n",
    "lib/mine.py": "import os\n",
    "pyproject.toml": PYPROJECT,
    "requirements.txt": "alpha==1.0\n",
    ".env.example": "TOKEN=\n",
}


@pytest.fixture
def project(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project behind its template, with an environment, which is the current folder."""
    folder = fleets.clone(work / "audit", fleets.template(tmp_path / "template"), PROJECT)
    fake_venv(folder, "3.12.1")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "exclude").write_text(".venv/\n")
    monkeypatch.chdir(folder)
    return folder


def ends(line: str) -> Ran:
    """The run of a command line, which has nobody to ask; one that hangs is killed, and the test fails."""
    command = [sys.executable, "-m", "new_ops_project", *line.split()]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen(command, text=True, start_new_session=True, **pipes)  # type: ignore[call-overload]
    try:
        out, err = child.communicate(timeout=PATIENCE)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return Ran(child.returncode, out, err)


def put(path: Path, make: Callable[[Path], object] = os.mkfifo) -> None:
    """Put something special in the place of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)


def bind(path: Path) -> None:
    """Make a socket, whose path must be short."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


def fill(path: Path) -> None:
    """Make a file of 51 MB that takes no place."""
    with path.open("wb") as file:
        file.truncate(51_000_000)


def linked(target: str) -> Callable[[Path], object]:
    """What makes a link to this."""
    return lambda path: path.symlink_to(target)


@pytest.fixture(autouse=True)
def _no_orphans() -> Iterator[None]:
    """Nothing that a run has started outlives it: a child that waits for a pipe would."""
    yield
    listed = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in listed.splitlines() if "test_special_files" in line and " git" in line] == []


LISTING = ("check --offline", "check --offline mine.py")
COMPARING = (
    *("check --offline --fix", "adopt --preview --yes", "update", "update --check", "update --preview"),
    *("update --branch", "fleet status .", "fleet update . --out out"),
)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *((".gitignore", line) for line in (*LISTING, *COMPARING)),
        *(("lib/.gitattributes", line) for line in COMPARING),
    ],
)
def test_git_waits(project: Path, name: str, line: str) -> None:
    """Where git waits for a named pipe, it is ended, the pipe is named, and the work tree is as it was."""
    put(project / name)
    ran = ends(line)
    assert ran.code == 2, ran
    text = ran.out + ran.err
    assert f"{name} is a named pipe, not a regular file" in " ".join(text.split()), ran
    (project / name).unlink()
    if name == ".gitignore":
        git("checkout", name, at=project)
    assert set(git("status", "--porcelain", at=project).splitlines()) <= {"?? out/"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        *(("check --offline", name) for name in ("HEAD", "config", "index", "info/exclude")),
        *(
            (line, name)
            for line in ("update", "fleet status .")
            for name in ("HEAD", "index", "packed-refs", "shallow")
        ),
    ],
)
def test_a_pipe_in_the_repository(project: Path, name: str, line: str) -> None:
    """It is named, whatever git reads from it."""
    put(project / ".git" / name)
    ran = ends(line)
    assert ran.code == 2, ran
    assert f".git/{name} is a named pipe" in " ".join((ran.out + ran.err).split()), ran


@pytest.mark.parametrize("line", ["update", "update --check", "update --preview", "fleet status .", "promote library"])
def test_a_tree_without_end(project: Path, line: str) -> None:
    """A few objects that stand for 10 billion files keep nobody waiting."""
    multiply(project)
    ran = ends(line)
    assert ran.code == 2, ran
    assert "has more than 1,000,000 files and folders" in " ".join((ran.out + ran.err).split()), ran


def test_a_template_without_end(project: Path, tmp_path: Path) -> None:
    """Neither does a template whose files are that many."""
    template = fleets.template(tmp_path / "other")
    multiply(template)
    ran = ends(f"new fresh --defaults --path {tmp_path / 'fresh'} --template {template}")
    assert (ran.code, [*tmp_path.glob("fresh*")]) == (2, []), ran
    assert "has more than 1,000,000 files and folders" in ran.err
    assert project.exists()


@pytest.mark.parametrize("name", ["HEAD", "config"])
@pytest.mark.parametrize("line", ["doctor", "onboard . --no-check", "promote library"])
def test_other_verbs_and_a_pipe_in_the_repository(project: Path, name: str, line: str) -> None:
    """They ask git too."""
    put(project / ".git" / name)
    ran = ends(line)
    assert ran.code == 2, ran
    assert f".git/{name} is a named pipe" in ran.err


def test_a_pipe_in_the_home(project: Path, home: Path) -> None:
    """The user's own settings of git count."""
    put(home / ".gitconfig")
    ran = ends("update --check")
    assert (ran.code, f"{home / '.gitconfig'} is a named pipe" in ran.err) == (2, True), ran
    assert project.exists()


READ = {
    "check --offline": (
        *("pyproject.toml", "requirements.txt", "setup.cfg", "setup.py", ".python-version", ".pre-commit-config.yaml"),
        *(".github/workflows/ci.yml", "Dockerfile", ".copier-answers.yml", "mine.py", "lib/mine.py", "uv.lock"),
        *("lib/pyproject.toml", "lib/ruff.toml", "lib/.ignore", ".ruff.toml"),
    ),
    "doctor": (
        *("pyproject.toml", "requirements.txt", "setup.cfg", "setup.py", ".python-version", ".tool-versions"),
        "requirements-dev.txt",
    ),
    "onboard . --no-check": ("pyproject.toml", "requirements.txt", ".python-version"),
}


@pytest.mark.parametrize(("line", "name"), [(line, name) for line, names in READ.items() for name in names])
def test_a_pipe_that_is_read(project: Path, line: str, name: str) -> None:
    """Neither the verb nor a linter waits for it."""
    put(project / name)
    ran = ends(line)
    assert ran.code == 2, ran
    assert f"{name} is a named pipe, not a regular file.\nReplace it" in ran.err


@pytest.mark.parametrize(
    "line", ["check --offline --fix", "update", "update --check", "adopt --preview --yes --python 3.12"]
)
@pytest.mark.parametrize("name", ["pyproject.toml", ".copier-answers.yml", "task.py", "mine.py"])
def test_a_pipe_beside(project: Path, line: str, name: str) -> None:
    """A verb that reads the commit instead works, or says that something uncommitted is there."""
    put(project / name)
    ran = ends(line)
    assert ran.code in {0, 1} or name in ran.err, ran


@pytest.mark.parametrize("name", [".env", ".venv/pyvenv.cfg"])
def test_doctor_has_a_row(project: Path, name: str) -> None:
    """A secrets manager may put a pipe there, and a new environment replaces the other: neither ends the diagnosis."""
    put(project / name)
    ran = ends("doctor")
    assert ran.code == 1, ran
    assert name.rpartition("/")[2] in ran.out
    assert "disk" in ran.out


KINDS = {
    "a socket": (bind, "is a socket, not a regular file."),
    "zeros": (linked("/dev/zero"), "is a device, not a regular file."),
    "the terminal": (linked("/dev/tty"), "is a device, not a regular file."),
    "the kernel's log": (linked("/proc/kmsg"), "is a file of /proc, not a regular file."),
    "51 MB": (fill, "has 51.0 MB; files are read up to 50 MB."),
}


@pytest.mark.parametrize(("line", "name"), [("check --offline", "pyproject.toml"), ("doctor", "requirements.txt")])
@pytest.mark.parametrize("kind", KINDS)
def test_other_special_files(project: Path, kind: str, line: str, name: str) -> None:
    """Each is named, with what is wrong with it."""
    make, words = KINDS[kind]
    put(project / name, make)
    ran = ends(line)
    assert ran.code == 2, ran
    assert f"{name} {words}\nReplace it" in ran.err


@pytest.mark.parametrize("kind", ["zeros", "the terminal", "the kernel's log"])
@pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude", "lib/.ignore", "lib/new.py"])
def test_linters_read_no_device(project: Path, kind: str, name: str) -> None:
    """Git does not follow such a link, or reads nothing from it; ruff would fill the memory."""
    make, words = KINDS[kind]
    put(project / name, make)
    ran = ends("check --offline")
    assert (ran.code, f"{name} {words}" in ran.err) == (2, True), ran


@pytest.mark.parametrize("line", ["check --offline", "doctor", "update --check"])
def test_what_is_no_obstacle(project: Path, line: str) -> None:
    """The null device is an empty file, a link in a circle none, and a pipe of another name is nobody's business."""
    (project / ".gitattributes").symlink_to(os.devnull)
    (project / "setup.cfg").symlink_to(os.devnull)
    (project / "circle").symlink_to("circle")
    put(project / "run.pipe")
    put(project / "run.socket", bind)
    ran = ends(line)
    assert ran.code in {0, 1}, ran


TEMPLATE = {"copier.yml": "colour:\n  type: str\n  default: blue\n", "task.py": "pass\n"}


@pytest.mark.parametrize("name", ["copier.yml", "data.txt", "data.txt.jinja", "CHANGELOG.md", "lib/data.txt"])
def test_a_template_in_a_folder(work: Path, name: str) -> None:
    """A named pipe in it is named, and nothing is left behind."""
    lay(work / "template", TEMPLATE)
    put(work / "template" / name)
    ran = ends("new audit --template template --defaults")
    assert ran.code == 2, ran
    assert f"The template's file {name} is a named pipe, not a regular file.\nFix it there." in ran.err
    assert not (work / "audit").exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a socket"])
@pytest.mark.parametrize("trust", ["", "--trust"])
def test_a_template_in_git(work: Path, kind: str, trust: str) -> None:
    """Git keeps links and long files: both are refused before anything is rendered."""
    make, words = KINDS[kind]
    make_template(work / "template", {"v1.0.0": TEMPLATE})
    put(work / "template" / "data.txt", make)
    git("add", "--all", at=work / "template")
    git("commit", "--quiet", "--message=x", at=work / "template")
    git("tag", "v1.1.0", at=work / "template")
    ran = ends(f"new audit --template template --defaults {trust}")
    assert ran.code == 2, ran
    assert f"The template's file data.txt {words}" in ran.err
    assert not (work / "audit").exists()


def test_an_update_to_such_a_template(project: Path, tmp_path: Path) -> None:
    """The project stays as it is."""
    (tmp_path / "template" / "data.txt").symlink_to("/dev/zero")
    git("add", "--all", at=tmp_path / "template")
    git("commit", "--quiet", "--message=x", at=tmp_path / "template")
    git("tag", "v2.0.0", at=tmp_path / "template")
    ran = ends("update")
    assert (ran.code, "data.txt is a device" in ran.err) == (2, True), ran
    assert git("status", "--porcelain", at=project) == ""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("config.toml", "config show"),
        ("config.toml", "new x --defaults"),
        ("list", "fleet status list"),
        ("fleet.toml", "fleet status"),
        ("plan.json", "fleet update --plan plan.json --out out"),
        ("out/plan.json", "fleet report out"),
    ],
)
def test_other_files(work: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str) -> None:
    """The lists, plans and settings of a person are read in the same way."""
    monkeypatch.setenv("NEW_OPS_PROJECT_CONFIG", str(work / "config.toml"))
    put(work / name)
    ran = ends(line)
    assert (ran.code, name in ran.err) == (2, True), ran


def test_one_repository_does_not_stop_a_fleet(work: Path, tmp_path: Path) -> None:
    """Its row says what is in the way; the others are updated."""
    clones = fleets.clones(work, fleets.template(tmp_path / "template"), {"one": {}, "two": {}})
    put(clones["one"] / ".git" / "packed-refs")
    ran = ends("fleet update one two --out out")
    assert ran.code == 2, ran
    states = {name: (row["state"], row.get("reason")) for name, row in fleets.results(work / "out").items()}
    assert states["two"][0] == "updated", ran
    assert "packed-refs is a named pipe" in ran.out + ran.err + str(states.get("one")), ran
