"""The analysis of a Python file against what really happens when it is run, imported or moved."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from new_ops_project.project.promotion.program.analysis import DataFile, Program, PublicName, read

GUARD = 'if __name__ == "__main__":\n    '


def program(source: str, *tracked: str) -> Program:
    """What is read of a source beside these tracked files."""
    return read(
        dedent(source), exists=lambda path: any(name == path or name.startswith(f"{path}/") for name in tracked)
    )


MAIN = "import sys\n\ndef main():\n    print('hello')\n    {}\n\n"

ENTRIES = {
    MAIN.format("return 3") + GUARD + "sys.exit(main())": "main",
    MAIN.format("return 3") + GUARD + "raise SystemExit(main())": "main",
    MAIN.format("return 3") + GUARD + "exit(main())": "main",
    MAIN.format("return 3") + GUARD + "main()": "",  # 3 would become the exit code
    MAIN.format("return") + GUARD + "main()": "main",
    MAIN.format("return None") + "if '__main__' == __name__:\n    main()": "main",
    MAIN.format("pass") + GUARD + "main()": "main",
    MAIN.format("sys.exit(4)") + GUARD + "main()": "main",
    MAIN.format("yield 1") + GUARD + "main()": "",
    "async " + MAIN.format("pass")[12:] + GUARD + "main()": "",
    MAIN.format("pass") + GUARD + "main()\nelse:\n    pass": "",
    MAIN.format("pass") + GUARD + "print(1)\n    main()": "",
    MAIN.format("pass") + GUARD + "main()\nx = 1": "",
    MAIN.format("pass") + "main = print\n" + GUARD + "main()": "",
    MAIN.format("pass") + "def other():\n    global main\n    main = 1\n" + GUARD + "main()": "",
    MAIN.format("print(__name__)") + GUARD + "main()": "",
    MAIN.format("sys.modules['__main__']") + GUARD + "main()": "",
    MAIN.format("print('__main__')") + GUARD + "main()": "",
    MAIN.format("print(sys.modules)") + GUARD + "main()": "",
    MAIN.format("print(main.__module__)") + GUARD + "main()": "",
    MAIN.format("pass") + "print(2)\n" + GUARD + "main()": "",
    MAIN.format("pass") + "main()\n": "",
    MAIN.format("pass").replace("main()", "main(a)") + GUARD + "main(1)": "",
    MAIN.format("pass").replace("main()", "main(a)") + GUARD + "main()": "",
    MAIN.format("pass").replace("main()", "main(argv=None)") + GUARD + "sys.exit(main())": "main",
    MAIN.format("pass").replace("main()", "main(*, a)") + GUARD + "sys.exit(main())": "",
    "import click\n@click.command()\n@click.argument('a')\ndef cli(a): ...\n" + GUARD + "cli()": "cli",
    "import click\n@click.group\ndef cli(): ...\n@cli.command()\ndef sub(): ...\n" + GUARD + "cli()": "cli",
    "from click import command\n@command()\ndef cli():\n    return 3\n" + GUARD + "cli()": "cli",
    "import typer\napp = typer.Typer()\n@app.command()\ndef go(a: str): ...\n" + GUARD + "app()": "app",
    "import typer\ndef main(a: str): ...\n" + GUARD + "typer.run(main)": "",
    "import asyncio\nasync def main(): ...\n" + GUARD + "asyncio.run(main())": "",
    "from helpers import main\n" + GUARD + "main()": "",
    "def keep(f): return lambda: 3\n@keep\ndef main(): ...\n" + GUARD + "main()": "",
    "": "",
    GUARD + "pass": "",
}


@pytest.mark.parametrize(("source", "name"), ENTRIES.items())
def test_entry_is_the_function_that_running_is(source: str, name: str) -> None:
    """A function is the entry only where a call of it is all that running the file does, with the same exit code."""
    assert program(source).entry == name


LOGS = (
    "import logging\nlog = logging.getLogger(__name__)\ndef main():\n    {}\n    log.warning('x')\n" + GUARD + "main()"
)


@pytest.mark.parametrize(
    ("configured", "name"),
    [
        ("pass", "main"),
        ("logging.basicConfig(format='%(message)s')", "main"),
        ("logging.basicConfig()", ""),
        ("logging.basicConfig(level=1)", ""),
        ("logging.basicConfig(handlers=[logging.StreamHandler()])", ""),
        (
            "h = logging.StreamHandler(); h.setFormatter(logging.Formatter('')); logging.basicConfig(handlers=[h])",
            "main",
        ),
        ("logging.basicConfig(format='%(name)s %(message)s')", ""),
        ("logging.basicConfig(format='{name} {message}', style='{')", ""),
        ("logging.info('configures as well')", ""),
        ("import structlog", ""),
        ("import logging.config; logging.config.dictConfig({})", ""),
        ("print(vars(record))", ""),
        ("print({k: v for k, v in vars(record).items() if k not in {'name', 'msg'}})", "main"),
        ("print(record.name)", ""),
        ("import tools", ""),
    ],
)
def test_entry_keeps_names_of_loggers(configured: str, name: str) -> None:
    """A module-level logger is allowed where its name certainly appears nowhere."""
    assert program(LOGS.format(configured), "tools.py").entry == name


@pytest.mark.parametrize(("source", "name"), [case for case in ENTRIES.items() if "typer" not in case[0]])
def test_entry_prints_and_exits_as_the_file(source: str, name: str, tmp_path: Path) -> None:
    """sys.exit(entry()) has the output and the exit code of `python FILE`."""
    if name:
        assert ran(tmp_path, source, "") == ran(tmp_path, source, f"import sys, task; sys.exit(task.{name}())")


@pytest.mark.parametrize("configured", ["pass", "logging.basicConfig(format='%(message)s')"])
def test_entry_logs_as_the_file(configured: str, tmp_path: Path) -> None:
    """What is logged is the same as well."""
    source = LOGS.format(configured)
    before = ran(tmp_path, source, "")
    assert before == ran(tmp_path, source, "import sys, task; sys.exit(task.main())") == (0, "", "x\n")


def ran(folder: Path, source: str, code: str) -> tuple[int, str, str]:
    """Exit code and output of the source as task.py, or of code that may import it."""
    (folder / "task.py").write_text(source, "utf-8")
    command = [sys.executable, "-X", "utf8", "task.py"]
    if code:  # from a file of the same name, as usage lines show it
        (folder / "x").mkdir(exist_ok=True)
        (folder / "x" / "task.py").write_text(f"import sys; sys.path[0] = {str(folder)!r}\n{code}", "utf-8")
        command[-1] = "x/task.py"
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
if sys.version_info < (3, 9):
    sys.exit('too old')
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
NAMES.append('c')
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
def quiet(function):
    SEEN.add('x')
    return function
@quiet
def main(limit=LIMIT):
    print('never on import')
def made():
    return {'a': 1}
MADE = made()
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
    assert not program(CALM).is_program
    assert ran(tmp_path, CALM, "import task") == (0, "", "")


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
    "class A:\n    x = main()",
    "def f(x=main()): ...",
    "@loud\ndef f(): ...",
    "atexit.register(main)",
    "@atexit.register\ndef f(): ...",
    "x = [main() for _ in 'a']",
    "if main(): pass",
    "if True:\n    main()",
    "try:\n    main()\nexcept ImportError: pass",
    "try:\n    import json\nexcept E:\n    print(1)",
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
    "class B(Eager): ...",
    "import typer; typer.run(main)",
    "sys.path.insert(0, 'x')",
    "x = (y := main())",
    "x = main().strip()",
    "x = {**main()}",
    "logging.getLogger().addHandler(logging.FileHandler('x'))",
]
HEAD = (
    "import atexit, json, logging, os, subprocess, sys\nfrom pathlib import Path\ndef main(): print(1)\n"
    "def loud(f): print(f)\nclass Loud:\n    def __init__(self): print(1)\n"
    "class Eager:\n    def __init_subclass__(cls): print(1)\n"
)


@pytest.mark.parametrize("source", RUNS)
def test_what_runs_on_import_is_found(source: str) -> None:
    """The analysis finds the first line with an effect on import."""
    first = 9 + (source.startswith("@"))  # a definition is where its `def` is
    assert program(HEAD + source).runs_at == first


PIECES = st.sampled_from([*RUNS, *(f"{name} = {value}" for name in "ab" for value in ("main", "1", "str(2)"))])


@given(parts=st.lists(PIECES | st.text("ab=()' \n:", max_size=8), max_size=4), tail=st.booleans())
@example(parts=["\x00"], tail=False)
@example(parts=["(" * 300], tail=False)
@example(parts=["x = " + "-" * 5000 + "1"], tail=False)
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_is_a_syntax_error(parts: list[str], *, tail: bool) -> None:
    """Reading raises nothing but SyntaxError, and an entry never comes with work on import."""
    try:
        result = program("\n".join((HEAD, *parts, GUARD + "main()" if tail else "")))
    except SyntaxError:
        return
    assert not (result.entry and result.runs_at)


@pytest.mark.parametrize(
    ("source", "is_program"),
    [
        ("def main(): ...", False),
        (GUARD + "pass", True),
        ("print(1)", True),
        ("for x in 'ab':\n    print(x)", True),
        ("import os\nTOKEN = os.environ['TOKEN']", False),
        ("import sys\nsys.path.insert(0, 'lib')\nimport lib", False),
        ("import logging\nlogging.basicConfig()\ndef helper(): ...", False),
    ],
)
def test_program(source: str, *, is_program: bool) -> None:
    """A file is a program where running it does more than to prepare."""
    assert program(source).is_program is is_program


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
        (ARGPARSE + "import sys\n" + GUARD + "if len(sys.argv) == 1:\n        sys.exit(2)\n    parse()", True),
        (ARGPARSE.replace("r()", "r(add_help=False)") + GUARD + "parse()", False),
        (ARGPARSE + GUARD + "pass", False),
        ("import sys\n" + GUARD + "print(sys.argv)", False),
        ("import click\n@click.command()\ndef cli(): ...\n" + GUARD + "cli()", True),
        ("import click\n@click.command(add_help_option=False)\ndef cli(): ...\n" + GUARD + "cli()", False),
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
        import click, functools, tools
        def plain(a, /, b, *args, c=1, **kwargs): ...
        async def later(x): ...
        def _hidden(): ...
        class Thing:
            def method(self): ...
        @click.command()
        def cli(a): ...
        @functools.cache
        def cached(n): ...
        @tools.changed
        def changed(n): ...
        if True:
            def below(): ...
    """).public
    assert result == (
        PublicName("plain", 3, "function", ("a", "b", "args", "c", "kwargs")),
        PublicName("later", 4, "function", ("x",)),
        PublicName("Thing", 6, "class", ()),
        PublicName("cli", 9, "command", ()),
        PublicName("cached", 11, "function", ("n",)),
        PublicName("changed", 13, "wrapped", ()),
    )


