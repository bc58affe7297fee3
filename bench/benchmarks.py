"""What is compared: one entry for each row of the table.

A command runs in a fresh, empty folder. `{template}` in it stands for the repository of the embedded template,
`{served}` for the URL of one on loopback that has two releases.
"""

import sys
from dataclasses import dataclass

NAME = "bench-project"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


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
    is_slow: bool = False
    """Whether it installs packages, and so is only measured with --slow or by its name."""


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


# The steps of a project's README with each installer, and those after them.
_BY_HAND = {
    "pip": f"python{PYTHON} -m venv .venv && .venv/bin/python -m pip install",
    "uv": f"uv venv --seed --python {PYTHON} .venv && uv pip install --python .venv/bin/python",
}
_IN_PLACE = "--no-deps --no-build-isolation --editable ."


def _by_hand(tier: str, installer: str) -> str:
    install = _BY_HAND[installer]
    steps = [f"{install} --require-hashes -r requirements-dev.txt"]
    steps += [f"{install.partition(' && ')[2]} {_IN_PLACE}"] if tier != "script" else []
    return " && ".join([*steps, ".venv/bin/pre-commit install", ".venv/bin/python -m pytest"])


def _origin(tier: str) -> str:
    """A repository to clone, at `origin`."""
    return f"new-ops-project new {NAME} --tier {tier} --python {PYTHON} --defaults --path origin"


def _onboard(tier: str, installer: str) -> Benchmark:
    """From a repository to its tests passed."""
    return Benchmark(
        f"onboard-{tier}-{installer}",
        what=f"`onboard` of a {tier}, with {installer}",
        against=f"the same steps by hand, with {installer}",
        ours=("new-ops-project", "onboard", "origin", "--into", NAME, "--installer", installer),
        theirs=("sh", "-c", f"git clone origin {NAME} && cd {NAME} && {_by_hand(tier, installer)}"),
        target={"pip": 1.15, "uv": 1.3}[installer],
        before=("sh", "-c", _origin(tier)),
        is_slow=True,
    )


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
    Benchmark(
        "check",
        what="`check` of a command that is as the template has it, without the linters",
        against="copier recopy + git status",
        ours=("new-ops-project", "check"),
        theirs=("sh", "-c", "copier recopy --defaults --overwrite --quiet --vcs-ref v1.1.0 && git status --short"),
        target=1.0,
        before=_generated("v1.1.0"),
    ),
    *(_onboard(tier, installer) for tier in ("script", "library", "cli") for installer in ("pip", "uv")),
    Benchmark(
        "onboard-again",
        what="`onboard` of a command that is ready",
        against="the same steps by hand once more, with uv",
        ours=("new-ops-project", "onboard", NAME),
        theirs=("sh", "-c", f"cd {NAME} && {_by_hand('cli', 'uv').partition(' && ')[2]}"),
        target=0.5,
        before=("sh", "-c", f"{_origin('cli')} && new-ops-project onboard origin --into {NAME} --installer uv"),
        is_slow=True,
    ),
)
