"""A worker: a process that does one project after another, and imports each renderer at most once.

It reads one JSON object a line (the first has what all projects share), and answers each with one line. When whoever
started it is gone, it ends.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from new_ops_project.base import interrupts, process
from new_ops_project.fleet import store
from new_ops_project.fleet.inventory import mirrors
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import Result, Task
from new_ops_project.fleet.run import task as one
from new_ops_project.fleet.run.task import RunContext
from new_ops_project.template import render
from new_ops_project.template.releases import Releases
from new_ops_project.template.sources import Source


def main() -> None:
    """Answer lines until there are none."""
    process.scrub()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    told = json.loads(sys.stdin.readline())
    asked = told["job"]
    job = RunContext(**{**asked, "out": Path(asked["out"]), "work": Path(asked["work"]) if asked["work"] else None})
    templates = {name: _releases(found) for name, found in told["templates"].items()}
    with suppress(KeyboardInterrupt), interrupts.temporary_folder(job.work):
        for line in sys.stdin:
            _answer(json.loads(line), job, templates, answers)


def _answer(asked: Mapping[str, Any], job: RunContext, templates: Mapping[str, Releases], answers: TextIO) -> None:
    task = Task.read(asked["task"])
    if asked["what"] == "drift":
        said = _drift(task, job, templates[task.template], mirrors.clock(asked["seconds"]))
    else:
        said = _updated(task, job, templates[task.template], asked["seconds"]).as_json()
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _drift(task: Task, job: RunContext, releases: Releases, until: Deadline) -> dict[str, Any]:
    found: list[Any] = []

    def look() -> Result:
        found.extend(asdict(named) for named in one.drift(task, releases, until))
        return store.outcome(task, "")

    judged = one.judged(task, job, look)
    return {"drift": found, "reason": judged.reason, "hint": judged.hint}


def _updated(task: Task, job: RunContext, releases: Releases, seconds: float) -> Result:
    """One project, with its log and what it took."""
    start, spent = time.monotonic(), _cpu()
    name = f"logs/{store.slug(task.name)}.log"
    tries = 1
    with (job.out / name).open("a", encoding="utf-8", errors="backslashreplace") as log:
        note = _noted(log)

        def tried(text: str) -> None:
            nonlocal tries
            tries += 1
            note(text)

        note(f"{task.name}: {task.before} -> {task.version}, from {task.base}")
        with process.watched(lambda args, took, code: note(f"{took:7.3f} s  {code}  {_command(args)}")):
            until = mirrors.clock(seconds, tried)
            result = one.judged(task, job, lambda: _guarded(task, job, releases, until, log))
        note(f"{result.state}: {result.reason or result.commit}; renderer: {render.taken() or 'none'}")
    return replace(
        result,
        seconds=round(time.monotonic() - start, 3),
        cpu=round(_cpu() - spent, 3),
        tries=tries,
        log=name,
        at=one.now(),
    )


def _guarded(task: Task, job: RunContext, releases: Releases, until: Deadline, log: TextIO) -> Result:
    """The same; an error of the tool's own goes to the log, and is this project's row only."""
    from new_ops_project.base.errors import ToolError

    try:
        return one.update(task, job, releases, until)
    except (ToolError, process.ProcessError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other projects go on
        import traceback

        traceback.print_exc(file=log)
        reason = f"A bug in new-ops-project: {type(error).__name__}: {error}"
        return one.failed(task, job.plan, reason, "Please report it with the log.")


def _noted(log: TextIO) -> Callable[[str], None]:
    def note(text: str) -> None:
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z {text}\n")
        log.flush()

    return note


def _command(args: tuple[str, ...]) -> str:
    """A command as it is logged: without the settings that are the same for all."""
    settings = {at for at, one in enumerate(args) if one == "-c"}
    return " ".join(one for at, one in enumerate(args) if at not in settings and at - 1 not in settings)


def _cpu() -> float:
    """Seconds of processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def described(releases: Releases) -> dict[str, Any]:
    """What a worker is told of a template."""
    return {"source": asdict(releases.source), "repository": str(releases.repository), "tags": dict(releases.tags)}


def _releases(found: Mapping[str, Any]) -> Releases:
    return Releases(Source(**found["source"]), Path(found["repository"]), found["tags"])


if __name__ == "__main__":
    main()
