"""Kills of every verb in every shape at random moments: `PYTHONPATH=tests python -m shapes.kills [COUNT] [SEED]`.

COUNT runs are killed (SIGKILL), and as many get SIGINT, SIGTERM or SIGHUP; half of them alone, half with what they have
started. Then the next run, or --abort, has to lead to exactly what was there before, or to what the verb makes
when nobody interferes, and nothing may be left behind. The exit code is 1 if a run was wrong.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM, Signals
from threading import Lock

from shapes import run, seed, state
from shapes.repositories import SHAPES, Place
from support.history import entry
from support.small import lay

Logical = Mapping[str, object]

ADOPT = "adopt {folder} --yes --name audit --tier script --python 3.14 --template {template}"
ALONE, MEMORY = "SHAPES_ALONE", Path("/dev/shm")  # noqa: S108 - nobody else's, in a namespace of its own
CODES = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129}


@dataclass(frozen=True)
class Action:
    """A command line of the tool: the edits that the project has, what runs before it, and the one that takes it back.

    `again`: the exit codes of the same line when all is done.
    """

    line: str
    edits: str = "clean"
    first: str = ""
    back: str = ""
    again: tuple[int, ...] = (0,)


ACTIONS = {
    "update": Action("update {path}", back="update {path} --abort"),
    "update into a conflict": Action("update {path}", "clash", back="update {path} --abort", again=(2,)),
    "update --commit": Action("update {path} --commit"),
    "update --branch": Action("update {path} --branch"),
    "update --abort": Action("update {path} --abort", first="update {path}", again=(2,)),
    "update --continue": Action("update {path} --continue", "clash", first="update {path}", again=(2,)),
    "promote": Action("promote cli {path}", back="promote {path} --abort"),
    "promote --commit": Action("promote cli {path} --commit", again=(2,)),
    "check --fix": Action("check {folder} --fix --select OPS604", "drift"),
    "adopt": Action(ADOPT, "bare", again=(2, 0)),
    "adopt --commit": Action(f"{ADOPT} --commit", "bare"),
    "new": Action(
        "new fresh --defaults --tier script --template {template} --ref v1.0.0 --path {top}/fresh", again=(2,)
    ),
}


@dataclass(frozen=True)
class Reference:
    """What a verb makes of a shape when nobody interferes: its exit code, the result, and how many seconds it takes."""

    code: int
    after: Logical
    seconds: float


@dataclass
class Killed:
    """One run that was killed: `moment` is where it stood then; `problems` are what was wrong after it."""

    shape: str
    action: str
    number: Signals
    moment: str = ""
    problems: list[str] = field(default_factory=list)


def logical(place: Place) -> Logical:
    """All that a user would miss, without ids that depend on the time: files, indexes, branches by their trees."""
    git_dirs = sorted(path.parent for path in place.top.rglob("HEAD") if (path.parent / "refs").is_dir())
    git_dirs += sorted(path.parent for path in place.top.rglob("commondir"))
    files = {
        path: row
        for path, row in state.read(place.top).items()
        if ".git" not in path.split("/")
        and not any(folder in (place.top / path, *(place.top / path).parents) for folder in git_dirs)
    }
    repositories_there = {path.parent for path in place.top.rglob(".git")}
    return files | {str(folder.relative_to(place.top)): _repository(place, folder) for folder in repositories_there}


def _repository(place: Place, folder: Path) -> tuple[str, ...]:
    rows = place.git("for-each-ref", "--format=%(refname) %(tree) %(contents:subject)", at=folder)
    return (
        place.git("ls-files", "--stage", "-t", at=folder),
        place.git("symbolic-ref", "--quiet", "HEAD", at=folder),
        rows,
    )


@dataclass(frozen=True)
class Yard:
    """The bench of the table for runs that are killed. References are made once each; `name` begins its folders."""

    bench: run.Bench
    chance: random.Random
    name: str = "kill"
    references: dict[tuple[str, str], Reference] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def kill(self, number: int, shape: str, action: str, sent: Signals) -> Killed:
        """Kill one run and look at what it leaves, and at the run after it."""
        killed = Killed(shape, action, sent)
        try:
            reference = self.reference(shape, action)
            when, how = self.chance.uniform(0, 1.1), self.chance.random()
            sees_change = self.chance.random() < 1 / 3
            attempt = Attempt(self, killed, reference, f"{self.name}-{number}", when, how, sees_change=sees_change)
            attempt.go()
            if not killed.problems:
                shutil.rmtree(attempt.runner.place.top)
        except Exception as error:  # noqa: BLE001 - a run that cannot be judged is a wrong one
            killed.problems.append(f"ended early: {error!r}")
        return killed

    def reference(self, shape: str, action: str) -> Reference:
        """What the action makes of the shape, and how long it takes."""
        with self.lock:
            if (shape, action) not in self.references:
                runner = self.runner(f"{self.name}-reference-{len(self.references)}", shape, action)
                began = time.monotonic()
                done = runner.finish(ACTIONS[action].line)
                seconds = time.monotonic() - began
                self.references[shape, action] = Reference(done.returncode, logical(runner.place), seconds)
            return self.references[shape, action]

    def runner(self, name: str, shape: str, action: str) -> "Runner":
        """A new repository of the shape, just before the action."""
        place = self.bench.place(shape, ACTIONS[action].edits, name)
        runner = Runner(place, Path(place.env["TMPDIR"]), str(self.bench.planted.template))
        if place.is_refused:
            place.git("config", "--global", "--add", "safe.directory", str(place.root))
        if ACTIONS[action].first:
            runner.finish(ACTIONS[action].first)
        if "--continue" in ACTIONS[action].line:
            lay(place.project, {path: place.on_disk(path, entry(seed.RESOLVED)).content for path in seed.CLASHING})
        return runner


@dataclass(frozen=True)
class Runner:
    """The tool in one place."""

    place: Place
    temporary: Path
    template: str

    def start(self, line: str, **env: str) -> "subprocess.Popen[bytes]":
        """Start a command line of the tool in a session of its own."""
        place = self.place
        words = line.format(path=place.path, folder=place.folder, top=place.top, template=self.template).split()
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        every = {**place.env, **env}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            ["new-ops-project", *words], cwd=place.root, env=every, start_new_session=True, **pipes
        )

    def finish(self, line: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run a command line to its end."""
        child = self.start(line, **env)
        output = child.communicate()[0].decode(errors="replace")
        return subprocess.CompletedProcess(line, child.returncode, output, "")


