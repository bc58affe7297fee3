"""A folder of linters that stands for the one in which this tool is installed."""

import shutil
import sys
from pathlib import Path

import pytest

LINTERS = ("ruff", "zizmor", "deptry", "detect-secrets", "validate-pyproject")
MISSING = ""
FAILS = "echo 'it is broken' >&2; exit 70"
HANGS = "exec /bin/sleep 60"
GIBBERISH = "echo gibberish"
_REAL = Path(sys.executable)


def script(path: Path, text: str) -> None:
    """Write a program that runs this shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def fill(folder: Path, monkeypatch: pytest.MonkeyPatch, **replaced: str) -> None:
    """Fill the folder with the linters, some of them replaced by scripts, and use it; only git is on PATH then.

    `python` replaces the interpreter, which runs the linters that are packages.
    """
    script(folder / "python", f'exec "{_REAL}" "$@"')
    (folder / "path").mkdir()
    (folder / "path" / "git").symlink_to(shutil.which("git") or "git")
    for name in LINTERS:
        (folder / name).symlink_to(_REAL.parent / name)
    for name, text in replaced.items():
        program = folder / name.replace("_", "-")
        program.unlink(missing_ok=True)
        if text:
            script(program, text)
    monkeypatch.setenv("PATH", str(folder / "path"))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
