"""The worker process, which does one project after another, so that it imports each renderer only once.

It reads one JSON object per line from stdin: first the `context` and `templates` of the run, then a request for each
task. It answers each request with one line, and ends when its input ends.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TextIO

from new_ops_project.base import environ, interrupts, masking, memory, process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.text import escape_invisible, shown
from new_ops_project.fleet import json_types, store
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import Result, ResultState, RunContext, Task
from new_ops_project.fleet.run.task import find_drift, run_update
from new_ops_project.template import render
from new_ops_project.template.releases import Releases


def main() -> None:
    """Answer each line of the input."""
    environ.clean()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    setup = json.loads(sys.stdin.readline())
    context = json_types.read(RunContext, setup["context"])
    templates = {name: json_types.read(Releases, description) for name, description in setup["templates"].items()}
    with suppress(KeyboardInterrupt), interrupts.interruptible():
        requests = queue.SimpleQueue[str]()
        threading.Thread(target=_listen, args=(requests,), daemon=True).start()
        while True:
            _answer(json.loads(requests.get()), context, templates, answers)


def _listen(requests: "queue.SimpleQueue[str]") -> None:
    """Hand the lines of the input on; at its end, which may come in the middle of a task, end this process."""
    for line in sys.stdin:
        requests.put(line)
    os.kill(os.getpid(), signal.SIGTERM)


def _answer(
    request: Mapping[str, Any], context: RunContext, templates: Mapping[str, Releases], answers: TextIO
) -> None:
    task = json_types.read(Task, request["task"])
    work = {"drift": _drift, "update": _updated}[request["kind"]]
    result = work(task, context, templates[task.template], request["seconds"])
    answers.write(json.dumps(masking.masked_json(result.as_json())) + "\n")
    answers.flush()


def _drift(task: Task, context: RunContext, releases: Releases, seconds: float) -> Result:
    deadline = Deadline(seconds)
    return _result(task, context, sys.stderr, lambda: find_drift(task, context, releases, deadline))


def _updated(task: Task, context: RunContext, releases: Releases, seconds: float) -> Result:
    """The result of one project, with its log and the time it took."""
    start, spent = time.monotonic(), _cpu()
    retries: list[str] = []
    with (context.out / store.log(task.name)).open("a", encoding="utf-8", errors="backslashreplace") as log:
        note = _log_writer(log)

        def on_retry(text: str) -> None:
            retries.append(text)
            note(text)

        note(f"{task.name}: {task.before} -> {task.version}, from {task.base}")
        with process.watched(lambda args, took, code: note(f"{took:7.3f} s  {code}  {_command(args)}")):
            deadline = Deadline(seconds, on_retry)
            result = _result(task, context, log, lambda: run_update(task, context, releases, deadline))
        note(f"{result.state}: {result.reason or result.commit}; renderer: {render.renderers_used() or 'none'}")
    elapsed, cpu = round(time.monotonic() - start, 3), round(_cpu() - spent, 3)
    return replace(result, seconds=elapsed, cpu=cpu, tries=1 + len(retries))


def _result(task: Task, context: RunContext, log: TextIO, work: Callable[[], Result]) -> Result:
    """The result that `work` returns; if it raises, a failed result with the reason. A bug in this tool is logged."""
    try:
        return work()
    except ToolError as error:
        first, *others = map(str.strip, error.message.splitlines())
        reason, hint = " ".join([first, "; ".join(others)]).strip(), error.hint
    except ProcessError as error:
        reason, hint = f"{error.command} failed: {error.reason}", "See its log."
    except OSError as error:
        reason, hint = f"{error.filename or task.name}: {error.strerror or error}.", "Fix that, then run this again."
    except Exception as error:  # noqa: BLE001 - the other projects must go on
        reason, hint = memory.lack(error), memory.HINT
        if not reason:
            log.write(shown(masking.masked(traceback.format_exc())))
            reason, hint = (
                f"A bug in new-ops-project: {type(error).__name__}: {error}",
                "Please report it with the log.",
            )
    return store.task_result(task, context.plan, state=ResultState.FAILED, reason=reason, hint=hint)


def _log_writer(log: TextIO) -> Callable[[str], None]:
    """A function that writes a line with the time to the log."""

    def note(text: str) -> None:
        line = escape_invisible(masking.masked(text))
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z {line}\n")
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
