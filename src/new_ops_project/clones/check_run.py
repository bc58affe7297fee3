"""A project's own check, run in its environment."""

import hashlib
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.process import ProcessError, output_lines
from new_ops_project.clones import check_command
from new_ops_project.clones.check_command import CheckCommand
from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import Venv

_NO_START = -1000


@dataclass(frozen=True)
class Verdict:
    """Whether it passed, in words; the commands that were run; of the one that failed, what it wrote."""

    passed: bool
    message: str
    commands: tuple[str, ...]
    output: str = ""


def check_stamp(needs: Needs, venv: Venv, what: CheckCommand, commit: str) -> Mapping[str, str]:
    """What a check that passed holds for: the lock, pyproject.toml, Python, packages, the check itself, the commit."""
    listed = sorted(f"{package.name}=={package.version}" for package in venv.packages.values())
    told = "\n".join((needs.digest, venv.version, what.text, *listed))
    return {"state": hashlib.sha256(told.encode()).hexdigest(), "commit": commit}


def run_check(folder: Path, venv: Venv, what: CheckCommand, say: Callable[[str], None]) -> Verdict:
    """Run the commands until one fails; each is said before it runs."""
    done: list[str] = []
    code = 0
    for command in what.commands:
        done.append(shlex.join(command))
        say(done[-1])
        code, output = _run(folder, venv, command)
        if code and code != what.empty:
            why = "it did not start" if code == _NO_START else f"exit code {code}" if code > 0 else f"signal {-code}"
            return Verdict(passed=False, message=f"{done[-1]} failed: {why}", commands=tuple(done), output=output)
    message = f"{'found nothing to check' if code else 'passed'}: {what.text}"
    return Verdict(passed=True, message=message, commands=tuple(done))


def _run(folder: Path, venv: Venv, command: tuple[str, ...]) -> tuple[int, str]:
    """Run one command as in the activated environment: its exit code, and what it wrote."""
    program = str(venv.python) if command[0] == ".venv/bin/python" else command[0]
    program = str(folder / program) if program.startswith((".venv", "./")) else program
    with tempfile.TemporaryDirectory() as cache:
        env = check_command.activated(venv, os.environ)
        env |= {"PYTHONPYCACHEPREFIX": cache} if "compileall" in command else {}
        try:
            written = list(output_lines(program, *command[1:], cwd=folder, env=env))
        except ProcessError as error:
            return error.code if error.code is not None else _NO_START, error.stderr or str(error)
    return 0, "\n".join(written)