@dataclass
class Attempt:
    """One run that is killed: what was there before, and what is there afterwards.

    `when`: after which part of the time that it takes it is killed. `how`: from 0 to 1, which way. `sees_change`:
    whether the time begins when files are about to be moved, which random moments hardly ever meet.
    """

    yard: Yard
    killed: Killed
    reference: Reference
    name: str
    when: float
    how: float
    sees_change: bool = False

    @cached_property
    def runner(self) -> Runner:
        """The place just before the action."""
        return self.yard.runner(self.name, self.killed.shape, self.killed.action)

    def require(self, holds: object, problem: str) -> None:
        """Note a problem unless something holds."""
        if not holds:
            self.killed.problems.append(problem)

    def go(self) -> None:
        """Start, send the signal, wait; then run again or take back, and compare."""
        action, place = ACTIONS[self.killed.action], self.runner.place
        before = logical(place)
        # A quarter of them with an empty cache, which is filled meanwhile.
        cache = {"XDG_CACHE_HOME": str(self.runner.temporary.with_suffix(".cache"))} if 0.25 < self.how < 0.5 else {}
        child = self.runner.start(action.line, **cache)
        self._wait(child)
        is_late = child.poll() is not None
        _send(child, self.killed.number, alone=self.how < 0.5)
        output = child.communicate()[0].decode(errors="replace")
        _outlive(child.pid)
        self.killed.moment = "too late" if is_late else self._moment(before)
        if not is_late and self.killed.number != SIGKILL:
            self._is_told(child.returncode, output, before)
        if action.back and (self.how * 2) % 1 < 0.4:
            self._takes_back(self.runner.finish(action.back, **cache), before)
        else:
            self._goes_on(action, **cache)
        self._nothing_left()

    def _wait(self, child: "subprocess.Popen[bytes]") -> None:
        """Wait for the moment: a part of the time, or a little after the change of files has begun."""
        if not self.sees_change:
            with suppress(subprocess.TimeoutExpired):
                child.wait(self.when * self.reference.seconds)
            return
        place = self.runner.place
        change = Path(place.git("rev-parse", "--absolute-git-dir"), "new-ops-project", "change")
        while child.poll() is None and not change.exists():
            pass
        time.sleep(self.when * 0.004)  # moving the files takes a few thousandths of a second

    def _moment(self, before: Logical) -> str:
        now, place = logical(self.runner.place), self.runner.place
        is_decided = not ACTIONS[self.killed.action].first and any(place.top.rglob("new-ops-project/change"))
        if now == self.reference.after:
            return "after"
        return "half-way" if is_decided else "before" if now == before else "between"

    def _is_told(self, code: int, output: str, before: Logical) -> None:
        """After a signal: nothing has happened and the exit code says so, or all has; nothing is left at once."""
        number, now = self.killed.number, logical(self.runner.place)
        last = " / ".join(output.strip().splitlines()[-2:])
        is_early = code in {-number, 1} and "/new_ops_project/" not in output  # the interpreter has not come to us yet
        self.require(is_early or "Traceback" not in output, f"a traceback: {output[-300:]}")
        is_before = (code == CODES[number] or is_early) and now == before
        is_done = code in {self.reference.code, CODES[number]} and now == self.reference.after
        # The signal has ended `git commit`, and what is to be committed is staged, as the message says.
        is_staged = code == 2 and "git did not commit" in output and "Everything is staged" in output
        self.require(is_before or is_done or is_staged, f"exit code {code}, {self._moment(before)}: {last}")
        left = [path.name for path in self.runner.temporary.iterdir()]
        self.require(not left, f"left in TMPDIR after {number.name}: {left}")

    def _goes_on(self, action: Action, **env: str) -> None:
        """The same line again leads to the end."""
        is_done = logical(self.runner.place) == self.reference.after
        ran = self.runner.finish(action.line, **env)
        self._is_fine(ran, (self.reference.code, *(action.again if is_done or self._may_be_done else ())))
        now = logical(self.runner.place)
        self.require(
            now == self.reference.after, f"again: not as it should be: {_differences(self.reference.after, now)}"
        )

    @property
    def _may_be_done(self) -> bool:
        return self.killed.moment != "before"

    def _takes_back(self, ran: "subprocess.CompletedProcess[str]", before: Logical) -> None:
        """--abort leads to the beginning, whether there is something to take back or not."""
        self._is_fine(ran, (0, 2) if self.killed.moment == "before" else (0,))
        now = logical(self.runner.place)
        self.require(now == before, f"--abort: not as before: {_differences(before, now)}")

    def _is_fine(self, ran: "subprocess.CompletedProcess[str]", codes: tuple[int, ...]) -> None:
        last = " / ".join(ran.stdout.strip().splitlines()[-2:])
        self.require("Traceback" not in ran.stdout, f"`{ran.args}`: a traceback: {ran.stdout[-300:]}")
        self.require(ran.returncode in codes, f"`{ran.args}`: exit code {ran.returncode}, not {codes}: {last}")

    def _nothing_left(self) -> None:
        """Neither temporary folders nor locks nor halves of anything outlive the next run."""
        place = self.runner.place
        self.require(
            not (left := sorted(path.name for path in self.runner.temporary.iterdir())), f"left in TMPDIR: {left}"
        )
        cache, journal = (
            self.runner.temporary.with_suffix(".cache"),
            re.compile(r"/new-ops-project/(?!lock|change|edited-)"),
        )
        names = [path.relative_to(place.top).as_posix() for path in place.top.rglob("*") if "objects" not in path.parts]
        odd = [name for name in names if name.endswith((".lock", ".new-ops-project")) or journal.search(name)]
        odd += [path.name for path in cache.rglob("*") if path.name.endswith(".new-ops-project")]
        self.require(not odd, f"left behind: {odd[:5]}")
        packs = [path for path in place.top.rglob("tmp_*") if path.is_file() and "objects" not in path.parts]
        self.require(not packs, f"left behind: {packs}")
        place.git("fsck", "--strict", "--no-dangling", "--no-progress")


