"""An update that is killed, interrupted or out of disk space at any moment.

Several files cannot change at once. Their change is decided by one rename, of a journal that holds all of it, to
`.git/new-ops-project/change`: before that nothing has moved, and from then on the next run finishes or takes back.
"""

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from signal import SIGINT, SIGKILL

import pytest
from support import forks
from support.command import git
from support.small_template import PLAIN, TINY, SampleFile, copied, listed, project, read, save, template, write

from new_ops_project.base.errors import Exit

MINE = SampleFile(PLAIN, b"mine\n")
TOOL = Path(".git", "new-ops-project")


@dataclass(frozen=True)
class State:
    """What a user would miss: every file, ignored ones too, the index, the last commit's tree and message."""

    files: dict[str, SampleFile]
    index: list[str]
    commit: str


def state(folder: Path) -> State:
    """What there is now."""
    return State(read(folder), listed(folder, "ls-files", "--stage"), git("log", "-1", "--format=%T %B", at=folder))


def is_decided(folder: Path) -> bool:
    """Whether a change is to happen, if it has not yet, with the next run."""
    return (folder / TOOL / "change").exists()


def left_over(folder: Path) -> set[str]:
    """What lies in the tool's own folder and is neither its lock nor a decided change."""
    return {path.name for path in (folder / TOOL).glob("*")} - {"lock", "change"}


def situation(folder: Path) -> tuple[str, ...]:
    """The names of everything that git and the tool have on disk."""
    return tuple(sorted(str(path.relative_to(folder)) for path in (folder / ".git").rglob("*")))


@dataclass
class Bench:
    """Projects to break: each kind is made once per worker, and every test gets copies of its own."""

    kinds: Path
    place: Path
    number: Iterator[int]

    def take(self, kind: str) -> Path:
        """A new copy of a project of one kind."""
        kept = self.kinds / kind / "audit"
        if not kept.exists():
            copy = getattr(self, f"_{kind}")()
            kept.parent.mkdir(parents=True)
            copy.rename(kept)
        return self.copy(kept)

    def copy(self, project: Path) -> Path:
        """The same project once more."""
        return copied(project, self.place / str(next(self.number)) / "audit")

    def start(self, folder: Path, *args: str, stop: forks.Stop | None = None) -> forks.Forked:
        """Start an update of it in a process of its own."""
        return forks.start("update", folder, *args, log=folder.with_name("log"), stop=stop)

    def finish(self, folder: Path, *args: str, codes: tuple[int, ...] = (0,)) -> str:
        """Update it to the end, expect one of the exit codes, and return the output."""
        started = self.start(folder, *args)
        assert started.wait() in codes, started.output
        assert "Traceback" not in started.output
        return started.output

    def _clean(self) -> Path:
        folder = project(str(template(self.kinds / "template", TINY)), "v1.0.0", self.place / "made" / "audit")
        write(folder, {"secret.log": MINE, "mine.txt": MINE})
        return save(folder)

    def _edited(self) -> Path:
        """One that will have conflicts, of two kinds."""
        folder = self.take("clean")
        text = (folder / "changed.txt").read_text()
        (folder / "changed.txt").write_text(text.replace("Line 8 is old.", "Line 8 is mine."))
        (folder / "gone.txt").write_text("Mine.\n")
        return save(folder)

    def _updated(self) -> Path:
        folder = self.take("clean")
        self.finish(folder)
        return folder

    def _conflicting(self) -> Path:
        folder = self.take("edited")
        self.finish(folder, codes=(Exit.CONFLICTS,))
        return folder

    def _resolved(self) -> Path:
        folder = self.take("conflicting")
        (folder / "changed.txt").write_text("Resolved.\n")
        return folder


@pytest.fixture
def bench(shared: Path, tmp_path: Path) -> Bench:
    """See Bench."""
    return Bench(shared / "atomic", tmp_path, count())


# ---- killed -------------------------------------------------------------------------------------------------


def killed_at_each_step(bench: Bench, kind: str, *args: str, within: Path = Path()) -> Iterator[Path]:
    """A project for each step of an update that touches something below `within`: killed right before that step.

    A step is a write, a rename, a removal and so on, or the start of git. After the last step nothing is killed.
    """
    for at in count(1):
        copy = bench.take(kind)
        code = bench.start(copy, *args, stop=forks.Stop(SIGKILL, at, copy / within)).wait()
        yield copy
        if code != -SIGKILL:
            assert at > 9, "the steps were not counted"  # a --continue that commits nothing has the fewest
            return


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code", "within"),
    [
        ("clean", Exit.DONE, Path()),
        ("edited", Exit.CONFLICTS, TOOL / "change"),
    ],
)
def test_update_killed(bench: Bench, kind: str, code: Exit, within: Path) -> None:
    """Killed at any step nothing has moved, or the next run leads exactly to the end, or --abort to the beginning."""
    before = state(bench.take(kind))
    whole = bench.take(kind)
    bench.finish(whole, codes=(code,))
    after, seen = state(whole), set[tuple[str, ...]]()
    for copy in killed_at_each_step(bench, kind, within=within):
        if is_decided(copy):
            assert_goes_both_ways(bench, copy, before, after)
            continue
        assert state(copy) == before
        if situation(copy) not in seen:
            seen.add(situation(copy))
            bench.finish(copy, codes=(code,))
            assert state(copy) == after
            assert not left_over(copy)


