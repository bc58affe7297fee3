"""Linters that are installed beside the tests."""

import subprocess
import sys
from pathlib import Path


def inside(program: str, *args: str, cwd: Path) -> None:
    """Run a linter that is installed beside the tests, which must find nothing."""
    command = [str(Path(sys.executable).with_name(program)), *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
