"""The benchmarks of `onboard`, against the same steps by hand from a project's README."""

from benchmark import NAME, PYTHON, Benchmark

# The installation steps in a project's README, by installer.
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
    """The command that makes a repository to clone, in the folder `origin`."""
    return f"new-ops-project new {NAME} --tier {tier} --python {PYTHON} --defaults --path origin"


def _onboard(tier: str, installer: str) -> Benchmark:
    """From a repository to passing tests."""
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


ONBOARDING = (
    *(_onboard(tier, installer) for tier in ("script", "library", "cli") for installer in ("pip", "uv")),
    Benchmark(
        "onboard-again",
        what="`onboard` of a command-line tool that is ready",
        against="the same steps by hand once more, with uv",
        ours=("new-ops-project", "onboard", NAME),
        theirs=("sh", "-c", f"cd {NAME} && {_by_hand('cli', 'uv').partition(' && ')[2]}"),
        target=0.5,
        before=("sh", "-c", f"{_origin('cli')} && new-ops-project onboard origin --into {NAME} --installer uv"),
        is_slow=True,
    ),
)
