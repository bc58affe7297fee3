"""The pool of worker processes: a worker that dies or takes too long is replaced."""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from new_ops_project.base import process
from new_ops_project.fleet.model import RunContext, Task
from new_ops_project.template.releases import Releases

_GRACE = 5.0  # seconds after the limit in which a worker can still report the timeout itself
_WORKER = "new_ops_project.fleet.run.worker"  # not imported: only the workers need what it imports


@dataclass(frozen=True)
class WorkerReply:
    """The answer of a worker as a JSON object; or None with the reason why there is none."""

    task: Task
    answer: Mapping[str, Any] | None
    reason: str = ""


@dataclass(frozen=True)
class Assignment:
    """The work to do for each task: `kind` is update or drift; `seconds` is the limit for one task."""

    kind: str
    context: RunContext
    templates: Mapping[str, Releases]
    seconds: float


@contextmanager
def replies(tasks: Iterable[Task], work: Assignment, jobs: int) -> Iterator[Iterator[WorkerReply]]:
    """Yield an iterator of the replies to all tasks, in the order in which they come.

    All workers have ended when the block ends. If it ends early, the remaining tasks are not done.
    """
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    count = 0
    for count, task in enumerate(tasks, 1):  # noqa: B007 - the last one is the number of tasks
        waiting.put(task)
    done: queue.SimpleQueue[WorkerReply] = queue.SimpleQueue()
    lanes = [_Lane(work, waiting, done) for _ in range(min(jobs, count))]
    for lane in lanes:
        lane.thread.start()
    try:
        yield (done.get() for _ in range(count))
    finally:
        for lane in lanes:
            lane.stop()
        for lane in lanes:
            lane.thread.join()


class _Lane:
    """A thread with a worker process, which it restarts when the worker has ended."""

    def __init__(
        self, work: Assignment, waiting: "queue.SimpleQueue[Task]", done: "queue.SimpleQueue[WorkerReply]"
    ) -> None:
        self._work, self._waiting, self._done = work, waiting, done
        self._child: process.Child | None = None
        self._stopped = threading.Event()
        self._late = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def stop(self) -> None:
        """Take no more tasks and kill the worker."""
        self._stopped.set()
        if self._child:
            process.kill(self._child)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    task = self._waiting.get_nowait()
                except queue.Empty:
                    break
                self._done.put(self._reply(task))
        finally:
            self._end()

    def _reply(self, task: Task) -> WorkerReply:
        child = self._child = self._child or self._start()
        self._late.clear()
        timer = threading.Timer(self._work.seconds + _GRACE, self._interrupt, (child,))
        timer.start()
        try:
            line = self._request(child, task)
        finally:
            timer.cancel()
        if line:
            return WorkerReply(task, json.loads(line))
        child.wait()
        self._end()
        if self._late.is_set():
            return WorkerReply(task, None, f"It took longer than {self._work.seconds:g} seconds.")
        return WorkerReply(task, None, f"The worker {_ended(child.returncode)}.")

    def _start(self) -> process.Child:
        work = self._work.context.work
        child = process.start(sys.executable, "-m", _WORKER, env={"TMPDIR": str(work)} if work else None)
        if self._stopped.is_set():
            process.kill(child)
        templates = {name: asdict(releases) for name, releases in self._work.templates.items()}
        _write(child, {"context": asdict(self._work.context), "templates": templates})
        return child

    def _request(self, child: process.Child, task: Task) -> bytes:
        """The line that the worker answers; b'' if it has ended, even in the middle of a line."""
        _write(child, {"kind": self._work.kind, "task": asdict(task), "seconds": self._work.seconds})
        line = child.stdout.readline() if child.stdout else b""
        return line if line.endswith(b"\n") else b""

    def _interrupt(self, child: process.Child) -> None:
        self._late.set()
        process.kill(child)

    def _end(self) -> None:
        """End the worker by closing its input; kill it if it does not end."""
        child, self._child = self._child, None
        if child:
            process.end(child)


def _write(child: process.Child, value: Mapping[str, Any]) -> None:
    """Write a line; a worker that has ended is noticed later, when its answer is read."""
    with suppress(OSError):
        if child.stdin:
            child.stdin.write(json.dumps(value, default=str).encode() + b"\n")
            child.stdin.flush()


def _ended(code: int) -> str:
    """The way a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed ({signal.Signals(-code).name})"
    except ValueError:
        return f"was killed (signal {-code})"


def cpu_count() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
