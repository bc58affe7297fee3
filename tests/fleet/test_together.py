"""Several machines that share only the plan give the same results as one run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.command import git
from support.servers import git_http
from support.small import CLASH, MINE

NAMES = ("one", "two", "three", "four", "five", "clash")
FLEET = (sys.executable, "-m", "new_ops_project", "fleet")
_TIMES = ("seconds", "cpu", "at", "log", "shard", "tries", "command", "resolving")
_COUNTED = (
    "total",
    "at_version",
    "standings",
    "states",
    "deliveries",
    "versions",
    "pythons",
    "drift",
    "conflicts",
    "kept",
)


def run(work: Path, *args: str, cache: Path, codes: tuple[int, ...] = (0,)) -> str:
    """One verb in a process of its own, with a cache of its own; what it printed."""
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([*FLEET, *args], cwd=work, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in codes, done.stderr + done.stdout
    return done.stdout


def rows(text: str) -> list[dict[str, Any]]:
    """The rows of a report, without what two runs may differ in: times, and where files are."""
    entries = json.loads(text)["repositories"]
    return sorted(
        ({key: value for key, value in entry.items() if key not in _TIMES} for entry in entries),
        key=lambda entry: entry["name"],
    )


def totals(text: str) -> dict[str, Any]:
    """The counts of a report."""
    report = json.loads(text)
    return {key: report[key] for key in _COUNTED}


@pytest.mark.slow
def test_shards_come_to_what_one_run_comes_to(work: Path, tmp_path: Path) -> None:
    """Plan, three shards on machines with their own caches, publish and report give the report of one run."""
    template = fleets.template(tmp_path / "template")
    served = {
        name: fleets.bare(
            tmp_path / "served" / "ops" / f"{name}.git",
            template,
            {"task.py": CLASH if name == "clash" else MINE, "mine.txt": name},
        )
        for name in NAMES
    }
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text("".join(f"{url}/ops/{name}\n" for name in NAMES))
        run(work, "plan", "repos.txt", "--shards", "3", "--out", "plan.json", cache=tmp_path / "planner")
        run(work, "update", "--plan", "plan.json", "--out", "whole", cache=tmp_path / "whole", codes=(3,))
        run(work, "publish", "--in", "whole", "--mode", "push", cache=tmp_path / "whole", codes=(3,))
        whole = run(work, "report", "whole", "--json", cache=tmp_path / "whole", codes=(3,))
        tips = {
            name: git("rev-parse", "template/v1.1.0", at=repository)
            for name, repository in served.items()
            if name != "clash"
        }
        for repository in served.values():
            git("update-ref", "-d", "refs/heads/template/v1.1.0", at=repository)

        shards = [f"shard-{number}" for number in (1, 2, 3)]
        for number, out in enumerate(shards, 1):
            run(
                work,
                "update",
                "--plan",
                "plan.json",
                "--shard",
                f"{number}/3",
                "--out",
                out,
                cache=tmp_path / out,
                codes=(0, 3),
            )
        run(work, "publish", "--in", *shards, "--mode", "push", cache=tmp_path / "publisher", codes=(3,))
        parts = run(work, "report", *shards, "--json", cache=tmp_path / "reporter", codes=(3,))
    assert rows(parts) == rows(whole)
    assert totals(parts) == totals(whole)
    assert tips == {
        name: git("rev-parse", "template/v1.1.0", at=repository)
        for name, repository in served.items()
        if name != "clash"
    }
