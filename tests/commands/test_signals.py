"""SIGTERM and SIGHUP end a run as Ctrl-C does; a run that was killed is cleaned up by the next one."""

import random
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM, Signals

import pytest
from support import fleets
from support.command import git, tree
from support.servers import silent
from support.terminal import Terminal
from support.watched_runs import World

SLEEP = 'sleep 300 & touch "$BEGAN"; sleep 300'
SLOW = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"


@pytest.fixture
def world(work: Path, tmp_path: Path) -> World:
    """A world without projects."""
    return World(work, tmp_path)


def ended(world: World, child: subprocess.Popen[str], number: Signals) -> str:
    """Send the signal, require that all has ended and that nothing is left, and return what the run said."""
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    world.wait(lambda: not world.running())
    assert world.left() == []
    return err


@pytest.mark.parametrize(
    ("verb", "number"), [("update", SIGINT), ("update", SIGTERM), ("fleet", SIGINT), ("fleet", SIGHUP)]
)
def test_tasks_end(world: World, verb: str, number: Signals) -> None:
    """The commands of a template end with the run, also those in the background; the project is as it was."""
    template = fleets.template(world.work.parent / "template", new={"copier.yml": f"_tasks: ['{SLEEP}']\n"})
    project = fleets.clone(world.work / "clones" / "a", template)
    before = tree(project)
    lines = {
        "update": ("update", "clones/a", "--trust"),
        "fleet": ("fleet", "update", "clones", "--trust", "--out", "out"),
    }
    child = world.start(*lines[verb])
    world.wait(world.began.exists)
    assert "Interrupted" in ended(world, child, number)
    assert tree(project) == before
    assert git("status", "--porcelain", at=project) == ""


def test_workers_end_with_a_killed_run(world: World) -> None:
    """A worker of a fleet ends when its run is killed, with what it has started, in the middle of a task."""
    template = fleets.template(world.work.parent / "template", new={"copier.yml": f"_tasks: ['{SLEEP}']\n"})
    fleets.clone(world.work / "clones" / "a", template)
    child = world.start("fleet", "update", "clones", "--trust", "--out", "out")
    world.wait(world.began.exists)
    child.kill()
    child.communicate(timeout=30)
    world.wait(lambda: not world.running())


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
def test_a_fetch_ends(world: World, number: Signals) -> None:
    """So does git, which waits for a server that says nothing."""
    with silent("git") as url:
        fleets.clone(world.work / "project", f"{url}/template.git")
        child = world.start("update", "project")
        world.wait(
            lambda: any(b"git-remote" in line or b"fetch" in line or b"clone" in line for line in world.running())
        )
        ended(world, child, number)


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
def test_copier_ends(world: World, number: Signals) -> None:
    """So does copier, in the middle of a render; what it has made for itself is removed too."""
    template = fleets.template(world.work.parent / "template", new={"_tasks.py.jinja": SLOW})
    fleets.clone(world.work / "project", template)
    child = world.start("update", "project", NEW_OPS_PROJECT_RENDERER="copier")
    world.wait(lambda: any(world.temporary.glob("*/*/*")))
    time.sleep(1)
    ended(world, child, number)


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP])
def test_at_a_question(terminal: Terminal, number: Signals) -> None:
    """A run that waits for an answer ends too, without a word about asyncio."""
    child = terminal()
    child.expect("name")
    child.kill(number)
    child.expect("Interrupted; nothing was left behind.")
    child.wait()
    assert child.exitstatus == 128 + number
    assert "Traceback" not in (child.before or "")


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_during_the_imports(world: World, number: Signals) -> None:
    """A signal during the imports of start-up ends the run without a word."""
    program = (
        "import os, sys\nfrom new_ops_project.__main__ import main\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == 'click': os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv[1:] = ['update']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_in_code_that_is_made_of_text(work: Path) -> None:
    """As dataclasses make it: `python -m` would end by SIGINT later, though the interruption was handled."""
    program = (
        "import os, sys\nfrom new_ops_project.__main__ import main\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.endswith('commands.update'): exec('os.kill(os.getpid(), {int(SIGTERM)})')\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv[1:] = ['update']\nmain()"
    )
    (work / "start.py").write_text(program)
    done = subprocess.run([sys.executable, "-m", "start"], cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 128 + SIGTERM
    assert "Interrupted" in done.stderr


RUNS = {
    "new": ("new", "audit", "--defaults"),
    "update": ("update", "clones/a"),
    "update through copier": ("update", "clones/a"),
    "fleet": ("fleet", "update", "clones", "--out", "out", "--jobs", "2"),
}


@pytest.mark.slow
@pytest.mark.parametrize("number", [SIGKILL, SIGTERM])
@pytest.mark.parametrize("kind", RUNS)
def test_at_any_moment(world: World, kind: str, number: Signals) -> None:
    """Killed or asked to end at any moment: nothing is left, at the latest after the next run, of another verb."""
    template = fleets.template(world.work.parent / "template")
    for name in ("a", "b"):
        fleets.clone(world.work / "clones" / name, template)
    env = {"NEW_OPS_PROJECT_RENDERER": "copier"} if "copier" in kind else {}
    child = world.start(*RUNS[kind], **env)
    time.sleep(2 * random.random())  # noqa: S311 - a moment, no secret
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode in {0, -number, 128 + number}, err
    world.wait(lambda: not world.running())
    if number == SIGKILL:
        following = world.start("config", "show")
        assert following.communicate(timeout=30)[1] == ""
    assert world.left() == []
    assert "Traceback" not in err
