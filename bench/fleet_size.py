"""The benchmark of a fleet's size: what one repository costs among a thousand, and among ten thousand."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import fleet_clones
import machine
import measure
import served
from fleet_results import Fleet, Row
from measure import CommandError, Sample
from sandbox import Sandbox, sandbox

SIZES = (1000, 3000, 10000)
JOBS = "2"
WARM = 40
"""The number of repositories in the first, unmeasured round, which fills caches."""
PART = 4
"""One repository in so many is behind."""
_BEHIND, _CURRENT = 10, 9  # different projects of each kind; the last of the former ends in a conflict
_UNUSED = ("hooks", "logs", "branches", "info", "description", "COMMIT_EDITMSG")


def run(sizes: Sequence[int], rounds: int) -> Fleet:
    """Measure everything. Raises CommandError for a command that did not do its work in every repository."""
    with sandbox(served.LATER) as box:
        say(f"making {max(sizes)} repositories")
        clones = _make(box, max(sizes))
        rows: dict[tuple[str, int], list[Sample]] = {}
        for number in range(-1, rounds):
            for size in (WARM,) if number < 0 else sizes:
                say(f"round {number + 1} of {rounds}, {size} repositories")
                for label, sample in _measure(clones[:size], box):
                    say(f"  {label}: {sample.cpu * 1000 / size:.1f} ms of CPU each, {sample.peak:.0f} MiB")
                    if number >= 0:
                        rows.setdefault((label, size), []).append(sample)
        described = [_row(label, size, rows[label, size]) for label, size in sorted(rows)]
        return Fleet(machine.describe(box.env), rounds, tuple(described))


def _measure(clones: Sequence[Path], box: Sandbox) -> Iterator[tuple[str, Sample]]:
    """Status, update and report of the same fleet."""
    behind = -(-len(clones) // PART)
    current = len(clones) - behind
    with box.folder() as folder:
        (folder / "repos.txt").write_text("".join(f"{clone}\n" for clone in clones))
        update = ("update", "repos.txt", "--out", "out", "--jobs", JOBS)
        steps = (
            ("status", ("status", "repos.txt"), (1,), f"{behind} behind, {current} current."),
            ("update", update, (3,), f"{current} current, "),
            ("report", ("report", "out", "--html", "fleet.html"), (3,), "fleet.html"),
        )
        yield from ((label, _checked(args, codes, text, folder, box)) for label, args, codes, text in steps)


def _checked(args: tuple[str, ...], codes: tuple[int, ...], text: str, folder: Path, box: Sandbox) -> Sample:
    """Run the command; raises CommandError unless its output has `text`."""
    command = ("new-ops-project", "fleet", *args)
    os.sync()  # otherwise a tool that syncs its own results waits for other files too
    sample = measure.to_end(command, cwd=folder, env=box.env, codes=codes)
    if text not in sample.output.decode(errors="replace"):
        raise CommandError(command, sample.output[-2000:])
    return sample


def _row(label: str, size: int, samples: Sequence[Sample]) -> Row:
    return Row(
        label,
        "ours",
        f"`fleet {label}`",
        size,
        0,
        (),
        {},
        tuple(sample.seconds for sample in samples),
        tuple(sample.cpu for sample in samples),
        tuple(sample.peak for sample in samples),
    )


def say(text: str) -> None:
    """Tell a person how far this is."""
    print(text, file=sys.stderr, flush=True)


# ---- the clones ------------------------------------------------------------------------------------------------------


def _make(box: Sandbox, count: int) -> list[Path]:
    """`count` clones that share their files with a few projects by hard links, so that one takes about 50 KB."""
    behind, current, folder = (box.root / name for name in ("behind", "current", "clones"))
    fleet_clones.make(behind, _BEHIND, box)
    fleet_clones.make(current, _CURRENT, box, versions=(fleet_clones.NEWEST,))
    kinds = [sorted(folder.iterdir()) for folder in (behind, current)]
    pairs = [
        (
            kinds[number % PART != 0][number // PART % (_CURRENT if number % PART else _BEHIND)],
            folder / f"repo-{number:05}",
        )
        for number in range(count)
    ]
    for project in (*kinds[0], *kinds[1]):
        for name in _UNUSED:
            path = project / ".git" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for project, clone in pairs:
        _link(project, clone)
    for project in (*kinds[0], *kinds[1]):  # a link changes the time in an inode, which git compares with its index
        measure.to_end(("git", "status", "--short"), cwd=project, env=box.env)
    for project, clone in pairs:
        os.link(project / ".git" / "index", clone / ".git" / "index")
        config = (project / ".git" / "config").read_text()
        address = f"https://git.example.org/ops/{clone.name}.git"
        (clone / ".git" / "config").write_text(f'{config}[remote "origin"]\n\turl = {address}\n')
    return [clone for _, clone in pairs]


def _link(project: Path, clone: Path) -> None:
    """Make a clone of links to the files of a project, without its index and its configuration."""
    for place, _, names in os.walk(project):
        target = clone / Path(place).relative_to(project)
        target.mkdir(parents=True)
        for name in names:
            if target.name != ".git" or name not in {"index", "config"}:
                os.link(Path(place, name), target / name, follow_symlinks=False)
