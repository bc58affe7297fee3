"""The private variable of copier that says for which operation it renders, which has to be set from outside."""

from pathlib import Path
from typing import get_args

import pytest
from copier import _main, _types
from support.parity import RECORD, Files, checkout_of

from new_ops_project.template import render
from new_ops_project.template.copier_patches import rendering_as

EXCLUDING = """_exclude: ["copier.yml", "{{ 'first' if _copier_operation == 'update' else 'later' }}"]
name: audit
"""
FILES: dict[str, Files] = {
    "natively": {"copier.yml": EXCLUDING, "first": "1\n", "later": "2\n", **RECORD},
    "by copier": {"copier.yml": f"_secret_questions: [x]\n{EXCLUDING}", "first": "1\n", "later": "2\n", **RECORD},
}


def test_copier_has_the_variable() -> None:
    """It is a context variable with the operations "copy" and "update", and is not set outside of copier's calls."""
    assert set(get_args(_types.Operation)) == {"copy", "update"}
    with rendering_as("update"):
        assert _main._operation.get() == "update"  # noqa: SLF001 - the contract
    with pytest.raises(LookupError):
        _main._operation.get()  # noqa: SLF001


def test_copier_keeps_what_is_set() -> None:
    """Inside of its own operation, copier keeps the one that was set before."""
    seen: list[str] = []

    @_main.as_operation("copy")
    def noted() -> None:
        seen.append(_main._operation.get())  # noqa: SLF001

    with rendering_as("update"):
        noted()
    noted()
    assert seen == ["update", "copy"]


@pytest.mark.parametrize("renderer", FILES)
@pytest.mark.parametrize(("operation", "left"), [("copy", "first"), ("update", "later")])
def test_excludes_see_the_operation(renderer: str, operation: str, left: str, tmp_path: Path) -> None:
    """Both renderers leave out what the template excludes for the operation."""
    checkout = checkout_of(tmp_path, FILES[renderer])
    tree = render.tree(checkout, {}, tmp_path / "x", answers_file=".copier-answers.yml", operation=operation)
    assert {"first", "later"} & tree.keys() == {left}
    assert (render.renderer_for(checkout) == "pure") == (renderer == "natively")
