"""Shards: every repository in one, balanced, and stable. Waves: parts of a fleet, each within the next."""

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
    found = shards.assign(costs, number, {})
    assert found.keys() == costs.keys()
    assert all(1 <= shard <= number for shard in found.values())
    mixed = random.sample(sorted(costs.items()), len(costs))
    assert shards.assign(dict(mixed), number, {}) == found


def test_every_machine_shards_alike() -> None:
    """Where equal costs are many, no hash of the process decides who comes first."""
    code = (
        "from new_ops_project.fleet import shards;"
        "print(sorted(shards.assign({f'r{at}': 1.0 for at in range(99)}, 16, {}).items()))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


@given(COSTS, NUMBER)
def test_shards_are_balanced(costs: dict[str, float], number: int) -> None:
    """No shard has more than 1.2 of its part and the costliest repository."""
    real = {name: cost or shards.USUAL for name, cost in costs.items()}
    load = dict.fromkeys(range(1, number + 1), 0.0)
    for name, shard in shards.assign(costs, number, {}).items():
        load[shard] += real[name]
    assert max(load.values()) <= 1.2 * sum(real.values()) / number + max(real.values(), default=0) + 1e-6


@given(COSTS, COSTS, st.sets(st.integers(0, 39)), NUMBER)
def test_nobody_moves_when_others_come_and_go(
    costs: dict[str, float], new: dict[str, float], gone: set[int], number: int
) -> None:
    """With the last plan at hand whoever stays in the fleet stays in its shard, whatever it costs now."""
    before = shards.assign(costs, number, {})
    left = {name: cost + 1 for at, (name, cost) in enumerate(costs.items()) if at not in gone}
    after = shards.assign({**new, **left}, number, before)
    assert {name: after[name] for name in left} == {name: before[name] for name in left}


def test_a_shard_that_is_no_more_is_given_up() -> None:
    """Who was in shard 7 of more shards, or in none, is given one that there is."""
    assert set(shards.assign(dict.fromkeys("abc", 1.0), 2, {"a": 7, "b": 0, "c": -1}).values()) <= {1, 2}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("measured", [True, False])
def test_nearly_all_stay_without_the_last_plan(seed: int, *, measured: bool) -> None:
    """When a twentieth of a fleet goes and as many come, at most a tenth of the others are in another shard."""
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
    """Two minutes of work for each, at most as many as GitHub's matrix takes; half a second where nothing is known."""
    assert shards.count(costs) == number


# ---- waves ------------------------------------------------------------------------------------------------------


def fleet(count: int, **more: str) -> list[Inspection]:
    """So many repositories."""
    return [Inspection(f"h.org/o/r{at}", **more) for at in range(count)]  # type: ignore[arg-type]


def names(looks: list[Inspection], wave: str, **meant: object) -> list[str]:
    """The names of those in the wave."""
    return [one.name for one in waves.chosen(looks, wave, meant)]


@given(st.integers(0, 60), st.floats(0.5, 100), st.floats(0.5, 100), st.randoms())
def test_a_percentage_is_part_of_a_larger_one(count: int, one: float, other: float, random: Random) -> None:
    """Who is in 10 % is in 20 %; how many there are is rounded up; the order of the fleet does not matter."""
    looks = fleet(count)
    small, large = (f"{percent:f}%" for percent in sorted((one, other)))
    assert {*names(looks, small)} <= {*names(looks, large)}
    assert 0 <= len(names(looks, small)) - count * float(small[:-1]) / 100 < 1.001
    assert {*names(random.sample(looks, count), small)} == {*names(looks, small)}


def test_a_wave_keeps_the_order_and_names_of_the_fleet() -> None:
    """All is all; 100 % is the same; one percent of a few is one."""
    looks = fleet(30)
    assert names(looks, "all") == names(looks, "100%") == names(looks, "100 %") == [one.name for one in looks]
    assert len(names(looks, "1%")) == 1
    assert names([], "1%") == names([], "canary") == []


@given(st.integers(20, 60), st.integers(0, 19))
def test_who_goes_does_not_take_others_along(count: int, gone: int) -> None:
    """When one leaves the fleet, those who were in the wave and stay are still in it."""
    looks = fleet(count)
    left = [one for at, one in enumerate(looks) if at != gone]
    lost = {*names(looks, "25%")} - {*names(left, "25%")} - {looks[gone].name}
    assert len(lost) <= (looks[gone].name not in names(looks, "25%"))


def test_canary_is_one_of_each_tier() -> None:
    """Without a fleet.toml, canary is one of each tier, of those that can be done; always the same ones."""
    looks = [Inspection(f"h/o/{tier}{at}", answers={"tier": tier}) for tier in ("lib", "app") for at in range(5)]
    looks += [Inspection("h/o/broken", answers={"tier": "odd"}, state=ResultState.FAILED)]
    found = names(looks, "canary")
    assert Counter(name[4:7] for name in found) == {"lib": 1, "app": 1}
    assert names(looks[::-1], "canary") == found[::-1]


@pytest.mark.parametrize(
    ("member", "found"),
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
def test_a_member_is_a_group_or_a_name(member: str, found: list[int]) -> None:
    """A wave of fleet.toml names groups, repositories (all projects in one), or the end of a name."""
    looks = [
        *fleet(2, group="web"),
        Inspection("h.org/o/r2"),
        Inspection("h.org/o/mono//svc"),
        Inspection("h.org/o/mono//lib"),
    ]
    assert names(looks, "canary", canary=[member]) == [looks[at].name for at in found]


def test_a_wave_may_be_a_percentage(work: Path) -> None:
    """A wave of fleet.toml has a name for a percentage."""
    (work / "fleet.toml").write_text('[waves]\nearly = "20 %"\n')
    assert waves.chosen(fleet(10), "early", repositories.read([]).waves) == waves.chosen(fleet(10), "20%", {})


@pytest.mark.parametrize(
    ("wave", "meant", "said", "hint"),
    [
        ("canari", {}, "There is no wave 'canari'.", "Did you mean canary?"),
        ("erly", {"early": ["r1"]}, "There is no wave 'erly'.", "Did you mean early?"),
        ("xyz", {}, "There is no wave 'xyz'.", "Give one of canary, 10%, all."),
        ("0%", {}, "There is no wave '0%'.", ""),
        ("101%", {}, "There is no wave '101%'.", ""),
        ("canary", {"canary": ["r1", "r77"]}, "The wave 'canary' names 'r77', which is no group", "Mend it"),
        ("canary", {"canary": ["1"]}, "The wave 'canary' names '1', which is no group", "Mend it"),
    ],
)
def test_a_wave_that_there_is_not(wave: str, meant: dict[str, object], said: str, hint: str) -> None:
    """An unknown wave, and a member that the fleet does not have, are named with what there is."""
    with pytest.raises(ToolError) as caught:
        waves.chosen(fleet(5), wave, meant)
    assert caught.value.message.startswith(said)
    assert caught.value.hint.startswith(hint)