def test_all_says_what_is_public() -> None:
    """`__all__` counts, also for names with an underscore, if this file defines them."""
    source = "__all__ = ['_b', 'imported']\nfrom x import imported\ndef a(): ...\ndef _b(): ...\n"
    assert [item.name for item in program(source).public] == ["_b"]


def test_modules_in_order() -> None:
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
    assert program(source).modules == ("os", "helpers", "pkg", "importlib", "plugins")


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
    assert [it.name for it in program(source).untyped] == ["b", "c", "d", "e", "K.s", "K.n", "K.n.inner"]
    assert [it.line for it in program(source).untyped][:2] == [3, 4]


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
    "os.path.join(os.path.split(__file__)[0], 'hosts.csv')",
    "os.path.dirname(__file__) + '/hosts.csv'",
    "f'{os.path.dirname(__file__)}/hosts.csv'",
    "Path(f'{HERE}/hosts.csv')",
    "open(HERE / 'hosts.csv')",
    "open(os.path.join(HERE, 'hosts.csv'))",
    "HERE.joinpath('hosts.csv').read_text()",
    "beside('hosts.csv')",
    "Config.BASE / 'hosts.csv'",
    "(Path(os.environ.get('X') or HERE / 'hosts.csv'))",
    "importlib.resources.files(__package__).joinpath('hosts.csv')",
    "Path(HERE, '.', 'hosts.csv')",
    "os.path.join(__file__, '..', 'hosts.csv')",
    "print(f'cannot read {HERE / chr(34)} {HERE / \"hosts.csv\"}')",
]
PLACES = """
import importlib.resources, os, pathlib, sys
from pathlib import Path
HERE = Path(__file__).parent
class Config:
    BASE = Path(__file__).parent
def beside(name):
    '''A file beside this one.'''
    return HERE / name
"""