def assert_goes_both_ways(bench: Bench, copy: Path, before: State, after: State) -> None:
    """The next run finishes what was decided, and says that it waits; or takes back what is there of it."""
    other = bench.copy(copy)
    message = bench.finish(copy, codes=(Exit.DONE, Exit.FAILED))
    assert "not committed yet" in message or "unresolved conflicts" in message
    assert state(copy) == after
    assert not left_over(copy)
    index = (other / TOOL / "change" / "index.old").read_bytes()
    bench.finish(other, "--abort")
    assert state(other) == before
    assert (other / ".git" / "index").read_bytes() == index
    assert not left_over(other)
    assert not is_decided(other)


@pytest.mark.slow
def test_commit_killed(bench: Bench) -> None:
    """Killed with --commit, the result is not there, or staged, or committed."""
    before, staged, whole = state(bench.take("clean")), state(bench.take("updated")), bench.take("clean")
    bench.finish(whole, "--commit")
    for copy in killed_at_each_step(bench, "clean", "--commit", within=TOOL / "change"):
        if not is_decided(copy):
            assert state(copy) in (before, state(whole))
            continue
        bench.finish(copy)
        assert state(copy) in (staged, state(whole))
        assert git("diff", "--name-only", at=copy) == ""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "was"), [("updated", "clean"), ("conflicting", "edited")])
def test_abort_killed(bench: Bench, kind: str, was: str) -> None:
    """Killed while it takes an update back, the next --abort restores the beginning; an update does too, then runs."""
    before, after = state(bench.take(was)), state(bench.take(kind))
    for number, copy in enumerate(killed_at_each_step(bench, kind, "--abort")):
        assert is_decided(copy) or state(copy) == before
        if number % 2 and state(copy) != after:
            bench.finish(copy, codes=(Exit.DONE, Exit.CONFLICTS))
            assert state(copy) == after
        else:
            bench.finish(copy, "--abort", codes=(Exit.DONE, Exit.FAILED))
            assert state(copy) == before


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--commit"]])
def test_continue_killed(bench: Bench, options: list[str]) -> None:
    """Killed while it concludes an update, the next --continue gets to the end."""
    whole = bench.take("resolved")
    bench.finish(whole, "--continue", *options)
    for copy in killed_at_each_step(bench, "resolved", "--continue", *options):
        bench.finish(copy, "--continue", *options, codes=(Exit.DONE, Exit.FAILED))
        assert state(copy) == state(whole)
        assert not left_over(copy)
        assert is_decided(copy) != bool(options)  # what is not committed can still be taken back


@pytest.mark.slow
def test_killed_at_random_moments(bench: Bench) -> None:
    """Killed (-9) at thirty random moments, also in the middle of git: before or after, and the next run works."""
    before, after = state(bench.take("clean")), state(bench.take("updated"))
    seconds = timed(bench)
    for _ in range(30):
        copy = bench.take("clean")
        started = bench.start(copy)
        started.process.join(random.uniform(0, seconds))  # noqa: S311 - a moment, no secret
        started.process.kill()
        started.wait()
        assert is_decided(copy) or state(copy) == before
        bench.finish(copy)
        assert state(copy) == after
        assert not left_over(copy)


def timed(bench: Bench) -> float:
    """The seconds that an update takes when nobody interferes, and a little more."""
    from time import monotonic

    began = monotonic()
    bench.finish(bench.take("clean"))
    return 1.1 * (monotonic() - began)


# ---- what a user does after that ----------------------------------------------------------------------------


def half_way(bench: Bench) -> Path:
    """A project whose update was killed when some of its files were in place."""
    before, after = state(bench.take("clean")).files, state(bench.take("updated")).files
    for copy in killed_at_each_step(bench, "clean", within=TOOL / "change"):
        if is_decided(copy) and "come.sh" in read(copy) and read(copy) not in (before, after):
            return copy
    raise AssertionError("never half-way")


def test_work_done_after_a_kill_is_kept(bench: Bench) -> None:
    """A file that was edited after a run was killed half-way is not overwritten; --abort keeps a copy of it."""
    copy = half_way(bench)
    (copy / "changed.txt").write_text("Mine, since.\n")
    message = bench.finish(copy, codes=(Exit.FAILED,))
    assert "changed.txt was edited" in message
    assert (copy / "changed.txt").read_text() == "Mine, since.\n"
    bench.finish(copy, "--abort")
    assert state(copy) == state(bench.take("clean"))
    assert [path.read_text() for path in (copy / TOOL).rglob("changed.txt")] == ["Mine, since.\n"]


