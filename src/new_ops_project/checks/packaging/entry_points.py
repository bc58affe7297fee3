"""The rule about entry points: each names an object that exists."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import document, gitignore, python
from new_ops_project.formats.python import Syntax
from new_ops_project.formats.requirements.pep508 import canonical_name

_TARGET = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\s*:\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))?\s*(?:\[.*\])?")
_TOOLS = ("poetry", "flit")
# Backends that make modules from other languages, and settings that move or make modules.
_COMPILED = ("maturin", "mesonpy", "scikit_build_core", "sipbuild", "py_build_cmake", "enscons")
_MOVED = (
    ("tool", "hatch", "build", "hooks"),
    ("tool", "hatch", "build", "force-include"),
    ("tool", "hatch", "build", "sources"),
    ("tool", "hatch", "build", "targets", "wheel", "force-include"),
    ("tool", "setuptools", "ext-modules"),
    ("tool", "hatch", "build", "targets", "wheel", "sources"),
    ("tool", "hatch", "build", "targets", "wheel", "hooks"),
    ("tool", "poetry", "build"),
    ("tool", "pdm", "build"),
)
_SETUP = ("ext_modules", "cmdclass", "rust_extensions", "cffi_modules")
_OTHER = (".pyx", ".so", ".c", ".cpp", ".rs", ".pyd", ".pyi", ".proto", ".in", ".jinja", ".j2")
_DYNAMIC = {"globals", "exec", "vars", "locals", "setattr", "eval"}
# What a module does for others when it is imported; any other call there may be the command itself.
_PREPARES = re.compile(
    r"(?:logging|warnings|signal|locale)\..*|(?:.*\.)?(?:add|set|append|extend|insert|update|register|disable|include)\w*"
)


@dataclass(frozen=True)
class EntryPoint:
    """One entry point: its name, the object that it names, and the path, line and column of that."""

    name: str
    target: str
    place: tuple[str, int, int]
    is_command: bool


def missing_objects(repo: Repo) -> Iterator[Breach]:
    """Each entry point whose module does not exist, or lacks the object."""
    for entry in _entry_points(repo):
        match = _TARGET.fullmatch(entry.target.strip())
        problem, remedy = _problem(repo, match[1], match[2] or "", entry) if match else _misspelt(entry)
        if problem:
            message = f"{entry.name} = {entry.target!r} names nothing: {problem}"
            yield Breach(message, *entry.place, remedy=remedy)


def _entry_points(repo: Repo) -> Iterator[EntryPoint]:
    """The entry points in pyproject.toml (those of poetry and flit too), setup.py and setup.cfg."""
    for keys in (("project", "scripts"), ("project", "gui-scripts"), *(("tool", tool, "scripts") for tool in _TOOLS)):
        yield from _of_table(repo, keys, is_command=True)
    for keys in (("project", "entry-points"), ("tool", "poetry", "plugins")):
        for group in repo.pyproject.table(*keys):
            yield from _of_table(repo, (*keys, group), is_command=False)
    yield from _of_setup(repo)


def _of_table(repo: Repo, keys: tuple[str, ...], *, is_command: bool) -> Iterator[EntryPoint]:
    for name, value in repo.pyproject.table(*keys).items():
        is_table = isinstance(value, dict) and value.get("type") != "file"  # of poetry
        within = (*keys, name, "reference") if is_table else (*keys, name)
        if isinstance(target := repo.pyproject.get(*within), str):
            yield EntryPoint(name, target, repo.in_pyproject(*within), is_command)


def _of_setup(repo: Repo) -> Iterator[EntryPoint]:
    for group, entries in repo.setup.entry_points.items():
        for name, target in entries.items():
            path, _, line = repo.setup.where("entry_points", name).partition(":")
            number = int(line) if line.isdigit() else 0
            is_command = group in {"console_scripts", "gui_scripts"}
            yield EntryPoint(name, target, (path, number, min(number, 1)), is_command)


def _misspelt(entry: EntryPoint) -> tuple[str, str]:
    """The problem and the remedy of a target that is not a reference; ('', '') for plugins, which may be anything."""
    if not entry.is_command:
        return "", ""
    module, _, function = entry.target.partition(":")
    new = f"{module.replace('-', '_').strip()}:{function.strip() or 'main'}"
    return "it is not written as module:function.", f'Write "{new}".' if _TARGET.fullmatch(new) else ""


def _problem(repo: Repo, module: str, attribute: str, entry: EntryPoint) -> tuple[str, str]:
    """What does not exist, and the remedy; ('', '') if the object exists, or may exist."""
    files = _files(repo, module)
    if not files:
        return _missing_module(repo, module)
    if not attribute:
        remedy = f'Name a function of it: "{module}:main".'
        return (f"{module} is a module, but a command must be a function.", remedy) if entry.is_command else ("", "")
    missing = [_lacks_name(repo, path, module, attribute) for path in files]
    if not all(missing):
        return "", ""
    return f"{files[0]} has no {attribute}.", _nearest(repo, files[0], module, attribute)


def _files(repo: Repo, module: str) -> list[str]:
    """The files that may be the module, in any folder; those nearest to the root first."""
    stem = module.replace(".", "/")
    ends = (f"/{stem}.py", f"/{stem}/__init__.py")
    paths = [path for path in repo.paths if f"/{path}".endswith(ends)]
    return sorted(paths, key=lambda path: (path.count("/"), path))


def _missing_module(repo: Repo, module: str) -> tuple[str, str]:
    """The problem and the remedy if the module certainly does not exist; else ('', '')."""
    top, stem = module.partition(".")[0], module.replace(".", "/")
    tops = [path for path in repo.paths if f"/{top}/" in f"/{path}" and path.endswith(".py")]
    is_other = any(f"/{path}".rpartition(".")[0].endswith(f"/{stem}") for path in repo.paths if path.endswith(_OTHER))
    is_folder = any(f"/{stem}/" in f"/{path}" for path in repo.paths if path.endswith(".py"))
    if _may_be_made(repo, stem) or is_other or is_folder or (not tops and _may_be_elsewhere(repo, top)):
        return "", ""
    names = (path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__") for path in repo.python_files)
    known = [name.replace("/", ".") for name in names if not tops or name.split("/")[0] == top]
    near = get_close_matches(module, known, n=1, cutoff=0.5)
    return f"there is no module {module}.", f"Did you mean {near[0]}?" if near else ""


def _may_be_made(repo: Repo, stem: str) -> bool:
    """Whether the build may make such a module, or move one there."""
    backend = repo.pyproject.string("build-system", "build-backend")
    if backend.startswith(_COMPILED) or repo.pyproject.get("build-system", "backend-path") is not None:
        return True
    folders = (repo.pyproject.get("tool", "setuptools", "package-dir"), repo.setup.get("package_dir"))
    is_moved = any(bool(each) if not isinstance(each, dict) else bool(each.keys() - {""}) for each in folders)
    is_moved |= any(repo.pyproject.get(*keys) for keys in _MOVED)
    is_made = any(name in _SETUP or not name.isidentifier() for name in repo.setup.names)  # `**more` may be anything
    return is_moved or is_made or bool(repo.setup.py.problem) or _is_ignored(repo, stem)


def _is_ignored(repo: Repo, stem: str) -> bool:
    """Whether git ignores such a file: then something generates it."""
    spec = gitignore.spec(document.decoded(repo.files.get(".gitignore", b"")).splitlines())
    return any(spec.match_file(f"{root}{stem}{end}") for root in ("", "src/") for end in (".py", "/__init__.py"))


def _may_be_elsewhere(repo: Repo, top: str) -> bool:
    """Whether the package may come from a dependency, not from this repository."""
    listed = (declared_requirements.required, declared_requirements.of_setup, declared_requirements.of_poetry)
    names = {requirement.name for read in listed for requirement in read(repo)}
    keys = (("project", "name"), ("tool", "poetry", "name"))
    own = {*(repo.pyproject.string(*each) for each in keys), repo.setup.string("name"), repo.layout.package}
    is_foreign = bool(names) and canonical_name(top) not in map(canonical_name, own)
    is_required = bool(names & {canonical_name(top), f"python-{canonical_name(top)}"})
    return is_required or is_foreign or not repo.python_files


def _lacks_name(repo: Repo, path: str, module: str, attribute: str) -> bool:
    """Whether the file certainly does not bind the name; attributes of it are not looked for."""
    name, syntax = attribute.partition(".")[0], repo.syntax(path)
    if not syntax or _files(repo, f"{module}.{name}") or _is_dynamic(syntax) or _runs(syntax):
        return False
    return name not in {*_bound(syntax)}


def _runs(syntax: Syntax) -> bool:
    """Whether an import may run the command and end the process, so that nobody looks for the name."""
    guarded = {each for node in syntax.tree.body if python.is_guard(node) for each in ast.walk(node)}
    executed = [node for node in python.executed_nodes(syntax.tree) if node not in guarded]
    calls = [node.value for node in executed if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    ends = [node for node in executed if isinstance(node, ast.Raise) and "SystemExit" in ast.dump(node)]
    return bool(ends) or not all(_PREPARES.fullmatch(syntax.qualified_name(call.func)) for call in calls)


def _is_dynamic(syntax: Syntax) -> bool:
    """Whether the module may have names that its syntax does not show."""
    called = {python.dotted_name(node.func) for node in syntax.nodes(ast.Call)}
    is_replaced = any(node.attr in {"modules", "__dict__"} for node in syntax.nodes(ast.Attribute))
    return bool(called & _DYNAMIC or {*_bound(syntax)} & {"*", "__getattr__", "modules"}) or is_replaced


def _bound(syntax: Syntax) -> Iterator[str]:
    """The names that statements bind anywhere, so also those in a function, which may be global."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.MatchAs, ast.ExceptHandler)
    yield from (getattr(node, "name", None) or "" for node in syntax.nodes(*kinds))
    for alias in syntax.nodes(ast.alias):
        yield alias.asname or alias.name.partition(".")[0]
    yield from (node.id for node in syntax.nodes(ast.Name) if isinstance(node.ctx, ast.Store))


def _nearest(repo: Repo, path: str, module: str, attribute: str) -> str:
    """The remedy: the function in the file with the most similar name; '' if there is none."""
    tree = python.parse_file(repo.files, path)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    near = get_close_matches(attribute, names, n=1, cutoff=0.5) or (["main"] if "main" in names else [])
    return f'Write "{module}:{near[0]}".' if near else ""
