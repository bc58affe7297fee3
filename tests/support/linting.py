"""Linters from the environment of the tests."""

import subprocess
import sys
from pathlib import Path


def run_linter(program: str, *args: str, cwd: Path) -> str:
    """Run a linter, which must find nothing; return its output."""
    command = [str(Path(sys.executable).with_name(program)), *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
