"""The interleaved rounds: each runs every command of every benchmark, starting with another one."""

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
    """One tool's command in one benchmark."""

    benchmark: Benchmark
    command: tuple[str, ...]


def run(benchmarks: Sequence[Benchmark], box: Sandbox, rounds: int) -> tuple[Result, ...]:
    """Measure every benchmark `rounds` times, after a round to warm up and a round to count git commands."""
    entries = [
        Entry(benchmark, box.command(side)) for benchmark in benchmarks for side in (benchmark.ours, benchmark.theirs)
    ]
    _say("warming up")
    for entry in entries:
        _measure(entry, box)
    counts = [_git_commands(entry, box) for entry in entries]
    samples: list[list[Sample]] = [[] for _ in entries]
    for index in _turns(len(entries), rounds):
        samples[index].append(_measure(entries[index], box))
    sides = [_side(runs, count) for runs, count in zip(samples, counts, strict=True)]
    return tuple(map(_result, benchmarks, sides[::2], sides[1::2]))


def _turns(entries: int, rounds: int) -> Iterator[int]:
    """The index of each entry once a round; each round starts with the next one."""
    for number in range(rounds):
        _say(f"round {number + 1} of {rounds}")
        for offset in range(entries):
            yield (number + offset) % entries


def _measure(entry: Entry, box: Sandbox, **variables: str) -> Sample:
    benchmark, env = entry.benchmark, {**box.env, **variables}
    with box.folder() as folder:
        if benchmark.before:
            measure.to_end(box.command(benchmark.before), cwd=folder, env=box.env)
        if benchmark.prompt:
            return terminal.to_prompt(entry.command, cwd=folder, env=env, text=benchmark.prompt)
        return measure.to_end(entry.command, cwd=folder, env=env, codes=benchmark.codes)


def _git_commands(entry: Entry, box: Sandbox) -> int:
    """The number of git processes that one run starts, including those that git itself starts."""
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
