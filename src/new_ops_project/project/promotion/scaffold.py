"""The files that depend on a promoted program's code: its entry point, its exports, its smoke tests."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import PLAIN, Entry, Tree
from new_ops_project.project.promotion.moves import ProgramMove
from new_ops_project.template.evaluation import Answers


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
    variables = _variables(move, files)
    home = PurePosixPath(move.target).parent
    templates = {f"{home}/__main__.py": "__main__.py", f"{home}/__init__.py": "__init__.py"}
    if move.script not in move.problems:
        templates[_free(f"tests/test_{variables['name']}.py", {*files.modes, *taken})] = "test_task.py"
    return Scaffold({path: _rendered(answers, name, variables) for path, name in templates.items()}, ())


def _variables(move: ProgramMove, files: Committed) -> dict[str, Any]:
    """The variables of the templates in templates/promote."""
    program, name = move.program, PurePosixPath(move.target).stem
    taken = {dotted.rpartition(".")[2] for dotted in move.modules.values()}  # a module's name stays the module's
    can_import = not program.runs_at and move.script not in move.problems
    return {
        "module": move.module,
        "package": move.package,
        "name": name,
        "file": PurePosixPath(move.target).name,
        "entry": program.entry,
        "ends": _returns_exit_code(files.texts[move.script], program.entry),
        "exports": sorted({item.name for item in program.public} - taken, key=_isort_order) if can_import else [],
        "public": program.public if can_import else (),
        "helps": program.parses_arguments,
        "examples": program.has_examples and can_import,
        "tests": _test_names([item.name for item in program.public]),
    }


def _test_names(names: list[str]) -> dict[str, str]:
    """A unique name of a test (in PEP 8's style) for each name."""
    tests: dict[str, str] = {}
    for name in names:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        alike = sum(test.startswith(f"test_{snake}") for test in tests.values())
        tests[name] = f"test_{snake}" + (f"_{alike + 1}" if alike else "")
    return tests


def _returns_exit_code(source: bytes, entry: str) -> bool:
    """Whether the function `entry` returns an exit code: it has no decorator (of click) and returns a value."""
    if not entry:
        return False
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    function = next((node for node in functions if node.name == entry), None)
    if function is None or function.decorator_list:
        return False
    if function.returns is not None:
        return not (isinstance(function.returns, ast.Constant) and function.returns.value is None)
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


def _isort_order(name: str) -> tuple[int, str]:
    """A sort key for isort's order: constants, classes, the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


def _command(answers: Answers, files: Committed, taken: Tree, home: str) -> Scaffold:
    """The entry point of the new command of a package without a program; nothing where the template brings one."""
    is_own = answers.values.get("code") == "own" and answers.values.get("tier") == "cli"
    path = f"{home}/__main__.py"
    if not is_own:
        return Scaffold({}, ())
    if path in files.modes:
        has_main = "main" in defined_names(files.texts.get(path, b""))
        return Scaffold({}, () if has_main else (f"{path}: the command calls main(), which does not exist.",))
    variables = {
        "helps": True,
        "public": (),
        "examples": False,
        "file": "__main__.py",
        "name": "__main__",
        "tests": {},
        "module": f"{answers.values['import_name']}.__main__",
    }
    test = _free("tests/test_command.py", {*files.modes, *taken})
    new = {path: _rendered(answers, "command.py", variables), test: _rendered(answers, "test_task.py", variables)}
    return Scaffold(new, (f"{path} is new: so far, the command only prints its help.",))


def _rendered(answers: Answers, name: str, variables: Mapping[str, Any]) -> Entry:
    text = (answers.questionnaire.root / "templates" / "promote" / f"{name}.jinja").read_text(encoding="utf-8")
    return Entry(PLAIN, str(answers.render(text, **variables)).encode())


def _free(path: str, taken: set[str]) -> str:
    """`path`, or where it is taken the first `NAME_NUMBER` that is free."""
    stem, suffix = path.rsplit(".", 1)
    names = (path, *(f"{stem}_{number}.{suffix}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


# ---- the template's example -----------------------------------------------------------------------------------


def example_is_intact(files: Committed, answers: Answers) -> bool:
    """Whether the modules of the template's example still have all that the template's command imports from them."""
    root, package = answers.questionnaire.root, answers.values["import_name"]
    below = root / str(answers.questionnaire.config.get("subdirectory", "."))
    sources = (below / "src" / "{{ import_name }}" / "main.py.jinja", below / "tests" / "test_main.py.jinja")
    wanted = re.compile(r"^from (?:\.|\{\{ import_name \}\}\.)(\w+) import ([\w, ]+)$", re.MULTILINE)
    named = [pair for path in sources if path.is_file() for pair in wanted.findall(path.read_text(encoding="utf-8"))]
    return all(
        {name.strip() for name in names.split(",")} <= defined_names(files.texts.get(f"src/{package}/{module}.py", b""))
        for module, names in named
        if module != "main"
    )


def defined_names(source: bytes) -> set[str]:
    """The names that a module defines at its top level; none where it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names
