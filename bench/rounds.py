"""Benchmarks interleaved: each round runs every command of every one, starting with another."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import measure
import terminal
from benchmark import Benchmark
from measure import Sample
from results import Result, Side
from sandbox import Sandbox


@dataclass(frozen=True)
class Entry:
    """One tool's command of one benchmark."""

    benchmark: Benchmark
    command: tuple[str, ...]


def run(benchmarks: Sequence[Benchmark], box: Sandbox, rounds: int) -> tuple[Result, ...]:
    """Measure every benchmark `rounds` times, after one round to warm up and one to count git commands."""
    entries = [Entry(one, box.command(side)) for one in benchmarks for side in (one.ours, one.theirs)]
    _say("warming up")
    for entry in entries:
        _measure(entry, box)
    counts = [_git_commands(entry, box) for entry in entries]
    samples: list[list[Sample]] = [[] for _ in entries]
    for place in _places(len(entries), rounds):
        samples[place].append(_measure(entries[place], box))
    sides = [_side(taken, count) for taken, count in zip(samples, counts, strict=True)]
    return tuple(map(_result, benchmarks, sides[::2], sides[1::2]))


def _places(entries: int, rounds: int) -> Iterator[int]:
    """Every entry once a round; each round starts one later."""
    for number in range(rounds):
        _say(f"round {number + 1} of {rounds}")
        for offset in range(entries):
            yield (number + offset) % entries


def _measure(entry: Entry, box: Sandbox, **more: str) -> Sample:
    benchmark, env = entry.benchmark, {**box.env, **more}
    with box.folder() as folder:
        if benchmark.before:
            measure.to_end(box.command(benchmark.before), at=folder, env=box.env)
        if benchmark.prompt:
            return terminal.to_prompt(entry.command, at=folder, env=env, text=benchmark.prompt)
        return measure.to_end(entry.command, at=folder, env=env, codes=benchmark.codes)


def _git_commands(entry: Entry, box: Sandbox) -> int:
    """How many git processes one run starts, those that git itself starts included."""
    with NamedTemporaryFile(dir=box.root) as trace:
        _measure(entry, box, GIT_TRACE2_EVENT=trace.name)
        events = map(json.loads, Path(trace.name).read_text(encoding="utf-8").splitlines())
        return sum(event["event"] == "start" for event in events)


def _side(samples: Sequence[Sample], git_commands: int) -> Side:
    seconds, peaks = zip(*((sample.seconds, sample.peak) for sample in samples), strict=True)
    return Side(seconds, peaks, git_commands)


def _result(benchmark: Benchmark, ours: Side, theirs: Side) -> Result:
    about = (benchmark.name, benchmark.what, benchmark.against, benchmark.target)
    return Result(*about, ours, theirs)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
