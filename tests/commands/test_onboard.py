"""`onboard` takes a URL or a clone to a check that passes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.command import ROOT, Run, git, tree
from support.servers import git_daemon
from support.small import lay
from support.small_clones import BACKEND, MINOR, PYPROJECT, fake_venv, package, pinned, repository, start

from new_ops_project.clones import interpreters
from new_ops_project.git import journal

CACHE = ROOT / ".pytest_cache"
OTHER = next((minor for minor in ("3.13", "3.12", "3.11") if minor != MINOR and interpreters.likely_path(minor)), "")


def states(answer: Any) -> dict[str, str]:
    """The state of each step."""
    return {step["name"]: step["state"] for step in answer["steps"]}


def test_a_clone_becomes_ready(run: Run, work: Path, index: Path) -> None:
    """It makes the environment, installs hashed packages and the project, runs the check; git sees no change."""
    clone = package(work / "audit", index)
    ran = run("onboard", "audit", "--json").json
    assert ran["state"] == "ready"
    assert states(ran) == dict.fromkeys(("environment", "packages", "project", "check"), "done")
    assert ran["python"].startswith(MINOR)
    assert ran["installer"] == "uv"
    assert "--require-hashes -r requirements-dev.txt" in str(ran["steps"])
    assert git("status", "--porcelain", at=clone) == ""
    subprocess.run([clone / ".venv" / "bin" / "python", "-m", "pip", "--version"], check=True, capture_output=True)


def test_a_second_run_does_nothing(run: Run, work: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run says so, writes nothing, and starts at most four git commands and nothing else."""
    package(work / "audit", index)
    run("onboard", "audit")
    before = {path: path.stat().st_mtime_ns for path in (work / "audit").rglob("*")}
    started = []
    real = subprocess.Popen.__init__

    def note(self: "subprocess.Popen[bytes]", args: tuple[str, ...], *more: object, **named: object) -> None:
        started.append(args[0])
        real(self, args, *more, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    ran = run("onboard", "audit")
    assert "there was nothing to do" in ran.out
    assert ran.err == ""
    assert set(started) == {"git"}
    assert len(started) <= 4
    assert {path: path.stat().st_mtime_ns for path in (work / "audit").rglob("*")} == before


PROJECT_ONLY = '[project]\nname = "audit"\nversion = "1"\n'
PARTS = {
    "name and version": PROJECT_ONLY,
    "dependencies": f'{PROJECT_ONLY}dependencies = ["alpha"]\n',
    "nothing": "",
    "a group": f'{PROJECT_ONLY}[dependency-groups]\ndev = ["beta"]\n',
}


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("part", PARTS)
def test_a_finished_environment_is_no_problem(run: Run, work: Path, part: str, installer: str) -> None:
    """Whatever steps a clone needs, a run that was not interrupted says nothing about an interruption."""
    repository(work / "audit", {"pyproject.toml": PARTS[part]})
    options = ("--installer", installer, "--no-check", "--json")
    ran = run("onboard", "audit", *options)
    assert ran.json["notes"] == ["Nothing pins the packages: they come from pyproject.toml."]
    assert run("onboard", "audit", *options).json["notes"] == ran.json["notes"]


def test_with_pip(run: Run, work: Path, index: Path) -> None:
    """--installer pip does the same with venv and pip; the next run, with uv, has nothing to do."""
    package(work / "audit", index)
    ran = run("onboard", "audit", "--installer", "pip", "--json").json
    assert ran["installer"] == "pip"
    assert set(states(ran).values()) == {"done"}
    assert ".venv/bin/python -m pip install" in str(ran["steps"])
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"


def test_progress_is_plain_lines_without_a_terminal(run: Run, work: Path, index: Path) -> None:
    """Each command is on a line of stderr before it runs."""
    package(work / "audit", index)
    lines = run("onboard", "audit").err.splitlines()
    assert all(line.startswith("[") for line in lines)
    assert any("uv venv" in line for line in lines)
    assert any("--no-deps" in line and line.endswith("--editable .") for line in lines)
    assert any(".venv/bin/python -c" in line for line in lines)


def test_progress_is_a_bar_on_a_terminal(work: Path, index: Path) -> None:
    """One bar in 80 columns; none when there is nothing to do."""
    package(work / "audit", index)
    args = ["-m", "new_ops_project", "onboard", "audit"]
    for is_first in (True, False):
        child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable, args, encoding="utf-8", timeout=60, dimensions=(24, 80)
        )
        child.expect("audit is ready")
        assert ("\u2501\u2501" in str(child.before)) is is_first
        assert all(len(line) <= 80 for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(child.before)).splitlines())
        child.expect(pexpect.EOF)


