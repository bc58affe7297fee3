"""Faults during a run: killed workers, killed runs, full disks, remotes that stall."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import fleets
from support.command import Run, git
from support.fleets import clones, results
from support.servers import git_http, silent
from support.small import MINE, everything

from new_ops_project.fleet.inventory import mirrors
from new_ops_project.fleet.store import Store

NAMES = ("one", "two", "three", "four", "five", "six")
UPDATE = (sys.executable, "-m", "new_ops_project", "fleet", "update")
# Stands before the real git: where the arguments hold `what`, once, it does `deed` first.
SHIM = """#!/bin/sh
case "$*" in
*{what}*) if mkdir '{done}' 2>/dev/null; then {deed}; fi ;;
esac
exec '{git}' "$@"
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with two versions."""
    return fleets.template(tmp_path / "template")


@pytest.fixture
def six(template: Path, work: Path) -> dict[str, Path]:
    """Six clones that merge."""
    return clones(work / "clones", template, {name: {"task.py": MINE, "mine.txt": name} for name in NAMES})


@pytest.fixture
def meddle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Let git do something else first, once, when its arguments hold a text."""

    def call(what: str, deed: str) -> None:
        real = shutil.which("git")
        folder = tmp_path / "shim"
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(SHIM.format(what=what, deed=deed, done=tmp_path / "meddled", git=real))
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return call


def states(out: Path) -> dict[str, str]:
    """The state of each repository that has a line."""
    return {name: result["state"] for name, result in results(out).items()}


def assert_whole(out: Path, clones: Mapping[str, Path], into: Path) -> None:
    """Every repository is updated, once, and its bundle gives its commit."""
    lines = results(out)
    assert states(out) == dict.fromkeys(clones, "updated")
    for name, folder in clones.items():
        here = fleets.unbundled(out, lines[name], folder, into / name)
        assert git("rev-parse", "template", at=here) == lines[name]["commit"]
    assert not [path.name for path in (out / "bundles").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("what", "deed", "options", "reason"),
    [
        ("merge-tree", "kill -9 $PPID", ("--jobs", "1"), r"The worker was killed \(SIGKILL\)\."),
        ("merge-tree", "sleep 60", ("--timeout", "1", "--jobs", "2"), r"It took longer than 1 seconds\."),
        (
            "bundle",
            "echo 'fatal: write error: No space left on device' >&2; exit 128",
            (),
            "(?s).*No space left on device.*",
        ),
    ],
    ids=["killed", "slow", "disk-full"],
)
def test_trouble_in_one_repository(
    run: Run,
    six: dict[str, Path],
    work: Path,
    meddle: Callable[[str, str], None],
    *,
    what: str,
    deed: str,
    options: tuple[str, ...],
    reason: str,
) -> None:
    """It has a row that says so, the others are done, no partial file is left, and a second run does it."""
    meddle(what, deed)
    start = time.monotonic()
    ran = run("fleet", "update", "clones", "--out", "out", *options, code=2)
    assert time.monotonic() - start < 50
    (failed,) = (result for result in results(work / "out").values() if result["state"] == "failed")
    assert re.fullmatch(reason, failed["reason"])
    assert sorted(states(work / "out").values()) == ["failed", *["updated"] * 5]
    assert failed["name"] in ran.out
    run("fleet", "update", "clones", "--out", "out")
    assert_whole(work / "out", six, work / "copies")


def test_a_line_that_was_cut_off(run: Run, six: dict[str, Path], work: Path) -> None:
    """Half a line at the end, left by a full disk or a kill, is removed, and that repository is done again."""
    run("fleet", "update", "clones", "--out", "out")
    file = work / "out" / "results-1-of-1.jsonl"
    file.write_bytes(file.read_bytes()[:-100])
    run("fleet", "update", "clones", "--out", "out")
    assert all(json.loads(line) for line in file.read_text().splitlines())
    assert_whole(work / "out", six, work / "copies")


