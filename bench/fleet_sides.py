"""The commands that a fleet benchmark compares, each with a check that it did its work."""

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
TOLERATED = 0.1
"""The share of the repositories in which copier may fail. Our tool may fail in none."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: the number of repositories in conflict, those not updated, the count of each exit code."""

    conflicts: int = 0
    failed: tuple[str, ...] = ()
    codes: Mapping[str, int] = field(default_factory=dict)


Check = Callable[[Path, Sequence[Path], Sample], Outcome]
"""Takes the folder that a command ran in, the clones, the sample. Raises UndoneError."""


class UndoneError(Exception):
    """A command did not do its work in some repository."""


@dataclass(frozen=True)
class Side:
    """A command that runs in a folder with `clones` until all are done."""

    task: str
    name: str
    label: str
    command: tuple[str, ...]
    check: Check
    codes: tuple[int, ...] = (0,)
    most: int = _ALL
    """The most repositories that it is measured with, except with --all: it takes too long with more."""
    has_second: bool = False
    """Whether it runs on the same clones a second time, as a measurement of its own."""

    def checked(self, folder: Path, clones: Sequence[Path], sample: Sample) -> Outcome:
        """The outcome. Raises CommandError where it did not do its work in every repository."""
        try:
            return self.check(folder, clones, sample)
        except UndoneError as error:
            raise CommandError(self.command, f"{error}\n{sample.output.decode(errors='replace')}".encode()) from error


def _check_bundles(folder: Path, clones: Sequence[Path], _sample: Sample) -> Outcome:
    """Require for every clone a commit in a bundle, on top of its HEAD, that records the newest version."""
    lines = [line for path in (folder / "out").glob("results-*.jsonl") for line in path.read_text().splitlines()]
    results = {Path(result["folder"]).name: result for result in map(json.loads, lines)}
    conflicts = 0
    for clone in clones:
        result = results.get(clone.name, {})
        if "bundle" not in result:
            raise UndoneError(f"{clone.name} has no bundle: {result}")
        _git(clone, "fetch", "--quiet", str(folder / "out" / result["bundle"]), f"refs/heads/{result['target']}")
        _require(clone.name, _git(clone, "show", f"{result['commit']}:{ANSWERS}"))
        if _git(clone, "rev-parse", f"{result['commit']}^") != _git(clone, "rev-parse", "HEAD"):
            raise UndoneError(f"{clone.name}: the commit is not on top of HEAD")
        conflicts += bool(_marked(clone, result["commit"]))
    return Outcome(conflicts, (), dict(Counter(str(result["state"]) for result in results.values())))


def _check_work_trees(folder: Path, clones: Sequence[Path], _sample: Sample) -> Outcome:
    """Require the newest version in the answers files. A few clones may fail, as copier sometimes does: report them."""
    lines = (folder / "codes").read_text().splitlines()
    codes = {name: code for code, name in map(str.split, lines)}
    if len(codes) != len(clones):
        raise UndoneError(f"{len(codes)} of {len(clones)} ran")
    failed = {clone.name: log for clone in clones if (log := _failure(folder, clone))}
    report = "\n".join(f"{name} (exit code {codes[f'clones/{name}']}): {log}" for name, log in failed.items())
    if len(failed) > max(1, len(clones) * TOLERATED):
        raise UndoneError(report)
    if report:
        print(report, file=sys.stderr, flush=True)
    conflicts = sum(bool(_marked(clone)) for clone in clones)
    return Outcome(conflicts, tuple(failed), dict(Counter(codes.values())))


def _failure(folder: Path, clone: Path) -> str:
    """Why copier did not update a clone, with the end of its log; '' if it did."""
    try:
        _require(clone.name, (clone / ANSWERS).read_text())
    except (UndoneError, FileNotFoundError) as error:
        log = (folder / f"log-{clone.name}").read_text(errors="replace")
        return f"{str(error).splitlines()[0]}\n{log[-500:]}"
    return ""


def _check_output(text: str, times: int | None = None) -> Check:
    """Require `text`, with {count} as the number of repositories, `times` in the output; None means once for each."""

    def check(_folder: Path, clones: Sequence[Path], sample: Sample) -> Outcome:
        wanted = text.format(count=len(clones)).encode()
        if sample.output.count(wanted) != (len(clones) if times is None else times):
            raise UndoneError(f"{wanted.decode()!r} was written {sample.output.count(wanted)} times")
        return Outcome()

    return check


def _require(name: str, answers: str) -> None:
    if f"_commit: {NEWEST}" not in answers.splitlines():
        raise UndoneError(f"{name} is not at {NEWEST}:\n{answers}")


def _marked(clone: Path, *commit: str) -> str:
    """The files with conflict markers, one a line."""
    return _git(clone, "grep", "-l", "^<<<<<<< ", *commit, codes=(0, 1))


def _git(clone: Path, *args: str, codes: tuple[int, ...] = (0,)) -> str:
    completed = subprocess.run(("git", *args), cwd=clone, capture_output=True, text=True, check=False)
    if completed.returncode not in codes:
        raise UndoneError(f"{clone.name}: git {' '.join(args)}: {completed.stderr}")
    return completed.stdout


_UPDATE = 'cd "$clone" && copier update --defaults >"../../log-${clone##*/}" 2>&1; echo "$? $clone" >>../../codes'
_LOOP = f"for clone in clones/*; do ({_UPDATE}); done"
_XARGS = f"printf '%s\\n' clones/* | xargs -P{JOBS} -I'{{}}' sh -c 'clone={{}}; {_UPDATE}'"
_CHECK_UPDATE = 'for clone in clones/*; do (cd "$clone" && copier check-update); done'

SIDES = (
    Side(
        "update",
        "ours",
        f"`new-ops-project fleet update --jobs {JOBS}`",
        ("new-ops-project", "fleet", "update", "clones", "--out", "out", "--jobs", JOBS),
        _check_bundles,
        codes=(0, 3),
    ),
    Side("update", "loop", "a loop of `copier update`", ("sh", "-c", _LOOP), _check_work_trees, most=60),
    Side("update", "xargs", f"`xargs -P{JOBS}` with `copier update`", ("sh", "-c", _XARGS), _check_work_trees, most=60),
    Side(
        "status",
        "ours",
        "`new-ops-project fleet status`",
        ("new-ops-project", "fleet", "status", "clones"),
        _check_output("{count} repositories: {count} behind", times=1),
        codes=(1,),
        has_second=True,
    ),
    Side(
        "status",
        "loop",
        "a loop of `copier check-update`",
        ("sh", "-c", _CHECK_UPDATE),
        _check_output(f"latest version is {NEWEST[1:]}"),
        most=15,
    ),
)