def test_a_commit_made_after_a_kill_is_kept(bench: Bench) -> None:
    """What was committed after a run was killed half-way is neither unstaged nor overwritten by the next run."""
    copy = half_way(bench)
    git("reset", "--quiet", "--hard", at=copy)
    git("clean", "--quiet", "--force", "-d", at=copy)
    (copy / "mine.txt").write_text("Mine, since.\n")
    save(copy, "Since")
    bench.finish(copy, codes=(Exit.DONE, Exit.FAILED))
    assert (copy / "mine.txt").read_text() == "Mine, since.\n"
    assert "mine.txt" not in git("diff", "--cached", "--name-only", at=copy)


def test_a_reset_takes_an_update_back(bench: Bench) -> None:
    """After git reset --hard an update does not wait any more: the next run does it again."""
    copy = bench.take("updated")
    git("reset", "--quiet", "--hard", at=copy)
    bench.finish(copy)
    assert state(copy) == state(bench.take("updated"))


# ---- stopped ------------------------------------------------------------------------------------------------


def assert_stopped(copy: Path, started: forks.Forked, before: State, after: State) -> None:
    """Either it was stopped, says so and nothing is there of it; or it came too late and everything is there."""
    code = started.wait()
    assert "Traceback" not in started.output
    assert (code, state(copy)) in [(Exit.INTERRUPTED, before), (Exit.DONE, after)], started.output
    assert not left_over(copy)
    assert is_decided(copy) == (code == Exit.DONE)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["in the project", "in TMPDIR"])
def test_interrupted_at_each_step(bench: Bench, temporary: Path, where: str) -> None:
    """Ctrl-C at any step leaves nothing, neither in the project nor in TMPDIR; or it is too late.

    Each run tries every second step, the odd or the even ones.
    """
    before, after = state(bench.take("clean")), state(bench.take("updated"))
    late = 0
    for at in count(random.randint(1, 2), 2):  # noqa: S311 - a step, no secret
        copy = bench.take("clean")
        root = copy / TOOL if where == "in the project" else temporary
        started = bench.start(copy, stop=forks.Stop(SIGINT, at, root))
        assert_stopped(copy, started, before, after)
        assert not list(temporary.iterdir())
        late += is_decided(copy)
        if late > 10:
            return


@pytest.mark.slow
def test_interrupted_at_random_moments(bench: Bench, temporary: Path) -> None:
    """The same at a dozen random moments, with git being interrupted too, as a terminal does it."""
    before, after = state(bench.take("clean")), state(bench.take("updated"))
    seconds = timed(bench)
    for _ in range(12):
        copy = bench.take("clean")
        started = bench.start(copy)
        started.process.join(random.uniform(0, seconds))  # noqa: S311 - a moment, no secret
        started.send(SIGINT)
        assert_stopped(copy, started, before, after)
        assert not list(temporary.iterdir())


# ---- disks --------------------------------------------------------------------------------------------------


def on_its_own_disk(script: str, *given: str | Path | int) -> "subprocess.CompletedProcess[str]":
    """Run a script that has a disk of 4 MiB at $1 which nobody else sees, the tool as `$tool`, and `given` from $2."""
    disk, *more = map(str, given)
    Path(disk).mkdir(parents=True)
    lines = f'tool="{sys.executable} -m new_ops_project"\nmount -t tmpfs -o size=4m tmpfs "$1" || exit 99\n{script}'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", lines, "sh", disk, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


FULL = """
cp -a "$2" "$1/audit"
free=$(df -k --output=avail "$1" | tail -1)
head -c $(((free - $4) * 1024)) /dev/zero > "$1/filler"
$tool update "$1/audit"
code=$?
rm "$1/filler"
cp -a "$1/audit" "$3"
exit $code
"""


@pytest.mark.slow
def test_disk_is_full(bench: Bench, tmp_path: Path) -> None:
    """On a disk with too little space nothing moves, whatever it is that does not fit; with enough, everything does."""
    before, after = state(bench.take("clean")), state(bench.take("updated"))
    ended = {}
    for free in (0, 8, 16, 28, 64):
        copy = tmp_path / f"{free} KiB" / "audit"
        done = on_its_own_disk(FULL, copy.with_name("disk"), bench.take("clean"), copy, free)
        assert state(copy) == (after if done.returncode == Exit.DONE else before)
        ended[free] = done.returncode
    assert set(ended.values()) == {Exit.DONE, Exit.FAILED}, ended


LINKED = """
git -C "$2" worktree add --quiet -b other "$1/audit"
$tool update "$1/audit" || exit
cp -a "$1/audit" "$3/updated"
$tool update --abort "$1/audit" || exit
cp -a "$1/audit" "$3/aborted"
"""


def test_a_worktree_on_another_disk(bench: Bench, tmp_path: Path) -> None:
    """Where the work tree and its git folder are on two disks, between which nothing can be renamed, it is the same."""
    copy = bench.take("clean")
    done = on_its_own_disk(LINKED, tmp_path / "disk", copy, tmp_path)
    assert done.returncode == Exit.DONE, done.stderr
    for name, kind in (("updated", "updated"), ("aborted", "clean")):
        content = read(tmp_path / name)
        del content[".git"]
        assert content == {path: kept for path, kept in read(bench.take(kind)).items() if path != "secret.log"}
