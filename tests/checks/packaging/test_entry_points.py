"""The rule about entry points: OPS405."""

import pytest
from support.rule_cases import Files, crlf, finding_places, project, run

CODE = """\
import argparse as parsing
from os import path
from x import other as renamed

if parsing:
    def main(): ...
else:
    main = None
try:
    import fast
except ImportError:
    fast: object = None
with open(__file__) as handle:
    for count, (left, *right) in []:
        def inside(): ...
first = second = third = 1
match count:
    case {"a": captured}:
        pass
async def later():
    def local(): ...
    global shared
    shared = 1
class Tool:
    def run(self): ...
    speed = 1
class Child(Tool): ...
(walrus := 3)
"""
EXISTING = [
    "main",
    "parsing",
    "path",
    "renamed",
    "fast",
    "handle",
    "count",
    "left",
    "right",
    "inside",
    "first",
    "third",
    "captured",
    "later",
    "shared",
    "Tool",
    "Tool.run",
    "Tool.speed",
    "Tool.mro",
    "Child.anything",
    "walrus",
    "first.real",
    "local",
    "Tool.walk",
]
MISSING = ["mian", "argparse", "x", "other", "Toll.run"]

SETTINGS = {
    "src": ("src/x/", ""),
    "flat": ("x/", ""),
    "lib": ("lib/x/", '[tool.setuptools]\npackage-dir = {"" = "lib"}'),
    "hatch": ("code/x/", '[tool.hatch.build.targets.wheel]\npackages = ["code/x"]'),
    "namespace": ("src/org/x/", ""),
}


def scripts(target: str, files: Files, more: str = "") -> Files:
    """A project with one command."""
    return project(f'scripts.cmd = "{target}"', more, files=files)


def in_layout(layout: str, target: str) -> Files:
    """A project with one command, and its code in that layout."""
    start, more = SETTINGS[layout]
    module = "org.x.app" if layout == "namespace" else "x.app"
    return scripts(f"{module}:{target}", {f"{start}__init__.py": "", f"{start}app.py": CODE}, more)


@pytest.mark.parametrize("target", EXISTING)
def test_objects_that_exist(target: str) -> None:
    """Everything that binds a name counts, wherever it is; an attribute of the name may exist."""
    assert not finding_places(in_layout("src", target), "OPS405")


@pytest.mark.parametrize("target", MISSING)
def test_objects_that_do_not_exist(target: str) -> None:
    """A name that nothing in the module binds is found."""
    assert finding_places(in_layout("src", target), "OPS405") == [("OPS405", "pyproject.toml", 4, 15)]


@pytest.mark.parametrize("layout", SETTINGS)
def test_layouts(layout: str) -> None:
    """A module is found wherever packages may be."""
    assert not finding_places(in_layout(layout, "main"), "OPS405")
    assert len(finding_places(in_layout(layout, "mian"), "OPS405")) == 1


def test_the_nearest_is_the_remedy() -> None:
    """The remedy of a misspelt function or module is the nearest name."""
    (located,) = run(in_layout("src", "latr"), "OPS405")
    assert located.finding.message == "cmd = 'x.app:latr' names nothing: src/x/app.py has no latr."
    assert located.finding.remedy == 'Write "x.app:later".'
    (located,) = run(scripts("x.ap:main", {"src/x/__init__.py": "", "src/x/app.py": CODE}), "OPS405")
    assert (located.finding.message, located.finding.remedy) == (
        "cmd = 'x.ap:main' names nothing: there is no module x.ap.",
        "Did you mean x.app?",
    )


def test_a_package_with_another_name() -> None:
    """The package need not have the name of the distribution."""
    assert len(finding_places(scripts("x.main:main", {"src/xx/__init__.py": "", "src/xx/main.py": ""}), "OPS405")) == 1


