"""The files that depend on a promoted program's code: its entry point, its exports, its smoke tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.formats import python
from new_ops_project.formats.python import Syntax
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import PLAIN, Entry, Tree
from new_ops_project.project.promotion.moves import ProgramMove
from new_ops_project.project.promotion.program.import_effects import read_module
from new_ops_project.template import roles
from new_ops_project.template.evaluation import Answers

_COMMAND = ("command", "tests of the command")
ROLES = (*_COMMAND, "entry point", "exports", "new command", "tests of the program")  # that a template must have


@dataclass(frozen=True)
class Scaffold:
    """New files of the package by path, with notes for people."""

    files: Mapping[str, Entry]
    notes: tuple[str, ...]


def build(move: ProgramMove | None, answers: Answers, files: Committed, taken: Tree) -> Scaffold:
    """The files for a program that moved, or for a package without one the entry point of its new command.

    `taken` are the paths that the template's own files use.
    """
    package = str(answers.values["import_name"])
    if move is None:
        return _command(answers, files, taken, f"src/{package}")
    variables = _variables(move)
    home = PurePosixPath(move.target).parent
    templates = {f"{home}/__main__.py": "entry point", f"{home}/__init__.py": "exports"}
    if move.program.parses:
        templates[_free(f"tests/test_{variables['name']}.py", {*files.modes, *taken})] = "tests of the program"
    return Scaffold({path: _rendered(answers, name, variables) for path, name in templates.items()}, ())


def _variables(move: ProgramMove) -> dict[str, Any]:
    """The variables of the templates in templates/promote."""
    program, name = move.program, PurePosixPath(move.target).stem
    taken = {dotted.rpartition(".")[2] for dotted in move.modules.values()}  # a module's name stays the module's
    # As isort orders them: constants, classes, the rest.
    exports = sorted(
        {item.name for item in program.public} - taken,
        key=lambda name: (not (name.isupper() and name[1:]), not name[0].isupper(), name),
    )
    can_import = program.parses and not program.runs_at
    return {
        "package": move.package,
        "name": name,
        "file": PurePosixPath(move.target).name,
        "exports": exports if can_import else [],
        "public": program.public if can_import else (),
        "helps": program.parses_arguments,
        "examples": program.has_examples and can_import,
    }


def _command(answers: Answers, files: Committed, taken: Tree, home: str) -> Scaffold:
    """The entry point of the new command of a package without a program; nothing where the template brings one."""
    is_own = answers.values.get("code") == "own" and answers.values.get("tier") == "cli"
    path = f"{home}/__main__.py"
    if not is_own:
        return Scaffold({}, ())
    if path in files.modes:
        has_main = "main" in _defined_names(files, path)
        return Scaffold({}, () if has_main else (f"{path}: the command calls main(), which does not exist.",))
    variables = {
        "helps": True,
        "public": (),
        "examples": False,
        "file": "__main__.py",
        "name": "__main__",
    }
    test = _free("tests/test_command.py", {*files.modes, *taken})
    roles_of = {path: "new command", test: "tests of the program"}
    new = {path: _rendered(answers, role, variables) for path, role in roles_of.items()}
    return Scaffold(new, (f"{path} is new: so far, the command only prints its help.",))


def _rendered(answers: Answers, role: str, variables: Mapping[str, Any]) -> Entry:
    return Entry(PLAIN, str(answers.render(roles.text(answers, role), **variables)).encode())


def _free(path: str, taken: set[str]) -> str:
    """`path`, or where it is taken the first `NAME_NUMBER` that is free."""
    stem, suffix = path.rsplit(".", 1)
    names = (path, *(f"{stem}_{number}.{suffix}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


# ---- the template's example -----------------------------------------------------------------------------------


def example_is_intact(files: Committed, answers: Answers) -> bool:
    """Whether the modules of the template's example still have all that the template's command imports from them."""
    package, command = answers.values["import_name"], PurePosixPath(roles.paths(answers.values)["command"]).stem
    wanted = re.compile(r"^from (?:\.|\{\{ import_name \}\}\.)(\w+) import ([\w, ]+)$", re.MULTILINE)
    texts = [roles.text(answers, role) for role in _COMMAND]
    return all(
        {name.strip() for name in names.split(",")} <= _defined_names(files, f"src/{package}/{module}.py")
        for module, names in wanted.findall("\n".join(texts))
        if module != command
    )


def _defined_names(files: Committed, path: str) -> set[str]:
    """The names that a module defines at its top level or imports; none where it does not parse."""
    own = read_module(Syntax(python.parse_file(files.texts, path)))
    return {*own.functions, *own.classes, *own.values, *own.imported}