def test_ends_with_what_to_run_first(run: Run, work: Path, index: Path) -> None:
    """The output ends with the names of variables to set and the project's own command."""
    text = PYPROJECT + '[project.scripts]\naudit = "audit:main"\n'
    package(work / "audit", index, pyproject_toml=text, _env_example="AUDIT_TOKEN=hunter2\n")
    ran = run("onboard", "audit")
    assert "AUDIT_TOKEN" in ran.out
    assert "hunter2" not in ran.out + ran.err
    assert ran.out.rstrip().endswith(".venv/bin/audit --help")


def replace(name: str, old: str, new: str) -> Callable[[Path, Path], object]:
    """A change of one file of the clone."""
    return lambda clone, _: (clone / name).write_text((clone / name).read_text().replace(old, new, 1))


def uninstall(clone: Path, _: Path) -> None:
    """Remove a package with pip."""
    python = clone / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "beta"], check=True)


def relock(clone: Path, index: Path) -> None:
    """Lock another version."""
    lock = "".join(pinned(index / f"{name}-py3-none-any.whl") for name in ("alpha-2.0", "beta-1.0"))
    (clone / "requirements-dev.txt").write_text(lock)


@pytest.mark.parametrize(
    ("change", "done"),
    [
        (replace("requirements-dev.txt", "beta==1.0", "# a comment\nbeta==1.0"), {"check"}),
        (replace("pyproject.toml", 'version = "0.1.0"', 'version = "0.1.0"\nreadme = "x"'), {"check"}),
        (replace(".python-version", MINOR, f"{MINOR}.1"), {"check"}),
        (lambda clone, _: git("commit", "--quiet", "--allow-empty", "--message=Pulled", at=clone), {"check"}),
        (uninstall, {"packages", "check"}),
        (relock, {"packages", "check"}),
    ],
)
def test_only_what_changed_is_done_again(
    run: Run, work: Path, index: Path, change: Callable[[Path, Path], object], done: set[str]
) -> None:
    """The check counts for the lock, pyproject.toml, Python, packages and commit that it passed with."""
    clone = package(work / "audit", index)
    run("onboard", "audit")
    change(clone, index)
    again = states(run("onboard", "audit", "--json").json)
    assert {name for name, state in again.items() if state == "done"} == done
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            ["python -c 'print(40 + 1)'", "python -c 'print(40 + 2); raise SystemExit(3)'"],
            ("42", "failed: exit code 3"),
        ),
        (["no-such-program --all"], ("no-such-program", "no-such-program --all failed: it did not start")),
    ],
)
def test_a_failing_check(run: Run, work: Path, index: Path, check: list[str], words: tuple[str, str]) -> None:
    """The exit code is 2; the command and its output are shown, and the environment stays."""
    clone = package(work / "audit", index)
    (clone / "pyproject.toml").write_text(PYPROJECT.partition("check = ")[0] + f"check = {json.dumps(check)}")
    ran = run("onboard", "audit", "--json", code=2)
    assert ran.json["state"] == "check failed"
    assert words[0] in ran.json["output"]
    assert "41" not in ran.json["output"]
    assert all(text in ran.err for text in words)
    assert states(run("onboard", "audit", "--json", code=2).json)["packages"] == "there"


def test_the_check_sees_an_activated_environment(run: Run, work: Path, index: Path) -> None:
    """In the check, `python` is that of .venv, and VIRTUAL_ENV is set."""
    clone = package(work / "audit", index)
    code = "import os, sys; assert sys.prefix == os.environ['VIRTUAL_ENV'], sys.prefix; import alpha"
    (clone / "pyproject.toml").write_text(PYPROJECT.partition("check = ")[0] + f'check = "python -c \\"{code}\\""')
    assert run("onboard", "audit", "--json").json["state"] == "ready"


def test_no_check(run: Run, work: Path, index: Path) -> None:
    """--no-check leaves the check to the next run."""
    package(work / "audit", index)
    assert "check" not in states(run("onboard", "audit", "--no-check", "--json").json)
    assert states(run("onboard", "audit", "--json").json)["check"] == "done"


