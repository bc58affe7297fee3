"""Shards are balanced, stable parts of the work; waves are parts of a fleet."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.inventory import repositories
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.model import ResultState
from new_ops_project.fleet.run import shards, waves

COSTS = st.dictionaries(st.text(min_size=1, max_size=6), st.floats(0, 30), max_size=40)
NUMBER = st.integers(1, 12)


@given(COSTS, NUMBER, st.randoms())
def test_every_repository_has_one_shard(costs: dict[str, float], number: int, random: Random) -> None:
    """Each repository is in one of the shards, whatever order they come in."""
    assigned = shards.assign(costs, number, {})
    assert assigned.keys() == costs.keys()
    assert all(1 <= shard <= number for shard in assigned.values())
    mixed = random.sample(sorted(costs.items()), len(costs))
    assert shards.assign(dict(mixed), number, {}) == assigned


def test_every_machine_shards_alike() -> None:
    """With many equal costs, the order does not depend on the process's hash seed."""
    code = (
        "from new_ops_project.fleet.run import shards;"
        "print(sorted(shards.assign({f'r{at}': 1.0 for at in range(99)}, 16, {}).items()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


@given(COSTS, NUMBER)
def test_shards_are_balanced(costs: dict[str, float], number: int) -> None:
    """No shard has more than 1.2 times the average plus the most expensive repository."""
    real = {name: cost or shards.USUAL for name, cost in costs.items()}
    load = dict.fromkeys(range(1, number + 1), 0.0)
    for name, shard in shards.assign(costs, number, {}).items():
        load[shard] += real[name]
    assert max(load.values()) <= 1.2 * sum(real.values()) / number + max(real.values(), default=0) + 1e-6


@given(COSTS, COSTS, st.sets(st.integers(0, 39)), NUMBER)
def test_nobody_moves_when_others_come_and_go(
    costs: dict[str, float], new: dict[str, float], gone: set[int], number: int
) -> None:
    """With the last plan, a project that stays in the fleet stays in its shard, whatever it costs now."""
    before = shards.assign(costs, number, {})
    left = {name: cost + 1 for at, (name, cost) in enumerate(costs.items()) if at not in gone}
    after = shards.assign({**new, **left}, number, before)
    assert {name: after[name] for name in left} == {name: before[name] for name in left}


def test_a_shard_that_is_no_more_is_given_up() -> None:
    """A project whose last shard does not exist any more gets one that exists."""
    assert set(shards.assign(dict.fromkeys("abc", 1.0), 2, {"a": 7, "b": 0, "c": -1}).values()) <= {1, 2}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("measured", [True, False])
def test_nearly_all_stay_without_the_last_plan(seed: int, *, measured: bool) -> None:
    """When a twentieth of a fleet is replaced, at most a tenth of the others change their shard."""
    random = Random(seed)  # noqa: S311 - a fleet
    number = random.choice([4, 8, 16])
    costs = {f"h/o/{random.random()}": random.lognormvariate(0, 0.5) * measured for _ in range(400)}
    before = shards.assign(costs, number, {})
    stay = dict([*costs.items()][20:])
    after = shards.assign({**stay, **{f"h/o/new{at}": 1.0 * measured for at in range(20)}}, number, {})
    assert sum(after[name] != before[name] for name in stay) <= len(stay) / 10


@pytest.mark.parametrize(
    ("costs", "number"),
    [
        ([], 1),
        ([1.0], 1),
        ([60.0, 60.0], 1),
        ([60.0, 61.0], 2),
        ([0.0] * 240, 1),
        ([0.0] * 241, 2),
        ([1000.0] * 100, 256),
    ],
)
def test_as_many_shards_as_are_worth_it(costs: list[float], number: int) -> None:
    """Two minutes of work for each, at most as many as GitHub's matrix takes; half a second for an unknown cost."""
    assert shards.count(costs) == number


# ---- waves ------------------------------------------------------------------------------------------------------


def fleet(count: int, **more: str) -> list[Inspection]:
    """`count` repositories."""
    return [Inspection(f"h.org/o/r{at}", **more) for at in range(count)]  # type: ignore[arg-type]


def names(projects: list[Inspection], wave: str, **definitions: object) -> list[str]:
    """The names of the projects in the wave."""
    return [project.name for project in waves.select(projects, wave, definitions)]


@given(st.integers(0, 60), st.floats(0.5, 100), st.floats(0.5, 100), st.randoms())
def test_a_percentage_is_part_of_a_larger_one(count: int, first: float, second: float, random: Random) -> None:
    """20 % includes 10 %; the number is rounded up; the order of the fleet does not matter."""
    projects = fleet(count)
    small, large = (f"{percent:f}%" for percent in sorted((first, second)))
    assert {*names(projects, small)} <= {*names(projects, large)}
    assert 0 <= len(names(projects, small)) - count * float(small[:-1]) / 100 < 1.001
    assert {*names(random.sample(projects, count), small)} == {*names(projects, small)}


def test_a_wave_keeps_the_order_and_names_of_the_fleet() -> None:
    """`all` and 100 % are the whole fleet; one percent of a few is one."""
    projects = fleet(30)
    assert (
        names(projects, "all")
        == names(projects, "100%")
        == names(projects, "100 %")
        == [project.name for project in projects]
    )
    assert len(names(projects, "1%")) == 1
    assert names([], "1%") == names([], "canary") == []


@given(st.integers(20, 60), st.integers(0, 19))
def test_who_goes_does_not_take_others_along(count: int, gone: int) -> None:
    """When one project leaves the fleet, the others stay in the wave."""
    projects = fleet(count)
    left = [project for at, project in enumerate(projects) if at != gone]
    lost = {*names(projects, "25%")} - {*names(left, "25%")} - {projects[gone].name}
    assert len(lost) <= (projects[gone].name not in names(projects, "25%"))


def test_canary_is_one_of_each_tier() -> None:
    """Without a definition, canary is one possible project of each tier, always the same."""
    projects = [Inspection(f"h/o/{tier}{at}", tier=tier) for tier in ("lib", "app") for at in range(5)]
    projects += [Inspection("h/o/broken", tier="odd", state=ResultState.FAILED)]
    canaries = names(projects, "canary")
    assert Counter(name[4:7] for name in canaries) == {"lib": 1, "app": 1}
    assert names(projects[::-1], "canary") == canaries[::-1]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("web", [0, 1]),
        ("h.org/o/r2", [2]),
        ("r2", [2]),
        ("/o/r2/", [2]),
        ("h.org/o/mono", [3, 4]),
        ("o/mono", [3, 4]),
        ("svc", [3]),
        ("h.org/o/mono//svc", [3]),
    ],
)
def test_a_member_is_a_group_or_a_name(member: str, expected: list[int]) -> None:
    """A wave of fleet.toml names groups, repositories (all projects in one), or the end of a name."""
    projects = [
        *fleet(2, group="web"),
        Inspection("h.org/o/r2"),
        Inspection("h.org/o/mono//svc"),
        Inspection("h.org/o/mono//lib"),
    ]
    assert names(projects, "canary", canary=[member]) == [projects[at].name for at in expected]