@pytest.mark.parametrize("size", [1500, 5000])
def test_a_limit_on_the_size_of_files(six: dict[str, Path], work: Path, size: int) -> None:
    """A real limit of the system (RLIMIT_FSIZE) under bundles and logs, or results, ends with 2 and a sentence."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [*UPDATE, "clones", "--out", "out"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, preexec_fn=limited, check=False)
    assert done.returncode == 2
    assert "File too large" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(command, cwd=work, capture_output=True, check=True)
    assert_whole(work / "out", six, work / "copies")


def test_a_limit_on_open_files(template: Path, work: Path) -> None:
    """With room for some of the workers only (RLIMIT_NOFILE), what the others should have done is failed rows."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

    clones(work / "clones", template, {f"repo-{at}": {"task.py": MINE} for at in range(40)})
    command = [*UPDATE, "clones", "--out", "out", "--jobs", "40", "--force"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, preexec_fn=limited, check=False)
    assert done.returncode == 2, done.stderr
    # Which of them comes first depends on how fast the workers are.
    assert re.search(r"(No worker can start|git cannot read it): .*Too many open files", done.stdout)
    assert set(states(work / "out").values()) == {"updated", "failed"}
    subprocess.run([*command[:-3], "--jobs", "2"], cwd=work, capture_output=True, check=True)
    assert set(states(work / "out").values()) == {"updated"}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["fast-import", "merge-tree", "bundle", "rev-parse"])
