"""Projects of our own template for tests of promotions."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from support import shapes
from support.command import Ran, Run
from support.history import Files
from support.script_projects import generate
from support.small import Small, everything, without_objects

from new_ops_project.git.tree import Tree
from new_ops_project.template import render
from new_ops_project.template.releases import Checkout

NAME = "rotate_keys"
SCRIPT, TASK = f"{NAME}.py", f"src/{NAME}/task.py"
RUN, METADATA, LOCK = ".github/workflows/run.yml", "pyproject.toml", "requirements.txt"

# A program of the user's in place of the example: its parts are told apart below.
CODE = '''"""Rotate keys."""

import argparse


def rotate(name: str) -> str:
    """Return the new key."""
    return name[::-1]


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    print(rotate(parser.parse_args().name))


if __name__ == "__main__":
    main()
'''


def start(shared: Path, into: Path, files: Files | None = None, *, tier: str = "script", **answers: Any) -> Small:
    """A copy of a generated project, with what the user did since in a commit of its own."""
    known = "-".join([tier, *(f"{key}={value}" for key, value in sorted(answers.items()))])
    first = shared / "growing" / known
    if not first.exists():
        generate(NAME, first, tier=tier, **answers)
    small = Small(Path(), into / "project")
    shutil.copytree(first, small.repository)
    if files:
        small.commit(files)
    shapes.as_asked(small.repository)
    return small


_RENDERED: dict[str, Tree] = {}
_render = render.tree


def remembered(checkout: Checkout, answers: Mapping[str, Any], destination: Path, **more: Any) -> Tree:
    """What `render.tree` returns, rendered once per worker for the same answers: most of a promotion's time."""
    key = json.dumps([str(checkout.root), checkout.commit, dict(answers), destination.name, more], default=str)
    if key not in _RENDERED:
        _RENDERED[key] = _render(checkout, answers, destination, **more)
    return _RENDERED[key]


def promote(run: Run, small: Small, *args: str, code: int = 0) -> Ran:
    """Promote the project; no message may be a traceback."""
    tier = [arg for arg in args[:1] if not arg.startswith("-")]
    with mock.patch.object(render, "tree", remembered):
        ran = run("promote", *tier, str(small.project), *args[len(tier) :], code=code)
    assert "Traceback" not in ran.err
    return ran


def refused(run: Run, small: Small, *args: str) -> str:
    """A promotion that must end with exit code 2 and leave everything as it is; its message."""
    before = without_objects(everything(small.repository))
    message = promote(run, small, *args, code=2).err
    assert without_objects(everything(small.repository)) == before
    assert message.startswith("new-ops-project: ")
    return message
