"""Both ways to render, side by side; and templates made of a few files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.small_template import Kept, write

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import Tree
from new_ops_project.template import native, render
from new_ops_project.template.releases import Checkout
from new_ops_project.template.sources import Source

ANSWERS_FILE = ".copier-answers.yml"
RECORD = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml -}}\n"}

Files = Mapping[str, str | bytes | Kept]


def made(folder: Path, files: Files) -> Checkout:
    """A version of a template that has these files."""
    kept = {path: _kept(content) for path, content in files.items()}
    digest = hashlib.sha1(repr(sorted(kept.items())).encode(), usedforsecurity=False).hexdigest()
    root = folder / digest
    write(root, kept)
    return Checkout(Source("team", "gh:team/template", "a test"), root, "v1.2.3", digest)


def _kept(content: str | bytes | Kept) -> Kept:
    if isinstance(content, Kept):
        return content
    return Kept("100644", content if isinstance(content, bytes) else content.encode())


def by_copier(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> Tree | str:
    """What copier makes, or what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEW_OPS_PROJECT_RENDERER", "copier")
        try:
            return render.tree(checkout, answers, Path("project"), answers_file=file)
        except ToolError as error:
            return error.message


def purely(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> Tree | str:
    """What is made here, or why nothing is."""
    try:
        return native.tree(checkout, answers, answers_file=file)
    except native.UnsupportedError as unsure:
        return str(unsure)


def require_same(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> None:
    """Both make the same tree; or neither makes one."""
    mine, theirs = purely(checkout, answers, file), by_copier(checkout, answers, file)
    if isinstance(mine, str) or isinstance(theirs, str):
        assert isinstance(mine, str), f"copier refuses what is rendered here: {theirs}"
        assert isinstance(theirs, str), f"copier renders what is refused here: {mine}"
        return
    different = sorted(path for path in {*mine, *theirs} if mine.get(path) != theirs.get(path))
    if different:
        path = different[0]
        pytest.fail(f"{path}: {mine.get(path)} here, {theirs.get(path)} by copier")


def require_no_other(checkout: Checkout, answers: Mapping[str, Any]) -> None:
    """What is made here is what copier makes; what is not is left to copier."""
    mine = purely(checkout, answers)
    if not isinstance(mine, str):
        assert mine == by_copier(checkout, answers)
