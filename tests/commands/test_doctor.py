"""`doctor` reports what a clone lacks on this machine, without changing anything."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.command import Run, git
from support.servers import silent
from support.small_clones import MINOR, fake_venv, package, pinned
from support.terminal import Terminal
from support.upstreams import ended

from new_ops_project.clones.hooks import CONFIG
from new_ops_project.git import remotes


def checks(answer: Any, key: str = "state") -> dict[str, str]:
    """The state, or the message, of each topic; the last one for a topic with several checks."""
    return {check["name"]: check[key] for check in answer["checks"]}


def test_all_is_well(run: Run, work: Path, index: Path) -> None:
    """After `onboard` each topic is a line that says ok, and the exit code is 0."""
    package(work / "audit", index)
    run("onboard", "audit")
    ran = run("doctor", "audit")
    assert {line.split()[0] for line in ran.out.splitlines()} == {"ok"}
    shown = run("doctor", "audit", "--json").json
    assert set(shown) == {"path", "checks", "findings"}
    assert list(checks(shown)) == [
        "git",
        "identity",
        "remote",
        "python",
        "environment",
        "lock",
        "packages",
        "project",
        "disk",
    ]
    assert shown["findings"] == []


def test_a_fresh_clone(run: Run, work: Path, index: Path) -> None:
    """A missing part is a finding with its remedy, and the exit code is 1."""
    clone = package(work / "audit", index)
    shown = run("doctor", "audit", "--json", code=1).json
    finding = next(finding for finding in shown["findings"] if finding["code"] == "DOC106")
    assert finding["severity"] == "error"
    assert finding["remedy"] == f"new-ops-project onboard {clone}"
    assert f"-> new-ops-project onboard {clone}" in run("doctor", "audit", code=1).out


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[project]\nname = "audit"\n'),
        ("setup.py", "import setuptools\nsetuptools.setup(name='audit')\n"),
    ],
)
def test_how_to_pin(run: Run, work: Path, file: str, text: str) -> None:
    """Where nothing pins the packages, the command that would is whole, with the file to read."""
    (work / file).write_text(text)
    git("init", "--quiet", at=work)
    remedy = checks(run("doctor", ".", "--json", code=1).json, "remedy")["lock"]
    assert remedy == f"uv pip compile --universal --generate-hashes {file} --output-file requirements.txt"


def test_lines_fit_the_terminal(terminal: Terminal, work: Path) -> None:
    """A message is wrapped between words, below its own beginning, and a remedy stays in one line to copy."""
    (work / "pyproject.toml").write_text('[project]\nname = "audit"\nrequires-python = "==3.99.*"\n')
    git("init", "--quiet", at=work)
    child = terminal("doctor", ".")
    child.expect(pexpect.EOF)
    lines = re.sub(r"\x1b\[\d*m", "", child.before or "").splitlines()
    messages = [line for line in lines if "->" not in line]
    assert [line for line in messages if len(line) > 80 and " " in line[22:]] == []  # a long path stays whole
    assert any(line.startswith(" " * 22) for line in messages), lines


def test_changes_nothing(run: Run, work: Path, index: Path, home: Path, shared: Path) -> None:
    """No file of the clone, .git, the home or the caches is written or added."""
    clone = package(work / "audit", index)
    run("onboard", "audit")
    os.utime(clone / "pyproject.toml")  # git would refresh its index
    (clone / ".copier-answers.yml").write_text("_src_path: ~/.local/share/new-ops-project/template\n_commit: v1\n")
    folders = (clone, home, shared)

    def state() -> dict[Path, tuple[int, int]]:
        paths = [path for folder in folders for path in folder.rglob("*")]
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in paths}

    before = state()
    shown = run("doctor", "audit", "--json").json
    assert checks(shown, "message")["template"] == "embedded; it comes with the tool"
    assert state() == before


def test_the_template_is_not_unpacked(work: Path, index: Path, home: Path, tmp_path: Path) -> None:
    """In a home where the tool never ran, it creates no folder."""
    package(work / "audit", index)
    (work / "audit" / ".copier-answers.yml").write_text("_src_path: https://127.0.0.1:9/team.git\n_commit: v1\n")
    env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "c"), "XDG_DATA_HOME": str(home / "d")}
    command = [sys.executable, "-m", "new_ops_project", "doctor", "audit"]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
    assert "https://127.0.0.1:9/team.git" in done.stdout
    assert sorted(path.name for path in home.iterdir()) == [".gitconfig"]


def test_packages_that_differ(run: Run, work: Path, index: Path) -> None:
    """A missing package is an error, another version a warning, an extra package a note."""
    clone = package(work / "audit", index)
    run("onboard", "audit")
    lock = clone / "requirements-dev.txt"
    lock.write_text(pinned(index / "alpha-2.0-py3-none-any.whl"))
    shown = run("doctor", "audit", "--json", code=1).json
    messages = {finding["severity"]: finding["message"] for finding in shown["findings"]}
    assert messages["warning"] == "1 of another version: alpha 1.0, not 2.0"
    assert messages["info"] == "1 that nothing requires: beta"
    lock.write_text(lock.read_text() + "gamma==1\n")
    shown = run("doctor", "audit", "--json", code=1).json
    assert "1 not installed: gamma 1" in str(shown["findings"])


def test_names_of_variables_only(run: Run, work: Path, index: Path) -> None:
    """Variables that are not set are named; no value of .env.example, .env or the environment is shown."""
    clone = package(work / "audit", index)
    (clone / ".env.example").write_text("AUDIT_TOKEN=hunter2\nAUDIT_URL=\nAUDIT_ID=hunter3\n")
    (clone / ".env").write_text("AUDIT_URL=hunter4\n")
    ran = run("doctor", "audit", code=1)
    assert "not set, here or in .env: AUDIT_TOKEN, AUDIT_ID" in ran.out
    assert "hunter" not in ran.out + ran.err
    assert "hunter" not in run("doctor", "audit", "--json", code=1).out


def test_without_git(run: Run, work: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing git is an error; what can be checked without it still is."""
    package(work / "audit", index)
    monkeypatch.setenv("PATH", str(work))
    shown = run("doctor", "audit", "--json", code=1).json
    assert checks(shown)["git"] == "error"
    assert "environment" in checks(shown)