@pytest.mark.parametrize("target", ["x-y.main:main", "x.main", "x:", "x main", ""])
def test_no_reference(target: str) -> None:
    """A command must name a module and a function; no module's name contains a dash."""
    files = scripts(target, {"src/x/__init__.py": "", "src/x/main.py": "def main(): ...\n"})
    assert len(finding_places(files, "OPS405")) == 1


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("x:anything", {"x.py": "from os import *\n"}),
        ("x:anything", {"x/__init__.py": "def __getattr__(name): ...\n"}),
        ("x:anything", {"x/__init__.py": "globals().update(anything=1)\n"}),
        ("x:anything", {"x/__init__.py": "import sys\nsys.modules[__name__] = 1\n"}),
        ("x:app", {"x/__init__.py": "", "x/app.py": ""}),
        ("x:anything", {"x/__init__.py": "def (\n"}),
        ("x._version:main", {"x/__init__.py": "", ".gitignore": "_version.py\n"}),
        ("x.fast:main", {"x/__init__.py": "", "x/fast.pyx": ""}),
        ("x.gone:main", {"x/__init__.py": "", "setup.py": "setup(ext_modules=[1])\n"}),
        ("x.gone:main", {"x/__init__.py": "", "setup.py": "setup(cmdclass=made())\n"}),
        ("x.gone:main", {"x/__init__.py": "", "setup.py": "setup(package_dir=made())\n"}),
        ("x.gone:main", {"x/__init__.py": "", "setup.py": "setup(**more)\n"}),
        ("x.sub:main", {"x/__init__.py": "", "x/sub/deep.py": ""}),
        ("x.app:main", {"x/app.py": "class main: ...\n"}),
        ("x.app:gone", {"x/app.py": "from x import cli\nif __name__ == 'x.app':\n    cli()\n"}),
        ("x.app:gone", {"x/app.py": "import sys\nfrom x import run\nsys.exit(run())\n"}),
        ("x.app:gone", {"x/app.py": "from x import run\nwith run:\n    code = run()\nraise SystemExit(code)\n"}),
        ("x.app:gone", {"x/app.py": "from lazy import attach\n__getattr__, __dir__, __all__ = attach()\n"}),
        ("x.app:gone", {"x/app.py": "from x import names as __getattr__\n"}),
        ("x.app:gone", {"x/app.py": "from sys import modules\nmodules[__name__].gone = 1\n"}),
        ("x.app:main [more]", {"x/app.py": "class main: ...\n"}),
        ("x.app:main", {"x/app.py": "y = 1\n", "src/x/app.py": "main = 1\n"}),
        ("elsewhere:main", {"x.py": "", "pyproject.toml": ""}),
    ],
)
def test_objects_that_may_exist(target: str, files: Files) -> None:
    """Where names or modules may come from elsewhere, nothing is reported."""
    repository_files = scripts(
        target,
        {path: text for path, text in files.items() if path != "pyproject.toml"},
        "dependencies = ['other']" if "pyproject.toml" in files else "",
    )
    assert not finding_places(repository_files, "OPS405")


def test_calls_that_run_no_command() -> None:
    """A name is missing although the module prepares something when it is imported, or runs as a script."""
    code = "import logging, sys\nlogging.basicConfig()\nsys.path.append('.')\ndef main():\n    run()\n"
    code += "if __name__ == '__main__':\n    main()\n"
    assert len(finding_places(scripts("x.app:gone", {"x/app.py": code}), "OPS405")) == 1


@pytest.mark.parametrize(
    "tool",
    [
        "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'",
        "[tool.hatch.build.hooks.custom]\npath = 'a.py'",
    ],
)
def test_modules_that_a_build_makes(tool: str) -> None:
    """A build may make modules from other languages."""
    assert not finding_places(scripts("x.gone:main", {"x/__init__.py": ""}, tool), "OPS405")


KINDS = [
    ("gui-scripts = {a = 'x:f'}", (4, 20)),
    ("entry-points.'y.z' = {a = 'x.no'}", (4, 27)),
    ("[tool.poetry.scripts]\na = 'x:f'", (5, 5)),
    ("[tool.poetry.scripts]\na = {reference = 'x:f', type = 'console'}", (5, 18)),
    ("[tool.poetry.plugins.q]\na = 'x:f'", (5, 5)),
]


@pytest.mark.parametrize(("text", "place"), KINDS)
def test_every_kind(text: str, place: tuple[int, int]) -> None:
    """Commands, GUI commands, plugins, and those of poetry; a plugin may name a module alone."""
    files = project(text, files={"x/__init__.py": "", "x/y.py": ""})
    assert (
        finding_places(files, "OPS405")
        == [("OPS405", "pyproject.toml", *place)]
        == finding_places(crlf(files), "OPS405")
    )
    assert not finding_places(
        project("entry-points.y = {a = 'x.y'}", files={"x/__init__.py": "", "x/y.py": ""}), "OPS405"
    )


def test_entry_points_of_setup_files() -> None:
    """Entry points in setup.cfg and setup.py are found on their lines."""
    text = "[metadata]\nname = x\n[options.entry_points]\nconsole_scripts =\n  a = x:main\n  b = x:gone\n"
    assert finding_places({"setup.cfg": text, "x.py": "def main(): ...\n"}, "OPS405") == [("OPS405", "setup.cfg", 6, 1)]
    text = "from setuptools import setup\nsetup(\n name='x',\n entry_points={'console_scripts': ['a=x:gone']},\n)\n"
    assert finding_places({"setup.py": text, "x.py": ""}, "OPS405") == [("OPS405", "setup.py", 4, 1)]
