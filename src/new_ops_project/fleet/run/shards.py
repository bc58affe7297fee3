"""The assignment of projects to shards."""

import hashlib
import math
import os
from collections.abc import Iterable, Mapping

PER_SHARD = 120.0  # seconds of work that are worth another machine
MOST = 256  # jobs in a matrix of GitHub Actions
USUAL = 0.5  # seconds for a project that was never measured
_SLACK = 1.2  # times the average load that a shard may get


def count(costs: Iterable[float]) -> int:
    """The number of shards that gives each about two minutes of work."""
    total = sum(cost or USUAL for cost in costs)
    return max(1, min(MOST, math.ceil(total / PER_SHARD)))


def assign(costs: Mapping[str, float], shards: int, before: Mapping[str, int]) -> dict[str, int]:
    """The shard of each project, counted from 1; `costs` are in seconds, `before` has the shards of the last plan.

    A project stays in its last shard. The others, most expensive first, go where the hash of their name says
    (rendezvous hashing: Thaler and Ravishankar 1998); if that shard is full, to the next one in the order of the hash
    (bounded loads: Mirrokni et al. 2018). So even without a last plan, nearly all projects stay in their shard when
    others come or go, and each machine finds its caches again.
    """
    assigned = {name: before[name] for name in costs if 1 <= before.get(name, 0) <= shards}
    load = dict.fromkeys(range(1, shards + 1), 0.0)
    for name, shard in assigned.items():
        load[shard] += costs[name] or USUAL
    most = _SLACK * sum(cost or USUAL for cost in costs.values()) / shards
    for name in sorted(costs.keys() - assigned.keys(), key=lambda name: (-(costs[name] or USUAL), name)):
        cost = costs[name] or USUAL
        order = sorted(load, key=lambda shard: _hash(f"{shard}\0{name}"))
        room = (shard for shard in order if load[shard] + cost <= most)
        assigned[name] = next(room, min(order, key=lambda shard: load[shard]))
        load[assigned[name]] += cost
    return assigned


def _hash(text: str) -> bytes:
    return hashlib.sha256(os.fsencode(text)).digest()
