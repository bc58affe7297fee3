"""`fleet retry`: a plan for what was not done, at the same version, with the repositories as they are now."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.command import Run, git
from support.fleets import clone
from support.servers import git_http
from support.small import CLASH, MINE, lay, release

from new_ops_project.fleet import store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, ResultState

Fleet = dict[str, Path]


@pytest.fixture
def fleet(run: Run, tmp_path: Path, work: Path) -> Fleet:
    """Four clones after an update: one updated, one in conflict, one dirty, one whose template was unreachable."""
    template = fleets.template(tmp_path / "template")
    folders = {
        name: clone(work / "clones" / name, template, mine)
        for name, mine in {"good": {"task.py": MINE}, "clash": {"task.py": CLASH}, "dirty": {"a": "a"}}.items()
    }
    folders["away"] = clone(work / "clones" / "away", tmp_path / "moved")
    lay(folders["dirty"], {"a": "b"})
    updated(run, good="updated", clash="conflict", code=2)
    shutil.copytree(template, tmp_path / "moved")
    return folders


def updated(run: Run, *args: str, code: int = 0, **states: str) -> None:
    """Write a results folder like `fleet update`, but without computing; `states` has the state of each project."""
    run("fleet", "plan", *(args or ("clones",)), "--out", "out/plan.json", code=code)
    plan = store.read_plan(Path("out/plan.json"))
    results = store.Store(Path("out"))
    with results.locked():
        for task in plan.tasks:
            state = ResultState(states[task.name.rpartition("/")[2]])
            results.add(store.task_result(task, plan.id, state=state, at="2026-01-01T00:00:00.5Z"))


def retried(run: Run, *args: str, code: int = 0) -> FleetPlan:
    """The plan that `fleet retry out` makes."""
    run("fleet", "retry", "out", *args, "--out", "again.json", code=code)
    return store.read_plan(Path("again.json"))


def names(plan: FleetPlan) -> list[str]:
    """The names of its tasks, only the last part of each."""
    return sorted(task.name.rpartition("/")[2] for task in plan.tasks)


def last(*folders: str) -> dict[str, str]:
    """The last state of each project in these folders, by the last part of its name."""
    results = store.gather(map(Path, folders))[1]
    return {name.rpartition("/")[2]: str(result.state) for name, (_, result) in results.items()}


@pytest.mark.parametrize(
    ("only", "tasks", "settled"),
    [
        ("failed", ["away"], []),
        ("deferred", [], ["dirty"]),
        ("conflict", ["clash"], []),
        ("failed,deferred,conflict", ["away", "clash"], ["dirty"]),
    ],
)
def test_chooses_by_state(run: Run, fleet: Fleet, only: str, tasks: list[str], settled: list[str]) -> None:
    """Only projects in one of the states are planned again; one that waits for a person still waits."""
    plan = retried(run, "--only", only)
    assert names(plan) == tasks
    assert [Path(result.name).name for result in plan.settled] == settled


def test_chooses_by_name(run: Run, fleet: Fleet) -> None:
    """With --name only those projects are planned, if their state is chosen."""
    plan = retried(run, "--only", "failed,conflict", "--name", str(fleet["clash"]))
    assert names(plan) == ["clash"]
    errors = run("fleet", "retry", "out", "--name", str(fleet["clash"]), code=2).err
    assert "Nothing in these results is failed or deferred.\n--only takes failed, deferred, conflict." in errors


def test_a_name_that_is_none(run: Run, fleet: Fleet) -> None:
    """A name that the results do not have is an error that suggests the nearest one."""
    errors = run("fleet", "retry", "out", "--name", f"{fleet['clash']}e", code=2).err
    assert f"{fleet['clash']}e is not in these results.\nDid you mean {fleet['clash']}?" in errors


@pytest.mark.parametrize("only", ["odd", "failed,odd", ",", "updated"])
def test_a_state_that_is_none(run: Run, work: Path, only: str) -> None:
    """--only takes three states, and at least one."""
    assert "is not one of failed, deferred, conflict" in run("fleet", "retry", "out", "--only", only, code=2).err


def test_says_what_it_planned(run: Run, fleet: Fleet) -> None:
    """It prints counts, the plan's path and id, and the next step; with --json an object."""
    ran = run("fleet", "retry", "out", "--only", "failed,deferred")
    assert f"{fleet['dirty']}: deferred: It has uncommitted changes: a." in ran.out
    plan = store.read_plan(Path("plan.json"))
    assert f"\n1 to do, 1 deferred; 1 shard; plan {plan.id} is in plan.json.\n" in ran.out
    answer = run("fleet", "retry", "out", "--json").json
    assert answer == {"plan": "plan.json", "id": plan.id, "shards": 1, "counts": {"to do": 1, "deferred": 1}}