def _send(child: "subprocess.Popen[bytes]", number: Signals, *, alone: bool) -> None:
    with suppress(ProcessLookupError):
        if alone:
            child.send_signal(number)
        else:
            os.killpg(child.pid, number)


def _outlive(session: int) -> None:
    """Wait for what a killed run has started."""
    for _ in range(500):
        if not any(_is_of(session, stat) for stat in Path("/proc").glob("[0-9]*/stat")):
            return
        time.sleep(0.02)


def _is_of(session: int, stat: Path) -> bool:
    with suppress(OSError):
        status, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
        return int(of) == session and status not in "ZX"
    return False


def _differences(wanted: Logical, there: Logical) -> str:
    paths = [path for path in sorted(wanted.keys() | there.keys()) if wanted.get(path) != there.get(path)]
    return "; ".join(paths[:6])


def _alone(arguments: Sequence[str]) -> None:
    """Start this again where nobody else uses the memory for temporary files, if this system can."""
    if os.getuid() or not shutil.which("unshare") or ALONE in os.environ:
        return
    script = f'mount -t tmpfs tmpfs {MEMORY} && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", "shapes.kills", *arguments]
    os.execvpe("unshare", command, {**os.environ, ALONE: "1"})  # noqa: S606 - the same script


def _left_in_memory() -> str:
    """What all the runs have left in the memory for temporary files."""
    if ALONE not in os.environ:
        return f"not looked at: {MEMORY}, which others use too."
    left = [path.relative_to(MEMORY).as_posix() for path in MEMORY.rglob("*")]
    return f"left in {MEMORY}: {', '.join(left) or 'nothing'}."


