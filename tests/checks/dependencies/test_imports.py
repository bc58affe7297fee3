"""The rules that deptry and validate-pyproject check: OPS306, OPS307, OPS308, OPS407."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command import git

from new_ops_project.checks import catalogue, engine, repo
from new_ops_project.checks.linters import validate_pyproject
from new_ops_project.checks.rule import Rule

LIBRARY = "[project]\nname = 'x'\nversion = '1'\ndependencies = [{}]\n[build-system]\nrequires = ['hatchling']\n"
IMPORTS = [rule for rule in catalogue.rules() if rule.tool == "deptry"]
VALID = [rule for rule in catalogue.rules() if rule.code == "OPS407"]


def checked(folder: Path, files: Mapping[str, str], rules: list[Rule]) -> engine.Checked:
    """The findings of the rules in a repository with these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git("init", "--quiet", at=folder)
    return engine.run(repo.read(folder, offline=True), rules)


def findings(folder: Path, files: Mapping[str, str], rules: list[Rule] | None = None) -> list[str]:
    """The same findings, each as a line of text."""
    done = checked(folder, files, IMPORTS if rules is None else rules)
    assert not done.skipped, done.skipped
    return [f"{each.code} {each.path}:{each.line}:{each.column} {each.message}" for each in done.findings]


def test_what_is_imported_and_declared(work: Path) -> None:
    """Undeclared, unused and misplaced imports are found at their places, not guarded or typing-only ones."""
    code = """\
from typing import TYPE_CHECKING
import yaml, httpx
import pytest
import x.other, helper
if TYPE_CHECKING:
    import numpy
try:
    import ujson
except ImportError:
    ujson = None
def f():
    import attr
"""
    files = {
        "pyproject.toml": LIBRARY.format("'PyYAML', 'tenacity'") + "[dependency-groups]\ndev = ['pytest']\n",
        "src/x/__init__.py": code,
        "src/helper.py": "",
        "scripts/around.py": "import nox, x, structlog\n",
        "src/x/inline.py": "# /// script\n# dependencies = ['rich']\n# ///\nimport rich\n",
        "src/x/paths.py": "import sys\nsys.path.append('vendor')\nimport vendored\n",
        "src/x/plugins/facts.py": "import jmespath\nfrom ansible.module_utils.basic import AnsibleModule\n",
        "src/x/diffs.py": "def changed():\n    import pytest\n",
        "src/x/api_pb2.py": "import api_pb2_grpc, google.protobuf\n",
    }
    assert findings(work, files) == [
        "OPS307 pyproject.toml:4:27 tenacity is declared, but nothing imports it.",
        "OPS306 src/x/__init__.py:2:14 httpx is imported, but not declared.",
        "OPS308 src/x/__init__.py:3:8 pytest is imported here, but declared for development only.",
        "OPS306 src/x/__init__.py:12:12 attr is imported, but not declared.",
    ]


INIT = "src/x/__init__.py"
YAML = "yaml is imported, but not declared."
LISTED = {
    "modules that nobody knows": ({"pyproject.toml": LIBRARY.format("'py-unheard-of'"), INIT: "import unheard\n"}, ""),
    "wanted by the answers, a server, types": (
        {
            "pyproject.toml": LIBRARY.format("'tenacity', 'gunicorn', 'types-requests'"),
            INIT: "",
            ".copier-answers.yml": "dependencies: [tenacity]\n",
        },
        "",
    ),
    "a script with a list": (
        {
            "requirements.txt": "requests==2.32.3\nidna==3\n",
            "run.py": "import requests\nimport yaml\n",
            "test_run.py": "import nox\n",
        },
        f"OPS306 run.py:2:8 {YAML} Add pyyaml to the dependencies in requirements.txt.",
    ),
    "a project with a list": (
        {
            "pyproject.toml": "[project]\nname = 'x'\n",
            "requirements.in": "requests\n",
            "x.py": "import requests\nimport yaml\n",
        },
        f"OPS306 x.py:2:8 {YAML} Add pyyaml to the dependencies in pyproject.toml.",
    ),
    "nothing": ({}, ""),
    "code alone": ({"a.py": "import yaml\n"}, ""),
    "no TOML": ({"pyproject.toml": "[", "a.py": "import yaml\n"}, ""),
    "dynamic": (
        {"pyproject.toml": "[project]\nname = 'a'\ndynamic = ['dependencies']\n", "a.py": "import yaml\n"},
        "",
    ),
}


