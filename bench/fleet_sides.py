"""What is compared on a fleet: the commands, and what each must have done, or it was measured doing nothing."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fleet_clones import NEWEST
from measure import CommandError, Sample

JOBS = "2"
ANSWERS = ".copier-answers.yml"
_ALL = 10**6
SPARED = 0.1
"""The share of the repositories in which copier may fail; of ours, none may."""


@dataclass(frozen=True)
class Found:
    """What a run left: how many repositories are in conflict, which were not updated, the count of each exit code."""

    conflicts: int = 0
    failed: tuple[str, ...] = ()
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
    return Found(conflicts, (), dict(Counter(str(one["state"]) for one in results.values())))


def _updated(folder: Path, clones: Sequence[Path], _sample: Sample) -> Found:
    """The files of all clones record the newest version; copier fails now and then, which few may, and is told."""
    lines = (folder / "codes").read_text().splitlines()
    codes = {name: code for code, name in map(str.split, lines)}
    if len(codes) != len(clones):
        raise UndoneError(f"{len(codes)} of {len(clones)} ran")
    failed = {one.name: log for one in clones if (log := _failure(folder, one))}
    said = "\n".join(f"{name} (exit code {codes[f'clones/{name}']}): {log}" for name, log in failed.items())
    if len(failed) > max(1, len(clones) * SPARED):
        raise UndoneError(said)
    if said:
        print(said, file=sys.stderr, flush=True)
    conflicts = sum(bool(_marked(clone)) for clone in clones)
    return Found(conflicts, tuple(failed), dict(Counter(codes.values())))


def _failure(folder: Path, clone: Path) -> str:
    """Why copier did not update a clone, as its log ends; '' if it did."""
    try:
        _require(clone.name, (clone / ANSWERS).read_text())
    except (UndoneError, FileNotFoundError) as error:
        log = (folder / f"log-{clone.name}").read_text(errors="replace")
        return f"{str(error).splitlines()[0]}\n{log[-500:]}"
    return ""


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

_UPDATE = 'cd "$one" && copier update --defaults >"../../log-${one##*/}" 2>&1; echo "$? $one" >>../../codes'
_LOOP = f"for one in clones/*; do ({_UPDATE}); done"
_XARGS = f"printf '%s\\n' clones/* | xargs -P{JOBS} -I'{{}}' sh -c 'one={{}}; {_UPDATE}'"
_LOOK = 'for one in clones/*; do (cd "$one" && copier check-update); done'

SIDES = (
    Side(
        "update",
        "ours",
        f"`new-ops-project fleet update --jobs {JOBS}`",
        ("new-ops-project", "fleet", "update", "clones", "--out", "out", "--jobs", JOBS),
        _bundled,
        codes=(0, 3),
    ),
    Side("update", "loop", "a loop of `copier update`", ("sh", "-c", _LOOP), _updated, most=60),
    Side("update", "xargs", f"`xargs -P{JOBS}` with `copier update`", ("sh", "-c", _XARGS), _updated, most=60),
    Side(
        "status",
        "ours",
        "`new-ops-project fleet status`",
        ("new-ops-project", "fleet", "status", "clones"),
        _told("{count} repositories: {count} behind", times=1),
        codes=(1,),
        has_second=True,
    ),
    Side(
        "status",
        "loop",
        "a loop of `copier check-update`",
        ("sh", "-c", _LOOK),
        _told(f"latest version is {NEWEST[1:]}"),
        most=15,
    ),
)
