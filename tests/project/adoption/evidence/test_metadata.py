"""The conversion of setup.py or setup.cfg to [project], without running either."""

from collections.abc import Mapping
from typing import Any

import pytest
import tomli_w
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


PY = """\
NAME = "rotate-keys"
setup(
    name=NAME,
    version="1.2"
    ".3",
    description="Rotates\\n  keys.",
    author="Ada Ops, Bo", author_email="ada@example.org, bo@example.org",
    maintainer="Cy", url="https://example.org",
    project_urls={"Source": "https://example.org/src"},
    license="MIT",
    classifiers=["License :: OSI Approved :: MIT License", "Programming Language :: Python :: 3.12"],
    keywords="keys, rotation",
    python_requires=">=3.11",
    install_requires=("boto3>=1.40", "click~=8.1; sys_platform != 'win32'"),
    extras_require={"dev": ["pytest"], ":python_version < '3.12'": ["tomli"]},
    entry_points={"console_scripts": ["rotate-keys = rotate_keys.main:main"], "x.plugins": ["a=b:c"]},
    packages=find_packages(where="src"), package_dir={"": "src"}, zip_safe=False,
)
"""
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
DEPENDENCIES = ["boto3>=1.40", "click~=8.1; sys_platform != 'win32'"]
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
    "dependencies": DEPENDENCIES,
    "optional-dependencies": {"dev": ["pytest"]},
    "scripts": {"rotate-keys": "rotate_keys.main:main"},
    "entry-points": {"x.plugins": {"a": "b:c"}},
}
PACKAGE = {"README.md": "# Keys", "src/rotate_keys/__init__.py": "#"}
SETUPTOOLS = {"build-system": {"requires": ["setuptools>=77.0.3"]}}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (of(PY, files=PACKAGE), {"readme": None, "dependencies": [*DEPENDENCIES, "tomli; python_version < '3.12'"]}),
        (of(cfg=CFG, files=PACKAGE), {}),
    ],
    ids=["setup.py", "setup.cfg"],
)
def test_each_keyword_has_its_key(metadata: Metadata, expected: dict[str, Any]) -> None:
    """Both files carry over whole; a requirement under `:marker` is required where the marker applies."""
    assert metadata.tables["project"] == {key: value for key, value in {**PROJECT, **expected}.items() if value}
    assert (metadata.problems, metadata.needs_setuptools) == ((), False)
    assert metadata.tables["tool"] == {"hatch": {"build": {"targets": {"wheel": {"packages": ["src/rotate_keys"]}}}}}


PARTS: list[tuple[str, dict[str, Any]]] = [
    ("if __name__ == '__main__':\n    setup(name='b')", {"name": "b"}),
    ("KEYS = ''\nsetup(name='a', keywords=KEYS)", {}),
    (
        "setup(name='a', keywords=['a', 'b'], author_email='a@b.c')",
        {"keywords": ["a", "b"], "authors": [{"email": "a@b.c"}]},
    ),
    ("setup(name='a', description='\\d')", {"description": "\\d"}),
    ("setup(name='a', license='Apache License 2.0')", {"license": "Apache-2.0"}),
    ("setup(name='a', license='Proprietary')", {"license": "LicenseRef-Proprietary"}),
    ("setup(name='a', license='Ours (v7)')", {"license": {"text": "Ours (v7)"}}),
    (
        "setup(name='a', classifiers='''\nLicense :: OSI Approved :: MIT License\nTyping :: Typed\n''')",
        {"license": "MIT", "classifiers": ["Typing :: Typed"]},
    ),
    (
        "setup(name='a', license='BSD', classifiers=['License :: OSI Approved :: BSD License'])",
        {"license": {"text": "BSD"}, "classifiers": ["License :: OSI Approved :: BSD License"]},
    ),
    (
        "setup(name='a', packages=['a'], entry_points='''[console_scripts]\n a = b:c\n [gui_scripts]\n d = e:f\n''')",
        {"scripts": {"a": "b:c"}, "gui-scripts": {"d": "e:f"}},
    ),
    ("setup(name='a', install_requires='''\nrequests\nrich # why\n''')", {"dependencies": ["requests", "rich"]}),
    (
        "setup(name='a', extras_require={'a': ['b'], \"a:os_name=='nt'\": 'c'})",
        {"optional-dependencies": {"a": ["b", "c; os_name=='nt'"]}},
    ),
    ("setup(name='a', long_description='Says.')", {"readme": {"text": "Says.", "content-type": "text/x-rst"}}),
]


@pytest.mark.parametrize(("py", "expected"), PARTS)
def test_literals_are_carried_over(py: str, expected: dict[str, Any]) -> None:
    """Also the name of a string, and text with one item a line; a license without an SPDX name stays as it is."""
    metadata = of(py, files={"a/__init__.py": "#"})
    assert (metadata.tables["project"], metadata.problems) == ({"name": "a", **expected}, ())
    assert not metadata.needs_setuptools