# ---- obstacles -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not OTHER, reason="there is one Python on this machine")
def test_the_wrong_python(run: Run, work: Path, index: Path) -> None:
    """A .venv with another minor version is refused and stays; --recreate replaces it."""
    clone = package(work / "audit", index)
    run("onboard", "audit")
    (clone / ".python-version").write_text(f"{OTHER}\n")
    before = tree(clone / ".venv")
    ran = run("onboard", "audit", code=2)
    assert f".python-version:1 asks for Python {OTHER}" in ran.err
    assert "--recreate" in ran.err
    assert tree(clone / ".venv") == before
    assert run("onboard", "audit", "--recreate", "--json").json["python"].startswith(OTHER)


def a_link(clone: Path) -> None:
    """A link to an environment elsewhere."""
    fake_venv(clone.parent / "shared", f"{MINOR}.0")
    (clone / ".venv").symlink_to(clone.parent / "shared" / ".venv")


def a_broken_one(clone: Path) -> None:
    """An environment whose Python is gone."""
    (fake_venv(clone, f"{MINOR}.0").parents[2] / "bin" / f"python{MINOR}").unlink()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda clone: (clone / ".venv").write_text("/elsewhere\n"), "is a file"),
        (a_link, "symbolic link"),
        (lambda clone: (clone / ".venv" / "notes").mkdir(parents=True), "no pyvenv.cfg"),
        (a_broken_one, "which is gone"),
    ],
)
def test_what_somebody_else_made(
    run: Run, work: Path, index: Path, make: Callable[[Path], object], message: str
) -> None:
    """It stays; --recreate replaces anything except a file, and of a link not its target."""
    clone = package(work / "audit", index)
    make(clone)
    shared, before = tree(work / "shared"), tree(clone)
    assert message in run("onboard", "audit", code=2).err
    assert tree(clone) == before
    is_file = message == "is a file"
    run("onboard", "audit", "--recreate", "--json", code=2 if is_file else 0)
    assert (tree(clone) == before) is is_file
    assert tree(work / "shared") == shared


