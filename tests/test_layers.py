"""The layers of docs/design.md: imports only point down, without circles."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "new_ops_project"
PACKAGE = SOURCE.name

# From the bottom up: each imports only from those before it.
LAYERS = (
    "base",
    "formats",
    "git",
    "template",
    "plan",
    "clones",
    "project",
    "checks",
    "fleet",
    "commands",
    "cli",
    "__main__",
)

# The subpackages of a layer, from the bottom up; the modules beside them may stand above or below any of these.
INSIDE = {
    "formats": ("toml", "requirements", "setuptools", "github"),
    "template": ("native", "pins"),
    "plan": ("resolvers",),
    "clones": ("steps",),
    "project": ("creation", "update", "promotion", "adoption", "verbs"),
    "project.promotion": ("program",),
    "project.adoption": ("evidence",),
    "checks": (
        "linters",
        "ignoring",
        "environment",
        "dependencies",
        "packaging",
        "workflows",
        "coding",
        "template",
        "output",
    ),
    "fleet": ("inventory", "engines", "run", "publish", "reports", "verbs"),
    "commands": ("shared", "fleet"),
}


def module(path: Path) -> str:
    """The module name of a file, without the package's name: `git.merge`, or `git` for its `__init__.py`."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = {
    module(path): path for path in sorted(SOURCE.rglob("*.py")) if path.parent != SOURCE or path.stem != "__init__"
}


@cache
def imported(name: str) -> frozenset[str]:
    """Our own modules that a module imports from, anywhere in it."""
    nodes = ast.walk(ast.parse(FILES[name].read_text("utf-8")))
    return frozenset(target for node in nodes if isinstance(node, ast.ImportFrom) for target in _targets(node))


def _targets(node: ast.ImportFrom) -> Iterator[str]:
    if (node.module or "").split(".")[0] != PACKAGE:
        return
    base = str(node.module).removeprefix(PACKAGE).removeprefix(".")
    for alias in node.names:
        full = f"{base}.{alias.name}".removeprefix(".")
        if full in FILES or base:
            yield full if full in FILES else base


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    """A module imports only from its own layer and the layers below."""
    own = LAYERS.index(name.split(".", maxsplit=1)[0])
    assert not {target for target in imported(name) if LAYERS.index(target.split(".")[0]) > own}


@pytest.mark.parametrize("parent", INSIDE)
def test_subpackages_import_in_order(parent: str) -> None:
    """A subpackage imports only from itself and from subpackages listed before it."""
    order = INSIDE[parent]
    upwards = [
        (name, target)
        for name in FILES
        for target in imported(name)
        if order.index(_child(name, parent) or order[0]) < order.index(_child(target, parent) or order[0])
        and _child(name, parent)
    ]
    assert not upwards


def _child(name: str, parent: str) -> str:
    """The subpackage of `parent` that holds a module; '' where none does."""
    child = name.removeprefix(f"{parent}.").split(".")[0] if name.startswith(f"{parent}.") else ""
    return child if (SOURCE.joinpath(*parent.split(".")) / child / "__init__.py").is_file() and child else ""


def test_every_package_is_stated() -> None:
    """Every layer and every subpackage is listed."""
    assert {name.split(".")[0] for name in FILES} == set(LAYERS)
    inside: dict[str, set[str]] = {}
    for path in SOURCE.glob("*/**/*/__init__.py"):
        parent, _, child = module(path).rpartition(".")
        inside.setdefault(parent, set()).add(child)
    assert inside == {parent: set(order) for parent, order in INSIDE.items()}


def test_there_is_no_circle() -> None:
    """No module imports itself through others, not even for types."""
    try:
        TopologicalSorter({name: imported(name) - {name} for name in FILES}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_verbs_do_not_know_each_other() -> None:
    """No file of a verb imports another verb."""
    verbs = {
        name for name in FILES if name.startswith("commands.") and "def command(" in FILES[name].read_text("utf-8")
    }
    assert not {(name, target) for name in verbs for target in imported(name) & verbs - {name, "commands.fleet"}}


def test_only_one_module_imports_copier() -> None:
    """Copier has one door, and only `render` opens it, since the import takes long."""
    doors = ["template.copier_patches", "template.copier_renderer"]
    assert [name for name in FILES if "copier" in _top_level_names(name)] == doors
    assert [name for name in FILES if doors[0] in imported(name)] == doors[1:]
    assert [name for name in FILES if "template.copier_renderer" in imported(name)] == ["template.render"]


def _top_level_names(name: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
