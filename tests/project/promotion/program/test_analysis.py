"""The analysis of a Python file against what really happens when it is run, imported or moved."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from new_ops_project.project.promotion.program.analysis import Program, PublicName, read
from new_ops_project.project.promotion.program.data_files import DataFile

GUARD = 'if __name__ == "__main__":\n    '


def program(source: str, *tracked: str) -> Program:
    """What is read of a source beside these tracked files."""
    return read(
        dedent(source), exists=lambda path: any(name == path or name.startswith(f"{path}/") for name in tracked)
    )


def ran(folder: Path, source: str) -> tuple[int, str, str]:
    """Exit code and output of importing the source as task.py."""
    (folder / "task.py").write_text(source, "utf-8")
    command = [sys.executable, "-X", "utf8", "-c", "import task"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


CALM = """
'''Docstring.'''
from __future__ import annotations
import argparse, enum, logging, os, re, sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
if TYPE_CHECKING:
    from collections.abc import Iterator
try:
    import tomllib
except ImportError:
    import tomli as tomllib
try:
    import json
except ImportError:
    print('pip install json')
    sys.exit(1)
__version__ = '1.0'
__all__ = ['main']
__all__ += ['Config']
HERE = Path(__file__).resolve().parent
DATA = HERE / 'data' / 'hosts.csv'
FOLDER = os.path.join(os.path.dirname(__file__), 'x') if False else str(HERE)
LOG: logging.Logger = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())
PATTERN = re.compile(r'a+', re.MULTILINE)
LIMIT = int(os.environ.get('LIMIT', '3')) * 2
TOKEN = os.getenv('TOKEN')
NAMES = [name.strip() for name in 'a, b'.split(',')]
SEEN = set()
AGE = timedelta(days=3)
parser = argparse.ArgumentParser()
parser.add_argument('--dry-run')
class Color(enum.Enum):
    RED = 1
@dataclass(frozen=True)
class Config:
    name: str = 'x'
    items: list[str] = field(default_factory=list)
    def show(self) -> None:
        print(self)
class Pair(NamedTuple):
    a: int
DEFAULT = Config()
PAIR = Pair(1)
def main(limit=LIMIT):
    print('never on import')
main.extra = 1
if os.name == 'nt':
    SEP = ';'
else:
    SEP = ':'
