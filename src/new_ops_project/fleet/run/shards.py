"""Which shard does which repository: balanced by what each cost the last time, and stable when others come and go."""

import hashlib
import math
import os
from collections.abc import Iterable, Mapping

PER_SHARD = 120.0  # seconds of work that are worth a machine of its own
MOST = 256  # jobs in a matrix of GitHub Actions
USUAL = 0.5  # seconds for a repository that was never measured
_SLACK = 1.2  # how much more than its part a shard may get before a repository goes elsewhere


def count(costs: Iterable[float]) -> int:
    """How many shards are worth it: each has about two minutes of work."""
    total = sum(cost or USUAL for cost in costs)
    return max(1, min(MOST, math.ceil(total / PER_SHARD)))


def assign(costs: Mapping[str, float], shards: int, before: Mapping[str, int]) -> dict[str, int]:
    """The shard, from 1, of each repository; `costs` are in seconds, `before` has the shards of the last plan.

    Who was in a shard stays in it. The others go, the costly ones first, where their name's hash says (rendezvous
    hashing: Thaler and Ravishankar 1998), or, if that shard is full, to the next in the order of that hash (bounded
    loads: Mirrokni et al. 2018); so without a last plan nearly all stay, too, when others come and go.
    """
    kept = {name: before[name] for name in costs if 1 <= before.get(name, 0) <= shards}
    load = dict.fromkeys(range(1, shards + 1), 0.0)
    for name, shard in kept.items():
        load[shard] += costs[name] or USUAL
    most = _SLACK * sum(cost or USUAL for cost in costs.values()) / shards
    found = dict(kept)
    for name in sorted(costs.keys() - kept.keys(), key=lambda name: (-(costs[name] or USUAL), name)):
        cost = costs[name] or USUAL
        order = sorted(load, key=lambda shard: _hash(f"{shard}\0{name}"))
        room = (shard for shard in order if load[shard] + cost <= most)
        found[name] = next(room, min(order, key=lambda shard: load[shard]))
        load[found[name]] += cost
    return found


def _hash(text: str) -> bytes:
    return hashlib.sha256(os.fsencode(text)).digest()