@pytest.mark.parametrize("expression", BESIDE)
@pytest.mark.parametrize("form", ["x = {}", "def f():\n    return {}", "X = {}\ndef f():\n    print(X)"])
def test_files_beside_the_code(expression: str, form: str) -> None:
    """A tracked file that is named relative to the code is found, however the path is put together."""
    result = program(PLACES + form.format(expression), "hosts.csv")
    assert [(data.path, data.beside) for data in result.data] == [("hosts.csv", True)]
    assert [doubt.text for doubt in result.doubts if doubt.line > 9 and "run time" not in doubt.text] == []


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("open('hosts.csv')", "hosts.csv"),
        ("open('./hosts.csv')", "hosts.csv"),
        ("Path('data') / 'more.csv'", "data/more.csv"),
        ("Path('data')", "data"),
        ("os.listdir('data')", "data"),
        ("Path('data').joinpath('more.csv')", "data/more.csv"),
        ("open(f'data/{x}.csv')", "data"),
        ("parser.add_argument('-i', default='hosts.csv')", "hosts.csv"),
        ("Path.cwd() / 'other.csv'", ""),
        ("Path(x) / 'hosts.csv'", ""),
        ("os.path.join(x, 'hosts.csv')", ""),
        ("print('data')", ""),
        ("print('reads hosts.csv')", ""),
        ("open('/etc/hosts.csv')", ""),
        ("open('../hosts.csv')", ""),
        ("print(Path(__file__).parent / '/etc/hosts.csv')", ""),
        ("open('untracked.csv')", ""),
    ],
)
def test_files_of_the_current_folder(expression: str, path: str) -> None:
    """A tracked file that is named relative to the current folder is marked as such."""
    result = program(f"import os\nfrom pathlib import Path\n{expression}", "hosts.csv", "data/more.csv")
    assert result.data == ((DataFile(path, 3, beside=False),) if path else ())
    assert result.doubts == ()


