"""What is compared on a fleet: the commands, and what each must have done, or it was measured doing nothing."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fleet_clones import NEWEST
from measure import CommandError, Sample

JOBS = "2"
ANSWERS = ".copier-answers.yml"
_ALL = 10**6


@dataclass(frozen=True)
class Found:
    """What a run left: how many repositories are in conflict, and how often each exit code came."""

    conflicts: int = 0
    codes: Mapping[str, int] = field(default_factory=dict)


Check = Callable[[Path, Sequence[Path], Sample], Found]
"""Of the folder that a command ran in, the clones, and what it wrote; raises UndoneError."""


class UndoneError(Exception):
    """A repository in which a command did not do what is measured."""


@dataclass(frozen=True)
class Side:
    """A command that runs in a folder with `clones`, until all are done."""

    task: str
    name: str
    label: str
    command: tuple[str, ...]
    check: Check
    codes: tuple[int, ...] = (0,)
    most: int = _ALL
    """Repositories; for more it takes too long, and is measured only with --all."""
    has_second: bool = False
    """Whether it is run on the same clones once more, which is measured by itself."""

    def checked(self, folder: Path, clones: Sequence[Path], sample: Sample) -> Found:
        """What it left; raises CommandError when it did not do its task in every repository."""
        try:
            return self.check(folder, clones, sample)
        except UndoneError as error:
            raise CommandError(self.command, f"{error}\n{sample.output.decode(errors='replace')}".encode()) from error


# ---- what must have been done ------------------------------------------------------------------------------------


def _bundled(folder: Path, clones: Sequence[Path], _sample: Sample) -> Found:
    """Every clone has a commit in a bundle, on top of its own, which records the newest version."""
    lines = [one for path in (folder / "out").glob("results-*.jsonl") for one in path.read_text().splitlines()]
    results = {Path(one["folder"]).name: one for one in map(json.loads, lines)}
    conflicts = 0
    for clone in clones:
        one = results.get(clone.name, {})
        if "bundle" not in one:
            raise UndoneError(f"{clone.name} has no bundle: {one}")
        _git(clone, "fetch", "--quiet", str(folder / "out" / one["bundle"]), f"refs/heads/{one['target']}")
        _require(clone.name, _git(clone, "show", f"{one['commit']}:{ANSWERS}"))
        if _git(clone, "rev-parse", f"{one['commit']}^") != _git(clone, "rev-parse", "HEAD"):
            raise UndoneError(f"{clone.name}: the commit is not on top of its own")
        conflicts += bool(_marked(clone, one["commit"]))
    return Found(conflicts, dict(Counter(str(one["state"]) for one in results.values())))


def _updated(folder: Path, clones: Sequence[Path], _sample: Sample) -> Found:
    """Every clone's files record the newest version."""
    for clone in clones:
        _require(clone.name, (clone / ANSWERS).read_text())
    codes = [line.split()[0] for line in (folder / "codes").read_text().splitlines()]
    if len(codes) != len(clones):
        raise UndoneError(f"{len(codes)} of {len(clones)} ran")
    return Found(sum(bool(_marked(clone)) for clone in clones), dict(Counter(codes)))


def _told(text: str, times: int | None = None) -> Check:
    """That `text`, with {count} for the number of repositories, was written `times`; None for once for each."""

    def check(_folder: Path, clones: Sequence[Path], sample: Sample) -> Found:
        wanted = text.format(count=len(clones)).encode()
        if sample.output.count(wanted) != (len(clones) if times is None else times):
            raise UndoneError(f"{wanted.decode()!r} was written {sample.output.count(wanted)} times")
        return Found()

    return check


def _require(name: str, answers: str) -> None:
    if f"_commit: {NEWEST}" not in answers.splitlines():
        raise UndoneError(f"{name} is not at {NEWEST}:\n{answers}")


def _marked(clone: Path, *commit: str) -> str:
    """The files that hold conflict markers."""
    return _git(clone, "grep", "-l", "^<<<<<<< ", *commit, codes=(0, 1))


def _git(clone: Path, *args: str, codes: tuple[int, ...] = (0,)) -> str:
    ran = subprocess.run(("git", *args), cwd=clone, capture_output=True, text=True, check=False)
    if ran.returncode not in codes:
        raise UndoneError(f"{clone.name}: git {' '.join(args)}: {ran.stderr}")
    return ran.stdout


# ---- the commands ------------------------------------------------------------------------------------------------

_UPDATE = 'cd "$one" && copier update --defaults; echo "$? $one" >>../../codes'
_LOOP = f"for one in clones/*; do ({_UPDATE}); done"
_XARGS = f"printf '%s\\n' clones/* | xargs -P{JOBS} -I'{{}}' sh -c 'one={{}}; {_UPDATE}'"
_LOOK = 'for one in clones/*; do (cd "$one" && copier check-update); done'

SIDES = (
    Side(
        "update", "ours", f"`new-ops-project fleet update --jobs {JOBS}`",
        ("new-ops-project", "fleet", "update", "clones", "--out", "out", "--jobs", JOBS), _bundled, codes=(0, 3),
    ),
    Side("update", "loop", "a loop of `copier update`", ("sh", "-c", _LOOP), _updated, most=60),
    Side("update", "xargs", f"`xargs -P{JOBS}` with `copier update`", ("sh", "-c", _XARGS), _updated, most=60),
    Side(
        "status", "ours", "`new-ops-project fleet status`", ("new-ops-project", "fleet", "status", "clones"),
        _told("{count} repositories: {count} behind", times=1), codes=(1,), has_second=True,
    ),
    Side(
        "status", "loop", "a loop of `copier check-update`", ("sh", "-c", _LOOK),
        _told(f"latest version is {NEWEST[1:]}"), most=15,
    ),
)  # fmt: skip
