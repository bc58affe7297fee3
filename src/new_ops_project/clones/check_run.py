"""One run of a project's own check in its environment."""

import hashlib
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import stream
from new_ops_project.clones import check_command
from new_ops_project.clones.check_command import CheckCommand
from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import Venv

_NOT_STARTED = -1000  # in place of an exit code; no signal has such a number


@dataclass(frozen=True)
class Verdict:
    """Whether the check passed. `commands`: those that were run; `output`: of the command that failed."""

    passed: bool
    message: str
    commands: tuple[str, ...]
    output: str = ""


def check_stamp(needs: Needs, venv: Venv, check: CheckCommand, commit: str) -> Mapping[str, str]:
    """What a passed check depends on: a digest of the lock, pyproject.toml, Python, packages and check; the commit."""
    packages = sorted(f"{package.name}=={package.version}" for package in venv.packages.values())
    state = "\n".join((needs.digest, venv.version, check.text, *packages))
    return {"state": hashlib.sha256(state.encode()).hexdigest(), "commit": commit}


def run_check(folder: Path, venv: Venv, check: CheckCommand, say: Callable[[str], None]) -> Verdict:
    """Run the commands until one fails; `say` is called with each of them before it runs."""
    commands: list[str] = []
    code = 0
    for command in check.commands:
        text = shlex.join(command)
        commands.append(text)
        say(text)
        code, output = _run(folder, venv, command)
        if code and code != check.empty:
            return Verdict(
                passed=False, message=f"{text} failed: {_reason(code)}", commands=tuple(commands), output=output
            )
    message = f"{'found nothing to check' if code else 'passed'}: {check.text}"
    return Verdict(passed=True, message=message, commands=tuple(commands))


def _reason(code: int) -> str:
    if code == _NOT_STARTED:
        return "it did not start"
    return f"exit code {code}" if code > 0 else f"signal {-code}"


def _run(folder: Path, venv: Venv, command: tuple[str, ...]) -> tuple[int, str]:
    """Run one command as in the activated environment; return its exit code and its output."""
    program = str(venv.python) if command[0] == ".venv/bin/python" else command[0]
    program = str(folder / program) if program.startswith((".venv", "./")) else program
    with tempfile.TemporaryDirectory() as cache:
        env = check_command.activated(venv, os.environ)
        env |= {"PYTHONPYCACHEPREFIX": cache} if "compileall" in command else {}
        try:
            output = "\n".join(stream(program, *command[1:], cwd=folder, env=env))
        except ProcessError as error:
            return error.exit_code if error.exit_code is not None else _NOT_STARTED, error.stderr or str(error)
    return 0, output