@pytest.mark.parametrize(("files", "expected"), LISTED.values(), ids=LISTED)
def test_what_is_declared(files: dict[str, str], expected: str, work: Path) -> None:
    """Requirements files declare too; nothing is reported where modules or declarations are not known."""
    lines = findings(work, files)
    remedies = [each.remedy for each in checked(work, {}, IMPORTS).findings]
    assert " ".join([*lines, *remedies]) == expected


PLACES = {
    "setup.cfg": {"setup.cfg": "[metadata]\nname = x\n[options]\ninstall_requires = requests\n"},
    "setup.py": {
        "setup.py": "from setuptools import setup\nsetup(name='x', install_requires=['requests'])\n",
        "requirements.txt": "pytest\n",
    },
    "base.txt": {
        "pyproject.toml": "[project]\nname = 'x'\ndynamic = ['dependencies']\n"
        "[build-system]\nrequires = ['setuptools']\n[tool.setuptools.dynamic]\ndependencies = {file = 'base.txt'}\n",
        "base.txt": "requests\n",
    },
    "pyproject.toml": {"pyproject.toml": LIBRARY.format(""), "requirements.txt": "pytest\n"},
}


@pytest.mark.parametrize("path", PLACES)
def test_where_to_declare_it(path: str, work: Path) -> None:
    """The remedy names the file in which this project declares what it needs."""
    remedies = [each.remedy for each in checked(work, {**PLACES[path], INIT: "import yaml\n"}, IMPORTS).findings]
    assert f"Add pyyaml to the dependencies in {path}." in remedies


def test_what_the_host_provides(work: Path) -> None:
    """A module of the program that loads this code need not be declared, nor what it has for sitecustomize.py."""
    files = {
        "pyproject.toml": LIBRARY.format(""),
        INIT: "import ansible.plugins, bpy\nfrom homeassistant import core\n",
        "src/x/sitecustomize.py": "import yaml\n",
    }
    assert not findings(work, files)


@pytest.mark.parametrize("module", ["hypothesis", "jsonschema", "nowhere_installed"])
def test_what_is_beside_this_tool_does_not_count(module: str, work: Path) -> None:
    """Whether deptry finds the module, or the package, in its own environment changes nothing."""
    assert not findings(work, {"pyproject.toml": LIBRARY.format("'unknown-package'"), INIT: f"import {module}\n"})


