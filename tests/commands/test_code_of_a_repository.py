"""No verb that only looks runs Python of the repository that it looks at, also where that is the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import ROOT, git
from support.small import Small, lay

# Whatever a program of Python that starts in this folder could import from it, or that build tools and tests load.
MODULES = (
    *("click", "copier", "encodings", "filelock", "jinja2", "json", "new_ops_project", "packaging", "pathspec", "rich"),
    *("sitecustomize", "tomllib", "usercustomize", "yaml"),
    *("deptry", "detect_secrets", "pip", "repo_review", "ruff", "sp_repo_review", "uv", "validate_pyproject", "zizmor"),
    *("conftest", "noxfile", "setup", "task", "tasks"),
)
MARK = "import pathlib, sys\npathlib.Path({mark!r}).write_text(repr((__name__, sys.argv)))\n"
PYPROJECT = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\n'
LOOKS = {
    "check": (0, 1),
    "check --fix --preview": (0, 1),
    "check --format sarif": (0, 1),
    "update --check": (1,),
    "update --preview": (0, 3),
    "promote library --preview": (0, 2),
    "adopt --preview --yes": (0, 2),
    "doctor": (0, 1),
    "fleet status .": (1,),
    "fleet update . --out {out}": (3,),
    "template list": (0,),
    "template pins --check --only locks": (2,),
    "new other --preview --defaults": (0,),
}


@pytest.fixture
def hostile(plain: Small, tmp_path: Path) -> Path:
    """A project behind its template that has such modules, and the file that they would write."""
    mark = tmp_path / "ran"
    code = MARK.format(mark=str(mark))
    lay(
        plain.project,
        {f"{name}.py": code for name in MODULES} | {"pyproject.toml": PYPROJECT, "src/x/__init__.py": code},
    )
    pins = {f"templates/{name}.yml": (ROOT / "templates" / f"{name}.yml").read_text() for name in ("pins", "locks")}
    lay(plain.project, {**pins, "copier.yml": ""})
    git("add", "--all", at=plain.project)
    git("commit", "--quiet", "--message=hostile", at=plain.project)
    return plain.project


@pytest.mark.parametrize("path", [".", "", "bin"])
def test_programs_of_the_current_folder(
    plain: Small, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    """A PATH that leads into the current folder brings no programs of the repository."""
    mark = tmp_path / "ran"
    programs = {f"{path or '.'}/{name}": f"#!/bin/sh\ntouch {mark}\n" for name in ("git", "ruff", "zizmor", "uv")}
    lay(plain.project, {**programs, "pyproject.toml": PYPROJECT})
    for program in programs:
        (plain.project / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(plain.project)
    for line in ("check", "doctor", "update --check", "fleet status ."):
        done = subprocess.run(
            [sys.executable, "-m", "new_ops_project", *line.split()], capture_output=True, check=False
        )
        assert done.returncode in {0, 1}, done
    assert not mark.exists()


@pytest.mark.parametrize("line", LOOKS)
def test_a_verb_that_looks(hostile: Path, tmp_path: Path, line: str) -> None:
    """It starts in the repository, and nothing of it is imported."""
    program = str(Path(sys.executable).with_name("new-ops-project"))
    words = line.format(out=tmp_path / "out").split()
    env = {**os.environ, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = subprocess.run([program, *words], cwd=hostile, env=env, capture_output=True, text=True, check=False)
    assert not (mark := tmp_path / "ran").exists(), mark.read_text()
    assert done.returncode in LOOKS[line], done.stderr


def test_python_itself_imports_them(hostile: Path, tmp_path: Path) -> None:
    """Without the care that is taken, they would run: the test can fail."""
    subprocess.run([sys.executable, "-m", "yaml"], cwd=hostile, capture_output=True, check=False)
    assert (tmp_path / "ran").exists()