def test_names_resolve_where_they_are_bound() -> None:
    """A local name hides that of the module; one bound twice stands for nothing."""
    source = PLACES + "def f(HERE):\n    return HERE / 'hosts.csv'\nx = 'a'\nx = HERE\ny = x / 'hosts.csv'\n"
    result = program(source, "hosts.csv")
    assert result.data == ()
    assert [doubt.line for doubt in result.doubts if doubt.line > 9] == [13]


def test_folder_of_data() -> None:
    """A name that is made in a tracked folder gives the folder."""
    source = PLACES + "def f(name):\n    return (HERE / 'queries' / f'{name}.sql').read_text()\n"
    assert program(source, "queries/a.sql").data == (DataFile("queries", 11, beside=True),)


def test_loop_over_names_beside() -> None:
    """Names that are joined to the folder at run time are taken to be beside, with a doubt."""
    result = program(
        PLACES + "for name in ('a.csv', 'b.csv'):\n    print(HERE / name, open('c.csv'))\n", "a.csv", "b.csv", "c.csv"
    )
    assert [(data.path, data.beside) for data in result.data] == [("a.csv", True), ("b.csv", True), ("c.csv", False)]
    assert [doubt.text for doubt in result.doubts if doubt.line > 9] == [
        "makes the name of a file beside the code at run time"
    ]


def test_helper_that_names_files_beside() -> None:
    """A function that joins its argument to the folder raises no doubt if every call of it can be evaluated."""
    doubts = program(PLACES + "x = beside('hosts.csv')\ny = HERE / 'hosts.csv'\n", "hosts.csv").doubts
    assert [doubt.line for doubt in doubts] == [6]  # a folder that nobody uses here


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
        ("x = Path(__file__).with_suffix('.log')", "from the name of its own file"),
        ("x = __file__ + '.log'", "from the name of its own file"),
        ("print(os.listdir(HERE))", "uses the folder of the code"),
        ("sys.path.insert(0, str(HERE))", "puts a folder on sys.path"),
        ("print(sys.argv[0])", "uses sys.argv[0], which names the command then"),
        ("import subprocess; subprocess.run([sys.executable, __file__])", "uses the name of its own file"),
        ("__import__('tools')", "imports tools by name"),
        ("importlib.import_module('x' + y)", "imports a module whose name is computed at run time"),
        ("import runpy; runpy.run_path('tools.py')", "runs a file by its path"),
        ("x = '%(filename)s %(message)s'", "shows the name of its file in the log"),
        ("def unused(name):\n    return HERE / name", "at run time"),
    ],
)
def test_doubts(code: str, words: str) -> None:
    """What the move would break, or what cannot be followed, is listed with its line."""
    result = program(PLACES.replace("HERE / name", "1") + code, "tools.py")
    assert [doubt.line for doubt in result.doubts if words in doubt.text][-1:] == [10 + ("\n" in code)]


def test_mark_of_bytes() -> None:
    """A file may begin with a byte order mark."""
    assert program("\ufeffimport os").modules == ("os",)


def test_own_sources_are_read() -> None:
    """Modules of this project are read without an error, and only __main__ is a program."""
    folder = Path(__file__).parents[4] / "src" / "new_ops_project"
    paths = folder.rglob("[_c-e]*.py")
    assert [path.name for path in paths if program(path.read_text("utf-8")).is_program] == ["__main__.py"]
