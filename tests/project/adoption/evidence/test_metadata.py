"""The conversion of setup.py or setup.cfg to [project], without running either."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats import document
from new_ops_project.project.adoption.evidence.metadata import Metadata, read

HEAD = "from setuptools import find_packages, setup\n"


def of(py: str = "", cfg: str = "", files: Mapping[str, str] | None = None) -> Metadata:
    """The metadata of these two files, beside others."""
    texts = {"setup.py": py and HEAD + py, "setup.cfg": cfg, **(files or {})}
    metadata = read({path: text.encode() for path, text in texts.items() if text})
    assert metadata is not None
    return metadata


PY = '''\
import codecs, os, re
from os import path
HERE = path.abspath(path.dirname(__file__))

def read(*parts):
    """The text of a file."""
    with codecs.open(os.path.join(HERE, *parts), "r") as f:
        return f.read()

NAME = "rotate-keys"
BASE = ["boto3>=1.40"]
EXTRAS = {"dev": ["pytest"], ":python_version < '3.12'": ["tomli"]}
setup(
    name=NAME,
    version="1.2" + ".3",
    description="Rotates\\n  keys.",
    long_description=read("README.md"),
    long_description_content_type="text/markdown",
    author="Ada Ops, Bo", author_email="ada@example.org, bo@example.org",
    maintainer="Cy", url="https://example.org",
    project_urls={"Source": "https://example.org/src"},
    license="MIT",
    classifiers=["License :: OSI Approved :: MIT License", "Programming Language :: Python :: 3.12"],
    keywords="keys, rotation",
    python_requires=">=3.11",
    install_requires=[*BASE, "click~=8.1; sys_platform != 'win32'"],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["rotate-keys = rotate_keys.main:main"], "x.plugins": ["a=b:c"]},
    packages=find_packages(where="src"), package_dir={"": "src"}, zip_safe=False, tests_require=["pytest"],
)
'''
CFG = """\
[metadata]
name = rotate-keys
version = 1.2.3
description = Rotates
  keys.
long_description = file: README.md
long-description-content-type = text/markdown
author = Ada Ops, Bo
author-email = ada@example.org, bo@example.org
maintainer = Cy
home-page = https://example.org
project_urls =
    Source = https://example.org/src
license = MIT
classifiers =
    License :: OSI Approved :: MIT License
    Programming Language :: Python :: 3.12
keywords = keys, rotation

[options]
packages = find:
package_dir =
    = src
python_requires = >=3.11
install_requires =
    boto3>=1.40
    click~=8.1; sys_platform != 'win32'
tests_require = pytest

[options.packages.find]
where = src

[options.extras_require]
dev = pytest

[options.entry_points]
console_scripts =
    rotate-keys = rotate_keys.main:main
x.plugins =
    a = b:c