assert LIMIT
"""


def test_definitions_are_harmless(tmp_path: Path) -> None:
    """A file of definitions, in all the forms they take, runs nothing, and so prints nothing when imported."""
    assert program(CALM).runs_at == 0
    assert ran(tmp_path, CALM) == (0, "", "")


RUNS = [
    "print(1)",
    "main()",
    "for x in 'ab': pass",
    "while False: pass",
    "open('x')",
    "x = open('x')",
    "x = json.loads(Path('x').read_text())",
    "x = os.environ['TOKEN']",
    "x = sys.argv[1]",
    "x = int(os.getenv('X'))",
    "os.environ['X'] = '1'",
    "import requests; x = requests.get('http://x')",
    "logging.basicConfig()",
    "class A:\n    print(1)",
    "[].append(2)",
    "Loud.get('x')",
    "os.name = 'x'",
    "class A:\n    x = main()",
    "def f(x=main()): ...",
    "@loud\ndef f(): ...",
    "atexit.register(main)",
    "@atexit.register\ndef f(): ...",
    "x = [main() for _ in 'a']",
    "if main(): pass",
    "if True:\n    main()",
    "try:\n    main()\nexcept ImportError: pass",
    "with open('x'): pass",
    "raise SystemExit",
    "if __name__ == '__main__':\n    pass\nelse:\n    main()",
    "x = f'{main()}'",
    "x = Loud()",
    "subprocess.run(['ls'])",
    "import click; click.echo('x')",
    "x: int = main()",
    "x = lambda a=main(): a",
    "x = y = main()",
    "x = sorted('ab', key=loud)",
    "assert main()",
    "import typer; typer.run(main)",
    "sys.path.insert(0, 'x')",
    "x = (y := main())",
    "x = main().strip()",
    "x = {**main()}",
    "logging.getLogger().addHandler(logging.FileHandler('x'))",
]
HEAD = (
    "import atexit, json, logging, os, subprocess, sys\nfrom pathlib import Path\ndef main(): print(1)\n"
    "def loud(f): print(f)\nclass Loud:\n    def __init__(self): print(1)\n    def get(self): print(1)\n"
)


@pytest.mark.parametrize("source", RUNS)
def test_what_runs_on_import_is_found(source: str) -> None:
    """The analysis finds the first line with an effect on import."""
    first = 8 + (source.startswith("@"))  # a definition is where its `def` is
    assert program(HEAD + source).runs_at == first


@pytest.mark.parametrize("source", ["class B:\n    def __init_subclass__(cls): print(1)", "class M(type): ..."])
def test_a_class_may_run_code_of_its_base(source: str) -> None:
    """Where there is a hook or a metaclass, a class is an effect."""
    assert program(f"import os\n{source}").runs_at == 2


PIECES = st.sampled_from([*RUNS, *(f"{name} = {value}" for name in "ab" for value in ("main", "1", "str(2)"))])


@given(parts=st.lists(PIECES | st.text("ab=()' \n:", max_size=8), max_size=4), tail=st.booleans())
@example(parts=["\x00"], tail=False)
@example(parts=["(" * 300], tail=False)
@example(parts=["x = " + "-" * 5000 + "1"], tail=False)
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_is_a_syntax_error(parts: list[str], *, tail: bool) -> None:
    """Reading raises nothing but SyntaxError."""
    with suppress(SyntaxError):
        program("\n".join((HEAD, *parts, GUARD + "main()" if tail else "")))


ARGPARSE = (
    "import argparse\ndef parse():\n    p = argparse.ArgumentParser()\n"
    "    p.add_argument('-v')\n    return p.parse_args()\n"
)


@pytest.mark.parametrize(
    ("source", "is_safe"),
    [
        (ARGPARSE + "def main():\n    args = parse()\n    print(args)\n" + GUARD + "main()", True),
        (ARGPARSE + "def main():\n    print(1)\n    args = parse()\n" + GUARD + "main()", False),
        (ARGPARSE + "def main(args): print(args)\n" + GUARD + "main(parse())", True),
        (ARGPARSE + "import os, sys\nargs = parse()\nprint(args)", True),
        (ARGPARSE + "import os\ntoken = os.environ['TOKEN']\nparse()", False),
        (ARGPARSE + "import asyncio\nasync def main():\n    parse()\n" + GUARD + "asyncio.run(main())", True),
        (ARGPARSE + "import logging\n" + GUARD + "logging.basicConfig()\n    parse()", True),
        (ARGPARSE + GUARD + "try:\n        parse()\n    except KeyboardInterrupt: pass", True),
        (ARGPARSE + GUARD + "if x:\n        parse()\n    else:\n        print(1)", False),
        (ARGPARSE + GUARD + "raise SystemExit(parse())", True),
        (ARGPARSE.replace("r()", "r(add_help=False)") + GUARD + "parse()", False),
        (ARGPARSE + GUARD + "pass", False),
        ("def parse_args():\n    print(1)\n    return p.parse_args()\n" + GUARD + "parse_args()", False),
        ("import sys\n" + GUARD + "print(sys.argv)", False),
        ("import click\n@click.command()\ndef cli(): ...\n" + GUARD + "cli()", True),
        ("import click\n@click.command(add_help_option=False)\ndef cli(): ...\n" + GUARD + "cli()", False),
        ("import typer\napp = typer.Typer()\n@app.command()\ndef go(a: str): ...\n" + GUARD + "app()", True),
        ("import typer\ndef main(): ...\n" + GUARD + "typer.run(main)", True),
        ("from docopt import docopt\n" + GUARD + "print(docopt(__doc__))", True),
        ("import fire\n" + GUARD + "fire.Fire(print)", True),
    ],
)
def test_help_is_offered_where_it_is_safe(source: str, *, is_safe: bool) -> None:
    """--help may be tried where arguments are parsed before anything else happens."""
    assert program(source).parses_arguments is is_safe


def test_public_names() -> None:
    """Functions and classes of the top level are public, with their parameters, unless an underscore hides them."""
    result = program("""
        import click
        def plain(a, /, b, *args, c=1, **kwargs): ...
        async def later(x): ...
        def _hidden(): ...
        class Thing:
            def method(self): ...
        @click.command()
        def cli(a): ...
        if True:
            def below(): ...
    """).public
    assert result == (
        PublicName("plain", ("a", "b", "args", "c", "kwargs")),
        PublicName("later", ("x",)),
        PublicName("Thing", None),
        PublicName("cli", None),
    )


def test_all_says_what_is_public() -> None:
    """`__all__` counts, also for names with an underscore, if this file defines them."""
    source = "__all__ = ['_b', 'imported']\nfrom x import imported\ndef a(): ...\ndef _b(): ...\n"
    assert [item.name for item in program(source).public] == ["_b"]


def test_modules() -> None:
    """Absolute imports count wherever they are, also by name; relative ones do not."""
    source = """
        import os.path, helpers as h
        from . import near
        def f():
            from pkg.sub import x
            import importlib
            importlib.import_module("plugins.one")
        import os
    """
    assert program(source).modules == ("os", "helpers", "importlib", "pkg", "plugins")


def test_untyped_functions() -> None:
    """A function lacks types where mypy --strict says so."""
    source = """
        def a(x: int) -> int: ...
        def b(x) -> int: ...
        def c(x: int): ...
        def d(): ...
        def e(*args, k: int) -> None: ...
        class K:
            def __init__(self, x: int): ...
            def m(self) -> None: ...
            @staticmethod
            def s(x) -> None: ...
            def n(self):
                def inner(y): ...
    """
    assert [(it.line, it.text[:22]) for it in program(source).doubts] == [(3, "b and 6 more without t")]


def test_examples_and_dry_run() -> None:
    """Doctests count in docstrings alone, --dry-run as a string of its own."""
    assert program('def f():\n    """Add.\n\n    >>> 1 + 1\n    2\n    """').has_examples
    assert not program('x = ">>> 1"\n# >>> 2').has_examples
    assert program('import argparse\nx.add_argument("-n", "--dry-run")').knows_dry_run
    assert program('import click\n@click.option("--dry-run/--no-dry-run")\ndef f(): ...').knows_dry_run
    assert program("import typer\ndef f(dry_run: bool = False): ...").knows_dry_run
    assert program('"""Usage: x [--dry-run]"""\nimport docopt').knows_dry_run
    assert not program('"""Has no --dry-run."""\ndef f(dry_run): ...').knows_dry_run


BESIDE = [
    "Path(__file__).parent / 'hosts.csv'",
    "pathlib.Path(__file__).resolve().parent.joinpath('hosts.csv')",
    "Path(__file__).with_name('hosts.csv')",
    "Path(__file__).parents[0] / 'hosts.csv'",
    "os.path.join(os.path.dirname(os.path.abspath(__file__)), 'hosts.csv')",
    "os.path.dirname(__file__) + '/hosts.csv'",
    "f'{os.path.dirname(__file__)}/hosts.csv'",
    "Path(f'{HERE}/hosts.csv')",
    "open(HERE / 'hosts.csv')",
    "open(os.path.join(HERE, 'hosts.csv'))",
    "HERE.joinpath('hosts.csv').read_text()",
    "(Path(os.environ.get('X') or HERE / 'hosts.csv'))",
    "Path(HERE, '.', 'hosts.csv')",
    "os.path.join(__file__, '..', 'hosts.csv')",
]
PLACES = """
import importlib, os, pathlib, sys
from pathlib import Path
HERE = Path(__file__).parent
"""


@pytest.mark.parametrize("expression", BESIDE)
@pytest.mark.parametrize("form", ["x = {}", "def f():\n    return {}", "X = {}\ndef f():\n    print(X)"])
def test_files_beside_the_code(expression: str, form: str) -> None:
    """A tracked file that is named relative to the code is found, however the path is put together."""
    result = program(PLACES + form.format(expression), "hosts.csv")
    assert [(data.path, data.beside) for data in result.data] == [("hosts.csv", True)]
    assert [doubt for doubt in result.doubts if doubt.line > 4 and "types" not in doubt.text] == []


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("open('hosts.csv')", "hosts.csv"),
        ("open('./hosts.csv')", "hosts.csv"),
        ("open('data/more.csv')", "data/more.csv"),
        ("parser.add_argument('-i', default='hosts.csv')", "hosts.csv"),
        ("Path.cwd() / 'other.csv'", ""),
        ("Path(x) / 'hosts.csv'", "hosts.csv"),
        ("print('data')", ""),
        ("print('reads hosts.csv')", ""),
        ("open('/etc/hosts.csv')", ""),
        ("open('../hosts.csv')", ""),
        ("open('untracked.csv')", ""),
    ],
)
def test_files_of_the_current_folder(expression: str, path: str) -> None:
    """A tracked file that is named relative to the current folder is marked as such."""
    result = program(f"import os\nfrom pathlib import Path\n{expression}", "hosts.csv", "data/more.csv")
    assert result.data == ((DataFile(path, 3, beside=False),) if path else ())
    assert result.doubts == ()


def test_only_names_that_are_bound_once_are_followed() -> None:
    """A parameter hides a name, one bound twice may be either, and an attribute belongs to any object."""
    source = "def f(HERE):\n    return HERE / 'a.csv'\nclass K:\n    BASE = Path(__file__).parent\nK.BASE / 'b.csv'\n"
    result = program(PLACES + source, "a.csv", "b.csv")
    assert [data for data in result.data if data.beside] == []
    assert [doubt.line for doubt in result.doubts if "folder of the code" in doubt.text] == [4, 8]


def test_folder_of_data() -> None:
    """A name that is made in a tracked folder gives the folder."""
    source = PLACES + "def f(name):\n    return (HERE / 'queries' / f'{name}.sql').read_text()\n"
    assert program(source, "queries/a.sql").data == (DataFile("queries", 6, beside=True),)


def test_names_made_at_run_time() -> None:
    """What is joined to the folder at run time is a doubt, and the files that it may mean are named."""
    source = f"{PLACES}for name in ('a.csv', 'b.csv'):\n    print(HERE / name)\n{GUARD}pass"
    result = program(source, "a.csv", "b.csv")
    assert [(data.path, data.beside) for data in result.data] == [("a.csv", False), ("b.csv", False)]
    assert [(doubt.line, doubt.text[:8]) for doubt in result.doubts] == [(6, "uses the")]


def test_a_folder_that_others_may_import() -> None:
    """The folder of a module that is no script is a doubt where it is defined: who imports it may make any path."""
    source = PLACES + "x = HERE / 'hosts.csv'\n"
    assert [doubt.line for doubt in program(source, "hosts.csv").doubts] == [4]
    assert program(f"{source}{GUARD}pass", "hosts.csv").doubts == ()


def test_change_into_own_folder() -> None:
    """A program that changes into its own folder has beside it what it names without a folder."""
    result = program("import os\nos.chdir(os.path.dirname(os.path.abspath(__file__)))\nopen('hosts.csv')", "hosts.csv")
    assert result.data == (DataFile("hosts.csv", 3, beside=True),)
    assert [doubt.line for doubt in result.doubts] == [2]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = HERE / 'state.json'", "names state.json beside the code"),
        ("x = HERE.parent / 'conf.ini'", "names ../conf.ini relative to"),
        ("x = Path(__file__).stem", "uses the name of its own file"),
        ("x = Path(__file__).with_suffix('.log')", "names * beside the code"),
        ("x = __file__ + '.log'", "names * beside the code"),
        ("x = (HERE / 'tools.py').with_suffix('.bak')", "names * beside the code"),
        ("x = f\"{HERE / 'tools.py'}.bak\"", "names * beside the code"),
        ("print(os.listdir(HERE))", "uses the folder of the code"),
        ("sys.path.insert(0, str(HERE))", "uses sys.path"),
        ("print(sys.argv[0])", "uses sys.argv[0], which names the command then"),
        ("import subprocess; subprocess.run([sys.executable, __file__])", "uses the name of its own file"),
        ("__import__('tools')", "imports tools by name"),
        ("importlib.import_module('x' + y)", "imports a module whose name is computed at run time"),
        ("import runpy; runpy.run_path('tools.py')", "runs a file by its path"),
        ("x = '%(filename)s %(message)s'", "shows the name of its file in the log"),
        ("def unused(name):\n    return HERE / name", "uses the folder of the code"),
    ],
)
def test_doubts(code: str, words: str) -> None:
    """What the move would break, or what cannot be followed, is listed with its line."""
    result = program(f"{PLACES}{code}\n{GUARD}pass", "tools.py")
    assert [doubt.line for doubt in result.doubts if words in doubt.text] == [5 + ("\n" in code)]


def test_mark_of_bytes() -> None:
    """A file may begin with a byte order mark."""
    assert program("\ufeffimport os").modules == ("os",)
