"""Results folders like those of a rollout, with projects in every state, some with hostile names."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, PathNote, Result, ResultState, Task

CREATED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PLAN = "4f1c2a9b"
VERSION = "5.2.0"
OWNERS = ("payments", "platform", "data", "search", "identity", "mobile-backend", "observability", "web")
TIERS = ("script", "tool", "service")
BEFORE = ("5.1.0", "5.0.3", "4.9.0", "4.2.1", "3.8.0")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
FILES = (
    "pyproject.toml",
    ".github/workflows/ci.yml",
    "README.md",
    ".pre-commit-config.yaml",
    "Dockerfile",
    ".github/workflows/release.yml",
    "renovate.json",
    "tests/test_smoke.py",
    ".editorconfig",
    "Makefile",
)
HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "{{ 7*7 }}{% raw %}",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd",
    "| a | b\r\n# heading",
    "\u202egpj.exe\u2066",
    "\x1b[31mred\x1b]0;title\x07",
    "bytes-\udcff\udc80",
    "half-\ud800",
    "--upload-pack=touch hacked",
    "line\u2028separator",
    "[x](javascript:window.hacked=1)",
    "a" * 400,
    "<!--<script>",
)


def task(name: str, **more: Any) -> Task:
    """A task with usual values."""
    usual = {
        "url": f"https://git.example.org/{name}",
        "folder": "",
        "prefix": "",
        "owner": "platform",
        "group": "all",
        "answers_file": ".copier-answers.yml",
        "branch": "main",
        "base": "b" * 40,
        "before": "5.0.3",
        "template": "https://git.example.org/templates/ops.git",
        "version": VERSION,
        "commit": "c" * 40,
        "tier": "tool",
        "python": "3.12",
    }
    return Task(name=name, **{**usual, **more})


def result(task: Task, state: ResultState, **more: Any) -> Result:
    """A result of a task."""
    return store.task_result(task, PLAN, state=state, at=stamp(60), **more)


def stamp(seconds: float) -> str:
    """A moment after the plan was made."""
    return (CREATED + timedelta(seconds=seconds)).isoformat()


def delivery(name: str, state: Delivered, **more: Any) -> Delivery:
    """A delivery of this plan."""
    usual = {"plan": PLAN, "mode": "pr", "target": f"template/{VERSION}", "at": stamp(3600)}
    return Delivery(name=name, state=state, **{**usual, **more})


def write(folder: Path, results: Sequence[tuple[Task, Result]], deliveries: Iterable[Delivery] = ()) -> Path:
    """A folder with these results of one plan."""
    shards = 2
    tasks = tuple(replace(task, shard=place % shards + 1) for place, (task, _result) in enumerate(results))
    plan = FleetPlan(PLAN, CREATED.isoformat(), "Bot <bot@example.org>", "all", shards, tasks)
    store.write_plan(plan, folder / store.PLAN)
    for shard in range(1, shards + 1):
        lines = (
            json.dumps(task.as_json()) + "\n"
            for place, (_task, task) in enumerate(results)
            if place % shards + 1 == shard
        )
        (folder / f"results-{shard}-of-{shards}.jsonl").write_text("".join(lines))
    journal = (json.dumps(asdict(task)) + "\n" for task in deliveries)
    (folder / store.JOURNAL).write_text("".join(journal))
    return folder


def fleet(folder: Path, count: int) -> Path:
    """A folder with `count` repositories: every state, delivery, owner and version, and the hostile names first."""
    rng = random.Random(1)  # noqa: S311 - the same fleet each time
    names = [
        *HOSTILE[:count],
        *(
            f"git.example.org/{rng.choice(OWNERS)}/{rng.choice(_WORDS)}-{place:04}"
            for place in range(max(0, count - len(HOSTILE)))
        ),
    ]
    results = [_one(name, place, rng) for place, name in enumerate(names)]
    deliveries = (_delivery(name, result, rng) for name, (_task, result) in zip(names, results, strict=True))
    return write(folder, results, filter(None, deliveries))


_WORDS = ("billing", "ledger", "router", "ingest", "alerts", "cron", "backup", "gateway", "audit", "exporter", "sync")
_FAILURES = (
    ("The remote refused the connection three times: git.example.org port 443.", "Check the remote, then run retry."),
    ("It took longer than 120 seconds and was stopped.", "Give --timeout 300."),
    ("There is no .copier-answers.yml at the base commit.", "Adopt it: new-ops-project adopt."),
)
_DEFERRALS = (
    ("The clone has uncommitted changes in 3 files.", "Commit or stash them."),
    ("The branch main has moved since the plan.", "Make a new plan, or run retry."),
)


def _one(name: str, place: int, rng: random.Random) -> tuple[Task, Result]:
    """A task and its result; of the hostile ones, files, owner and branch are hostile too."""
    is_hostile = place < len(HOSTILE)
    new_task = task(
        name,
        owner=name if is_hostile and place % 2 else rng.choice(OWNERS),
        tier=rng.choice(TIERS),
        python=rng.choice(PYTHONS),
        before=rng.choice(BEFORE),
        branch=name if is_hostile else "main",
        folder=f"/srv/clones/{name}" if rng.random() < 0.5 else "",
    )
    state = list(ResultState)[place % 5] if is_hostile else _state(rng)
    files = (name, *FILES) if is_hostile else FILES
    return new_task, _filled(result(new_task, state), files, rng)


def _state(rng: random.Random) -> ResultState:
    return rng.choices(list(ResultState), weights=(30, 50, 8, 7, 5))[0]


def _filled(result: Result, files: tuple[str, ...], rng: random.Random) -> Result:
    """The result with what belongs to its state."""
    seconds = round(rng.lognormvariate(-2.5, 0.8), 3)
    drift = tuple(PathNote(path, rng.choice(("edited", "edited", "deleted"))) for path in _some(files, rng))
    log = f"logs/{result.owner if result.owner in OWNERS else 0}.log"
    at = stamp(rng.uniform(30, 900))
    result = replace(result, seconds=seconds, cpu=round(seconds * 0.8, 3), at=at, log=log, drift=drift)
    if result.state is ResultState.FAILED:
        reason, hint = rng.choice(_FAILURES)
        return replace(result, reason=reason, hint=hint, tries=3)
    if result.state is ResultState.DEFERRED:
        reason, hint = rng.choice(_DEFERRALS)
        return replace(result, reason=reason, hint=hint)
    if result.state is ResultState.CURRENT:
        return replace(result, before=result.version)
    return _committed(result, files, rng)


def _committed(result: Result, files: tuple[str, ...], rng: random.Random) -> Result:
    """The result with a commit, and with conflicts where that is its state."""
    changed, clashing = (dict.fromkeys((*_some(files, rng), files[0])) for _ in range(2))
    conflicts = clashing if result.state is ResultState.CONFLICT else ()
    return replace(
        result,
        commit="d" * 40,
        target=f"template/{VERSION}",
        lines=rng.randint(4, 300),
        files=tuple(PathNote(path, rng.choice(("changed", "added", "moved"))) for path in changed),
        conflicts=tuple(PathNote(path, "both sides changed these lines") for path in conflicts),
        kept=("scripts/deploy.sh",) if rng.random() < 0.1 else (),
    )


def _some(files: tuple[str, ...], rng: random.Random) -> list[str]:
    return [path for place, path in enumerate(files) if rng.random() < 0.5 / (place + 1)]


def _delivery(name: str, result: Result, rng: random.Random) -> Delivery | None:
    """How a commit was delivered, if it was."""
    if result.state is not ResultState.UPDATED or rng.random() < 0.25:
        return None
    state = rng.choices(list(Delivered), weights=(2, 2, 80, 5, 3, 3, 3, 2))[0]
    at = stamp(1200 + rng.betavariate(1.4, 2.2) * 150_000)
    why = {} if state.is_final else {"reason": _HELD.get(state, "GitHub answered 403."), "hint": "Look at it."}
    number = rng.randint(1, 900)
    request = f"https://git.example.org/pull/{number}" if state.is_final else ""
    return delivery(name, state, commit=result.commit, request=request, at=at, **why)


_HELD = {
    Delivered.UNTOUCHED: "ada@example.org has a commit on template/5.2.0.",
    Delivered.HELD: "It changes 1,904 lines, the median is 61.",
    Delivered.DEFERRED: "The branch template/5.2.0 has moved since the plan.",
}
