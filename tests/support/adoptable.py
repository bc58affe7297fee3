"""Small repositories as they occur in real life, each with tests of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.history import begin, checked_out, commit

UNITTEST = ("-m", "unittest", "discover")
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")

# What the template adds to every repository, and what to one with a package. `pyproject.toml` is among the first:
# either it is new, or it gets more keys.
ALWAYS = frozenset(
    {
        ".copier-answers.yml",
        ".editorconfig",
        ".env.example",
        ".github/dependabot.yml",
        ".github/workflows/ci.yml",
        ".gitignore",
        ".pre-commit-config.yaml",
        ".python-version",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements-dev.txt",
        "requirements.txt",
    }
)
PACKAGED = ALWAYS | {".github/workflows/release.yml", "CHANGELOG.md", "CONTRIBUTING.md"}


@dataclass(frozen=True)
class Adoptable:
    """One repository: its files by path, and what is expected of its adoption."""

    name: str
    files: Mapping[str, str]
    command: tuple[str, ...]  # that runs its tests, after the interpreter, in its folder
    added: frozenset[str]  # the files of the template that it lacks
    changed: frozenset[str]  # the files of its own that get more lines
    told: Mapping[str, tuple[Any, str]]  # answers that it tells, each with the place; `*` for any place
    modules: str = "."  # where its tests find its code
    prefix: str = ""  # the project's folder in the repository
    notes: tuple[str, ...] = field(default=())  # words that the notes hold

    def lay(self, folder: Path) -> Path:
        """Make the repository, with one commit; return the project's folder."""
        checked_out(begin(folder, commit("All of it", self.files)))
        return folder / self.prefix

    def test(self, project: Path) -> subprocess.CompletedProcess[str]:
        """Run its own tests, without a network and without any plugin."""
        env = {**os.environ, "PYTHONPATH": self.modules, "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
        command = [sys.executable, *self.command]
        return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


APACHE = """\
                                 Apache License
                           Version 2.0, January 2004
                        http://www.apache.org/licenses/

   TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION
"""

# ---- setup.py, with the code in src ------------------------------------------------------------------------------

SETUP_SRC = Adoptable(
    "metrics-relay",
    {
        "setup.py": """\
#!/usr/bin/env python
# -*- coding: utf-8 -*-
import io
import os
from setuptools import find_packages, setup

HERE = os.path.abspath(os.path.dirname(__file__))
with io.open(os.path.join(HERE, 'README.rst'), encoding='utf-8') as f:
    LONG = f.read()

setup(
    name = 'metrics-relay',
    version='2.4.1',
    description="Forwards statsd lines to whoever asks.",
    long_description=LONG,
    author='Nil Operator', author_email='nil@example.org',
    license="MIT",
    package_dir={'': 'src'},
    packages=find_packages('src'),
    python_requires='>=3.11',
    install_requires=[
        'requests>=2.31',   # the sink
    ],
    extras_require={'dev': ['pytest']},
    entry_points={'console_scripts': ['metrics-relay = metrics_relay.cli:main']},
)
""",
        "README.rst": "metrics-relay\n=============\n\nForwards statsd lines. *Do not* restart it on Fridays.\n",
        ".gitignore": "*.egg-info\n/build/\n*.log\n!keep.log\n",
        "keep.log": "kept on purpose\n",
        "src/metrics_relay/__init__.py": '__version__ = "2.4.1"\n',
        "src/metrics_relay/lines.py": """\
def parse(line):
    '''name:value|kind -> (name, value, kind)'''
    name, rest = line.strip().split(':', 1)
    value, kind = rest.split('|', 1)
    return name, float(value), kind
""",
        "src/metrics_relay/cli.py": """\
import sys

from metrics_relay.lines import parse


def main(argv=None):
    for line in (sys.argv[1:] if argv is None else argv):
        print(*parse(line))
    return 0


if __name__ == '__main__':
    sys.exit(main())
""",
        "tests/test_lines.py": """\
import unittest

from metrics_relay import __version__
from metrics_relay.cli import main
from metrics_relay.lines import parse


class LinesTest(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(parse('a.b:1.5|ms\\n'), ('a.b', 1.5, 'ms'))

    def test_main(self):
        self.assertEqual(main(['x:1|c']), 0)

    def test_version(self):
        with open('setup.py') as f:
            self.assertIn(__version__, f.read())
""",
    },
    command=(*UNITTEST, "-s", "tests"),
    modules="src",
    added=PACKAGED - {"README.md", ".gitignore"} | {"src/metrics_relay/py.typed"},
    changed=frozenset({".gitignore"}),
    told={
        "project_name": ("metrics-relay", "setup.py:12"),
        "python_version": ("3.11", "setup.py:20"),
        "tier": ("cli", "setup.py:25"),
        "author_email": ("nil@example.org", "setup.py:16"),
        "dependencies": (["requests"], "*"),
        "license": ("MIT", "setup.py:17"),
    },
    notes=("setup.py: keep it", "setup.py:15 long_description is computed"),
)

# ---- poetry ------------------------------------------------------------------------------------------------------

POETRY = Adoptable(
    "stale-tags",
    {
        "pyproject.toml": """\
# Managed by poetry; `poetry lock` after each change!
[tool.poetry]
name = "stale-tags"
version = "0.3.0"
description = "Finds image tags that nobody pulls."
authors = ["Mo Registry <mo@example.org>"]
license = "Apache-2.0"
readme = "README.md"
packages = [{ include = "stale_tags" }]

[tool.poetry.dependencies]
python = "^3.12"
httpx = {version = "^0.27", optional = true}   # only for --remote

[tool.poetry.group.dev.dependencies]
pytest = "*"

[tool.poetry.extras]
remote = ["httpx"]

[tool.poetry.scripts]
stale-tags = "stale_tags.__main__:main"

[tool.black]
line-length = 99

[tool.pytest.ini_options]
addopts = "-ra"

[build-system]
requires = ["poetry-core>=1.0.0"]
build-backend = "poetry.core.masonry.api"
""",
        "poetry.lock": """\
# This file is automatically @generated by Poetry 1.8.3 and should not be changed by hand.
package = []

[extras]
remote = ["httpx"]

[metadata]
lock-version = "2.0"
python-versions = "^3.12"
content-hash = "0000000000000000000000000000000000000000000000000000000000000000"
""",
        "README.md": "# stale-tags\n\nFinds image tags that nobody pulls.\n\n    poetry install\n    stale-tags 30\n",
        "LICENSE": APACHE,
        ".gitignore": "dist/\n.venv\n__pycache__\n!tests/data/dist/\n",
        "stale_tags/__init__.py": "",
        "stale_tags/ages.py": """\
from datetime import date, timedelta


def stale(pulled: dict[str, date], today: date, days: int) -> list[str]:
    limit = today - timedelta(days=days)
    return sorted(tag for tag, day in pulled.items() if day < limit)
""",
        "stale_tags/__main__.py": """\
import sys
from datetime import date

from stale_tags.ages import stale


def main() -> None:
    print(stale({}, date.today(), int(sys.argv[1])))


if __name__ == "__main__":
    main()
""",
        "tests/__init__.py": "",
        "tests/data/dist/pulls.txt": "a 2024-01-01\nb 2024-02-01\n",
        "tests/test_ages.py": """\
from datetime import date
from pathlib import Path

from stale_tags.ages import stale


def test_stale():
    lines = (Path(__file__).parent / "data" / "dist" / "pulls.txt").read_text().splitlines()
    pulled = {tag: date.fromisoformat(day) for tag, day in map(str.split, lines)}
    assert stale(pulled, date(2024, 2, 10), 20) == ["a"]
""",
    },
    command=PYTEST,
    added=PACKAGED - {"README.md", "LICENSE", ".gitignore", "pyproject.toml"},
    changed=frozenset({".gitignore", "pyproject.toml"}),
    told={
        "project_name": ("stale-tags", "*"),
        "python_version": ("3.12", "pyproject.toml:12"),
        "tier": ("cli", "pyproject.toml:22"),
        "description": ("Finds image tags that nobody pulls.", "pyproject.toml:5"),
        "license": ("Apache-2.0", "*"),
        "author_name": ("Mo Registry", "pyproject.toml:6"),
    },
)

# ---- one file, requirements.txt, a Makefile ----------------------------------------------------------------------

SCRIPT = Adoptable(
    "check-certs",
    {
        "check_certs.py": """\
#!/usr/bin/env python3
\"\"\"Warn about certificates that end soon.\"\"\"
import argparse
import datetime as dt
import sys

SOON = 21   # days


def days_left(not_after, now):
    \"\"\"
    >>> days_left("Jan 11 00:00:00 2030 GMT", dt.datetime(2030, 1, 1))
    10
    \"\"\"
    return (dt.datetime.strptime(not_after, "%b %d %H:%M:%S %Y %Z") - now).days


def main():
    p = argparse.ArgumentParser()
    p.add_argument("dates", nargs="*")
    p.add_argument("--dry-run", action="store_true", help="only print")
    args = p.parse_args()
    late = [d for d in args.dates if days_left(d, dt.datetime.now()) < SOON]
    for d in late: print("soon:", d)
    return 1 if late and not args.dry_run else 0


if __name__ == "__main__":
    sys.exit(main())
""",
        "test_check_certs.py": """\
import datetime as dt
import doctest
import unittest

import check_certs


class CertsTest(unittest.TestCase):
    def test_days_left(self):
        self.assertEqual(check_certs.days_left("Jan 02 00:00:00 2030 GMT", dt.datetime(2030, 1, 1)), 1)


def load_tests(loader, tests, ignore):
    tests.addTests(doctest.DocTestSuite(check_certs))
    return tests
""",
        "requirements.txt": """\
# by hand, ask Ops before you bump
requests==2.31.0
PyYAML==6.0.1   # config
-c constraints.txt
""",
        "constraints.txt": "urllib3<2\n",
        "Makefile": "PYTHON ?= python3\n\ntest:\n\t$(PYTHON) -m unittest\nrun:\n\t$(PYTHON) check_certs.py\n",
        ".python-version": "3.12\n",
        "README.md": "# check certs\n\nRuns on the jump host. `make run`; exit code 1 means *act*.\n",
        ".gitignore": "*.pem\n!fixtures/*.pem\n\n# a run writes it\nstate.json  \n.venv\n!.env.*\n",
        ".env.example": "# Fill in.\nSMTP_HOST=\n",
    },
    command=UNITTEST,
    added=ALWAYS - {"requirements.txt", ".python-version", "README.md", ".gitignore", ".env.example", "LICENSE"},
    changed=frozenset({".gitignore", ".env.example"}),
    told={
        "project_name": ("check certs", "README.md:1"),
        "python_version": ("3.12", ".python-version:1"),
        "tier": ("script", "*"),
        "dependencies": (["pyyaml", "requests"], "*"),
        "dry_run": (True, "*"),
    },
)

# ---- uv ----------------------------------------------------------------------------------------------------------

UV = Adoptable(
    "drain-nodes",
    {
        "pyproject.toml": """\
[project]
name = "drain-nodes"
version = "1.0.0"
description = "Drains nodes, one at a time."
readme = "README.md"
authors = [
    { name = "Kay Cluster", email = "kay@example.org" }
]
requires-python = ">=3.13"
dependencies = []

[project.scripts]
drain = "drain_nodes:main"

[dependency-groups]
dev = [
    "pytest>=8",  # nothing else, please
]

[tool.uv]
default-groups = ["dev"]

[tool.ruff]
line-length = 88
lint.extend-select = ["I"]   # isort

[build-system]
requires = ["uv_build>=0.8.0,<0.9.0"]
build-backend = "uv_build"
""",
        "uv.lock": """\
version = 1
revision = 2
requires-python = ">=3.13"

[[package]]
name = "drain-nodes"
version = "1.0.0"
source = { editable = "." }
""",
        ".python-version": "3.13\n",
        "README.md": "",
        ".gitignore": "# Python-generated files\n__pycache__/\n*.py[oc]\nbuild/\n\n# Virtual environments\n.venv",
        "src/drain_nodes/__init__.py": """\
from collections.abc import Iterator


def batches(nodes: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(nodes), size):
        yield nodes[start : start + size]


def main() -> None:
    print("Hello from drain-nodes!")
""",
        "src/drain_nodes/py.typed": "",
        "tests/test_batches.py": """\
import pytest

import drain_nodes


@pytest.mark.parametrize("size, count", [(1, 3), (2, 2), (5, 1)])
def test_batches(size, count):
    assert len(list(drain_nodes.batches(["a", "b", "c"], size))) == count
""",
    },
    command=PYTEST,
    modules="src",
    added=PACKAGED - {"README.md", ".gitignore", "pyproject.toml", ".python-version", "LICENSE"},
    changed=frozenset({".gitignore", "pyproject.toml"}),
    told={
        "project_name": ("drain-nodes", "pyproject.toml:2"),
        "python_version": ("3.13", ".python-version:1"),
        "tier": ("cli", "pyproject.toml:13"),
        "command": ("drain", "pyproject.toml:13"),
        "author_name": ("Kay Cluster", "pyproject.toml:7"),
    },
)

# ---- hatch, the version from the code ----------------------------------------------------------------------------

HATCH = Adoptable(
    "quota-report",
    {
        "pyproject.toml": """\
# hatch new quota-report, then tidied by hand
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "quota-report"
dynamic = ["version"]
description = 'Who uses how much.'
readme = "README.md"
requires-python = ">=3.11"
license = "MIT"
keywords = []
authors = [{ name = "Quinn Quota", email = "quinn@example.org" }]
classifiers = [
  "Programming Language :: Python :: 3.11",
  "Programming Language :: Python :: 3.12",
]
dependencies = []
urls = { Source = "https://example.org/quota-report" }   # inline on purpose

[tool.hatch.version]
path = "src/quota_report/__about__.py"

[tool.hatch.envs.types]
extra-dependencies = ["mypy>=1.0.0"]
[tool.hatch.envs.types.scripts]
check = "mypy --install-types --non-interactive {args:src/quota_report tests}"

[[tool.mypy.overrides]]
module = "vendor.*"
ignore_errors = true

[tool.coverage]
run.branch = true
run.source_pkgs = ["quota_report", "tests"]
report."exclude_lines" = ["no cov", "if TYPE_CHECKING:"]
""",
        "src/quota_report/__about__.py": '__version__ = "0.0.7"\n',
        "src/quota_report/__init__.py": '"""Who uses how much."""\n\nfrom .table import rows\n\n__all__ = ["rows"]\n',
        "src/quota_report/table.py": """\
from typing import Iterable, Tuple


def rows(used: Iterable[Tuple[str, int]], quota: int) -> "list[str]":
    return [f"{who:<8}{100 * much // quota:>4} %" for who, much in used]
""",
        "tests/__init__.py": "",
        "tests/test_table.py": """\
from importlib import import_module

from quota_report import rows


def test_rows():
    assert rows([("ada", 5)], 10) == ["ada       50 %"]


def test_version():
    assert import_module("quota_report.__about__").__version__ == "0.0.7"
""",
        "README.md": "# quota-report\n\n[![PyPI](https://example.org/badge.svg)](https://example.org)\n\n-----\n\nMIT\n",
        "LICENSE.txt": "MIT License\n\nCopyright (c) 2024-present Quinn Quota <quinn@example.org>\n",
        "CHANGES.md": "# Changes\n\n## 0.0.7\n- Rounds down.\n",
        ".gitignore": "build/\n",
    },
    command=PYTEST,
    modules="src",
    added=PACKAGED - {"README.md", "LICENSE", "CHANGELOG.md", ".gitignore", "pyproject.toml"}
    | {"src/quota_report/py.typed"},
    changed=frozenset({".gitignore", "pyproject.toml"}),
    told={
        "project_name": ("quota-report", "*"),
        "python_version": ("3.11", "pyproject.toml:11"),
        "tier": ("library", "*"),
        "license": ("MIT", "LICENSE.txt:1"),
        "description": ("Who uses how much.", "pyproject.toml:9"),
    },
)

# ---- workflows of its own, setup.cfg, the package in the root ----------------------------------------------------

WORKFLOWS = Adoptable(
    "dns-audit",
    {
        "setup.py": "from setuptools import setup\n\nsetup()\n",
        "setup.cfg": """\
[metadata]
name = dns-audit
version = 5.1
description = Compares zones with what answers.
author = DNS team
license = MIT
long_description = file: README.md
long_description_content_type = text/markdown

[options]
packages = find:
python_requires = >=3.11
install_requires =
    pyyaml>=6.0  ; python_version >= "3.11"
    # dnspython comes with the image

[options.packages.find]
exclude =
    tests*

[options.entry_points]
console_scripts =
    dns-audit = dns_audit.main:main

[flake8]
max-line-length = 100
""",
        ".github/workflows/ci.yml": """\
name: CI
on: [push, pull_request]   # both
jobs:
    test:
        runs-on: ubuntu-24.04
        steps:
        - uses: actions/checkout@v4
        - uses: actions/setup-python@v5
          with: {python-version: "3.12"}
        - run: pip install . pytest && pytest
""",
        ".github/workflows/nightly.yml": """\
name: Nightly audit
on:
  schedule:
    - cron: '30 2 * * *'
jobs:
  audit:
    runs-on: ubuntu-24.04
    env:
      TOKEN: ${{ secrets.DNS_TOKEN }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m dns_audit
""",
        ".github/dependabot.yml": """\
version: 2
updates:
  - {package-ecosystem: pip, directory: "/", schedule: {interval: monthly}}
""",
        "dns_audit/__init__.py": "__version__ = '5.1'\n",
        "dns_audit/__main__.py": "from dns_audit.main import main\n\nmain()\n",
        "dns_audit/main.py": """\
def differences(zone, answers):
    return {name for name in zone if zone[name] != answers.get(name)}


def main():
    print(sorted(differences({}, {})))
""",
        "tests/test_main.py": """\
import subprocess
import sys

from dns_audit.main import differences


def test_differences():
    assert differences({"a": 1, "b": 2}, {"a": 1}) == {"b"}


def test_module():
    done = subprocess.run([sys.executable, "-m", "dns_audit"], capture_output=True, text=True)
    assert done.stdout == "[]\\n"
""",
        "README.md": "# DNS audit\n\nNightly, see the workflow. Page the DNS team, not Ops.\n",
        "requirements-dev.txt": "pytest\nflake8~=7.0\n",
        ".gitignore": "*.zone\n!tests/*.zone\n",
        ".pre-commit-config.yaml": "repos: []  # on purpose\n",
    },
    command=PYTEST,
    added=PACKAGED
    - {"README.md", ".gitignore", "requirements-dev.txt", ".github/dependabot.yml", ".pre-commit-config.yaml"}
    - {".github/workflows/ci.yml", ".github/workflows/release.yml"}
    | {".github/workflows/ops-ci.yml", ".github/workflows/ops-release.yml"},
    changed=frozenset({".gitignore", "requirements-dev.txt"}),
    told={
        "project_name": ("DNS audit", "README.md:1"),
        "python_version": ("3.12", ".github/workflows/ci.yml:9"),
        "tier": ("cli", "setup.cfg:23"),
        "runner": ("ubuntu-24.04", "*"),
        "updates": ("dependabot", "*"),
        "dependencies": (["pyyaml"], "*"),
    },
    notes=("setup.cfg", "delete"),
)

# ---- a folder of a repository with more in it --------------------------------------------------------------------

_PROJECT = {
    "pyproject.toml": """\
[project]
name = "janitor"
version = "0"
requires-python = "==3.13.*"

[build-system]
requires = ["setuptools>=68"]

[tool.setuptools.packages.find]
where = ["src"]

[tool.ruff]
extend = "../../ruff.toml"   # one for all services
""",
    "src/janitor/__init__.py": "",
    "src/janitor/sweep.py": "def sweep(names, keep):\n    return [n for n in names if n not in keep]\n",
    "tests/test_sweep.py": """\
import unittest

from janitor.sweep import sweep


class SweepTest(unittest.TestCase):
    def test_sweep(self):
        self.assertEqual(sweep(["a", "b"], {"a"}), ["b"])
""",
    "README.md": "# Janitor\n\nSee ../../README.md first.\n",
}
MONOREPO = Adoptable(
    "platform",
    {
        **{f"services/janitor/{path}": text for path, text in _PROJECT.items()},
        "services/other/main.go": "package main\n\nfunc main() {}\n",
        "README.md": "# Platform\n\nEverything that runs at night.\n",
        "ruff.toml": "line-length = 120\n",
        "pyproject.toml": "# Not a project.\n[tool.codespell]\nskip = '*.lock'\n",
        ".gitignore": "node_modules/\n",
        ".github/workflows/ci.yml": "on: push\njobs:\n  go: {runs-on: ubuntu-24.04, steps: [{run: go build ./...}]}\n",
    },
    prefix="services/janitor",
    command=(*UNITTEST, "-s", "tests"),
    modules="src",
    added=frozenset(path for path in PACKAGED if not path.startswith((".github/", ".editorconfig")))
    - {"README.md", "pyproject.toml", "LICENSE"}
    | {"src/janitor/py.typed"},
    changed=frozenset({"pyproject.toml"}),
    told={
        "project_name": ("Janitor", "README.md:1"),
        "python_version": ("3.13", "pyproject.toml:4"),
        "tier": ("library", "*"),
    },
)

# ---- CRLF and tabs -----------------------------------------------------------------------------------------------

_WINDOWS = {
    "rotate_logs.py": '''\
"""Rotates logs on the file servers."""
import os
import sys


def target(name, number):
	base, ext = os.path.splitext(name)
	return "%s.%d%s" % (base, number, ext)


def main(names):
	for name in names:
		print(target(name, 1))


if __name__ == "__main__":
	main(sys.argv[1:])
''',
    "tests/test_rotate_logs.py": """\
import unittest

from rotate_logs import target


class TargetTest(unittest.TestCase):
	def test_target(self):
		self.assertEqual(target("a.log", 2), "a.2.log")

	def test_line_ends(self):
		with open("rotate_logs.py", "rb") as f:
			self.assertTrue(all(line.endswith(b"\\r\\n") for line in f))
""",
    "pyproject.toml": """\
[project]
name = "rotate-logs"	# a tab
version = "1.2"
requires-python = ">=3.11"
dependencies = [
	"jinja2==3.1.4",
]

[tool.mypy]
strict = false
""",
    "README.md": "# rotate-logs\n\n\trotate_logs.py *.log\n",
    ".gitignore": "*.log\n!sample.log\nbuild",
    ".editorconfig": "root = true\n[*]\nend_of_line = crlf\nindent_style = tab\n",
    ".gitattributes": "* -text\n",
}
CRLF = Adoptable(
    "rotate-logs",
    {path: text.replace("\n", "\r\n") for path, text in _WINDOWS.items()},
    command=(*UNITTEST, "-s", "tests"),
    added=ALWAYS - {"README.md", ".gitignore", "pyproject.toml", ".editorconfig", "LICENSE"},
    changed=frozenset({".gitignore", "pyproject.toml"}),
    told={
        "project_name": ("rotate-logs", "*"),
        "python_version": ("3.11", "pyproject.toml:4"),
        "tier": ("script", "*"),
        "dependencies": (["jinja2"], "pyproject.toml:6"),
    },
)

ALL = {
    "setup.py": SETUP_SRC,
    "poetry": POETRY,
    "script": SCRIPT,
    "uv": UV,
    "hatch": HATCH,
    "workflows": WORKFLOWS,
    "monorepo": MONOREPO,
    "crlf": CRLF,
}
