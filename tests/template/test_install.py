"""The wheel, which has to work on each Python without a network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
import yaml
from support.command import ROOT, Run, git, tree
from support.two_releases import two_tags

from new_ops_project.clones import interpreters
from new_ops_project.commands.shared.voice import Voice
from new_ops_project.template import pins

PYTHONS = tuple(minor for minor in ("3.11", "3.12", "3.13", "3.14") if interpreters.likely_path(minor))
CACHE = {"PIP_CACHE_DIR": str(ROOT / ".pytest_cache" / "pip"), "PIP_NO_COMPILE": "1"}

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada Ops"), ("EMAIL", "ada@example.org"))
}


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip keep its downloads from one run of the tests to the next."""
    for name, value in CACHE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from the sdist of a checkout with the tags v1.0.0 and v1.1.0."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        checkout = two_tags(folder / "checkout")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(checkout)]
    subprocess.run(command, check=True, capture_output=True)
    assert git("status", "--porcelain", at=checkout) == ""
    return next((folder / "dist").glob("*.whl"))


def install(python: Path, wheel: Path) -> None:
    """Install the wheel and its requirements with uv, or with pip if only pip knows the package index."""
    into = ["install", "--quiet", str(wheel)]
    quick = subprocess.run([sys.executable, "-m", "uv", "pip", *into, "--python", str(python)], check=False)
    if quick.returncode:
        subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *into], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_the_wheel_works_without_a_network(python: str, wheel: Path, work: Path, cached: None) -> None:
    """Installed into an empty environment, with no network: every tag, every tier, both updates, promote and adopt."""
    base = interpreters.likely_path(python)
    subprocess.run([str(base), "-m", "venv", "--without-pip", "env"], cwd=work, check=True)
    inside = work / "env" / "bin"
    install(inside / "python", wheel)
    home = work / "empty-home"
    home.mkdir()

    def offline(*args: str, at: Path = work) -> str:
        env = {"PATH": f"{inside}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), **IDENTITY}
        command = ["unshare", "--user", "--map-root-user", "--net", *args]
        done = subprocess.run(command, cwd=at, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert offline("new-ops-project", "template", "list").split() == ["v1.1.0", "v1.0.0"]
    assert "it came with the tool" in offline("new-ops-project", "template", "show")
    shipped = "from new_ops_project.template import pins; print(*pins.shipped().pythons)"
    assert offline("python", "-c", shipped).split() == list(pins.read(ROOT / "templates" / "pins.yml").pythons)
    shipped = "from new_ops_project.template.pins import locks_yml; print(*locks_yml.shipped().versions)"
    assert "requests" in offline("python", "-c", shipped).split()
    created = json.loads(offline("new-ops-project", "new", "old", "--defaults", "--ref", "v1.0.0", "--json"))
    assert created["template"] == {"source": "~/.local/share/new-ops-project/template", "version": "v1.0.0"}
    assert (work / "old" / ".editorconfig").read_text().startswith("# the first")
    for tier in ("script", "library", "cli"):
        offline("new-ops-project", "new", tier, "--defaults", "--tier", tier)
    offline("new-ops-project", "new", "ours", "--defaults", "--ref", "v1.0.0")
    assert json.loads(offline("new-ops-project", "update", "ours", "--commit", "--json"))["state"] == "committed"
    assert tree(work / "ours")[".editorconfig"] == tree(work / "script")[".editorconfig"]
    assert json.loads(offline("new-ops-project", "promote", "cli", "ours", "--commit", "--json"))["to"] == "cli"
    (work / "ours" / ".copier-answers.yml").unlink()
    git("commit", "--quiet", "--all", "--message=forgotten", at=work / "ours", env=IDENTITY)
    assert json.loads(offline("new-ops-project", "adopt", "ours", "--json"))["base"] == "v1.1.0"
    offline("copier", "update", "--defaults", at=work / "old")
    assert yaml.safe_load((work / "old" / ".copier-answers.yml").read_bytes())["_commit"] == "v1.1.0"
    assert tree(work / "old")[".editorconfig"] == tree(work / "script")[".editorconfig"]


@pytest.mark.slow
def test_venv_is_ready_to_use(work: Path, cached: None) -> None:
    """--venv makes .venv from the lock behind one bar: the command runs and the project's own tests pass."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    args = ["-m", "new_ops_project", "new", "audit", "--tier", "cli", "--python", minor, "--venv"]
    child: pexpect.spawn[str] = pexpect.spawn(sys.executable, args, encoding="utf-8", timeout=120, dimensions=(40, 80))
    child.expect(r"\d+/\d+")
    child.expect("the environment is ready")
    child.expect("audit --help")
    child.expect(pexpect.EOF)
    inside = work / "audit" / ".venv" / "bin"
    output = subprocess.run([inside / "audit", "--version"], capture_output=True, text=True, check=True).stdout
    assert "0.1.0" in output
    subprocess.run([inside / "python", "-m", "pytest", "-q"], cwd=work / "audit", check=True, capture_output=True)
    assert git("status", "--porcelain", at=work / "audit") == ""


def test_venv_progress_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, each step is a line."""
    with Voice(json=False).progress() as progress:
        progress("making .venv", 0, 3)
    assert capfd.readouterr().err == "[0/3] making .venv\n"


def test_venv_without_the_python(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without that Python, the project is created, and the message says how to get the Python."""
    monkeypatch.setattr(interpreters, "likely_path", lambda _minor: None)
    ran = run("new", "audit", "--python", "3.15", "--tier", "script", "--venv", "--json", code=2)
    assert ran.json["commit"]
    assert "Python 3.15 was not found" in ran.err
    assert "uv python install 3.15" in ran.err
    assert (work / "audit" / "audit.py").is_file()


def test_interpreters_are_found_behind_pyenv_shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim on PATH is not an interpreter; the newest patch of pyenv's own versions is taken."""
    minor = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"  # the one that runs is found before all others
    for name in ("shims", f"versions/{minor}.9/bin", f"versions/{minor}.10/bin"):
        path = tmp_path / name / f"python{minor}"
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    newest = tmp_path / "versions" / f"{minor}.10" / "bin" / f"python{minor}"
    assert next(interpreters._places(minor)) == newest  # noqa: SLF001
