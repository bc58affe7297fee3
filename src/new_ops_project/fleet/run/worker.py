"""The worker process, which does one project after another, so that it imports each renderer only once.

It reads one JSON object per line from stdin: first the `context` and `templates` of the run, then a request for each
task. It answers each request with one line, and ends when its input ends.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, TextIO

from new_ops_project.base import environ, process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.fleet import json_types, store
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import Result, RunContext, Task
from new_ops_project.fleet.run.task import failed_result, find_drift, result_of, run_update, timestamp
from new_ops_project.template import render
from new_ops_project.template.releases import Releases


def main() -> None:
    """Answer each line of the input."""
    environ.drop_git_variables()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    setup = json.loads(sys.stdin.readline())
    context = json_types.read(RunContext, setup["context"])
    templates = {name: json_types.read(Releases, description) for name, description in setup["templates"].items()}
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            _answer(json.loads(line), context, templates, answers)


def _answer(
    request: Mapping[str, Any], context: RunContext, templates: Mapping[str, Releases], answers: TextIO
) -> None:
    task = json_types.read(Task, request["task"])
    if request["kind"] == "drift":
        answer = _drift(task, context, templates[task.template], Deadline.after(request["seconds"]))
    else:
        answer = _updated(task, context, templates[task.template], request["seconds"]).as_json()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _drift(task: Task, context: RunContext, releases: Releases, deadline: Deadline) -> dict[str, Any]:
    drift: list[Any] = []

    def work() -> Result:
        drift.extend(asdict(note) for note in find_drift(task, releases, deadline))
        return store.task_result(task, "")

    result = result_of(task, context, work)
    return {"drift": drift, "reason": result.reason, "hint": result.hint}


def _updated(task: Task, context: RunContext, releases: Releases, seconds: float) -> Result:
    """The result of one project, with its log and the time it took."""
    start, spent = time.monotonic(), _cpu()
    name = f"logs/{store.slug(task.name)}.log"
    tries = 1
    with (context.out / name).open("a", encoding="utf-8", errors="backslashreplace") as log:
        note = _log_writer(log)

        def on_retry(text: str) -> None:
            nonlocal tries
            tries += 1
            note(text)

        note(f"{task.name}: {task.before} -> {task.version}, from {task.base}")
        with process.watched(lambda args, took, code: note(f"{took:7.3f} s  {code}  {_command(args)}")):
            deadline = Deadline.after(seconds, on_retry)
            result = result_of(task, context, lambda: _guarded(task, context, releases, deadline, log))
        note(f"{result.state}: {result.reason or result.commit}; renderer: {render.renderers_used() or 'none'}")
    return replace(
        result,
        seconds=round(time.monotonic() - start, 3),
        cpu=round(_cpu() - spent, 3),
        tries=tries,
        log=name,
        at=timestamp(),
    )


def _guarded(task: Task, context: RunContext, releases: Releases, deadline: Deadline, log: TextIO) -> Result:
    """The result of `run_update`; a bug in this tool goes to the log, and fails only this project."""
    try:
        return run_update(task, context, releases, deadline)
    except (ToolError, ProcessError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - the other projects must go on
        traceback.print_exc(file=log)
        reason = f"A bug in new-ops-project: {type(error).__name__}: {error}"
        return failed_result(task, context.plan, reason, "Please report it with the log.")


def _log_writer(log: TextIO) -> Callable[[str], None]:
    """A function that writes a line with the time to the log."""

    def note(text: str) -> None:
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z {text}\n")
        log.flush()

    return note


def _command(args: tuple[str, ...]) -> str:
    """A command for the log, without its `-c` settings, which are the same for all."""
    settings = {index for index, arg in enumerate(args) if arg == "-c"}
    return " ".join(arg for index, arg in enumerate(args) if index not in settings and index - 1 not in settings)


def _cpu() -> float:
    """Processor time in seconds of this process and its ended children."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
