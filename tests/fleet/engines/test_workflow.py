"""The workflow that `fleet init` writes, with its steps executed in order."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import ROOT, Run
from support.fleet_actions import PROGRAMS, Forge, apps, made_keys, settings, written
from support.github_expressions import Context, evaluate, is_true
from support.workflow_runner import Runner

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason=f"the workflow's steps need {', '.join(PROGRAMS)}"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """See made_keys."""
    return made_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def forge(keys: dict[str, str], tmp_path: Path) -> Iterator[Forge]:
    """See apps."""
    with apps(keys, tmp_path) as forge:
        yield forge


STUB = f"{sys.executable} {ROOT / 'tests' / 'support' / 'fleet_stub.py'}"


def ran(run: Run, work: Path, forge: Forge, **more: Any) -> tuple[Runner, list[dict[str, Any]]]:
    """The workflow after a run with a stub of the tool, and each call of the stub."""
    central = written(run, work)
    runner = Runner(central / ".github/workflows/fleet.yml", settings(central, STUB, forge, **more), work / "ran")
    runner.run()
    return runner, [json.loads(line) for line in (work / "calls").read_text().splitlines()]


def test_jobs_call_the_verbs_in_order(run: Run, work: Path, forge: Forge) -> None:
    """Plan, three shards, publishing in two slices because the first token ran out, and the report."""
    inputs = {"to": "v2.0.0", "wave": "10%", "mode": "push", "deliver-conflicts": True}
    runner, calls = ran(run, work, forge, inputs=inputs)
    output = {key: [job.log for job in jobs] for key, jobs in runner.jobs.items()}
    assert [call["verb"] for call in calls] == ["plan", *["update"] * 3, *["publish"] * 2, "report"], output
    plan, first, second, third, publish, again, report = (call["arguments"] for call in calls)
    assert plan == [
        "fleet.toml",
        "--to=v2.0.0",
        "--wave=10%",
        "--shards",
        "auto",
        "--out",
        "plan.json",
        "--github-output",
    ]
    assert [[*each[2:4], each[5]] for each in (first, second, third)] == [
        ["--shard", f"{number}/3", "results"] for number in (1, 2, 3)
    ]
    assert publish == again
    assert publish == [
        "--mode",
        "push",
        "--max-per-minute",
        "60",
        "--max-per-hour",
        "450",
        "--journal",
        "journal/published.jsonl",
        "--in",
        "results/results-1/",
        "--in",
        "results/results-2/",
        "--in",
        "results/results-3/",
        "--deliver-conflicts",
    ]
    assert report[:3] == [f"results/results-{number}/" for number in (1, 2, 3)]
    assert {key: runner.result(key) for key in runner.jobs} == dict.fromkeys(runner.jobs, "success")
    assert runner.jobs["report"][0].summary == "# published\npublished\n"


def test_nothing_that_can_write_is_near_template_code(run: Run, work: Path, forge: Forge) -> None:
    """`update` has a token that reads and no key; only `publish` has one that writes, and it has no key either."""
    _, calls = ran(run, work, forge)
    passwords = {call["verb"]: call["password"] for call in calls}
    assert passwords == {
        "plan": "reader:contents=read",
        "update": "reader:contents=read",
        "publish": "writer:contents=write,pull_requests=write,workflows=write",
        "report": "asked at git@github.com:ops/audit.git",
    }
    for call in calls:
        held = "\n".join(call["env"].values())
        assert "PRIVATE KEY" not in held
        assert ("writer:" in held) == (call["verb"] == "publish")
    assert [call["env"]["GH_TOKEN"] for call in calls if call["verb"] == "publish"] == [passwords["publish"]] * 2


def test_another_plan_is_not_published(run: Run, work: Path, forge: Forge) -> None:
    """A plan that another job put in place of the plan's artifact is refused before any token is made."""
    runner, _ = ran(run, work, forge, env={"SHARDS": "[1]"})
    (runner.artifacts / "plan" / "plan.json").write_text('{"shards": 1}')
    calls = len((work / "calls").read_text().splitlines())
    runner.run("publish")
    assert runner.result("publish") == "failure"
    assert len((work / "calls").read_text().splitlines()) == calls