"""
PROJECT = {
    "name": "rotate-keys",
    "version": "1.2.3",
    "description": "Rotates keys.",
    "readme": "README.md",
    "authors": [{"name": "Ada Ops", "email": "ada@example.org"}, {"name": "Bo", "email": "bo@example.org"}],
    "maintainers": [{"name": "Cy"}],
    "urls": {"Homepage": "https://example.org", "Source": "https://example.org/src"},
    "license": "MIT",
    "classifiers": ["Programming Language :: Python :: 3.12"],
    "keywords": ["keys", "rotation"],
    "requires-python": ">=3.11",
    "dependencies": ["boto3>=1.40", "click~=8.1; sys_platform != 'win32'"],
    "optional-dependencies": {"dev": ["pytest"]},
    "scripts": {"rotate-keys": "rotate_keys.main:main"},
    "entry-points": {"x.plugins": {"a": "b:c"}},
}
PACKAGE = {"README.md": "# Keys", "src/rotate_keys/__init__.py": "#"}
MARKED = [*PROJECT["dependencies"], "tomli; python_version < '3.12'"]


@pytest.mark.parametrize(
    "metadata",
    [
        of(PY, files=PACKAGE),
        of(cfg=CFG, files=PACKAGE),
    ],
    ids=["setup.py", "setup.cfg"],
)
def test_each_keyword_has_its_key(metadata: Metadata) -> None:
    """Both files carry over whole, into the same table."""
    dependencies = metadata.project.pop("dependencies")
    assert dependencies in (PROJECT["dependencies"], MARKED)
    assert metadata.project == {key: value for key, value in PROJECT.items() if key != "dependencies"}
    assert (metadata.problems, metadata.needs_setuptools, metadata.version, metadata.dev) == (
        (),
        False,
        "1.2.3",
        ("pytest",),
    )
    assert metadata.tool == {"hatch": {"build": {"targets": {"wheel": {"packages": ["src/rotate_keys"]}}}}}


def test_an_extra_may_be_a_condition() -> None:
    """A requirement under `:marker` is required where the marker applies."""
    assert of(PY, files=PACKAGE).project["dependencies"] == MARKED


PARTS: list[tuple[str, dict[str, Any]]] = [
    ("setup(**dict(name='a', version='1'))", {"name": "a", "version": "1"}),
    ("KW = {'name': 'a'}\nsetup(**KW)", {"name": "a"}),
    ("if __name__ == '__main__':\n    NAME = 'a'\n    setup(name=NAME)", {"name": "a"}),
    ("setup(name=f'a-{1}', description='%s %s' % ('x', 'y'))", {"name": "a-1", "description": "x y"}),
    (
        "setup(keywords=['a', 'b'], author_email='a@example.org')",
        {"keywords": ["a", "b"], "authors": [{"email": "a@example.org"}]},
    ),
    ("setup(description='\\d')", {"description": "\\d"}),
    ("setup(license='Apache License 2.0')", {"license": "Apache-2.0"}),
    ("setup(license='Proprietary')", {"license": "LicenseRef-Proprietary"}),
    (
        "setup(classifiers='''\nLicense :: OSI Approved :: MIT License\nTyping :: Typed\n''')",
        {"license": "MIT", "classifiers": ["Typing :: Typed"]},
    ),
    (
        "setup(entry_points='''\n    [console_scripts]\n    a = b:c\n    [gui_scripts]\n    d = e:f\n''')",
        {"scripts": {"a": "b:c"}, "gui-scripts": {"d": "e:f"}},
    ),
    (
        "with open('req.txt') as f:\n    REQ = f.read().splitlines()\nsetup(install_requires=REQ)",
        {"dependencies": ["requests>=2", "rich"]},
    ),
    (
        "setup(install_requires=[line.strip() for line in open('req.txt') if line])",
        {"dependencies": ["requests>=2", "rich"]},
    ),
    ("setup(install_requires='''\nrequests\nrich # why\n''')", {"dependencies": ["requests", "rich"]}),
    (
        "from pathlib import Path\nsetup(long_description=(Path(__file__).parent / 'N.rst').read_text())",
        {"readme": "N.rst"},
    ),
    ("'''Says.'''\nsetup(long_description=__doc__)", {}),
    ("setup(url='a', project_urls={'B': 'b'})", {"urls": {"Homepage": "a", "B": "b"}}),
    ("setup(extras_require={'a': ['b'], 'a:x': ['c']})", {}),
    (
        "setup(extras_require={'a': ['b'], \"a:os_name=='nt'\": 'c'})",
        {"optional-dependencies": {"a": ["b", "c; os_name=='nt'"]}},
    ),
    (
        "setup(install_requires=[str(one.req) for one in parse_requirements('req.txt', session=1)])",
        {"dependencies": ["requests>=2", "rich"]},
    ),
    ("setup(keywords='A B'.lower().split(), name='%s' % 'a')", {"keywords": ["a", "b"], "name": "a"}),
    ("setup(license='BSD', classifiers=['License :: OSI Approved :: BSD License'])", {}),
    (
        (
            "import os\nfrom pathlib import Path\nHERE = Path(__file__).resolve().parent\n"
            "setup(long_description=HERE.joinpath('N.rst').open().read(), name='-'.join(['a', 'b']))"
        ),
        {"readme": "N.rst", "name": "a-b"},
    ),
    ("setup(long_description='Says.')", {"readme": {"text": "Says.", "content-type": "text/x-rst"}}),
]


@pytest.mark.parametrize(("py", "expected"), PARTS)
def test_what_is_not_a_literal_is_followed(py: str, expected: dict[str, Any]) -> None:
    """Names, files, joined texts and comprehensions over lines are as good as literals."""
    files = {"setup.py": (HEAD + py).encode(), "req.txt": b"# all\nrequests>=2  # http\nrich\n", "N.rst": b"Notes"}
    metadata = read(files)
    assert metadata
    assert {key: value for key, value in metadata.project.items() if key != "dynamic"} == expected


LEFT = [
    ("N = input()\nsetup(name=N)", "setup.py:2 name is computed: input()"),
    ("R = ['a']\nR.append('b')\nsetup(\n  install_requires=R)", "setup.py:5 install_requires is computed: R"),
    ("if 1:\n    D = 'a'\nelse:\n    D = 'b'\nsetup(description=D)", "setup.py:6 description is computed: D"),
    (
        "setup(ext_modules=[Extension('a', ['a.c'])])",
        "setup.py:2 ext_modules has no place in pyproject.toml: keep it there",
    ),
    ("setup(\n  name=['a'])", "setup.py:3 name is not a string"),
    ("setup(author=me())", "setup.py:2 author is computed: me()"),
    ("setup(author=['a'])", "setup.py:2 author is not a string"),
    ("setup(license='Ours (v7)')", "setup.py:2 license 'Ours (v7)' is not an SPDX expression"),
    ("setup(python_requires='3 or so')", "setup.py:2 python_requires '3 or so' is not a version specifier"),
    ("setup(install_requires=['./a'])", "setup.py:2 install_requires holds './a', which is not a requirement"),
    ("setup(install_requires=[1])", "setup.py:2 install_requires is not a list of strings"),
    ("setup(version='one')", "setup.py:2 version 'one' is not valid (PEP 440)"),
    ("setup(\n\n  platforms=['any'])", "setup.py:4 platforms has no place in pyproject.toml"),
    ("setup(entry_points={'a': [1]})", "setup.py:2 entry_points is not a list of strings"),
    ("setup(extras_require={'a:x': ['c']})", "setup.py:2 extras_require holds 'x', which is not a marker"),
    (
        "setup(classifiers=['License :: OSI Approved :: BSD License'])",
        "setup.py:2 classifier 'License :: OSI Approved :: BSD License' does not name a single SPDX license",
    ),
    (
        "setup(entry_points={'console_scripts': ['a']})",
        "setup.py:2 entry_points holds 'a', which is not an entry point",
    ),
    (
        "setup(long_description=open('A').read() + open('A').read())",
        "setup.py:2 long_description joins A with more, which is lost",
    ),
    ("setup(name=", "setup.py:2 does not parse as Python"),
    ("print()", "setup.py does not call setup()"),
    ("setup(name='a')\nsetup(name='b')", "setup.py:3 setup is computed: setup() is called more than once"),
]


@pytest.mark.parametrize(("py", "clause"), LEFT)
def test_problems_are_named(py: str, clause: str) -> None:
    """Each with its line."""
    assert clause in of(py, files={"A": "a"}).problems


VERSIONS: list[tuple[str, dict[str, str], str, dict[str, Any]]] = [
    ("version=V", {"a/version.py": "__version__ = '1.1'"}, "", {}),
    (
        "version=open('VERSION').read().strip()",
        {"VERSION": "1.1\n"},
        "1.1",
        {"path": "VERSION", "pattern": r"(?P<version>\S+)"},
    ),
    (
        "version=re.search('__version__ = (.*)', read('src', 'a', '__init__.py')).group(1)",
        {"src/a/__init__.py": "__version__ = '1.1'", "src/b/__init__.py": "__version__ = '2'"},
        "1.1",
        {"path": "src/a/__init__.py"},
    ),
    (
        "version=about['__version__']",
        {"a/__version__.py": "__version__: str = '1.1'\n"},
        "1.1",
        {"path": "a/__version__.py"},
    ),
    ("version=git_version()", {"a/api.py": "VERSION = '2'"}, "", {}),
]


@pytest.mark.parametrize(("py", "files", "version", "table"), VERSIONS)
def test_a_version_in_a_file_stays_there(py: str, files: dict[str, str], version: str, table: dict[str, Any]) -> None:
    """The backend reads it from that file; where no file qualifies, setup.py continues to compute it."""
    metadata = of(f"setup({py})", files=files)
    assert (metadata.version, metadata.project["dynamic"]) == (version, ["version"])
    assert metadata.tool.get("hatch", {}).get("version", {}) == table
    assert metadata.needs_setuptools == (not version)
    assert len(metadata.problems) == (not version)


def test_the_attribute_of_a_module_is_its_version() -> None:
    """`attr:` in setup.cfg names the module."""
    files = {"a/__init__.py": "__version__ = '1.1'", "b/__init__.py": "__version__ = '2'"}
    assert of(cfg="[metadata]\nname = a\nversion = attr: a.__version__\n", files=files).version == "1.1"


BUILDS: list[tuple[str, dict[str, Any]]] = [
    ("scripts=['bin/a']", {"setuptools": {"script-files": ["bin/a"]}}),
    ("cmdclass={'a': B}, packages=['a', 'a.b']", {"setuptools": {"packages": ["a", "a.b"]}}),
    (
        "ext_modules=[1], packages=find_packages(exclude=['x*'])",
        {"setuptools": {"packages": {"find": {"where": ["."], "exclude": ["x*"], "namespaces": False}}}},
    ),
    ("data_files=[('etc', ['a.cfg'])]", {"setuptools": {"data-files": {"etc": ["a.cfg"]}}}),
    ("use_scm_version=True", {"setuptools_scm": {}}),
    ("packages=['a'], package_data={'a': ['*.cfg'], 'b': [1]}, scripts=['x', 2]", {"setuptools": {"packages": ["a"]}}),
    ("packages=['a'], package_dir={'a': 'lib'}", {"setuptools": {"package-dir": {"a": "lib"}, "packages": ["a"]}}),
]


@pytest.mark.parametrize(("py", "tool"), BUILDS)
def test_what_hatchling_cannot_build_stays_with_setuptools(py: str, tool: dict[str, Any]) -> None:
    """The build uses a setuptools that supports license expressions, configured in [tool]."""
    metadata = of(f"setup({py}, setup_requires=['wheel', 'cython'])")
    assert (metadata.needs_setuptools, metadata.tool) == (True, tool)
    assert metadata.build["requires"][0] == "setuptools>=77.0.3"
    assert "cython" in metadata.build["requires"]
    assert "wheel" not in metadata.build["requires"]
    assert ("setuptools-scm>=8" in metadata.build["requires"]) == ("scm" in py)


WHEELS: list[tuple[str, dict[str, Any]]] = [
    ("packages=['a', 'a.b', 'c']", {"packages": ["a", "c"]}),
    ("packages=find_packages(exclude=['c', 'c.*'])", {"packages": ["a"]}),
    ("packages=find_packages(include=['c*'])", {"packages": ["c"]}),
    ("packages=find_namespace_packages()", {"packages": ["a", "c", "ns"]}),
    ("packages=['d'], package_dir={'': 'src'}", {"packages": ["src/d"]}),
    ("packages=['a'], py_modules=['m']", {"only-include": ["a", "m.py"]}),
    ("py_modules=['m']", {"only-include": ["m.py"]}),
    ("py_modules=['m'], package_dir={'': 'src'}", {"only-include": ["src/m.py"], "sources": ["src"]}),
]


@pytest.mark.parametrize(("py", "wheel"), WHEELS)
def test_the_wheel_holds_the_same_packages(py: str, wheel: dict[str, Any]) -> None:
    """Packages by folder, found ones too; never the tests."""
    names = ("a/__init__.py", "c/__init__.py", "tests/__init__.py", "ns/deep.py", "a/x/__init__.py", "one.py")
    metadata = of(f"setup({py})", files=dict.fromkeys(names, "#"))
    assert metadata.tool["hatch"]["build"]["targets"]["wheel"] == wheel


@pytest.mark.parametrize(
    ("wanted", "expected"), [("[]", ["setuptools-scm>=8"]), ("['setuptools_scm>9']", ["setuptools_scm>9"])]
)
def test_the_version_of_git_needs_its_tool(wanted: str, expected: list[str]) -> None:
    """The bound that is there stays."""
    metadata = of(f"setup(use_scm_version=True, setup_requires={wanted})")
    assert metadata.build["requires"][1:] == expected


def test_setuptools_goes_on_computing_what_it_did() -> None:
    """A value that only running setup.py gives is `dynamic`, where PEP 621 allows that."""
    metadata = of("setup(name=me(), install_requires=wanted(), packages=['a'])")
    assert (metadata.project, metadata.needs_setuptools) == ({"dynamic": ["dependencies"]}, True)


def test_setup_py_wins_over_setup_cfg() -> None:
    """setup.py takes precedence, as in setuptools; keys that only one of them has are converted from there."""
    metadata = of("setup(name='a')", "[metadata]\nname = b\nversion = 2\n")
    assert (metadata.project["name"], metadata.project["version"]) == ("a", "2")


@pytest.mark.parametrize("files", [{}, {"setup.cfg": b"[flake8]\nignore = E1\n"}, {"pyproject.toml": b""}])
def test_no_project_has_no_metadata(files: dict[str, bytes]) -> None:
    """Settings of tools in setup.cfg are no description of a project."""
    assert read(files) is None


def test_setuptools_stays_where_pyproject_names_it() -> None:
    """The tables that are added are for the backend that is there."""
    files = {"setup.py": HEAD.encode() + b"setup(packages=['a'])", "a/__init__.py": b""}
    files["pyproject.toml"] = b"[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
    metadata = read(files)
    assert metadata
    assert metadata.tool == {"setuptools": {"packages": ["a"]}}


BOMBS = [
    "setup(name='%999999999d' % 1)",
    "setup(name='a' * 10**9)",
    f"setup(name={'(' * 500}'a'{')' * 500})",
    "a0 = 'ab'\n" + "".join(f"a{n + 1} = a{n} + a{n}\n" for n in range(60)) + "setup(name=a60)",
    "def f(x):\n    return f(x)\nsetup(name=f(1))",
    "a = b\nb = a\nsetup(name=a)",
    "setup(name=" + "+".join(["'a'"] * 3000) + ")",
    "setup(name={}['a'], version=[][1], description={[]: 1}, author={**1}, url=[*1], keywords='a'.split(''))",
    "setup(**1, name=-1, version=b'1', license=...)",
    "setup(1, 2)",
    "setup(packages=find_packages(1))",
    "\0",
]


@pytest.mark.parametrize("py", BOMBS, ids=range(len(BOMBS)))
def test_no_setup_py_takes_long_or_raises(py: str) -> None:
    """Values that grow without end, loops and nonsense are `computed`."""
    assert isinstance(of(py), Metadata)


def test_nothing_is_run(tmp_path: Path) -> None:
    """Reading leaves no trace of what setup.py would do."""
    of(f"open({str(tmp_path / 'ran')!r}, 'w').write('x')\nsetup(name='a')")
    assert not (tmp_path / "ran").exists()


NAMES = st.sampled_from(
    [
        "name",
        "version",
        "description",
        "long_description",
        "author",
        "author_email",
        "license",
        "classifiers",
        "url",
        "keywords",
        "install_requires",
        "extras_require",
        "entry_points",
        "packages",
        "package_dir",
        "py_modules",
        "python_requires",
        "project_urls",
        "scripts",
        "tests_require",
        "setup_requires",
        "data_files",
        "use_scm_version",
        "license_files",
        "package_data",
        "pbr",
        "long_description_content_type",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["a>=1", "a = b:c", "[x]\na=b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.binary(max_size=60))
def test_odd_values_never_raise(given: dict[str, Any], noise: bytes) -> None:
    """Whatever the keywords hold, and whatever setup.cfg is; the table can be written as TOML."""
    import tomli_w

    metadata = read({"setup.py": f"{HEAD}setup(**{given!r})".encode(errors="replace"), "setup.cfg": noise})
    assert metadata
    tomli_w.dumps({"project": metadata.project, "tool": metadata.tool, "build-system": metadata.build})


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(NAMES, st.text(max_size=30), max_size=5), st.binary(max_size=60))
def test_odd_options_never_raise(given: dict[str, str], noise: bytes) -> None:
    """The same of setup.cfg."""
    lines = "".join(f"{name} = {value}\n" for name, value in given.items())
    for section in ("metadata", "options"):
        assert read({"setup.cfg": f"[{section}]\n{lines}".encode(errors="replace"), "setup.py": noise})


TEXTS = st.text("ab\"'[]=.#\n ", max_size=12).map(lambda text: text.replace('"""', ""))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1))
def test_the_line_of_a_toml_key_is_where_it_stands(table: dict[str, str]) -> None:
    """Strings of several lines that look like keys and tables are passed over."""
    text = "[t]\n" + "".join(f'{key} = """\n{value}\n"""\n' for key, value in table.items())
    toml = document.toml({"a.toml": text.encode()}, "a.toml")
    assert not toml.problem
    assert [text.split("\n")[toml.line("t", key) - 1] for key in table] == [f'{key} = """' for key in table]
