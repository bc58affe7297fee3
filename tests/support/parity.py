"""The comparison of the native renderer with copier."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.small_template import SampleFile, write

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import Tree
from new_ops_project.template import native, render
from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.releases import Checkout
from new_ops_project.template.sources import Source

ANSWERS_FILE = ".copier-answers.yml"
RECORD = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml -}}\n"}

Files = Mapping[str, str | bytes | SampleFile]


def checkout_of(folder: Path, files: Files) -> Checkout:
    """A template version with these files."""
    entries = {path: _entry(content) for path, content in files.items()}
    digest = hashlib.sha1(repr(sorted(entries.items())).encode(), usedforsecurity=False).hexdigest()
    root = folder / digest
    write(root, entries)
    return Checkout(Source("team", "gh:team/template", "a test"), root, "v1.2.3", digest)


def _entry(content: str | bytes | SampleFile) -> SampleFile:
    if isinstance(content, SampleFile):
        return content
    return SampleFile("100644", content if isinstance(content, bytes) else content.encode())


def by_copier(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> Tree | str:
    """The tree that copier renders, or its error message."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEW_OPS_PROJECT_RENDERER", "copier")
        try:
            return render.tree(checkout, answers, Path("project"), answers_file=file)
        except ToolError as error:
            return error.message


def natively(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> Tree | str:
    """The tree that the native renderer gives, or why it gives none."""
    try:
        return native.tree(checkout, answers, answers_file=file)
    except UnsupportedError as error:
        return str(error)


def require_same(checkout: Checkout, answers: Mapping[str, Any], file: str = ANSWERS_FILE) -> None:
    """Assert that both give the same tree, or neither gives one."""
    native_tree, copier_tree = natively(checkout, answers, file), by_copier(checkout, answers, file)
    if isinstance(native_tree, str) or isinstance(copier_tree, str):
        assert isinstance(native_tree, str), f"copier refuses what is rendered here: {copier_tree}"
        assert isinstance(copier_tree, str), f"copier renders what is refused here: {native_tree}"
        return
    different = sorted(path for path in {*native_tree, *copier_tree} if native_tree.get(path) != copier_tree.get(path))
    if different:
        path = different[0]
        pytest.fail(f"{path}: {native_tree.get(path)} here, {copier_tree.get(path)} by copier")


def require_no_other(checkout: Checkout, answers: Mapping[str, Any]) -> None:
    """Assert that the native renderer gives what copier gives, or leaves the template to copier."""
    native_tree = natively(checkout, answers)
    if not isinstance(native_tree, str):
        assert native_tree == by_copier(checkout, answers)