LEFT = [
    ("description=me()", "description is computed, not carried over: me()", ["description"]),
    ("description='a' + 'b'", "description is computed, not carried over: 'a' + 'b'", ["description"]),
    (
        "long_description=open('A').read()",
        "long_description is computed, not carried over: open('A').read()",
        ["readme"],
    ),
    ("version=V", "version is computed, not carried over: V", ["version"]),
    ("use_scm_version=True", "use_scm_version gives the version", ["version"]),
    ("author=me(), author_email='a@b.c'", "author is computed, not carried over: me()", ["authors"]),
    ("author=['a']", "author is not a string", ["authors"]),
    (
        "license=L, classifiers=['Typing :: Typed']",
        "license is computed, not carried over: L",
        ["classifiers", "license"],
    ),
    (
        "license='Ours', license_files=['L']",
        "license 'Ours' is not an SPDX expression, which license_files needs",
        ["license"],
    ),
    ("python_requires='3 or so'", "python_requires '3 or so' is not a version specifier", ["requires-python"]),
    ("install_requires=['./a']", "install_requires holds './a', which is not a requirement", ["dependencies"]),
    ("install_requires=[1]", "install_requires is not a list of strings", ["dependencies"]),
    ("install_requires=['a'] + R", "install_requires is computed, not carried over: ['a'] + R", ["dependencies"]),
    ("version='one'", "version 'one' is not valid (PEP 440)", ["version"]),
    ("entry_points={'a': [1]}", "entry_points is not a list of strings", ["entry-points", "gui-scripts", "scripts"]),
    (
        "extras_require={'a:x': ['c']}",
        "extras_require holds 'c; x', which is not a requirement",
        ["dependencies", "optional-dependencies"],
    ),
    (
        "ext_modules=[Extension('a', ['a.c'])]",
        "ext_modules is computed, not carried over: [Extension('a', ['a.c'])]",
        [],
    ),
    ("scripts=['bin/a']", "scripts has no place in pyproject.toml", []),
    ("data_files=[('etc', ['a.cfg'])]", "data_files has no place in pyproject.toml", []),
    ("packages=find_namespace_packages()", "packages is computed, not carried over: find_namespace_packages()", []),
]


@pytest.mark.parametrize(("keyword", "problem", "dynamic"), LEFT)
def test_everything_else_stays_in_setup_py(keyword: str, problem: str, dynamic: list[str]) -> None:
    """It is named with its line, and `dynamic` where PEP 621 allows that, so that setuptools goes on computing it."""
    metadata = of(f"setup(name='a',\n{keyword})")
    assert metadata.problems == (f"setup.py:3 {problem}",)
    assert metadata.needs_setuptools
    expected = {"name": "a", **({"dynamic": dynamic} if dynamic else {})}
    assert metadata.tables == {"project": expected, **SETUPTOOLS}


CHANGED = [
    "V += 'b'",
    "for V in 'ab': pass",
    "exec('V = 1')",
    "from os import *",
    "from a import V",
    "def f():\n    global V\n    V = 1",
]


@pytest.mark.parametrize("change", ["", *CHANGED])
def test_only_a_name_that_is_bound_once_is_known(change: str) -> None:
    """Whatever else may bind it makes its value unknown."""
    metadata = of(f"V = '1.1'\n{change}\nsetup(name='a', version=V)", files={"a/__init__.py": "#"})
    assert metadata.tables["project"] == {"name": "a", **({"dynamic": ["version"]} if change else {"version": "1.1"})}


WHOLE = [
    ("setup(name=me())", "it needs a literal name, and all keywords of setup()"),
    ("setup(version='1')", "it needs a literal name, and all keywords of setup()"),
    ("setup(name='a', **more)", "it needs a literal name, and all keywords of setup()"),
    ("setup(name='a')\nsetup(name='b')", "it needs a literal name, and all keywords of setup()"),
    ("setup(name=", "a file does not parse"),
    ("setup(name='a', version=V, entry_points='[x]\\na = b:c')", "beside it, entry_points must be a literal table"),
]


@pytest.mark.parametrize(("py", "reason"), WHOLE)
def test_a_setup_py_that_has_to_stay_whole(py: str, reason: str) -> None:
    """Where a [project] could contradict it or break the build, there is none."""
    metadata = of(py)
    assert metadata.problems[-1] == f"pyproject.toml gets no [project]: {reason}"
    assert (metadata.tables, metadata.needs_setuptools) == (SETUPTOOLS, True)


def test_another_backend_builds_as_it_did() -> None:
    """With a backend that pyproject.toml names, nothing is added."""
    files = {
        "setup.py": (HEAD + "setup(name='a')").encode(),
        "pyproject.toml": b"build-system.build-backend = 'pbr.build'",
    }
    metadata = read(files)
    assert metadata
    assert metadata.tables == {}
    files["pyproject.toml"] = b"build-system.build-backend = 'setuptools.build_meta'"
    assert read(files) == Metadata({"project": {"name": "a"}}, (), needs_setuptools=True)


