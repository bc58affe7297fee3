"""The results folder: results on the disk survive whatever happens to the run."""

import json
import os
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet import json_types, store
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, Limits, PathNote, Result, ResultState, Task
from new_ops_project.fleet.store import Store

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("\udc80\udcff\x1b\u202e\n\0"), max_size=8)
COST = st.floats(0, 1e6)
NAMED = st.lists(st.builds(PathNote, TEXT, TEXT), max_size=2).map(tuple)
LISTED = st.lists(TEXT, max_size=2).map(tuple)


def some(kind: type, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of a dataclass whose fields are texts, except those in `more`."""
    return st.builds(kind, **{spec.name: more.get(spec.name, TEXT) for spec in fields(kind)})


TASKS = some(Task, cost=COST, shard=st.integers(1, 256), has_credentials=st.booleans())
RESULTS = some(
    Result,
    state=st.sampled_from(ResultState),
    files=NAMED,
    conflicts=NAMED,
    drift=NAMED,
    kept=LISTED,
    notes=LISTED,
    lines=st.integers(0),
    seconds=COST,
    cpu=COST,
    tries=st.integers(1, 3),
    shard=st.integers(1, 256),
)
PLANS = some(
    FleetPlan,
    shards=st.integers(1, 256),
    tasks=st.lists(TASKS, max_size=3).map(tuple),
    settled=st.lists(RESULTS, max_size=3).map(tuple),
    limits=st.builds(Limits, COST, COST, COST),
)
DELIVERIES = some(Delivery, state=st.sampled_from(Delivered))


def task(name: str, **more: Any) -> Task:
    """A task with that name; nothing else about it matters."""
    others = {"cost", "shard", "has_credentials"}
    text: dict[str, Any] = {spec.name: "" for spec in fields(Task) if spec.name not in others}
    return Task(**{**text, "name": name, **more})


def plan(*names: str, id: str = "p", **more: Any) -> FleetPlan:  # noqa: A002 - the field's name
    """A plan of these tasks."""
    return FleetPlan(id, "2026-01-01T00:00:00Z", "Ada <a@b>", "all", 1, tuple(map(task, names)), **more)


def result(name: str, state: str = "updated", at: int = 0, **more: Any) -> Result:
    """A result of that name, `at` seconds after the plan."""
    return Result(name, ResultState(state), **{"plan": "p", "at": f"2026-01-01T00:00:{at:02}.500000Z", **more})


def folder(path: Path, of: FleetPlan, *results: Result, shard: int = 1) -> Path:
    """A folder with a plan and results."""
    path.mkdir(parents=True, exist_ok=True)
    store.write_plan(of, path / store.PLAN)
    results_store = Store(path, shard=shard, shards=of.shards)
    with results_store.locked():
        for result in results:
            results_store.add(result)
    return path


def states(*folders: Path) -> dict[str, str]:
    """The last state of each project."""
    return {name: str(result.state) for name, (_, result) in store.gather(folders)[1].items()}


# ---- JSON -------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(RESULTS)
def test_a_result_survives(value: Result) -> None:
    """A result survives as a line of JSON, including names of any bytes."""
    line = json.dumps(value.as_json()).encode("ascii")
    assert b"\n" not in line
    assert json_types.read(Result, json.loads(line)) == value


@given(DELIVERIES)
def test_a_delivery_survives(value: Delivery) -> None:
    """The same holds for a delivery."""
    assert json_types.read(Delivery, json.loads(json.dumps(asdict(value)))) == value


@settings(max_examples=20)
@given(PLANS)
def test_a_plan_survives(value: FleetPlan) -> None:
    """The same holds for a plan."""
    values = json.loads(json.dumps(value.as_json()))
    assert (values.pop("format"), json_types.read(FleetPlan, values)) == (1, value)


@given(st.text(max_size=200), st.text(max_size=200))
def test_names_of_files_are_plain(first: str, second: str) -> None:
    """A file name is short, not a path, not hidden, and unique for each project."""
    slug = store.slug(first)
    assert len(slug.encode()) < 80
    assert slug[0] not in ".-"
    assert not set(slug) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")
    assert (store.slug(second) == slug) is (first == second)


# ---- one folder -------------------------------------------------------------------------------------------------


def test_a_result_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result is synced before the run goes on."""
    synced: list[bytes] = []
    usual = os.fsync

    def fsync(file: int) -> None:
        usual(file)
        synced.append((tmp_path / "out" / "results-1-of-1.jsonl").read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    folder(tmp_path / "out", plan("a", "b"), result("a"), result("b"))
    assert [content.count(b"\n") for content in synced] == [1, 2]


@settings(max_examples=40)
@example(cut=-1, tail=b"")  # a line counts only with its line end
@given(cut=st.integers(0, 600), tail=st.binary(max_size=6))
def test_a_cut_line_loses_no_earlier_one(tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes) -> None:
    """If a run is killed while it writes, complete lines stay and the next run continues after them."""
    out = folder(tmp_path_factory.mktemp("cut"), plan("a", "b", "c"), *map(result, "abc"))
    path = out / "results-1-of-1.jsonl"
    content = path.read_bytes()
    whole = content[:cut].count(b"\n")
    path.write_bytes(content[:cut] + tail.replace(b"\n", b""))
    assert [*Store(out).results()] == [*"abc"][:whole]
    folder(out, plan("a", "b", "c"), result("c", "failed", at=9))
    assert [*Store(out).results()] == [*dict.fromkeys([*[*"abc"][:whole], "c"])]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[1]",
        "3",
        "null",
        '{"name": "a"}',
        '{"name": "a", "state": "odd"}',
        "\0\0",
        '{"name": "a", "state": "failed", "plan": "p", "files": [1]}',
        "\xff",
        '{"name": "a", "state": "failed", "plan": "p", "unknown": 1}',
    ],
)
def test_a_line_that_is_none_is_left_out(tmp_path: Path, line: str) -> None:
    """Garbage between the lines of results or deliveries is ignored."""
    out = folder(tmp_path / "out", plan("a", "b"), result("a"))
    for file in (out / "results-1-of-1.jsonl", out / store.JOURNAL):
        with file.open("ab") as lines:
            lines.write(line.encode("latin-1") + b"\n")
    folder(out, plan("a", "b"), result("b", "conflict"))
    assert states(out) == {"a": "updated", "b": "conflict"}
    assert store.deliveries(out / store.JOURNAL) == {}


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    """A second run is refused until the first has ended; a run of another shard is not."""
    with Store(tmp_path / "out").locked():
        with pytest.raises(ToolError, match=r"Another run writes to .*results-1-of-1.jsonl.") as caught:
            folder(tmp_path / "out", plan("a"), result("a"))
        assert caught.value.hint == "Wait for it, or give another --out."
        folder(tmp_path / "out", replace(plan("a"), shards=2), result("a"), shard=2)
    folder(tmp_path / "out", plan("a"), result("a"))


