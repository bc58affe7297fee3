"""The rewriting of imports, which changes nothing else."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.project.promotion.program.imports import rename_modules

MOVED = {"helpers": "rotate.helpers", "tools": "rotate.tools", "rotate": "rotate.task"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import helpers", "from rotate import helpers"),
        ("import tools\nimport helpers\nimport os", "from rotate import helpers, tools\nimport os"),
        ("import helpers\nimport rotate", "from rotate import helpers\nfrom rotate import task as rotate"),
        ("import helpers as h", "from rotate import helpers as h"),
        ("import helpers as helpers", "from rotate import helpers"),
        ("import rotate", "from rotate import task as rotate"),
        ("import helpers.sub", "from rotate.helpers import sub as _helpers_sub; from rotate import helpers"),
        ("import helpers.sub as s", "from rotate.helpers import sub as s"),
        ("from helpers import a, b as c  # noqa", "from rotate.helpers import a, b as c  # noqa"),
        ("from helpers.sub import a", "from rotate.helpers.sub import a"),
        ("from helpers import *", "from rotate.helpers import *"),
        ("from rotate import main", "from rotate.task import main"),
        ("from  \\\n  helpers import (\n a, # one\n\tb,\n)", "from  \\\n  rotate.helpers import (\n a, # one\n\tb,\n)"),
        ("import os, helpers, re  # x\n", "import os; from rotate import helpers; import re  # x\n"),
        ("import os, \\\r\n  tools\r\n", "import os; from rotate import tools\r\n"),
        ("if x:\n\timport helpers\r\n\timport tools\r\n", "if x:\n\tfrom rotate import helpers, tools\r\n"),
        ("if x: import helpers\nimport tools", "if x: from rotate import helpers\nfrom rotate import tools"),
        ("# coding: latin-1\nx = 'é'; import tools", "# coding: latin-1\nx = 'é'; from rotate import tools"),
        ("repo.files('tools'), dict('tools')", "repo.files('tools'), dict('tools')"),
        ("import helpers  # x\nimport tools", "from rotate import helpers  # x\nfrom rotate import tools"),
        ("import os; import helpers;x=1", "import os; from rotate import helpers;x=1"),
        ("if x: import helpers, os", "if x: from rotate import helpers; import os"),
        ("if x: \\\n  import helpers, os", "if x: \\\n  from rotate import helpers; import os"),
        ("x = 'é…𝄞'; import helpers # é", "x = 'é…𝄞'; from rotate import helpers # é"),
        ("x = 1\n\f\nimport helpers\rimport os", "x = 1\n\f\nfrom rotate import helpers\rimport os"),
        ("\ufeffimport helpers", "\ufefffrom rotate import helpers"),
        (
            "import helpers.sub\n_helpers_sub = 1",
            "from rotate.helpers import sub as __helpers_sub; from rotate import helpers\n_helpers_sub = 1",
        ),
        ("from . import helpers\nfrom .helpers import x", "from . import helpers\nfrom .helpers import x"),
        ("import helpersx\nfrom other import helpers", "import helpersx\nfrom other import helpers"),
        ("x = 'import helpers'\n'''\nimport helpers\n'''", "x = 'import helpers'\n'''\nimport helpers\n'''"),
        ("@patch('helpers.run')\ndef f(): ...", "@patch('rotate.helpers.run')\ndef f(): ..."),
        ('mock.patch("rotate.run", 1)', 'mock.patch("rotate.task.run", 1)'),
        ("mocker.patch(target='tools.x')", "mocker.patch(target='rotate.tools.x')"),
        ("patch.dict('helpers.D', {})", "patch.dict('rotate.helpers.D', {})"),
        ("monkeypatch.setattr('helpers.x', 1)", "monkeypatch.setattr('rotate.helpers.x', 1)"),
        (
            "import importlib\nimportlib.import_module('helpers')",
            "import importlib\nimportlib.import_module('rotate.helpers')",
        ),
        ("x = 'rotate.log', 'helpers.py', 'helpers'", "x = 'rotate.log', 'helpers.py', 'helpers'"),
    ],
)
def test_rewritten(before: str, after: str) -> None:
    """Each form of import names the new place and binds the same name; the rest of the file stays."""
    assert rename_modules(before, MOVED) == (after, ())


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n__import__('helpers')", 2),
        ("import sys\nsys.modules['helpers'] = 1", 2),
        ("TARGET = 'helpers.run'", 1),
        ("patch('\\x68elpers.run')", 1),
        ("patch(f'helpers.{name}')", 1),
        ("x = 1\nimport (helpers", 2),
        ("x = '\0'", 1),
    ],
)
def test_left_with_a_doubt(source: str, line: int) -> None:
    """What cannot be rewritten stays, and gives a doubt."""
    text, doubts = rename_modules(source, MOVED)
    assert text == source
    assert [doubt.line for doubt in doubts] == [line]


IMPORTS = st.sampled_from(
    ["helpers", "helpers as h", "helpers.sub", "helpers.sub as s", "tools", "os", "os.path as p", "sys", "helpersx"]
)
STATEMENTS = (
    st.lists(IMPORTS, min_size=1, max_size=4).map(lambda names: f"import {', '.join(names)}")
    | st.sampled_from(["from helpers import a", "from tools.sub import (\n  a, # é\n  b,\n)", "from os import path"])
    | st.sampled_from(
        ["x = 'é'", "y = '''\n\timport helpers\n'''", "pass", "# import helpers", "", "\f", "z = 'helpers'"]
    )
)
LINES = st.builds(
    lambda head, parts, tail: head.replace("BODY", "; ".join(part for part in parts if part[:1] not in "#\f") + tail),
    st.sampled_from(["BODY", "if x: BODY", "if x:\n\tBODY", "def f():\n    BODY", "try:\n  BODY\nfinally: pass"]),
    st.lists(STATEMENTS, min_size=1, max_size=3),
    st.sampled_from(["", "  # helpers", " ;"]),
)


@given(
    lines=st.lists(LINES | STATEMENTS, max_size=6), end=st.sampled_from(["\n", "\r\n", "\r"]), is_ended=st.booleans()
)
@settings(max_examples=150, deadline=None)
def test_only_imports_change(lines: list[str], end: str, *, is_ended: bool) -> None:
    """Whatever is around them, imports bind the same names as before, and no other line changes by a byte."""
    source = ("\n".join(lines) + "\n" * is_ended).replace("\n", end)
    try:
        tree = ast.parse(source)
    except SyntaxError:
        assert rename_modules(source, MOVED)[0] == source
        return
    after = rename_modules(source, MOVED)[0]
    new = {it for it in bound(ast.parse(after)) if it[1] != "_helpers_sub"}
    assert new == {(now(origin), name) for origin, name in bound(tree)}
    assert without_imports(after) == without_imports(source)
    assert rename_modules(source, {})[0] == source


def now(name: str) -> str:
    """The dotted name at its new place."""
    top, dot, below = name.partition(".")
    return MOVED.get(top, top) + dot + below


def imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The import statements in the order of the text."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return sorted(nodes, key=lambda node: (node.lineno, node.col_offset))


def bound(tree: ast.Module) -> list[tuple[str, str]]:
    """What imports bind, by its dotted name, and the name that they bind it to."""
    return [
        (f"{node.module}.{alias.name}", alias.asname or alias.name)
        if isinstance(node, ast.ImportFrom)
        else (alias.name if alias.asname else alias.name.split(".")[0], alias.asname or alias.name.split(".")[0])
        for node in imports(tree)
        for alias in node.names
    ]


def without_imports(source: str) -> bytes:
    """The source with one sign for each import statement, or for several that have nothing but space between them."""
    lines = [line.encode() for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", source)]
    for node in reversed(imports(ast.parse(source))):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        tail = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [lines[first][: node.col_offset] + b"\0" + tail]
    return re.sub(rb"\0(?:[\s;]*\0)+", b"\0", b"".join(lines))


def test_a_moved_program_still_runs(tmp_path: Path) -> None:
    """Code before and after, with its modules at their old and new places, prints the same."""
    source = (
        "import os, helpers, helpers.sub\nfrom helpers import A as B\nimport helpers.sub as s, tools\n"
        "def f():\n    if os: from helpers.sub import C; return C\n"
        "from unittest.mock import patch\nwith patch('helpers.A', 7):\n    print(helpers.A, tools.T)\n"
        "print(helpers.A, B, helpers.sub.C, s.C, f())\n"
    )
    files = {
        "helpers/__init__.py": "A = 1\n",
        "helpers/sub.py": "C = 2\n",
        "tools.py": "import helpers\nT = helpers.A\n",
    }
    for name, text in {**files, "rotate.py": source}.items():
        write(tmp_path / "old" / name, text)
    for name, text in {**files, "task.py": source}.items():
        write(tmp_path / "new" / "rotate" / name, rename_modules(text, MOVED)[0])
    before = ran(tmp_path / "old", "rotate.py")
    assert before == ran(tmp_path / "new", "-m", "rotate.task") == "7 1\n1 1 2 2 2\n"


def write(path: Path, text: str) -> None:
    """A file in folders that are made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def ran(folder: Path, *arguments: str) -> str:
    """What Python prints there."""
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
