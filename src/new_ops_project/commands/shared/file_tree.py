"""A tree of files with their purposes, drawn by rich."""

from collections.abc import Mapping

from rich.text import Text
from rich.tree import Tree

from new_ops_project.base.text import escape_invisible
from new_ops_project.commands.shared.drawing import draw


def print_tree(root: str, purposes: Mapping[str, str], *, to_stderr: bool) -> None:
    """Print the files (paths with `/`) below `root`, folders first, each with its purpose in a few words."""
    draw(_tree(root, {escape_invisible(path): purpose for path, purpose in purposes.items()}), to_stderr=to_stderr)


def _tree(root: str, purposes: Mapping[str, str]) -> Tree:
    width = max((_depth(path) + len(path.rpartition("/")[2]) for path in purposes), default=0)
    branches = {"": Tree(Text(root, "bold"), guide_style="bright_black")}
    for path in sorted(purposes, key=lambda path: (path.count("/") == 0, path)):
        folder, _, name = path.rpartition("/")
        label = Text(name).append(" " * (width - _depth(path) - len(name) + 2))
        _branch(branches, folder).add(label.append(purposes[path], "bright_black"))
    return branches[""]


def _depth(path: str) -> int:
    """How many columns the tree's guides take up before the file's name."""
    return 4 * path.count("/")


def _branch(branches: dict[str, Tree], folder: str) -> Tree:
    """The branch of a folder, made together with those above it."""
    if folder not in branches:
        parent, _, name = folder.rpartition("/")
        branches[folder] = _branch(branches, parent).add(Text(f"{name}/", "blue"))
    return branches[folder]