def test_the_run_is_killed(
    moment: str, six: dict[str, Path], work: Path, meddle: Callable[[str, str], None], tmp_path: Path
) -> None:
    """SIGKILL of the run in the middle of a repository loses no known result, and nothing is done twice."""
    before = {name: everything(folder) for name, folder in six.items()}
    (tmp_path / "pid").write_text("")
    meddle(moment, f"kill -9 $(cat {tmp_path / 'pid'})")
    child = subprocess.Popen(
        [*UPDATE, "clones", "--out", "out", "--jobs", "2"],
        cwd=work,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    (tmp_path / "pid").write_text(str(child.pid))
    assert child.wait(60) == -signal.SIGKILL
    known = results(work / "out")
    assert (
        subprocess.run([*UPDATE, "clones", "--out", "out"], cwd=work, capture_output=True, check=False).returncode == 0
    )
    after = results(work / "out")
    assert all(after[name] == result for name, result in known.items())
    assert_whole(work / "out", six, work / "copies")
    assert {name: everything(folder) for name, folder in six.items()} == before


@pytest.mark.slow
def test_killed_again_and_again(six: dict[str, Path], work: Path) -> None:
    """A run that is killed again and again still ends, with the same commits as an undisturbed run."""
    command = [*UPDATE, "clones", "--jobs", "2", "--out"]
    subprocess.run([*command, "whole"], cwd=work, capture_output=True, check=True)
    for after in (0.7, 1.1, 1.3, 1.5, 1.7, 2.0):
        child = subprocess.Popen([*command, "out"], cwd=work, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(after)
        child.kill()
        child.wait()
    subprocess.run([*command, "out"], cwd=work, capture_output=True, check=True)
    assert_whole(work / "out", six, work / "copies")
    trees = [{name: result["tree"] for name, result in results(work / out).items()} for out in ("whole", "out")]
    assert trees[0] == trees[1]


def test_interrupted(six: dict[str, Path], work: Path, meddle: Callable[[str, str], None], tmp_path: Path) -> None:
    """Ctrl-C ends the run and its workers with 130; known results are kept."""
    meddle("bundle", f"kill -INT $(cat {tmp_path / 'pid'}); sleep 60")
    child = subprocess.Popen(
        [*UPDATE, "clones", "--out", "out", "--jobs", "1"],
        cwd=work,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    (tmp_path / "pid").write_text(str(child.pid))
    errors = child.communicate(timeout=60)[1]
    assert child.returncode == 130, errors
    assert "Interrupted; what is done is in out." in errors
    assert "Traceback" not in errors
    assert subprocess.run(["pgrep", "-f", f"{work}/out"], capture_output=True, check=False).returncode == 1
    assert (
        subprocess.run([*UPDATE, "clones", "--out", "out"], cwd=work, capture_output=True, check=False).returncode == 0
    )
    assert_whole(work / "out", six, work / "copies")


def test_two_runs_at_once_into_one_folder(run: Run, six: dict[str, Path], work: Path) -> None:
    """The second one ends with a message that says to wait."""
    with Store(work / "out").locked():
        errors = run("fleet", "update", "clones", "--out", "out", code=2).err
    assert "Another run writes to" in errors


@pytest.mark.slow
def test_two_runs_at_once_over_one_cache(template: Path, work: Path, tmp_path: Path) -> None:
    """Two runs over the same addresses share the cache, fetch at the same time, and both make the same commits."""
    for name in NAMES:
        fleets.bare(tmp_path / "served" / "ops" / f"{name}.git", template, {"task.py": MINE, "mine.txt": name})
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text("".join(f"{url}/ops/{name}\n" for name in NAMES))
        both = [
            subprocess.Popen(
                [*UPDATE, "repos.txt", "--out", out], cwd=work, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            for out in ("a", "b")
        ]
        assert [child.wait(120) for child in both] == [0, 0]
    trees = [{name: result["tree"] for name, result in results(work / out).items()} for out in ("a", "b")]
    assert trees[0] == trees[1]
    assert len(trees[0]) == len(NAMES)


def test_a_slow_git_init(template: Path, home: Path, meddle: Callable[[str, str], None]) -> None:
    """Nobody takes the repository through which clones are read for a whole one before it is: git writes HEAD first."""
    url, commit = template.as_uri(), git("rev-parse", "HEAD", at=template)
    folder = mirrors.fetch(url, mirrors.RemoteState("", commit), mirrors.Deadline(60))
    empty = folder.with_name("empty-sha1.git")
    shutil.rmtree(empty)
    meddle("init*empty-", 'for at; do :; done; mkdir -p "$at"; echo ref: refs/heads/a >"$at/HEAD"; sleep 1')
    with ThreadPoolExecutor() as threads:
        first = threads.submit(mirrors.has_commit, folder, commit)
        while not (empty / "HEAD").is_file():
            time.sleep(0.01)
        assert mirrors.has_commit(folder, commit)
        assert first.result()


def test_a_remote_that_says_nothing(run: Run, six: dict[str, Path], work: Path) -> None:
    """It has a row when its time is over, and the others are done."""
    with silent("http") as url:
        (work / "repos.txt").write_text("".join(f"clones/{name}\n" for name in NAMES) + f"{url}/ops/mute\n")
        ran = run("fleet", "update", "repos.txt", "--out", "out", "--timeout", "2", "--json", code=2)
    rows = {row["name"].rpartition("/")[2]: row for row in ran.json["repositories"]}
    assert "no answer within 2 seconds" in rows["mute"]["reason"]
    assert sum(row["state"] == "updated" for row in rows.values()) == len(NAMES)


def test_three_tries_where_the_network_is_to_blame(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried three times with growing pauses; a refusal by the server is not tried again."""
    pauses: list[float] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)  # subprocess sleeps, too
    monkeypatch.setattr(mirrors, "time", clock)
    (work / "repos.txt").write_text("http://127.0.0.1:9/ops/none\n")
    output = run("fleet", "status", "repos.txt", code=2).out
    assert "(tried 3 times)" in output
    assert pauses == [1.0, 2.0]
    pauses.clear()
    with git_http(work) as url:
        (work / "repos.txt").write_text(f"{url}/ops/none\n")
        output = run("fleet", "status", "repos.txt", code=2).out
    assert "not found" in output
    assert not pauses
