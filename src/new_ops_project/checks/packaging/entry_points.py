"""The rule about entry points: each names an object that exists."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import document, python
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.setuptools import entry_points
from new_ops_project.formats.toml import places
from new_ops_project.formats.toml.places import TomlPlace

_TARGET = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\s*:\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))?\s*(?:\[.*\])?")
_COMMANDS = ("scripts", "gui-scripts")
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


@dataclass(frozen=True)
class EntryPoint:
    """One entry point: its name, the object that it names, and where that is written."""

    name: str
    target: str
    path: str
    place: TomlPlace
    is_command: bool


def missing_objects(repo: Repo) -> Iterator[Breach]:
    """Each entry point whose module does not exist, or lacks the object."""
    for entry in _entry_points(repo):
        match = _TARGET.fullmatch(entry.target.strip())
        problem, remedy = _problem(repo, match[1], match[2] or "", entry) if match else _misspelt(entry)
        if problem:
            message = f"{entry.name} = {entry.target!r} names nothing: {problem}"
            yield Breach(message, entry.path, entry.place.line, entry.place.column, remedy=remedy)


def _entry_points(repo: Repo) -> Iterator[EntryPoint]:
    """The entry points in pyproject.toml (those of poetry and flit too), setup.py and setup.cfg."""
    for kind in _COMMANDS:
        yield from _of_table(repo, ("project", kind), is_command=True)
    for group in repo.pyproject.table("project", "entry-points"):
        yield from _of_table(repo, ("project", "entry-points", group), is_command=False)
    for tool in ("poetry", "flit"):
        yield from _of_table(repo, ("tool", tool, "scripts"), is_command=True)
    for group in repo.pyproject.table("tool", "poetry", "plugins"):
        yield from _of_table(repo, ("tool", "poetry", "plugins", group), is_command=False)
    yield from _of_setup(repo)


def _of_table(repo: Repo, keys: tuple[str, ...], *, is_command: bool) -> Iterator[EntryPoint]:
    for name, value in repo.pyproject.table(*keys).items():
        if isinstance(value, str):
            yield EntryPoint(name, value, PYPROJECT, places.place(repo.pyproject, *keys, name), is_command)
        elif isinstance(value, dict) and isinstance(value.get("reference"), str) and value.get("type") != "file":
            place = places.place(repo.pyproject, *keys, name, "reference")
            yield EntryPoint(name, value["reference"], PYPROJECT, place, is_command)


def _of_setup(repo: Repo) -> Iterator[EntryPoint]:
    try:
        groups = entry_points.groups(repo.setup.get("entry_points") or {})
    except ValueError:
        return
    for group, entries in groups.items():
        for name, target in entries.items():
            path, _, line = repo.setup.where("entry_points", name).partition(":")
            number = int(line) if line.isdigit() else 0
            yield EntryPoint(
                name, target, path, TomlPlace(number, min(number, 1)), group in {"console_scripts", "gui_scripts"}
            )


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
    known = [name for name in _modules(repo) if not tops or name.partition(".")[0] == top]
    near = get_close_matches(module, known, n=1, cutoff=0.5)
    return f"there is no module {module}.", f"Did you mean {near[0]}?" if near else ""


def _may_be_made(repo: Repo, stem: str) -> bool:
    """Whether the build may make such a module, or move one there."""
    backend = repo.pyproject.string("build-system", "build-backend")
    if backend.startswith(_COMPILED) or repo.pyproject.get("build-system", "backend-path") is not None:
        return True
    if any(repo.pyproject.get(*keys) for keys in _MOVED) or any(repo.setup.get(name) for name in _SETUP):
        return True
    folders = (repo.pyproject.get("tool", "setuptools", "package-dir"), repo.setup.get("package_dir"))
    is_moved = any(bool(each) if not isinstance(each, dict) else bool(each.keys() - {""}) for each in folders)
    return is_moved or bool(repo.setup.py.problem) or _is_ignored(repo, stem)


def _is_ignored(repo: Repo, stem: str) -> bool:
    """Whether git ignores such a file: then something generates it."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only modules that do not exist need it

    lines = document.decoded(repo.files.get(".gitignore", b"")).splitlines()
    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return True
    return any(spec.match_file(f"{root}{stem}{end}") for root in ("", "src/") for end in (".py", "/__init__.py"))


def _may_be_elsewhere(repo: Repo, top: str) -> bool:
    """Whether the package may come from a dependency, not from this repository."""
    names = {
        requirement.name
        for requirement in (*declared_requirements.required(repo), *declared_requirements.of_setup(repo))
    }
    names |= {requirement.name for requirement in declared_requirements.of_poetry(repo)}
    return (
        bool(names & {canonical_name(top), f"python-{canonical_name(top)}"})
        or not repo.python_files
        or _is_foreign(repo, top)
    )


def _is_foreign(repo: Repo, top: str) -> bool:
    """Whether the name differs from the project's names: then it may be a module of a dependency."""
    own = {canonical_name(repo.pyproject.string(*keys)) for keys in (("project", "name"), ("tool", "poetry", "name"))}
    own |= {canonical_name(repo.setup.string("name")), canonical_name(repo.layout.package)} - {""}
    return canonical_name(top) not in own and bool(
        declared_requirements.required(repo) or [*declared_requirements.of_poetry(repo)]
    )


def _modules(repo: Repo) -> list[str]:
    names = (path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__") for path in repo.python_files)
    return [name.replace("/", ".") for name in names]


def _lacks_name(repo: Repo, path: str, module: str, attribute: str) -> bool:
    """Whether the file certainly does not bind the name."""
    name, _, rest = attribute.partition(".")
    try:
        tree = python.parse(repo.files[path])
    except (KeyError, SyntaxError):
        return False
    if _files(repo, f"{module}.{name}") or _is_dynamic(tree):
        return False
    bound = set(_bound(tree.body))
    if name not in bound:
        return name not in _globals(tree)
    return bool(rest) and _lacks_attribute(tree, name, rest)


def _is_dynamic(tree: ast.Module) -> bool:
    """Whether the module may have names that its syntax does not show."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DYNAMIC:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "modules":
            return True
    return False


def _globals(tree: ast.Module) -> set[str]:
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements of a module or a class may bind, also in an `if`, a `try`, a `with` or a loop."""
    for node in body:
        is_own = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for each in [node] if is_own else ast.walk(node):
            yield from _binds(each)


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.Name(id=name, ctx=ast.Store()) | ast.MatchAs(name=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name


def _lacks_attribute(tree: ast.Module, name: str, rest: str) -> bool:
    """Whether `name` is a plain class without the attribute."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
    if len(classes) != 1 or classes[0].bases or classes[0].keywords or classes[0].decorator_list:
        return False
    return rest.partition(".")[0] not in {*_bound(classes[0].body), *dir(type)}


def _nearest(repo: Repo, path: str, module: str, attribute: str) -> str:
    """The remedy: the function in the file with the most similar name; '' if there is none."""
    tree = python.parse(repo.files[path])
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    near = get_close_matches(attribute, names, n=1, cutoff=0.5) or (["main"] if "main" in names else [])
    return f'Write "{module}:{near[0]}".' if near else ""