def test_public_repositories_need_no_reader(run: Run, work: Path, forge: Forge) -> None:
    """Without a reading App its step is skipped, and git gets no password."""
    runner, calls = ran(run, work, forge, environments=forge.environments(reader=False), env={"SHARDS": "[1]"})
    assert "Make a token that reads" not in runner.jobs["plan"][0].steps
    assert [call["password"] for call in calls if call["verb"] in {"plan", "update"}] == [""] * 2
    assert runner.result("report") == "success"


def test_a_scheduled_run_takes_what_is_usual(run: Run, work: Path, forge: Forge) -> None:
    """Without inputs: the newest version, for the canaries, by pull requests, without conflicts."""
    _, calls = ran(run, work, forge, env={"SHARDS": "[1]"})
    assert "--wave=canary" in calls[0]["arguments"]
    assert not [argument for argument in calls[0]["arguments"] if argument.startswith("--to")]
    publish = next(call["arguments"] for call in calls if call["verb"] == "publish")
    assert publish[:2] == ["--mode", "pr"]
    assert "--deliver-conflicts" not in publish


def test_nothing_to_do_is_no_failure(run: Run, work: Path, forge: Forge) -> None:
    """A plan without shards ends the run: GitHub takes no empty matrix."""
    runner, calls = ran(run, work, forge, env={"SHARDS": "[]"})
    assert [call["verb"] for call in calls] == ["plan"]
    assert [runner.result(key) for key in ("update", "publish", "report")] == ["skipped"] * 3


def test_a_shard_that_breaks_stops_no_other(run: Run, work: Path, forge: Forge) -> None:
    """One that could not do its shard is red; the others' commits are published and reported."""
    runner, calls = ran(run, work, forge, env={"BROKEN": "1"})
    assert [job.result for job in runner.jobs["update"]] == ["failure", "success", "success"]
    assert [runner.result(key) for key in ("publish", "report")] == ["success", "success"]
    assert calls[-1]["arguments"][:3] == [f"results/results-{number}/" for number in (1, 2, 3)]


@pytest.mark.parametrize(("verdict", "result"), [("0", "success"), ("3", "success"), ("2", "failure")])
def test_the_report_says_how_the_run_went(verdict: str, result: str, run: Run, work: Path, forge: Forge) -> None:
    """A repository that failed makes the run red; conflicts, which wait for people, do not; both are reported."""
    runner, _ = ran(run, work, forge, env={"VERDICT": verdict, "SHARDS": "[1]"})
    assert runner.result("report") == result
    assert {path.name for path in (runner.artifacts / "report").iterdir()} == {"fleet.html", "fleet.csv"}


def test_more_than_a_job_can_publish_goes_on_when_it_is_run_again(run: Run, work: Path, forge: Forge) -> None:
    """After six tokens the job fails with the reason; run again, it continues by the journal and finishes."""
    runner, _ = ran(run, work, forge, env={"SLICES": "7", "SHARDS": "[1]"})
    assert runner.result("publish") == "failure"
    assert "::error::There is more than a job can publish" in runner.jobs["publish"][0].log
    assert runner.jobs["report"][0].summary.count("published") == 6
    runner.run("publish", "report")
    assert runner.result("publish") == "success"
    assert runner.jobs["report"][0].summary.count("published") == 8


def test_an_app_that_is_not_there_is_named(run: Run, work: Path, forge: Forge) -> None:
    """Nothing is published without a token, and the log names the App that is missing."""
    more: dict[str, Any] = {"environments": forge.environments(reader=False), "env": {"SHARDS": "[1]"}}
    runner, calls = ran(run, work, forge, owner="others", **more)
    assert runner.result("publish") == "failure"
    assert "The App writer is not installed for others" in runner.jobs["publish"][0].log
    assert "publish" not in {call["verb"] for call in calls}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inputs.a || vars.b || 'c'", "c"),
        ("inputs.yes && 'yes' || ''", "yes"),
        ("!cancelled() && needs.plan.result == 'success'", True),
        ("needs.plan.result != 'success'", False),
        ("fromJSON(needs.plan.outputs.shards)", [1, 2]),
        ("'it''s'", "it's"),
    ],
)
def test_expressions_come_to_what_github_says(text: str, expected: Any) -> None:
    """The runner of these tests knows the operators and functions that the workflow uses."""
    needs = {"plan": {"result": "success", "outputs": {"shards": "[1,2]"}}}
    known = Context({"inputs": {"yes": True}, "vars": {}, "needs": needs})
    assert evaluate(text, known) == expected
    assert not is_true(None, Context({}, "failure"))