SETUP = "from setuptools import setup\nsetup(name='x', install_requires=['requests'])\n"
CIRCLE = LIBRARY.format("") + "[dependency-groups]\na = [{include-group = 'a'}]\n"
COMPUTED = "from setuptools import setup\nsetup(name='x', install_requires=read('{}'))\n"
BARE = "from setuptools import setup\nsetup(name='x')\n"


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"setup.py": SETUP}, 1),
        ({"setup.cfg": "[metadata]\nname = x\n[options]\ninstall_requires = requests\n"}, 1),
        ({"setup.py": SETUP, "requirements.txt": "pytest\n"}, 1),  # which is for development
        ({"setup.py": SETUP, "requirements.txt": "pyyaml\n"}, 0),
        ({"setup.py": COMPUTED.format("base"), "requirements.txt": "pytest\n"}, 0),  # which says nothing about it
        ({"setup.py": COMPUTED.format("requirements.txt"), "requirements.txt": "requests\n"}, 1),
        ({"setup.py": BARE, "requirements.txt": "requests\n"}, 1),
        ({"setup.py": SETUP, "x/install.py": "from setuptools.command.install import install\n"}, 1),
    ],
)
def test_what_setup_py_declares(files: dict[str, str], count: int, work: Path) -> None:
    """The requirements of setup.py and setup.cfg count, whatever a requirements file beside it is for."""
    code = {"x/__init__.py": "import requests\nimport yaml\n", "x/a.py": "import yaml\n"}
    assert findings(work, {**files, **code}) == ["OPS306 x/__init__.py:2:8 yaml is imported, but not declared."] * count


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    import yaml\nexcept ImportError:\n    yaml = None\n",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import yaml\n",
        "try:\n    import yaml.nodes as nodes\nexcept Exception:\n    pass\n",
    ],
)
def test_an_optional_import(code: str, work: Path) -> None:
    """What one file can do without, the others import only where it is there."""
    files = {"pyproject.toml": LIBRARY.format("'boto3'"), "src/x/__init__.py": code}
    assert findings(work, {**files, "src/x/a.py": "import boto3, yaml, botocore\n"}) == []


SKIPPED = [
    ({"pyproject.toml": LIBRARY.format("") + "[tool.deptry]\nnone = 1\n", INIT: ""}, "deptry failed: "),
    ({"pyproject.toml": CIRCLE, INIT: ""}, "[dependency-groups] of pyproject.toml is not valid: Cyclic dependency"),
]


@pytest.mark.parametrize(("files", "reason"), SKIPPED)
def test_what_deptry_cannot_read(files: dict[str, str], reason: str, work: Path) -> None:
    """The rules are skipped with the reason: setup.py, settings that deptry refuses, a group that includes itself."""
    (skipped,) = checked(work, files, IMPORTS).skipped
    assert skipped.codes == ("OPS306", "OPS307", "OPS308")
    assert skipped.reason.startswith(reason)


def test_the_programs_are_not_installed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the programs, the rules are skipped."""
    monkeypatch.setattr("new_ops_project.checks.linters.program.shutil.which", lambda *_, **__: None)
    result = checked(work, {"pyproject.toml": LIBRARY.format(""), "x.py": ""}, [*IMPORTS, *VALID])
    assert {(skipped.codes, skipped.reason) for skipped in result.skipped} == {
        (("OPS306", "OPS307", "OPS308"), "deptry is not installed."),
        (("OPS407",), "validate-pyproject is not installed."),
    }


X = "[project]\nname = 'x'\nversion = '1'\n"
VALIDITY = [
    (X, ""),
    (None, ""),
    ("[project]\nname = 'x y'\nversion = '1'\n", "2:8 project.name must be pep508-identifier."),
    (f"{X}classifiers = ['Private :: a', 'No :: Such']\n", "4:32 project.classifiers[1] must be trove-classifier."),
    (f"{X}none = 3\n", "1:1 project must not contain {'none'} properties."),
    (f"{X}license = 'Mine!'\n", "4:11 project.license must be valid exactly by one definition (0 matches found)."),
    ("[project\n", ""),
]


@pytest.mark.parametrize(("text", "line"), VALIDITY)
def test_what_is_valid(text: str | None, line: str, work: Path) -> None:
    """The first value that breaks the specification is found at its place; without the file, there is none."""
    lines = findings(work, {"x.py": ""} if text is None else {"pyproject.toml": text}, VALID)
    assert "".join(each.removeprefix("OPS407 pyproject.toml:") for each in lines) == line


def test_names_of_values_are_keys() -> None:
    """Names as validate-pyproject writes them become keys."""
    assert validate_pyproject.keys("project.authors[0].name") == ("project", "authors", 0, "name")
    assert validate_pyproject.keys("tool.a-b.'c.d'[1][2]") == ("tool", "a-b", "c.d", 1, 2)