@pytest.mark.parametrize("option", ["version = attr: a.__version__", "version = file: VERSION"])
def test_setup_cfg_can_refer_to_files(option: str) -> None:
    """Setuptools goes on following that."""
    metadata = of(cfg=f"[metadata]\nname = a\n{option}\n")
    assert metadata.tables["project"] == {"name": "a", "dynamic": ["version"]}
    assert metadata.problems[0].startswith("setup.cfg:3 version is computed")


WHEELS: list[tuple[str, dict[str, Any]]] = [
    ("packages=['a', 'a.b', 'c']", {"packages": ["a", "c"]}),
    ("packages=find_packages('lib'), package_dir={'': 'lib'}", {"packages": ["lib/e"]}),
    ("packages=['d'], package_dir={'': 'src'}, platforms=['any']", {"packages": ["src/d"]}),
    ("packages=['a'], py_modules=['m']", {"only-include": ["a", "m.py"]}),
    ("py_modules=['m']", {"only-include": ["m.py"]}),
    ("py_modules=['m'], package_dir={'': 'src'}", {"only-include": ["src/m.py"], "sources": ["src"]}),
    ("packages=find_packages()", {}),
    ("packages=['a'], package_dir={'a': 'lib'}", {}),
    ("packages=['a'], cmdclass={}, ext_package='a'", {}),
]


@pytest.mark.parametrize(("py", "wheel"), WHEELS)
def test_the_wheel_holds_the_same_packages(py: str, wheel: dict[str, Any]) -> None:
    """One package is found, several may not all be meant; what hatchling cannot build stays with setuptools."""
    names = ("a/__init__.py", "c/__init__.py", "lib/tests/__init__.py", "lib/e/__init__.py", "one.py")
    tables = of(f"setup(name='a', {py})", files=dict.fromkeys(names, "#")).tables
    built = {"tool": {"hatch": {"build": {"targets": {"wheel": wheel}}}}} if wheel else SETUPTOOLS
    assert tables == {"project": {"name": "a"}, **built}


def test_setup_py_wins_over_setup_cfg() -> None:
    """setup.py takes precedence, as in setuptools; keys that only one of them has are converted from there."""
    project = of("setup(name='a')", "[metadata]\nname = b\nversion = 2\n").tables["project"]
    assert project == {"name": "a", "version": "2"}


@pytest.mark.parametrize(
    "files", [{}, {"setup.cfg": b"[flake8]\nignore = E1\n"}, {"pyproject.toml": b""}, {"setup.py": b"print()"}]
)
def test_no_project_has_no_metadata(files: dict[str, bytes]) -> None:
    """Settings of tools in setup.cfg are no description of a project, nor is a program called setup.py."""
    assert read(files) is None


BOMBS = [
    f"setup(name={'(' * 500}'a'{')' * 500})",
    f"setup(name={'[' * 90}'a'{']' * 90})",
    "setup(name='a', version=" + "+".join(["'a'"] * 3000) + ")",
    "setup(name='a', description={[]: 1}, author={**1}, url=[*1], version={1}, keywords=-1j)",
    "setup(1, 2, **{}, name=b'1', license=...)",
    "setup(name='a', packages=find_packages(*1))",
    "\0",
]


@pytest.mark.parametrize("py", BOMBS, ids=range(len(BOMBS)))
def test_no_setup_py_takes_long_or_raises(py: str) -> None:
    """Values that are nested deeply and nonsense are `computed`."""
    assert isinstance(of(py), Metadata)


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
@given(
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.dictionaries(NAMES, st.text(max_size=30), max_size=5),
    st.binary(max_size=60),
)
def test_odd_values_never_raise(values: dict[str, Any], options: dict[str, str], noise: bytes) -> None:
    """Whatever the keywords hold, in both files, and whatever setup.cfg is; the tables can be written as TOML."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in {"name": "a", **values}.items())
    lines = "".join(f"{name} = {value}\n" for name, value in options.items())
    for cfg in (noise, f"[metadata]\n{lines}[options]\n{lines}".encode(errors="replace")):
        metadata = read({"setup.py": f"{HEAD}setup({arguments})".encode(errors="replace"), "setup.cfg": cfg})
        tomli_w.dumps(metadata.tables if metadata else {})


TEXTS = st.text("ab\"'[]=.#\n ", max_size=12).map(lambda text: text.replace('"""', ""))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1))
def test_the_line_of_a_toml_key_is_where_it_stands(table: dict[str, str]) -> None:
    """Strings of several lines that look like keys and tables are passed over."""
    text = "[t]\n" + "".join(f'{key} = """\n{value}\n"""\n' for key, value in table.items())
    toml = document.toml({"a.toml": text.encode()}, "a.toml")
    assert not toml.problem
    assert [text.split("\n")[toml.line("t", key) - 1] for key in table] == [f'{key} = """' for key in table]