def test_a_wave_may_be_a_percentage(work: Path) -> None:
    """A wave of fleet.toml can be a percentage."""
    (work / "fleet.toml").write_text('[waves]\nearly = "20 %"\n')
    assert waves.select(fleet(10), "early", repositories.read([]).waves) == waves.select(fleet(10), "20%", {})


@pytest.mark.parametrize(
    ("wave", "definitions", "message", "hint"),
    [
        ("canari", {}, "There is no wave 'canari'.", "Did you mean canary?"),
        ("erly", {"early": ["r1"]}, "There is no wave 'erly'.", "Did you mean early?"),
        ("xyz", {}, "There is no wave 'xyz'.", "Give one of canary, 10%, all."),
        ("0%", {}, "There is no wave '0%'.", ""),
        ("101%", {}, "There is no wave '101%'.", ""),
        ("canary", {"canary": ["r1", "r77"]}, "The wave 'canary' names 'r77', which is not a group", "Fix it"),
        ("canary", {"canary": ["1"]}, "The wave 'canary' names '1', which is not a group", "Fix it"),
    ],
)
def test_a_wave_that_there_is_not(wave: str, definitions: dict[str, object], message: str, hint: str) -> None:
    """An unknown wave or member is an error that suggests known ones."""
    with pytest.raises(ToolError) as caught:
        waves.select(fleet(5), wave, definitions)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)
