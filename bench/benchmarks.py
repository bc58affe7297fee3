"""The benchmarks, one for each row of the table.

A command runs in a new, empty folder. `{template}` in it stands for the repository of the embedded template,
`{served}` for the URL of a local server with two of its releases, `{tasks}` for that of the same ones with tasks,
`{cookie}` for the template that cookie.py makes.
"""

import sys
from pathlib import Path

from benchmark import NAME, Benchmark
from onboarding import ONBOARDING

_PROJECT = Path(__file__).with_name("checked_project.py")
_COMMIT = "git init -b main && git add --all && git commit -m Start"


def _new(name: str, against: str, theirs: str, target: float, *, tier: str = "script", needs: str = "") -> Benchmark:
    """A committed project of `tier`, against a shell command that gets the template as `$0`."""
    return Benchmark(
        name,
        what=f"`new --tier {tier} --defaults`, committed",
        against=against,
        ours=("new-ops-project", "new", NAME, "--tier", tier, "--defaults"),
        theirs=("sh", "-c", theirs, "{cookie}" if needs == "cookiecutter" else "{template}"),
        target=target,
        needs=needs,
    )


def _copy(tier: str) -> str:
    copy = f'copier copy --defaults --data project_name={NAME} --data tier={tier} "$0" {NAME}'
    return f"{copy} && cd {NAME} && {_COMMIT}"


def _generated(version: str, template: str = "{served}") -> tuple[str, ...]:
    """Generate and commit a command-line tool from a release, with copier, so that both tools can update it."""
    copy = f"copier copy --defaults --quiet --trust --vcs-ref {version} --data project_name={NAME} --data tier=cli"
    return ("sh", "-c", f'{copy} "$0" . && {_COMMIT}', template)


_NEW = (
    _new("new", "copier copy + git init, add, commit", _copy("script"), 0.25),
    _new("new-cli", "copier copy + git init, add, commit", _copy("cli"), 0.25, tier="cli"),
    _new("new-putup", "PyScaffold's putup, which commits too", f"putup {NAME}", 0.7, needs="putup"),
    _new(
        "new-cookiecutter",
        "cookiecutter + git init, add, commit",
        f'cookiecutter --no-input "$0" project_name={NAME} && cd {NAME} && {_COMMIT}',
        0.5,
        needs="cookiecutter",
    ),
)

# Commands that start often: at a prompt, at each Tab, in a script.
_STARTS = (
    Benchmark(
        "first-prompt",
        what="time to the first prompt",
        against="copier copy",
        ours=("new-ops-project",),
        theirs=("copier", "copy", "{template}", NAME),
        target=0.25,
        prompt="Project name",
    ),
    Benchmark(
        "help",
        what="`--help`",
        against="copier --help",
        ours=("new-ops-project", "--help"),
        theirs=("copier", "--help"),
        target=0.08,
    ),
    Benchmark(
        "version",
        what="`--version`",
        against="copier --version",
        ours=("new-ops-project", "--version"),
        theirs=("copier", "--version"),
        target=0.08,
    ),
    Benchmark(
        "completion",
        what="completion of `fl`, on each Tab",
        against="copier --help; its own completion starts no process",
        ours=(
            "env",
            "_NEW_OPS_PROJECT_COMPLETE=bash_complete",
            "COMP_WORDS=new-ops-project fl",
            "COMP_CWORD=1",
            "new-ops-project",
        ),
        theirs=("copier", "--help"),
        target=0.08,
    ),
)

_UPDATES = (
    Benchmark(
        "update",
        what="`update` of a command-line tool, from a git URL",
        against="copier update",
        ours=("new-ops-project", "update"),
        theirs=("copier", "update", "--defaults"),
        target=0.15,
        before=_generated("v1.0.0"),
    ),
    Benchmark(
        "update-tasks",
        what="`update` with a template that has tasks, from a git URL",
        against="copier update",
        ours=("new-ops-project", "update", "--trust"),
        theirs=("copier", "update", "--defaults", "--trust"),
        target=0.5,
        before=_generated("v1.0.0", "{tasks}"),
    ),
    Benchmark(
        "update-check",
        what="`update --check` when current",
        against="copier check-update",
        ours=("new-ops-project", "update", "--check"),
        theirs=("copier", "check-update"),
        target=0.05,
        before=_generated("v1.1.0"),
    ),
    Benchmark(
        "check",
        what="`check` of an unedited command-line tool",
        against="copier recopy + git status",
        ours=("new-ops-project", "check"),
        theirs=("sh", "-c", "copier recopy --defaults --overwrite --quiet --vcs-ref v1.1.0 && git status --short"),
        target=1.0,
        before=_generated("v1.1.0"),
    ),
)

_LINTERS = (
    "ruff check --quiet",
    "zizmor --offline --quiet .",
    "check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*",
)


def _check(name: str, modules: int, *, is_slow: bool = False) -> Benchmark:
    """A project with so many modules, which both sides have looked at before, so that caches are warm."""
    theirs = "; ".join(_LINTERS)
    make = f'"{sys.executable}" "{_PROJECT}" {modules}; (new-ops-project check; {theirs}) >/dev/null 2>&1; true'
    return Benchmark(
        name,
        what=f"`check` of {modules:,} Python files and 3 workflows",
        against="ruff check; zizmor; check-jsonschema",
        ours=("new-ops-project", "check"),
        theirs=("sh", "-c", theirs),
        target=1.3,
        before=("sh", "-c", make),
        codes=(0, 1),
        is_slow=is_slow,
    )


_CHECKS = (_check("check-small", 20), _check("check-large", 5000, is_slow=True))

BENCHMARKS = (*_NEW, *_STARTS, *_UPDATES, *_CHECKS, *ONBOARDING)
