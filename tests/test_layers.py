"""The layers of docs/design.md: each module imports only from those above it."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "new_ops_project"
LAYERS = (
    "errors", "finding", "interrupts", "process", "git", "objects", "config", "embedded", "unpacked", "pins", "sources",
    "template", "questions", "answers", "tree", "signed", "pure", "render", "project", "behind", "committed",
    "programs", "reading", "joining", "syntax", "markers", "fastimport", "merge", "draft", "plan", "journal", "deliver",
    "pending", "carry", "changelog", "generated", "tomlmerge", "listmerge", "trusted", "refresh", "image", "references",
    "growth", "written", "softened", "promotion", "inferred", "nearest", "pyproject", "joined", "adoption", "create",
    "checks", "prompts", "interpreters", "clones", "environment", "cloning", "report", "summary", "outcome", "handover",
    "mend", "checkup", "formats", "topics", "diagnosis", "checking", "onboarding", "fleet", "welcome", "upkeep",
    "verbs", "commands", "cli", "__main__",
)  # fmt: skip


def layer(path: Path) -> str:
    """The layer that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The layers that a file imports from, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "new_ops_project":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("new_ops_project."):
            found.add(str(node.module).split(".")[1])
    return found & set(LAYERS)


FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_only_from_above(path: Path) -> None:
    """A module imports only from layers above its own."""
    own = LAYERS.index(layer(path))
    below = {name for name in imported(path) if LAYERS.index(name) >= own}
    is_inside = path.parent != SOURCE and layer(path) != "commands"  # modules of one package know each other
    assert not below - ({layer(path)} if is_inside else set()) - ({"commands"} if path.name == "cli.py" else set())


def test_verbs_do_not_know_each_other() -> None:
    """No file of commands/ imports another."""
    verbs = sorted((SOURCE / "commands").glob("*.py"))
    assert not [path.name for path in verbs if "commands" in imported(path)]


def test_every_module_has_a_layer() -> None:
    """A new module must be given its place."""
    assert {layer(path) for path in FILES} == set(LAYERS)


def test_only_render_imports_copier() -> None:
    """Copier has one door."""
    naming = [path.name for path in FILES if "copier" in _top_level_names(path)]
    assert naming == ["render.py"]


def _top_level_names(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
