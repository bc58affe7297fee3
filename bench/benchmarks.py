"""What is compared: one entry for each row of the table.

A command runs in a fresh, empty folder. `{template}` in it stands for the repository of the embedded template,
`{served}` for the URL of one on loopback that has two releases.
"""

from dataclasses import dataclass

NAME = "bench-project"


@dataclass(frozen=True)
class Benchmark:
    """Two commands that do the same, and how long ours may take as a share of theirs."""

    name: str
    what: str
    against: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    target: float
    prompt: str = ""
    """On a pseudo-terminal, until this text is on the screen; '' for without a terminal, to the end."""
    before: tuple[str, ...] = ()
    """What fills the folder first, untimed; () for nothing."""


def _new(tier: str, *, name: str) -> Benchmark:
    """A project of `tier`, committed."""
    copied = f'copier copy --defaults --data project_name={NAME} --data tier={tier} "$0" {NAME}'
    committed = f"cd {NAME} && git init -b main && git add --all && git commit -m Start"
    return Benchmark(
        name,
        what=f"`new --tier {tier} --defaults`, committed",
        against="copier copy + git init, add, commit",
        ours=("new-ops-project", "new", NAME, "--tier", tier, "--defaults"),
        theirs=("sh", "-c", f"{copied} && {committed}", "{template}"),
        target=0.9,
    )


def _generated(version: str) -> tuple[str, ...]:
    """A command's project from that release, committed, made by copier, so that both tools can refresh it."""
    copied = f'copier copy --defaults --quiet --vcs-ref {version} --data project_name={NAME} --data tier=cli "$0" .'
    return ("sh", "-c", f"{copied} && git init -b main && git add --all && git commit -m Start", "{served}")


BENCHMARKS = (
    _new("script", name="new"),
    _new("cli", name="new-cli"),
    Benchmark(
        "help",
        what="`--help`",
        against="copier --help",
        ours=("new-ops-project", "--help"),
        theirs=("copier", "--help"),
        target=0.2,
    ),
    Benchmark(
        "first-prompt",
        what="time to the first prompt",
        against="copier copy",
        ours=("new-ops-project",),
        theirs=("copier", "copy", "{template}", NAME),
        target=0.45,
        prompt="Project name",
    ),
    Benchmark(
        "update",
        what="`update` of a command, from a git URL",
        against="copier update",
        ours=("new-ops-project", "update"),
        theirs=("copier", "update", "--defaults"),
        target=0.5,
        before=_generated("v1.0.0"),
    ),
    Benchmark(
        "update-check",
        what="`update --check` when current",
        against="copier check-update",
        ours=("new-ops-project", "update", "--check"),
        theirs=("copier", "check-update"),
        target=0.5,
        before=_generated("v1.1.0"),
    ),
)
