"""The facts about a clone on this machine, each worked out once, when it is first asked for."""

import hashlib
import json
import shlex
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.clones import check, installed_packages, interpreters, venv
from new_ops_project.clones.check import CheckCommand
from new_ops_project.clones.installed_packages import Comparison
from new_ops_project.clones.interpreters import Interpreter
from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import Venv
from new_ops_project.git.worktree import Repository, find_repository


@dataclass(frozen=True)
class Clone:
    """A clone. `uv`: the path of the uv that installs its packages, or ''.

    A copy (`dataclasses.replace`) looks at everything anew.
    """

    needs: Needs
    uv: str

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.needs.folder

    @cached_property
    def repository(self) -> Repository | None:
        """The repository that it is in, if it is in one; raises ToolError for one that git does not trust."""
        return find_repository(self.folder)[0] if git.toplevel(self.folder) else None

    @cached_property
    def interpreter(self) -> Interpreter:
        """The Python to make its environment with; raises ToolError, with how to get one, if there is none."""
        return interpreters.find(self.needs.python, needs_venv=not self.uv)

    @cached_property
    def venv(self) -> Venv:
        """Its environment."""
        return venv.read_venv(self.folder)

    @cached_property
    def packages(self) -> Comparison:
        """What is installed in its environment, compared with what is needed."""
        return installed_packages.compare(self.needs, self.venv)

    @cached_property
    def check(self) -> CheckCommand:
        """Its own check; raises ToolError if pyproject.toml names none that can be run."""
        return check.find_check(self.needs, self.venv)

    @cached_property
    def stamp(self) -> str:
        """What the result of the check depends on: the lock, pyproject.toml, Python, packages, check, commit."""
        packages = sorted(f"{package.name}=={package.version}" for package in self.venv.packages.values())
        state = "\n".join((self.needs.digest, self.venv.version, self.check.text, *packages))
        commit = (git.resolve(self.folder, "HEAD") or "") if self.repository else ""
        return json.dumps({"state": hashlib.sha256(state.encode()).hexdigest(), "commit": commit}, indent=2) + "\n"

    @property
    def onboard(self) -> str:
        """The command that fixes most problems, as a person would type it here."""
        place = "" if self.folder == Path.cwd() else f" {shlex.quote(str(self.folder))}"
        return f"new-ops-project onboard{place}"


def read_clone(folder: Path, installer: str | None = None) -> Clone:
    """The clone in `folder`; `installer`: uv or pip, None for uv if it is there.

    Raises ToolError if the folder is no Python project, or the installer is not there.
    """
    uv = (shutil.which("uv") or "") if installer != "pip" else ""
    if installer == "uv" and not uv:
        raise ToolError("uv was not found on PATH.", "Install it, or leave --installer out.")
    needs = Needs(folder, reads_uv=bool(uv))
    if not needs.files.keys() & {"pyproject.toml", "setup.py", "setup.cfg"} and not needs.requirements:
        message = f"{folder} has neither pyproject.toml nor requirements.txt."
        raise ToolError(message, "Give the PATH of a Python project.")
    return Clone(needs, uv)