def test_remotes_that_never_answer(run: Run, work: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are asked at the same time, up to the time limit, and no process remains."""
    assert remotes.TIMEOUT == 5  # as the README says
    monkeypatch.setattr(remotes, "TIMEOUT", 0.7)
    clone = package(work / "audit", index)
    with silent("http") as url:
        git("remote", "add", "origin", f"{url}/audit.git", at=clone)
        (clone / ".copier-answers.yml").write_text(f"_src_path: git+{url}/team\n_commit: v1\n")
        start = time.monotonic()
        shown = run("doctor", "audit", "--json", code=1).json
        assert time.monotonic() - start < 2 * 0.7 + 1
        assert ended(url)
    assert "no answer within 0.7 seconds" in checks(shown, "message")["remote"]
    assert "no answer within 0.7 seconds" in checks(shown, "message")["template"]


def test_a_remote_that_refuses(run: Run, work: Path, index: Path) -> None:
    """Git's own reason is shown, but no credentials of the address."""
    clone = package(work / "audit", index)
    git("remote", "add", "origin", "http://ada:hunter2@127.0.0.1:9/audit.git", at=clone)
    ran = run("doctor", "audit", "--json", code=1)
    assert "127.0.0.1 port 9" in checks(ran.json, "message")["remote"]
    assert "hunter2" not in ran.out + ran.err


def test_a_remote_that_answers(run: Run, work: Path, index: Path) -> None:
    """A remote that answers is ok."""
    clone = package(work / "audit", index)
    git("clone", "--quiet", "--bare", str(clone), str(work / "origin.git"), at=work)
    git("remote", "add", "origin", str(work / "origin.git"), at=clone)
    assert checks(run("doctor", "audit", "--json", code=1).json, "message")["remote"].endswith("origin.git answers")


def test_nothing_prompts(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither git nor ssh can prompt; a user's ssh command keeps its options, another program is left alone."""
    variables = remotes.without_prompts(work)
    names = ("GIT_TERMINAL_PROMPT", "GIT_ASKPASS", "SSH_ASKPASS_REQUIRE")
    assert [variables[name] for name in names] == ["0", "", "never"]
    assert variables["GIT_SSH_COMMAND"] == "ssh -o BatchMode=yes -o ConnectTimeout=30"
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i '/my key'")
    assert remotes.without_prompts(work)["GIT_SSH_COMMAND"] == "ssh -i '/my key' -o BatchMode=yes -o ConnectTimeout=30"
    monkeypatch.setenv("GIT_SSH_COMMAND", "plink -batch")
    assert remotes.without_prompts(work)["GIT_SSH_COMMAND"] == "plink -batch"
    monkeypatch.delenv("GIT_SSH_COMMAND")
    monkeypatch.setenv("GIT_SSH", "/opt/ssh-wrapper")
    assert "GIT_SSH_COMMAND" not in remotes.without_prompts(work)


def marked(clone: Path, name: str) -> None:
    """An environment in which the file `name` is garbage."""
    fake_venv(clone, f"{MINOR}.1")
    (clone / ".venv" / name).write_bytes(b"\xff\x00")


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (
            lambda clone: (clone / ".venv").touch(),
            ("environment", "error", "Move it away, then new-ops-project onboard"),
        ),
        (lambda clone: (clone / ".venv").symlink_to("/no/where"), ("environment", "error", "--recreate")),
        (lambda clone: (clone / ".venv" / "x").mkdir(parents=True), ("environment", "error", "--recreate")),
        (
            lambda clone: marked(clone, ".new-ops-project-unfinished"),
            ("environment", "error", "new-ops-project onboard"),
        ),
        (lambda clone: marked(clone, "pyvenv.cfg"), ("environment", "error", "--recreate")),
        (lambda clone: fake_venv(clone, "3.8.1"), ("environment", "error", "--recreate")),
        (lambda clone: (clone / ".python-version").write_text("3.19\n"), ("python", "error", "pyenv install 3.19")),
        (
            lambda clone: (clone / CONFIG).write_text("repos: []\n"),
            ("hooks", "warning", ".venv/bin/pre-commit install"),
        ),
        (lambda _: (Path.home() / ".gitconfig").unlink(), ("identity", "warning", "git config --global user.name")),
    ],
)
def test_what_is_wrong(
    run: Run, work: Path, index: Path, prepare: Callable[[Path], object], expected: tuple[str, ...]
) -> None:
    """Whatever is wrong, the result is one line with a remedy, not a traceback."""
    prepare(package(work / "audit", index))
    name, state, remedy = expected
    (check,) = (check for check in run("doctor", "audit", "--json", code=1).json["checks"] if check["name"] == name)
    assert check["state"] == state
    assert remedy in check["remedy"]


def test_disk_space(run: Run, work: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little free space is a warning, too little for an environment is an error."""
    package(work / "audit", index)
    for free, state in ((5000, "ok"), (500, "warning"), (50, "error")):
        monkeypatch.setattr("new_ops_project.clones.steps.machine.free", lambda _place, free=free: free)
        assert checks(run("doctor", "audit", "--json", code=1).json)["disk"] == state


@pytest.mark.parametrize("verb", ["doctor", "onboard"])
@pytest.mark.parametrize(("target", "word"), [("nowhere", "does not exist"), ("empty", "neither pyproject.toml nor")])
def test_not_a_project(run: Run, work: Path, verb: str, target: str, word: str) -> None:
    """A folder that is missing or has no project ends with exit code 2."""
    (work / "empty").mkdir()
    assert word in run(verb, target, code=2).err