def main(arguments: Sequence[str]) -> int:
    """Kill runs, and print the figures."""
    _alone(arguments)
    count, began = int(arguments[0]) if arguments else 200, time.monotonic()
    start = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(1 << 16)
    pairs = [(shape, action) for action in ACTIONS for shape in SHAPES]
    pairs = [pair for pair in pairs if not (pair[0].startswith("two templates") and pair[1].startswith("adopt"))]
    chance = random.Random(start)  # noqa: S311 - moments, no secrets
    chosen = [pair for _ in range(2 * count // len(pairs) + 1) for pair in chance.sample(pairs, len(pairs))]
    signals = [SIGKILL] * count + [(SIGINT, SIGTERM, SIGHUP)[number % 3] for number in range(count)]
    with run.bench() as bench, ThreadPoolExecutor(os.cpu_count()) as pool:
        yard = Yard(bench, chance)
        jobs = [(number, *chosen[number], sent) for number, sent in enumerate(signals)]
        results = list(pool.map(lambda job: yard.kill(*job), jobs))
    end = f"seed {start}, {time.monotonic() - began:.0f} seconds; {_left_in_memory()}"
    sys.stdout.write("\n".join([*figures(results), end, ""]))
    return 1 if any(killed.problems for killed in results) else 0


def figures(results: Sequence[Killed]) -> list[str]:
    """A table by signal, then what was wrong."""
    moments = ("before", "half-way", "between", "after", "too late")
    rows = [f"| signal | runs | {' | '.join(moments)} | wrong |", f"|---|---|{'---|' * len(moments)}---|"]
    for number in dict.fromkeys(killed.number for killed in results):
        of_it = [killed for killed in results if killed.number == number]
        counts = Counter(killed.moment for killed in of_it)
        wrong = sum(bool(killed.problems) for killed in of_it)
        cells = " | ".join(str(counts[moment]) for moment in moments)
        rows.append(f"| {signal.Signals(number).name} | {len(of_it)} | {cells} | {wrong} |")
    lines = [
        f"- {killed.number.name}, {killed.shape}, {killed.action}, {killed.moment}: {problem[:600]}"
        for killed in results
        for problem in killed.problems
    ]
    return [*rows, "", *lines]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
