"""Clones to measure a fleet on: projects of every tier at three versions of the template, with their people's edits."""

import os
import random
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import measure
from sandbox import Sandbox

VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0")
NEWEST = "v1.3.0"
TIERS = ("script", "library", "cli")
EVERY = 10
"""Each so manieth repository has edited a line that the template has changed since, and so ends in a conflict."""

_PROJECT = """
copier copy --defaults --quiet --vcs-ref "$1" --data project_name="$2" --data tier="$3" "$0" "$2"
cd "$2" && git init --quiet -b main && git add --all && git commit --quiet -m Generate
"""
_COMMIT = "git add --all && git commit --quiet -m Edit && git gc --quiet"


def make(folder: Path, count: int, box: Sandbox) -> None:
    """Fill `folder` with `count` clones, the same ones for every `count`; each has a commit of its people's edits."""
    folder.mkdir()
    lanes = os.cpu_count() or 1
    with ThreadPoolExecutor(lanes) as pool:
        for made in [pool.submit(_some, folder, range(lane, count, lanes), box, lane) for lane in range(lanes)]:
            made.result()


def _some(folder: Path, numbers: range, box: Sandbox, lane: int) -> None:
    """Make those clones, with a cache of their own: two copiers at once break their shared copy of a template."""
    env = {**box.env, "XDG_CACHE_HOME": str(box.root / f"cache-{lane}")}
    for number in numbers:
        _make(folder, number, box, env)


def copy(folder: Path, count: int, into: Path, box: Sandbox) -> list[Path]:
    """Fresh copies of the first `count` clones, clean and with the index that git would have there; on the disk."""
    into.mkdir()
    chosen = sorted(folder.iterdir())[:count]
    subprocess.run(("cp", "-a", *map(str, chosen), str(into)), check=True)
    made = [into / one.name for one in chosen]
    for one in made:
        measure.to_end(("git", "status", "--short"), at=one, env=box.env)
    os.sync()  # or a tool that has its results on the disk waits for these files, too
    return made


def _make(folder: Path, number: int, box: Sandbox, env: Mapping[str, str]) -> None:
    name = f"bench-{number:04}"
    version, tier = VERSIONS[number // len(TIERS) % len(VERSIONS)], TIERS[number % len(TIERS)]
    command = ("sh", "-e", "-c", _PROJECT, box.served, version, name, tier)
    measure.to_end(command, at=folder, env=env)
    edit(folder / name, random.Random(number), collides=number % EVERY == EVERY - 1)  # noqa: S311 - the same edits each time
    measure.to_end(("sh", "-e", "-c", _COMMIT), at=folder / name, env=env)


# ---- what people do ----------------------------------------------------------------------------------------------


def edit(project: Path, chance: Random, *, collides: bool) -> None:
    """Add files, edit some of the template's where it changes nothing, and one where it does if it `collides`."""
    for number in range(chance.randint(1, 5)):
        _add(project, number, chance)
    for change in chance.sample(_CHANGES, chance.randint(1, len(_CHANGES))):
        change(project, chance)
    if collides:
        readme = project / "README.md"
        lines = readme.read_text().splitlines(keepends=True)
        heading = next(place for place, line in enumerate(lines) if line in {"## Refresh\n", "## Keep it fresh\n"})
        lines[heading] = "## How we refresh it\n"
        readme.write_text("".join(lines))


def _add(project: Path, number: int, chance: Random) -> None:
    """A module of 20 to 200 lines."""
    path = project / "tools" / f"task_{number}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"V{line} = {chance.randrange(10**9)}\n" for line in range(chance.randint(20, 200))))


def _extend_code(project: Path, chance: Random) -> None:
    path = min((one for one in project.rglob("*.py") if one.parent.name not in {"tests", "tools"}), key=lambda one: one)
    with path.open("a") as file:
        file.write(f"\n\ndef ours() -> int:\n    return {chance.randrange(10**9)}\n")


def _explain(project: Path, chance: Random) -> None:
    path = project / "README.md"
    path.write_text(path.read_text().replace("\n## Start\n", f"\nAsk team {chance.randrange(100)}.\n\n## Start\n"))


def _configure(project: Path, chance: Random) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.team]\nnumber = {chance.randrange(100)}\n")


def _ignore(project: Path, chance: Random) -> None:
    with (project / ".gitignore").open("a") as file:
        file.write(f"\n*.{chance.randrange(1000)}\n")


def _drop(project: Path, _chance: Random) -> None:
    (project / ".editorconfig").unlink()


_CHANGES: tuple[Callable[[Path, Random], None], ...] = (_extend_code, _explain, _configure, _ignore, _drop)
