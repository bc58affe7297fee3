"""The commands that show whether a clone works."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from new_ops_project.base.errors import ToolError
from new_ops_project.clones.text_file import text_of
from new_ops_project.formats import document

if TYPE_CHECKING:  # `new`, which needs only the first command of a project, starts sooner without them
    from new_ops_project.clones.needs import Needs
    from new_ops_project.clones.venv import Venv

# The table that configures pytest, by the file that may contain it.
_PYTEST = {
    "pytest.ini": r"\[pytest\]",
    ".pytest.ini": r"\[pytest\]",
    "pytest.toml": r"\[pytest\]",
    "tox.ini": r"\[pytest\]",
    "setup.cfg": r"\[tool:pytest\]",
    "pyproject.toml": r"\[tool\.pytest",
}
_NO_PROGRAM = frozenset({"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py", "versioneer.py"})
_PARSERS = ("argparse", "click", "typer", "docopt", "optparse")
_NOTHING_COLLECTED = 5  # the exit code of pytest, and of unittest from Python 3.12 on, that ran no test


@dataclass(frozen=True)
class CheckCommand:
    """Commands to run one after the other in the project's folder.

    `empty`: the exit code that means that there was nothing to check, or 0. `doubt`: why the check shows less than it
    could, or ''.
    """

    commands: tuple[tuple[str, ...], ...]
    empty: int = 0
    doubt: str = ""

    @property
    def text(self) -> str:
        """The commands as a person would type them."""
        return " && ".join(shlex.join(command) for command in self.commands)


def find_check(needs: "Needs", venv: "Venv") -> CheckCommand:
    """The project's own check: what pyproject.toml names, otherwise its tests, otherwise that its code compiles.

    Raises ToolError if `check` in pyproject.toml is not a command.
    """
    if "check" in needs.pyproject.table("tool", "new-ops-project"):
        return CheckCommand(_named(needs.pyproject.get("tool", "new-ops-project", "check")))
    tests = _tests(needs.folder)
    if "pytest" in venv.packages and (tests or _configures_pytest(needs.folder)):
        return CheckCommand(((".venv/bin/python", "-m", "pytest"),), empty=_NOTHING_COLLECTED)
    files = needs.folder.glob("test_*.py") if tests == "." else (needs.folder / tests).rglob("*.py")
    if tests and not any(_imports(file, "pytest") for file in files):
        command = (".venv/bin/python", "-m", "unittest", "discover", "--start-directory", tests)
        return CheckCommand((command,), empty=_NOTHING_COLLECTED)
    doubt = f"The tests import pytest, which is not in {needs.lock}, so they were not run." if tests else ""
    code = _code(needs.folder)  # without arguments, compileall would compile the standard library
    return CheckCommand(((".venv/bin/python", "-m", "compileall", "-q", *code),) if code else (), doubt=doubt)


def _named(value: object) -> tuple[tuple[str, ...], ...]:
    """The commands in the value of `check`, a string or a list of strings."""
    items = value if isinstance(value, list) else [value]
    commands = [text for text in items if isinstance(text, str) and text.strip()]
    if not commands or len(commands) < len(items):
        message = "`check` in [tool.new-ops-project] of pyproject.toml is neither a command nor a list of commands."
        raise ToolError(message, 'Write it as check = "pytest -q", or as a list of such strings.')
    try:
        return tuple(tuple(shlex.split(text)) for text in commands)
    except ValueError as error:
        raise ToolError(f"`check` in pyproject.toml cannot be read: {error}.", "Close its quotes.") from error


def _imports(file: Path, *modules: str) -> bool:
    return bool(re.search(rf"^\s*(?:import|from) (?:{'|'.join(modules)})\b", text_of(file), re.MULTILINE))


def _tests(folder: Path) -> str:
    """The folder with the tests (`.` for the root), or ''."""
    for name in ("tests", "test"):
        if next((folder / name).rglob("test*.py"), None) or next((folder / name).rglob("*_test.py"), None):
            return name
    return "." if next(folder.glob("test_*.py"), None) else ""


def _configures_pytest(folder: Path) -> bool:
    return any(re.search(f"^{sign}", text_of(folder / name), re.MULTILINE) for name, sign in _PYTEST.items())


def _code(folder: Path) -> list[str]:
    """Where the code is: files and folders at the root that contain Python, except hidden ones."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and not entry.is_symlink())
    return [entry.name for entry in entries if entry.name != "node_modules" and _holds_python(entry)]


def _holds_python(entry: Path) -> bool:
    if entry.is_file():
        return entry.suffix == ".py"
    return not (entry / "pyvenv.cfg").exists() and next(entry.rglob("*.py"), None) is not None


def first_command(folder: Path) -> str:
    """What to run first in a clone that is set up: its command, its program or its tests; '' if it has none of them."""
    pyproject = document.toml({"pyproject.toml": text_of(folder / "pyproject.toml").encode()}, "pyproject.toml")
    if scripts := pyproject.table("project", "scripts") or pyproject.table("tool", "poetry", "scripts"):
        return f".venv/bin/{next(iter(scripts))} --help"
    # A program that parses arguments has a --help that is safe to run; the one with the project's name comes first.
    own = f"{pyproject.string('project', 'name').replace('-', '_')}.py"
    names = sorted({path.name for path in folder.glob("*.py")} - _NO_PROGRAM, key=lambda name: (name != own, name))
    if program := next((name for name in names if _imports(folder / name, *_PARSERS)), ""):
        return f".venv/bin/python {shlex.quote(program)} --help"
    return ".venv/bin/python -m pytest" if _tests(folder) or _configures_pytest(folder) else ""
