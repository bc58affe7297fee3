"""Worker processes, each for one project at a time: one that dies, or takes too long, is replaced by another."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from new_ops_project.base.process import environment
from new_ops_project.fleet.model import Task
from new_ops_project.fleet.run import worker
from new_ops_project.fleet.run.task import RunContext
from new_ops_project.template.releases import Releases

_GRACE = 5.0  # seconds for a worker to say itself that its time is over


@dataclass(frozen=True)
class WorkerReply:
    """What a worker said of a task, as JSON; or why it said nothing."""

    task: Task
    said: Mapping[str, Any] | None
    reason: str = ""


@dataclass(frozen=True)
class Assignment:
    """What workers are asked for each task: `what` is update or drift; `seconds` is the limit for one."""

    what: str
    job: RunContext
    templates: Mapping[str, Releases]
    seconds: float


@contextmanager
def answers(tasks: Iterable[Task], work: Assignment, jobs: int) -> Iterator[Iterator[WorkerReply]]:
    """Yield what there is to iterate over: an answer for each task, as they come. At the end no worker is left.

    Whoever leaves the block early leaves the other tasks undone.
    """
    asked: queue.SimpleQueue[Task] = queue.SimpleQueue()
    count = 0
    for count, task in enumerate(tasks, 1):  # noqa: B007 - the last one is the number of tasks
        asked.put(task)
    said: queue.SimpleQueue[WorkerReply] = queue.SimpleQueue()
    lanes = [_Lane(work, asked, said) for _ in range(min(jobs, count))]
    for lane in lanes:
        lane.thread.start()
    try:
        yield (said.get() for _ in range(count))
    finally:
        for lane in lanes:
            lane.stop()
        for lane in lanes:
            lane.thread.join()


class _Lane:
    """One worker after another, with a thread that speaks to it."""

    def __init__(
        self, work: Assignment, asked: "queue.SimpleQueue[Task]", said: "queue.SimpleQueue[WorkerReply]"
    ) -> None:
        self._work, self._asked, self._said = work, asked, said
        self._child: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._late = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def stop(self) -> None:
        """Take no further task, and end the worker."""
        self._stopped.set()
        _kill(self._child)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    task = self._asked.get_nowait()
                except queue.Empty:
                    break
                self._said.put(self._answer(task))
        finally:
            self._end()

    def _answer(self, task: Task) -> WorkerReply:
        child = self._child = self._child or self._started()
        self._late.clear()
        timer = threading.Timer(self._work.seconds + _GRACE, self._interrupt, (child,))
        timer.start()
        try:
            line = self._spoken(child, task)
        finally:
            timer.cancel()
        if line:
            return WorkerReply(task, json.loads(line))
        child.wait()
        self._end()
        if self._late.is_set():
            return WorkerReply(task, None, f"It took longer than {self._work.seconds:g} seconds.")
        return WorkerReply(task, None, f"The worker {_ended(child.returncode)}.")

    def _started(self) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            (sys.executable, "-m", worker.__name__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            text=True,
            encoding="utf-8",
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        if self._stopped.is_set():
            _kill(child)
        given = self._work.job
        job = {**asdict(given), "out": str(given.out), "work": str(given.work or "")}
        templates = {name: worker.described(one) for name, one in self._work.templates.items()}
        _write(child, {"job": job, "templates": templates})
        return child

    def _spoken(self, child: "subprocess.Popen[str]", task: Task) -> str:
        """What the worker answers; '' when it has ended."""
        asked = {"what": self._work.what, "task": asdict(task), "seconds": self._work.seconds}
        _write(child, asked)
        line = child.stdout.readline() if child.stdout else ""
        return line if line.endswith("\n") else ""

    def _interrupt(self, child: "subprocess.Popen[str]") -> None:
        self._late.set()
        _kill(child)

    def _end(self) -> None:
        """Let the worker end: it has no more to read."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            _kill(child)
            child.wait()


def _write(child: "subprocess.Popen[str]", value: Mapping[str, Any]) -> None:
    """Write a line; a worker that has ended is noticed when it is asked for its answer."""
    with suppress(OSError):
        if child.stdin:
            child.stdin.write(json.dumps(value) + "\n")
            child.stdin.flush()


def _kill(child: "subprocess.Popen[str] | None") -> None:
    """End a worker with the programs that it has started."""
    if child is None or child.poll() is not None:
        return
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


def _ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed ({signal.Signals(-code).name})"
    except ValueError:
        return f"was killed (signal {-code})"