@pytest.mark.parametrize("at", ["out", "out/logs", "out/results-1-of-1.jsonl.lock", "out/results-1-of-1.jsonl"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, at: str) -> None:
    """A file in the place of a folder, or the other way round, is an error that names the folder."""
    if at in {"out", "out/logs"}:
        (tmp_path / at).parent.mkdir(exist_ok=True)
        (tmp_path / at).write_text("")
    else:
        (tmp_path / at).mkdir(parents=True)
    with pytest.raises(ToolError, match="out cannot be written: "), Store(tmp_path / "out").locked():
        pass


def test_what_goes_wrong_in_a_run_is_its_own(tmp_path: Path) -> None:
    """An error of the run is not reported as an error of the folder."""
    with pytest.raises(FileNotFoundError), Store(tmp_path / "out").locked():
        raise FileNotFoundError(2, "gone")


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that cannot be written ends the run; earlier results are kept."""
    out = folder(tmp_path / "out", plan("a", "b"), result("a"))

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match=r"cannot be written: No space left on device\."):
        folder(out, plan("a", "b"), result("b"))
    assert "a" in Store(out).results()


# ---- plans ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"format": 1}',
        '{"format": 1, "tasks": [], "settled": 3}',
        "\xff",
        '{"format": 1, "tasks": [{}], "settled": []}',
        "null",
        *(
            json.dumps({**plan("one").as_json(), **wrong})
            for wrong in ({"wave": 1}, {"shards": "4"}, {"limits": {"failed": "x"}}, {"tasks": [{"name": 1}]})
        ),
    ],
)
def test_a_plan_that_is_none(tmp_path: Path, text: str) -> None:
    """A plan.json that is broken or has values of wrong types is named, with the next step."""
    (tmp_path / "plan.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ToolError, match=r"plan\.json is not a plan of this tool: ") as caught:
        store.gather([tmp_path])
    assert caught.value.hint == "Make one with `new-ops-project fleet plan`."


def test_a_plan_of_a_later_tool(tmp_path: Path) -> None:
    """A plan of another format is refused."""
    (tmp_path / "plan.json").write_text(json.dumps({**plan().as_json(), "format": 2}))
    with pytest.raises(ToolError, match="its format is 2, and this tool reads 1"):
        store.read_plan(tmp_path / "plan.json")


@pytest.mark.parametrize("given", [["nowhere"], ["empty"], []])
def test_no_folder_of_results(work: Path, given: list[str]) -> None:
    """A folder without a plan is not a folder of results."""
    (work / "empty").mkdir()
    with pytest.raises(ToolError, match="folder of results") as caught:
        store.gather(map(Path, given))
    assert caught.value.hint == "Give the --out DIR of `new-ops-project fleet update`."


def test_a_plan_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that cannot be written leaves the previous one unchanged."""
    store.write_plan(plan("a"), tmp_path / "plan.json")
    monkeypatch.setattr(Path, "replace", unreplaceable)
    with pytest.raises(ToolError, match="cannot be written: No space left"):
        store.write_plan(plan("b"), tmp_path / "plan.json")
    assert [path.name for path in tmp_path.glob("*plan*")] == ["plan.json"]
    assert store.read_plan(tmp_path / "plan.json") == plan("a")


def unreplaceable(_path: Path, _target: Path) -> None:
    """A disk that is full at the last moment."""
    raise OSError(28, "No space left on device")


# ---- several folders --------------------------------------------------------------------------------------------


def test_gathers_shards(tmp_path: Path) -> None:
    """The folders of shards are one fleet; each result has its folder; a project without a result is deferred."""
    whole = sharded(replace(plan("a", "b", "c", "d"), settled=(result("e", "current"),)), {"b": 2, "c": 2})
    first = folder(tmp_path / "one", whole, result("a"), shard=1)
    second = folder(tmp_path / "two", whole, result("b", "failed"), result("c"), shard=2)
    merged, last = store.gather([first, second])
    assert states(first, second) == {"a": "updated", "b": "failed", "c": "updated", "d": "deferred", "e": "current"}
    assert [last[name][0] for name in "abc"] == [first, second, second]
    assert last["d"][1].reason == "No run has come to it yet."
    assert merged == whole


def sharded(whole: FleetPlan, shards: dict[str, int]) -> FleetPlan:
    """The plan in two shards; a task that is not in `shards` is in the first."""
    tasks = tuple(replace(task, shard=shards.get(task.name, 1)) for task in whole.tasks)
    return replace(whole, shards=2, tasks=tasks)


def test_a_shard_speaks_for_its_own_only(tmp_path: Path) -> None:
    """A shard's result for a repository of another shard does not count, even if it is newer."""
    whole = sharded(plan("a", "b"), {"b": 2})
    first = folder(tmp_path / "one", whole, result("a"), result("b", "current", 9), shard=1)
    second = folder(tmp_path / "two", whole, result("b", "failed", 1), shard=2)
    assert states(first, second) == {"a": "updated", "b": "failed"}


def test_the_newest_result_wins(tmp_path: Path) -> None:
    """The newest result of a project counts, in any order of folders."""
    first = folder(tmp_path / "one", plan("a", "b"), result("a", "failed", 1), result("a", "updated", 3))
    second = folder(tmp_path / "two", plan("a", "b"), result("b", "failed", 5), result("a", "conflict", 2))
    assert states(first, second) == states(second, first) == {"a": "updated", "b": "failed"}


def test_results_of_others_are_left_out(tmp_path: Path) -> None:
    """Results of other plans, or of projects that the plan does not have, do not count."""
    out = folder(tmp_path / "out", plan("a"), result("a"), result("x"), result("a", "failed", 9, plan="other"))
    assert states(out) == {"a": "updated"}


def test_different_plans_are_refused(tmp_path: Path) -> None:
    """Results of two plans are not mixed, nor are two retries without the plan that they retry."""
    for first, second in (("", ""), ("gone", "gone"), ("q", "p")):
        folder_one = folder(tmp_path / "one", plan("a", parent=first), result("a"))
        folder_two = folder(tmp_path / "two", plan("a", id="q", parent=second), result("a"))
        with pytest.raises(ToolError, match=r"one, .*two hold results of different plans"):
            store.gather([folder_one, folder_two])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_retries_are_of_one_plan(tmp_path: Path, order: tuple[int, int, int]) -> None:
    """A plan, its retry and the retry of that are one fleet; later results win, including settled ones."""
    bad = replace(plan("a", "b", "c"), settled=(result("d", "failed", 0), result("e", "failed", 0)))
    again = replace(plan("b", "c", "d", id="q", parent="p"), settled=(result("e", "current", 5, plan="q"),))
    last = plan("c", id="r", parent="q")
    second = {"b": "updated", "c": "failed", "d": "conflict"}
    folders = [
        folder(tmp_path / "1", bad, result("a"), result("b", "failed"), result("c", "failed")),
        folder(tmp_path / "2", again, *(result(name, state, 6, plan="q") for name, state in second.items())),
        folder(tmp_path / "3", last, result("c", "updated", 7, plan="r")),
    ]
    merged, results = store.gather([folders[at] for at in order])
    assert {name: str(last_result.state) for name, (_, last_result) in results.items()} == {
        "a": "updated",
        "b": "updated",
        "c": "updated",
        "d": "conflict",
        "e": "current",
    }
    assert merged.id == "p"
    assert {task.name for task in merged.tasks} == {*"abcd"}
    assert [settled.name for settled in merged.settled] == ["e"]
    assert [results[name][0].name for name in "abcde"] == ["1", "2", "3", "2", "2"]


def test_a_retry_pins_the_base_of_its_own(tmp_path: Path) -> None:
    """A retried project has the task of its last result; a project that no retry has reached keeps its own."""
    first = folder(tmp_path / "1", plan("a", "b"), result("a", "failed"), result("b", "failed"))
    again = replace(plan("a", "b", id="q", parent="p"), tasks=(task("a", base="new"), task("b", base="new")))
    second = folder(tmp_path / "2", again, result("a", "updated", 3, plan="q"))
    merged, last = store.gather([first, second])
    assert {of.name: of.base for of in merged.tasks} == {"a": "new", "b": ""}
    assert last["b"][1].state == "failed"


def test_whole_seconds_come_before_their_parts(tmp_path: Path) -> None:
    """A plan's time, which has no fraction, is before a result of the same second."""
    first = folder(
        tmp_path / "1", replace(plan(), settled=(replace(result("a", "failed"), at="2026-01-01T00:00:00Z"),))
    )
    second = folder(tmp_path / "2", plan("a", id="q", parent="p"), result("a", "updated", 0, plan="q"))
    assert states(first, second) == states(second, first) == {"a": "updated"}


def test_the_last_delivery_counts(tmp_path: Path) -> None:
    """A journal has every attempt; the last one for a project and a plan counts."""
    lines = [asdict(Delivery("a", "p", Delivered(state), "pr")) for state in ("failed", "opened")]
    (tmp_path / store.JOURNAL).write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"torn')
    assert {key: str(delivery.state) for key, delivery in store.deliveries(tmp_path / store.JOURNAL).items()} == {
        ("a", "p"): "opened",
    }


@pytest.mark.parametrize("value", [5, None, {"a": 1}, [1], True])
@pytest.mark.parametrize("key", ["name", "at", "tier", "lines", "seconds", "files", "notes"])
def test_a_line_of_other_types_is_none(tmp_path: Path, key: str, value: object) -> None:
    """Lines that a hostile job wrote are ignored, and all others are read."""
    out = folder(tmp_path / "out", plan("one", "two"), result("one"))
    if key in {"lines", "seconds"} and value == 5:
        value = float("nan")
    odd = {**result("two").as_json(), key: [value] if key in {"files", "notes"} else value}
    with (out / "results-1-of-1.jsonl").open("a") as file:
        file.write(json.dumps(odd) + "\n" + "[" * 100_000 + "\n")
    assert states(out) == {"one": "updated", "two": "deferred"}


def test_half_a_character_is_shown_as_an_escape() -> None:
    """A lone surrogate, which JSON allows, is escaped."""
    assert escape_invisible("half \ud800, byte \udcff") == "half \\ud800, byte \\xff"
