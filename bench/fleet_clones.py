"""The clones of a fleet: projects of every tier at three template versions, each edited as its team would."""

import os
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import measure
from sandbox import Sandbox

VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0")
NEWEST = "v1.3.0"
TIERS = ("script", "library", "cli")
EVERY = 10
"""One repository in so many has edited a line that the template changes later; its update ends in a conflict."""

_PROJECT = """
copier copy --defaults --quiet --vcs-ref "$1" --data project_name="$2" --data tier="$3" "$0" "$2"
cd "$2" && git init --quiet -b main && git add --all && git commit --quiet -m Generate
"""
_COMMIT = "git add --all && git commit --quiet -m Edit && git gc --quiet"


def make(folder: Path, count: int, box: Sandbox, versions: Sequence[str] = VERSIONS) -> None:
    """Make `count` clones in `folder`, each with a commit of edits. Clone number N is the same for every `count`."""
    folder.mkdir()
    lanes = os.cpu_count() or 1
    with ThreadPoolExecutor(lanes) as pool:
        for future in [
            pool.submit(_make_lane, folder, range(lane, count, lanes), box, versions) for lane in range(lanes)
        ]:
            future.result()


def _make_lane(folder: Path, numbers: range, box: Sandbox, versions: Sequence[str]) -> None:
    """Make the clones with these numbers, with a separate cache: two copiers at once break a shared one."""
    env = {**box.env, "XDG_CACHE_HOME": str(box.root / f"cache-{numbers.start}")}
    for number in numbers:
        _make(folder, number, versions, env, box.served)


def copy(folder: Path, count: int, into: Path, box: Sandbox) -> list[Path]:
    """Copy the first `count` clones, with a fresh git index, and flush them to the disk."""
    into.mkdir()
    chosen = sorted(folder.iterdir())[:count]
    subprocess.run(("cp", "-a", *map(str, chosen), str(into)), check=True)
    copies = [into / clone.name for clone in chosen]
    for clone in copies:
        measure.to_end(("git", "status", "--short"), cwd=clone, env=box.env)
    os.sync()  # otherwise a tool that syncs its own results waits for these files too
    return copies


def _make(folder: Path, number: int, versions: Sequence[str], env: Mapping[str, str], template: str) -> None:
    name = f"bench-{number:04}"
    version, tier = versions[number // len(TIERS) % len(versions)], TIERS[number % len(TIERS)]
    command = ("sh", "-e", "-c", _PROJECT, template, version, name, tier)
    measure.to_end(command, cwd=folder, env=env)
    edit(folder / name, random.Random(number), collides=number % EVERY == EVERY - 1)  # noqa: S311 - the edits must be the same in each run
    measure.to_end(("sh", "-e", "-c", _COMMIT), cwd=folder / name, env=env)


def edit(project: Path, chance: Random, *, collides: bool) -> None:
    """Add files, and edit the template's where it never changes; with `collides`, also a line that it does change."""
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
    """Add a module of 20 to 200 lines."""
    path = project / "tools" / f"task_{number}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"V{line} = {chance.randrange(10**9)}\n" for line in range(chance.randint(20, 200))))


def _extend_code(project: Path, chance: Random) -> None:
    path = min(path for path in project.rglob("*.py") if path.parent.name not in {"tests", "tools"})
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