def test_does_not_go_back(run: Run, fleet: Fleet, tmp_path: Path) -> None:
    """A project that was updated to a newer version by hand in the meantime is current."""
    release(tmp_path / "template", "v3.0.0", {"x": "x"})
    lay(fleet["clash"], fleets.rendered(str(tmp_path / "template"), "v3.0.0"))
    git("commit", "--quiet", "--all", "--message=newer", at=fleet["clash"])
    (settled,) = retried(run, "--only", "conflict").settled
    assert (str(settled.state), settled.version) == ("current", "v3.0.0")


def test_goes_back_when_that_was_asked_for(run: Run, tmp_path: Path, work: Path) -> None:
    """The retry of a plan that went to an older version goes there too."""
    clone(work / "clones" / "x", fleets.template(tmp_path / "template"), {"task.py": CLASH}, tag="v1.1.0")
    updated(run, "clones", "--to", "v1.0.0", x="conflict")
    assert [(task.before, task.version) for task in retried(run, "--only", "conflict").tasks] == [("v1.1.0", "v1.0.0")]


def test_takes_the_base_as_it_is_now(run: Run, fleet: Fleet, work: Path) -> None:
    """The retry merges into what a person has committed since then."""
    lay(fleet["clash"], {"task.py": MINE})
    git("commit", "--quiet", "--all", "--message=fix", at=fleet["clash"])
    (task,) = retried(run, "--only", "conflict").tasks
    assert task.base == git("rev-parse", "HEAD", at=fleet["clash"])
    run("fleet", "update", "--plan", "again.json", "--out", "out-2")
    assert last("out", "out-2") == {"good": "updated", "clash": "updated", "dirty": "deferred", "away": "failed"}


def test_one_report_of_both(run: Run, fleet: Fleet) -> None:
    """The first run and its retries are one fleet; a retry into the first folder, which would hide it, is refused."""
    before = last("out")
    plan = retried(run, "--only", "failed,deferred")
    assert plan.parent == store.read_plan(Path("out/plan.json")).id
    errors = run("fleet", "update", "--plan", "again.json", "--out", "out", code=2).err
    assert "out has the results that this plan tries again" in errors
    assert last("out") == before
    run("fleet", "update", "--plan", "again.json", "--out", "out-2")
    assert last("out", "out-2") == last("out-2", "out") == {**before, "away": "updated"}


def test_publishes_and_reports_both(run: Run, fleet: Fleet) -> None:
    """Reports and deliveries take the folders of a plan and its retry together, each commit with its own base."""
    run("fleet", "update", "clones", "--out", "first", code=3)
    lay(fleet["clash"], {"task.py": MINE})
    git("commit", "--quiet", "--all", "--message=fix", at=fleet["clash"])
    run("fleet", "retry", "first", "--only", "conflict")
    run("fleet", "update", "--plan", "plan.json", "--out", "second")
    run("fleet", "publish", "--in", "first", "--in", "second", "--mode", "branch")
    again = run("fleet", "publish", "--in", "first", "--in", "second", "--mode", "branch", "--json").json
    assert {Path(delivery["name"]).name: delivery["state"] for delivery in again["deliveries"]} == dict.fromkeys(
        ("away", "clash", "good"), "branch"
    )
    assert git("rev-parse", "template/v1.1.0^", at=fleet["clash"]) == git("rev-parse", "HEAD", at=fleet["clash"])
    report = run("fleet", "report", "first", "second", "--json").json
    assert report["standings"]["delivered"] == 3


def test_retries_of_retries(run: Run, fleet: Fleet) -> None:
    """A retry of both folders is one of the first plan, and all three are one fleet."""
    retried(run, "--only", "failed,deferred")
    run("fleet", "update", "--plan", "again.json", "--out", "out-2")
    git("checkout", "--quiet", ".", at=fleet["dirty"])
    run("fleet", "retry", "out", "out-2", "--out", "third.json")
    assert names(store.read_plan(Path("third.json"))) == ["dirty"]
    run("fleet", "update", "--plan", "third.json", "--out", "out-3")
    after = {"good": "updated", "clash": "conflict", "dirty": "updated", "away": "updated"}
    assert last("out", "out-2", "out-3") == after
    assert (
        "Nothing in these results is failed or deferred." in run("fleet", "retry", "out", "out-2", "out-3", code=2).err
    )


def test_the_same_again_is_the_same_plan(run: Run, tmp_path: Path, work: Path) -> None:
    """A retry of a whole unchanged plan is the same plan, and continues in the same folder."""
    clone(work / "clones" / "x", fleets.template(tmp_path / "template"), {"task.py": CLASH})
    updated(run, x="conflict")
    plan = retried(run, "--only", "conflict")
    assert (plan.id, plan.parent) == (store.read_plan(Path("out/plan.json")).id, "")
    errors = run("fleet", "update", "--plan", "again.json", "--out", "out", code=3).err
    assert errors == ""  # it was done


