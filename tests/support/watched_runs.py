"""Runs of the command as processes, watched for what they leave behind."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

COMMAND = [sys.executable, "-m", "new_ops_project"]


class World:
    """A folder for runs whose processes can be told from all others, with folders for what may be left behind."""

    def __init__(self, work: Path, tmp_path: Path) -> None:
        self.work, self.temporary, self.began = work, tmp_path / "temporary", tmp_path / "began"
        self.temporary.mkdir()
        self.mark = f"{tmp_path}-{random.random()}"  # noqa: S311 - a name
        caches = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_DATA_HOME": str(tmp_path / "data")}
        self.env = {**os.environ, **caches, "TMPDIR": str(self.temporary), "MARK": self.mark, "BEGAN": str(self.began)}

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """Start the command."""
        return subprocess.Popen(
            [*COMMAND, *args],
            cwd=self.work,
            env={**self.env, **env},
            text=True,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < end
            time.sleep(0.01)

    def running(self) -> list[bytes]:
        """The command lines of the processes that a run has started, and of itself."""
        lines = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (process / "environ").read_bytes():
                    lines.append((process / "cmdline").read_bytes())
            except OSError:
                continue
        return [line for line in lines if line]  # a zombie has none

    def left(self) -> list[str]:
        """What is left behind: in the folder for temporary files, beside projects and in the caches."""
        elsewhere = [path for path in self.work.parent.rglob(".*.new-ops-project") if path.is_dir()]
        return [path.name for path in (*self.temporary.iterdir(), *elsewhere)]