def test_a_python_that_is_not_here(run: Run, work: Path, index: Path) -> None:
    """The message says how to install a missing Python, and nothing is created."""
    clone = package(work / "audit", index, _python_version="")
    (clone / ".python-version").write_text("3.19\n")
    errors = run("onboard", "audit", code=2).err
    assert "uv python install 3.19" in errors
    assert "pyenv install 3.19" in errors
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_hash_that_does_not_match(run: Run, work: Path, index: Path, installer: str) -> None:
    """With a wrong hash nothing is installed, and the installer's message shows the hash."""
    clone = package(work / "audit", index)
    lock = clone / "requirements-dev.txt"
    lock.write_text(re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", lock.read_text()))
    errors = run("onboard", "audit", "--installer", installer, code=2).err
    assert "hash" in errors.lower()
    assert "0" * 64 in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_without_a_network(run: Run, work: Path, index: Path, installer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, the installer's own reason is shown, with the next step."""
    package(work / "audit", index)
    for tool in ("PIP", "UV"):
        monkeypatch.delenv(f"{tool}_NO_INDEX")
        monkeypatch.delenv(f"{tool}_FIND_LINKS")
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    errors = run("onboard", "audit", "--installer", installer, code=2).err
    assert "refused" in errors
    assert "to resume" in errors


@pytest.mark.parametrize(
    "target",
    [
        "nowhere",
        "no/such/path",
        "git://127.0.0.1:9/audit.git",
        "https://",
        "x" * 5000,
        f"https://{'x' * 5000}",
        "https://127.0.0.1:9/..",
        "gh:",
        "-c",
        "ext::sh -c true",
    ],
)
def test_a_target_that_does_not_exist(run: Run, work: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path or an address that does not exist is an error with a reason, and nothing remains."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    ran = run("onboard", "--", target, code=2)
    assert "Traceback" not in ran.err
    assert not list(work.iterdir())
    assert "Traceback" not in run("doctor", "--", target, code=2).err


def test_credentials_are_not_shown(run: Run, work: Path) -> None:
    """A password in an address is in no message."""
    ran = run("onboard", "http://ada:hunter2@127.0.0.1:9/audit.git", code=2)
    assert "127.0.0.1:9/audit.git" in ran.err
    assert "hunter2" not in ran.err + ran.out


def test_a_pyproject_that_does_not_parse(run: Run, work: Path) -> None:
    """The line is named."""
    repository(work / "audit", {"pyproject.toml": "[project\n"})
    assert "pyproject.toml does not parse as TOML" in run("onboard", "audit", code=2).err


def test_without_git(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, the message says so."""
    monkeypatch.setenv("PATH", str(work))
    assert "git was not found" in run("onboard", code=2).err


def test_a_full_disk(work: Path, index: Path) -> None:
    """On a full disk, the message has the reason, without a traceback."""
    clone = package(work / "audit", index)
    (clone / ".venv").mkdir()
    # In a separate mount namespace, .venv is a file system of one MiB.
    onboard = f"exec {sys.executable} -m new_ops_project onboard {clone} --installer"
    inside = f"mount -t tmpfs -o size=1m tmpfs {clone}/.venv && {onboard}"
    for installer in ("pip", "uv"):
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{inside} {installer}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "unshare" in done.stderr or "mount:" in done.stderr:
            pytest.skip("no namespaces here")
        assert done.returncode == 2, done.stderr
        assert re.search(r"No space left on device|There are 0 MiB free", done.stderr)
        assert "Traceback" not in done.stderr


# ---- clones ----------------------------------------------------------------------------------------------------------


def test_a_url_is_cloned(run: Run, work: Path, index: Path, tmp_path: Path) -> None:
    """A URL is cloned to a folder with its name; the same command again has nothing to do."""
    package(tmp_path / "served" / "audit", index)
    with git_daemon(tmp_path / "served") as url:
        assert run("onboard", f"{url}/audit", "--json").json["state"] == "ready"
        again = run("onboard", f"{url}/audit/", "--json").json
    assert again["state"] == "nothing to do"
    assert again["path"] == str(work / "audit")
    assert [path.name for path in work.iterdir()] == ["audit"]


def test_a_path_is_cloned_with_into(run: Run, work: Path, index: Path) -> None:
    """A repository on this machine can be cloned like one at a URL, also to a folder whose parents do not exist."""
    package(work / "audit", index)
    run("onboard", "audit", "--into", "deep/er/mine", "--no-check")
    assert git("remote", "get-url", "origin", at=work / "deep" / "er" / "mine") == str(work / "audit")


def a_clone(folder: Path) -> None:
    """A clone of something else."""
    repository(folder, {"file": "mine"})
    git("remote", "add", "origin", "https://example.org/other.git", at=folder)


@pytest.mark.parametrize(
    "make", [lambda path: lay(path, {"file": "mine"}), lambda path: path.write_text("mine"), a_clone]
)
def test_a_folder_that_exists(run: Run, work: Path, index: Path, make: Callable[[Path], object]) -> None:
    """Anything that --into names and that exists stays as it is."""
    package(work / "audit", index)
    make(work / "mine")
    before = tree(work)
    assert "is there already" in run("onboard", "audit", "--into", "mine", code=2).err
    assert tree(work) == before


# ---- each tier -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("tier", "installer"), [("script", "pip"), ("library", "uv"), ("cli", "uv")])
def test_each_tier_from_a_url_on_a_clean_home(run: Run, work: Path, tmp_path: Path, tier: str, installer: str) -> None:
    """On an empty home, one command takes a URL to passing tests; a second run does nothing."""
    (tmp_path / "served").mkdir()
    run("new", "audit", "--tier", tier, "--python", MINOR, "--defaults", "--path", str(tmp_path / "served" / "audit"))
    clean = tmp_path / "clean"
    clean.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    cache = {"PIP_CACHE_DIR": str(CACHE / "pip"), "UV_CACHE_DIR": str(CACHE / "uv"), "PIP_NO_COMPILE": "1"}
    env = {
        "HOME": str(clean),
        "PATH": path,
        **cache,
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "PYENV_"))},
    }

    def onboard(*args: str) -> Any:
        command = [sys.executable, "-m", "new_ops_project", "onboard", *args, "--json"]
        done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    with git_daemon(tmp_path / "served") as url:
        first = onboard(f"{url}/audit", "--installer", installer)
        again = onboard(f"{url}/audit")
    assert first["state"] == "ready"
    assert states(first)["hooks"] == states(first)["check"] == "done"
    assert "-m pytest" in str(first["steps"])
    assert again["state"] == "nothing to do"
    assert first["variables"] == ["AUDIT_TOKEN"]
    assert git("status", "--porcelain", at=work / "audit") == ""
    subprocess.run(first["next"].split(), cwd=work / "audit", check=True, capture_output=True)


# ---- interrupted -----------------------------------------------------------------------------------------------------

STAGES = (
    "uv: git clone",
    "uv: uv venv",
    "uv: -r requirements-dev.txt",
    "uv: beta",
    "uv: --editable",
    "uv: -c 'import",
    "pip: -m venv",
    "pip: alpha",
    "pip: --editable",
)


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_resumes(run: Run, work: Path, index: Path, tmp_path: Path, stage: str) -> None:
    """After a kill at any step, the next run ends ready with complete packages."""
    installer, text = stage.split(": ")
    package(tmp_path / "served" / "audit", index)
    with git_daemon(tmp_path / "served") as url:
        child = start("onboard", f"{url}/audit", "--installer", installer, at=work)
        assert child.stderr
        seen = next((line for line in child.stderr if text in line), "")
        child.kill()
        child.communicate()
        assert seen, f"never got to {text}"
        ran = run("onboard", f"{url}/audit", "--installer", installer, "--json").json
    assert ran["state"] in {"ready", "nothing to do"}
    clone = work / "audit"
    assert [path.name for path in work.iterdir()] == ["audit"]
    inside = clone / ".venv" / "bin" / "python"
    subprocess.run([inside, "-c", "import alpha, beta, audit, pip"], check=True)
    assert not list((clone / ".venv").glob("*unfinished*"))
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"


def test_a_run_killed_while_it_noted_its_beginning_resumes(run: Run, work: Path, index: Path) -> None:
    """The note is made before its text is written; a kill between the two leaves nothing that must be kept."""
    clone = package(work / "audit", index)
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".new-ops-project-unfinished").touch()
    assert run("onboard", "audit", "--json").json["state"] == "ready"


def test_an_environment_of_somebody_else_is_kept(run: Run, work: Path, index: Path) -> None:
    """A kill at the same moment in an environment that was there before makes it no one's but its owner's."""
    clone = package(work / "audit", index)
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".new-ops-project-unfinished").touch()
    (clone / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\n")
    assert "--recreate" in run("onboard", "audit", code=2).err
    assert (clone / ".venv" / "pyvenv.cfg").is_file()


def test_ctrl_c_during_the_check(work: Path, index: Path) -> None:
    """Ctrl-C ends the check's process too; the exit code is 130, and the message says how to resume."""
    clone = package(work / "audit", index)
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); print('x', flush=True); time.sleep(60)"
    (clone / "pyproject.toml").write_text(PYPROJECT.partition("check = ")[0] + f'check = "python -c \\"{code}\\""')
    child = start("onboard", "audit", at=work)
    assert child.stderr
    next(line for line in child.stderr if "python -c" in line)
    while not (clone / "pid").is_file() or not (clone / "pid").read_text():
        assert child.poll() is None
    os.kill(child.pid, signal.SIGINT)
    errors = child.communicate(timeout=10)[1]
    assert child.returncode == 130
    assert "to resume" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(int((clone / "pid").read_text()), 0)


def test_half_of_a_package_is_installed_again(run: Run, work: Path, index: Path) -> None:
    """A distribution whose installation was interrupted counts as missing."""
    clone = package(work / "audit", index)
    run("onboard", "audit")
    site = next((clone / ".venv" / "lib").glob("python*/site-packages"))
    (site / "beta-1.0.dist-info" / "INSTALLER").unlink()
    (site / "beta.py").unlink()
    (clone / ".venv" / ".new-ops-project-unfinished").write_text("ours\n")
    assert states(run("onboard", "audit", "--json").json)["packages"] == "done"
    assert (site / "beta.py").is_file()


def test_two_runs_at_once(run: Run, work: Path, index: Path) -> None:
    """While one run works in a clone, another is refused."""
    clone = package(work / "audit", index)
    with journal.locked(clone / ".git"):
        assert "Another run" in run("onboard", "audit", code=2).err
    assert run("onboard", "audit", "--json").json["state"] == "ready"


# ---- hooks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hooked(work: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone that is configured for pre-commit, with a fake pre-commit on PATH that acts like the real one."""
    program = tmp_path / "bin" / "pre-commit"
    program.parent.mkdir()
    mark = "# File generated by pre-commit: https://pre-commit.com"
    program.write_text(
        f"#!/bin/sh\nd=$(git rev-parse --git-path hooks)\nmkdir -p $d\n"
        f"[ -f $d/pre-commit ] && mv $d/pre-commit $d/pre-commit.legacy\necho '{mark}' > $d/pre-commit\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    clone = package(work / "audit", index)
    (clone / ".pre-commit-config.yaml").write_text("repos: []\n")
    return clone


def test_hooks_are_set_up(run: Run, hooked: Path) -> None:
    """`pre-commit install` runs once; it keeps an existing hook, and a message says so."""
    hook = hooked / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho mine\n")
    ran = run("onboard", "audit", "--json")
    assert states(ran.json)["hooks"] == "done"
    assert "still runs" in ran.err
    assert "echo mine" in hook.with_suffix(".legacy").read_text()
    assert states(run("onboard", "audit", "--json").json)["hooks"] == "there"


def test_a_hooks_path_is_left_alone(run: Run, hooked: Path) -> None:
    """Where core.hooksPath is set, pre-commit refuses: hooks are skipped, and the rest is done."""
    git("config", "core.hooksPath", "hooks", at=hooked)
    ran = run("onboard", "audit", "--json").json
    assert states(ran)["hooks"] == "left out"
    assert ran["state"] == "ready"


# ---- other repositories ----------------------------------------------------------------------------------------------


UNITTEST = "import unittest\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        import alpha\n"


def test_pyproject_only(run: Run, work: Path, index: Path) -> None:
    """Without a lock, the project is installed with its dependencies and the group `dev`, with a note."""
    text = PYPROJECT + '\n[dependency-groups]\ndev = [{ include-group = "test" }]\ntest = ["beta"]\n'
    repository(work / "audit", {"pyproject.toml": text, "backend.py": BACKEND, "src/audit.py": ""})
    ran = run("onboard", "audit", "--json").json
    assert "Nothing pins the packages" in ran["notes"][0]
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"


def test_a_lock_of_uv(run: Run, work: Path, index: Path) -> None:
    """`uv sync --locked` installs a uv.lock; an outdated one is refused with uv's own message."""
    text = PYPROJECT.replace(
        "[project]", '[dependency-groups]\ndev = ["beta"]\n\n[project]\nrequires-python = ">=3.11"'
    )
    clone = repository(work / "audit", {"pyproject.toml": text, "backend.py": BACKEND, "src/audit.py": ""})
    subprocess.run(["uv", "lock", "--quiet"], cwd=clone, check=True)
    ran = run("onboard", "audit", "--json").json
    assert "uv sync --locked" in str(ran["steps"])
    assert ran["notes"] == []
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"
    assert run("doctor", "audit").out
    (clone / "pyproject.toml").write_text(text.replace("alpha>=1", "alpha<0.1"))
    (clone / ".venv" / "bin" / "python").unlink()
    assert "lock" in run("onboard", "audit", "--recreate", code=2).err


def test_an_environment_without_pip(run: Run, work: Path, index: Path) -> None:
    """Ensurepip adds pip to an environment that uv made without it."""
    clone = package(work / "audit", index)
    subprocess.run(["uv", "venv", "--quiet", "--python", MINOR, ".venv"], cwd=clone, check=True)
    ran = run("onboard", "audit", "--installer", "pip", "--json").json
    assert states(ran)["environment"] == "there"
    assert "-m ensurepip" in str(ran["steps"])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no code to check"),
        ({"tests/test_it.py": UNITTEST}, "passed: .venv/bin/python -m unittest discover"),
        ({"tool.py": "import alpha\n"}, "passed: .venv/bin/python -m compileall"),
    ],
)
def test_without_pytest(run: Run, work: Path, index: Path, files: dict[str, str], message: str) -> None:
    """Without pytest, unittest runs the tests; otherwise the code is compiled; without code, there is no check."""
    clone = repository(work / "audit", {"requirements.txt": "alpha==1.0\n", ".gitignore": "__pycache__\n", **files})
    ran = run("onboard", "audit", "--json").json
    assert ran["steps"][-1]["message"].startswith(message)
    assert "has no hash" in ran["notes"][0]
    assert not (clone / "__pycache__").exists()
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"
    assert git("status", "--porcelain", at=clone) == ""


def test_not_a_repository(run: Run, work: Path, index: Path) -> None:
    """A folder without a repository is set up like any other."""
    (work / "audit").mkdir()
    (work / "audit" / "requirements.txt").write_text("alpha==1.0\n")
    (work / "audit" / "tool.py").write_text("")
    assert run("onboard", "audit", "--json").json["state"] == "ready"
    assert run("onboard", "audit", "--json").json["state"] == "nothing to do"