def test_a_wave_is_not_taken_again(run: Run, tmp_path: Path, work: Path) -> None:
    """A retry covers all failures of a wave, and does not apply the wave again, which fleet.toml may no longer have."""
    template = fleets.template(tmp_path / "template")
    for at in range(6):
        clone(work / "clones" / f"x{at}", template, {"task.py": CLASH})
    (work / "fleet.toml").write_text('sources = ["clones"]\n[waves]\nearly = "50%"\n')
    updated(run, "fleet.toml", "--wave", "early", code=0, **{f"x{at}": "conflict" for at in range(6)})
    (work / "fleet.toml").unlink()
    plan = retried(run, "--only", "conflict")
    assert (len(plan.tasks), plan.wave) == (3, "early")


@pytest.mark.parametrize(("state", "again"), [("failed", True), ("deferred", True), ("opened", False), ("held", False)])
def test_failed_deliveries_count(run: Run, fleet: Fleet, state: str, *, again: bool) -> None:
    """A commit that could not be delivered is tried again; one that was delivered or is held is not."""
    plan = store.read_plan(Path("out/plan.json"))
    delivery = Delivery(str(fleet["good"]), plan.id, Delivered(state), "pr")
    Path("out", store.JOURNAL).write_text(json.dumps(asdict(delivery)) + "\n")
    assert ("good" in names(retried(run))) is again


def test_a_clone_that_is_gone_is_a_row(run: Run, fleet: Fleet) -> None:
    """A project that cannot be inspected any more fails under its old name, and is not left out."""
    git("remote", "add", "origin", "https://example.org/ops/clash.git", at=fleet["clash"])
    updated(run, good="updated", clash="conflict", away="updated")
    shutil.rmtree(fleet["clash"])
    plan = retried(run, "--only", "conflict", code=2)
    assert [(result.name, str(result.state)) for result in plan.settled] == [("example.org/ops/clash", "failed")]
    assert plan.settled[0].reason.endswith("does not exist.")


def test_a_clone_that_was_mended_keeps_its_name(run: Run, tmp_path: Path, work: Path) -> None:
    """An unreadable clone is known by its folder; once it is fixed, it is still the same project."""
    folder = clone(work / "clones" / "x", fleets.template(tmp_path / "template"))
    git("remote", "add", "origin", "https://example.org/ops/x.git", at=folder)
    (folder / ".git" / "config").rename(work / "config")
    (folder / ".git" / "config").write_text("[broken\n")
    updated(run, code=2)
    (work / "config").rename(folder / ".git" / "config")
    (task,) = retried(run).tasks
    assert (task.name, task.url) == (str(folder), "https://example.org/ops/x.git")


def test_a_project_that_is_gone_from_its_repository(run: Run, tmp_path: Path, work: Path) -> None:
    """A project that is gone from a repository is not replaced by another project of the same repository."""
    rendered = fleets.rendered(str(fleets.template(tmp_path / "template")))
    files: dict[str, Any] = {f"{at}/{path}": text for at in ("lib", "svc") for path, text in rendered.items()}
    folder = fleets.plain(work / "clones" / "mono", {**files, "svc/task.py": CLASH})
    updated(run, lib="updated", svc="conflict")
    git("rm", "-r", "--quiet", "svc", at=folder)
    git("commit", "--quiet", "--message=gone", at=folder)
    (settled,) = retried(run, "--only", "conflict", code=2).settled
    assert (settled.name, settled.reason) == (f"{folder}//svc", f"The project svc is no longer in {folder}.")


def test_each_template_keeps_its_version(run: Run, tmp_path: Path, work: Path) -> None:
    """Newer releases are not used: a rollout stays at its version, in a fleet of two templates each at its own."""
    for name in ("one", "two"):
        clone(work / "clones" / name, fleets.template(tmp_path / name), {"task.py": CLASH})
    release(tmp_path / "two", "v1.5.0", {"x": "x"})
    updated(run, one="conflict", two="conflict")
    for name in ("one", "two"):
        release(tmp_path / name, "v3.0.0", {"y": "y"})
    assert {Path(task.name).name: task.version for task in retried(run, "--only", "conflict").tasks} == {
        "one": "v1.1.0",
        "two": "v1.5.0",
    }


def test_over_http(run: Run, tmp_path: Path, work: Path) -> None:
    """A repository known by its address is inspected again; groups and owners of the first plan stay."""
    served = tmp_path / "served"
    template = fleets.template(tmp_path / "template")
    fleets.bare(served / "ops" / "x.git", template)
    (served / "ops" / "x.git").rename(tmp_path / "away")
    with git_http(served) as url:
        (work / "fleet.toml").write_text(f'[groups.web]\nowner = "Ada"\nsources = ["{url}/ops/x.git"]\n')
        updated(run, "fleet.toml", code=2)
        (tmp_path / "away").rename(served / "ops" / "x.git")
        (task,) = retried(run).tasks
    assert (task.owner, task.group, task.before, task.version) == ("Ada", "web", "v1.0.0", "v1.1.0")


@pytest.mark.parametrize("verb", ["retry", "report"])
def test_not_results(run: Run, work: Path, verb: str) -> None:
    """A folder that is not a folder of results is named."""
    assert "plan.json does not exist, so" in run("fleet", verb, str(work), code=2).err
