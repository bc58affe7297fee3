"""The pool of worker processes: a worker that dies or takes too long is replaced."""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.parsers import read_json
from new_ops_project.fleet import json_types, store
from new_ops_project.fleet.model import Result, ResultState, RunContext, Task
from new_ops_project.template.releases import Releases

_GRACE = 5.0  # seconds after the limit in which a worker can still report the timeout itself
_WORKER = "new_ops_project.fleet.run.worker"  # not imported: only the workers need what it imports


@dataclass(frozen=True)
class Assignment:
    """The work to do for each task: `kind` is update or drift; `seconds` is the limit for one task."""

    kind: str
    context: RunContext
    templates: Mapping[str, Releases]
    seconds: float


@contextmanager
def results(tasks: Iterable[Task], work: Assignment, jobs: int) -> Iterator[Iterator[Result]]:
    """Yield an iterator of the results of all tasks, in the order in which they come.

    All workers have ended when the block ends. If it ends early, the remaining tasks are not done.
    """
    lanes = [_Lane(work) for _ in range(jobs)]
    idle: queue.SimpleQueue[_Lane] = queue.SimpleQueue()
    for lane in lanes:
        idle.put(lane)

    def result(task: Task) -> Result:
        lane = idle.get()
        try:
            return lane.result(task)
        finally:
            idle.put(lane)

    try:
        with ThreadPoolExecutor(jobs) as threads:
            futures = [threads.submit(result, task) for task in tasks]
            try:
                yield (future.result() for future in as_completed(futures))
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                if not all(future.done() for future in futures):
                    for lane in lanes:
                        lane.stop()
    finally:
        for lane in lanes:
            lane.end()


class _Lane:
    """A worker process, which is started with its first task, and again when it has ended."""

    def __init__(self, work: Assignment) -> None:
        self._work = work
        self._child: process.Child | None = None
        self._stopped = False

    def stop(self) -> None:
        """Kill the worker, now or as soon as it has started."""
        self._stopped = True
        if self._child:
            process.kill(self._child)

    def end(self) -> None:
        """End the worker by closing its input; kill it if it does not end."""
        child, self._child = self._child, None
        if child:
            process.end(child)

    def result(self, task: Task) -> Result:
        """The worker's result for the task; a failed one if the worker cannot start, dies or takes too long."""
        try:
            child = self._child = self._child or self._start()
        except ProcessError as error:
            return self._failed(task, f"No worker can start: {error.reason}.", "Fix that, or give fewer --jobs.")
        late = threading.Event()

        def interrupt() -> None:
            late.set()
            process.kill(child)

        timer = threading.Timer(self._work.seconds + _GRACE, interrupt)
        timer.start()
        try:
            _write(child, {"kind": self._work.kind, "task": asdict(task), "seconds": self._work.seconds})
            line = child.stdout.readline() if child.stdout else b""
        finally:
            timer.cancel()
        if line.endswith(b"\n"):  # a worker can end in the middle of a line
            return json_types.read(Result, read_json(line))
        child.wait()
        self.end()
        reason = f"The worker {_ended(child.returncode)}."
        if late.is_set():
            reason = f"It took longer than {self._work.seconds:g} seconds."
        return self._failed(task, reason, "Run this again; its log shows how far it came.")

    def _failed(self, task: Task, reason: str, hint: str) -> Result:
        return store.task_result(task, self._work.context.plan, state=ResultState.FAILED, reason=reason, hint=hint)

    def _start(self) -> process.Child:
        work = self._work.context.work
        child = process.start(sys.executable, "-P", "-m", _WORKER, env={"TMPDIR": str(work)} if work else None)
        if self._stopped:
            process.kill(child)
        templates = {name: asdict(releases) for name, releases in self._work.templates.items()}
        _write(child, {"context": asdict(self._work.context), "templates": templates})
        return child


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
