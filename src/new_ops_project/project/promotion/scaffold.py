"""Files that a grown package needs and no template could know: its entry point, its exports, smoke tests."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import PLAIN, Entry, Tree
from new_ops_project.project.promotion.moves import ProgramMove
from new_ops_project.template.questions import Answers


@dataclass(frozen=True)
class Scaffold:
    """Files for the package that no template could know, and what is to be said of them."""

    files: Mapping[str, Entry]
    notes: tuple[str, ...]


def written(growth: ProgramMove | None, answers: Answers, files: Committed, taken: Tree) -> Scaffold:
    """The package's entry point, what it exports, and smoke tests; for a package without a program, a command."""
    package = str(answers.values["import_name"])
    if growth is None:
        return _command(answers, files, taken, f"src/{package}")
    known = _known(growth, files)
    home = PurePosixPath(growth.target).parent
    made = {f"{home}/__main__.py": "__main__.py", f"{home}/__init__.py": "__init__.py"}
    if growth.script not in growth.problems:
        made[_free(f"tests/test_{known['name']}.py", {*files.modes, *taken})] = "test_task.py"
    return Scaffold({path: _rendered(answers, name, known) for path, name in made.items()}, ())


def _known(growth: ProgramMove, files: Committed) -> dict[str, Any]:
    """What the files that are written are told."""
    one, name = growth.program, PurePosixPath(growth.target).stem
    taken = {dotted.rpartition(".")[2] for dotted in growth.modules.values()}  # a module's name stays the module's
    can_import = not one.runs_at and growth.script not in growth.problems
    return {
        "module": growth.module,
        "package": growth.package,
        "name": name,
        "file": PurePosixPath(growth.target).name,
        "entry": one.entry,
        "ends": _ends(files.texts[growth.script], one.entry),
        "exports": sorted({item.name for item in one.public} - taken, key=_order) if can_import else [],
        "public": one.public if can_import else (),
        "helps": one.parses_arguments,
        "examples": one.has_examples and can_import,
        "tests": _tests([item.name for item in one.public]),
    }


def _tests(names: list[str]) -> dict[str, str]:
    """A test's name (PEP 8) for each name, no two of them alike."""
    found: dict[str, str] = {}
    for name in names:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        alike = sum(one.startswith(f"test_{snake}") for one in found.values())
        found[name] = f"test_{snake}" + (f"_{alike + 1}" if alike else "")
    return found


def _ends(source: bytes, entry: str) -> bool:
    """Whether what the function `entry` returns is an exit code: it is no command of click's and returns something."""
    if not entry:
        return False
    node = next((one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef) and one.name == entry), None)
    if node is None or node.decorator_list:
        return False
    if node.returns is not None:
        return not (isinstance(node.returns, ast.Constant) and node.returns.value is None)
    return any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(node))


def _order(name: str) -> tuple[int, str]:
    """As isort has it: constants, classes, the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


def _command(answers: Answers, files: Committed, taken: Tree, home: str) -> Scaffold:
    """A command for a package that has none yet; nothing where the template has one."""
    is_own = answers.values.get("code") == "own" and answers.values.get("tier") == "cli"
    path = f"{home}/__main__.py"
    if not is_own:
        return Scaffold({}, ())
    if path in files.modes:
        has_main = "main" in defined(files.texts.get(path, b""))
        return Scaffold({}, () if has_main else (f"{path}: the command calls main(), which is not there.",))
    known = {
        "helps": True,
        "public": (),
        "examples": False,
        "file": "__main__.py",
        "name": "__main__",
        "tests": {},
        "module": f"{answers.values['import_name']}.__main__",
    }
    test = _free("tests/test_command.py", {*files.modes, *taken})
    made = {path: _rendered(answers, "command.py", known), test: _rendered(answers, "test_task.py", known)}
    return Scaffold(made, (f"{path} is new: the command does nothing yet but explain itself.",))


def _rendered(answers: Answers, name: str, known: Mapping[str, Any]) -> Entry:
    text = (answers.questionnaire.root / "templates" / "promote" / f"{name}.jinja").read_text(encoding="utf-8")
    return Entry(PLAIN, str(answers.render(text, **known)).encode())


def _free(path: str, taken: set[str]) -> str:
    """`path`, or the first of its name with a number that is not taken."""
    stem, suffix = path.rsplit(".", 1)
    names = (path, *(f"{stem}_{number}.{suffix}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


# ---- the template's example -----------------------------------------------------------------------------------


def example_holds(files: Committed, answers: Answers) -> bool:
    """Whether what the template's command imports from the example's modules is still there."""
    root, package = answers.questionnaire.root, answers.values["import_name"]
    below = root / str(answers.questionnaire.config.get("subdirectory", "."))
    sources = (below / "src" / "{{ import_name }}" / "main.py.jinja", below / "tests" / "test_main.py.jinja")
    wanted = re.compile(r"^from (?:\.|\{\{ import_name \}\}\.)(\w+) import ([\w, ]+)$", re.MULTILINE)
    named = [pair for path in sources if path.is_file() for pair in wanted.findall(path.read_text(encoding="utf-8"))]
    return all(
        {name.strip() for name in names.split(",")} <= defined(files.texts.get(f"src/{package}/{module}.py", b""))
        for module, names in named
        if module != "main"
    )


def defined(source: bytes) -> set[str]:
    """The names that a module has; none for what does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
