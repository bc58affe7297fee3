"""Whatever is in the files that a verb reads, it ends with a documented exit code, in a sentence, within seconds.

FUZZ_EXAMPLES is the number of examples, FUZZ_LOG a file that gets a line for each; see .github/CONTRIBUTING.md.
"""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import hostile_files as hostile
from support.command import git
from support.small import LINES, Small, make, make_project

from new_ops_project import cli
from new_ops_project.checks import catalogue
from new_ops_project.template import releases

USUAL = 2_000
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", USUAL))
LOG = os.environ.get("FUZZ_LOG", os.devnull)
SECONDS = 5  # of processor time
HANGS = 300  # seconds on the clock, however busy the machine is

WORKFLOW = """\
name: CI
on:
  push: {branches: [main]}
  workflow_call:
    inputs: {x: {type: string, default: a}}
permissions: {contents: read}
env: {A: '${{ github.event.issue.title }}'}
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    strategy: {matrix: {python: ['3.11', '3.12'], include: [{python: '3.13'}]}}
    services: {db: {image: 'postgres:16'}}
    steps:
      - uses: actions/checkout@v4
        with: {persist-credentials: true}
      - uses: actions/setup-python@0123456789012345678901234567890123456789  # v5.1.0
        with:
          python-version: ${{ matrix.python }}
          cache: pip
      - run: |
          pip install -r requirements.txt && pytest
          echo "${{ github.head_ref }}" >> "$GITHUB_ENV"
        shell: bash
        if: ${{ always() && contains(github.ref, 'x') }}
"""
PYPROJECT = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "audit"
version = "1.0.0"
description = "Audit."
readme = "README.md"
requires-python = ">=3.11,<3.14"
license = {text = "MIT"}
authors = [{name = "Ada", email = "ada@example.org"}]
classifiers = ["Programming Language :: Python :: 3.11"]
dependencies = ["requests>=2,<3", "click; python_version < '3.12'"]
dynamic = ["keywords"]

[project.optional-dependencies]
dev = ["pytest"]

[project.scripts]
audit = "audit.cli:main"

[dependency-groups]
dev = ["ruff==0.4.1", {include-group = "test"}]
test = ["pytest>=8"]

[tool.poetry.dependencies]
python = "^3.11"
httpx = {version = "^0.27", optional = true}

[tool.ruff]
target-version = "py311"
line-length = 100
[tool.mypy]
python_version = "3.11"
[tool.setuptools.packages.find]
where = ["src"]
[tool.uv.sources]
click = {path = "../click"}
[tool.new-ops-project.ignore]
OPS101 = "because"
"""
SETUP_CFG = """\
[metadata]
name = audit
version = attr: audit.VERSION
long_description = file: README.md
license = MIT
author = Ada, Bob
author_email = ada@example.org
[options]
packages = find:
python_requires = >=3.11
install_requires =
    requests>=2
    click ; python_version < "3.12"
[options.extras_require]
dev = pytest
[options.entry_points]
console_scripts =
    audit = audit.cli:main
[flake8]
max-line-length = 100
"""
SETUP_PY = """\
import re
from setuptools import find_packages, setup

VERSION = "1.0"
setup(
    name="audit",
    version=VERSION,
    packages=find_packages("src"),
    package_dir={"": "src"},
    install_requires=["requests>=2", "click"],
    extras_require={"dev": ["pytest"]},
    entry_points={"console_scripts": ["audit=audit.cli:main"]},
    python_requires=">=3.11",
    author="Ada",
)
"""
PROGRAM = """\
import argparse

import requests
import yaml


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="http://example.org")
    options = parser.parse_args(argv)
    try:
        print(requests.get(options.url).text)
    except Exception:
        pass
    subprocess.run("ls " + options.url, shell=True)
    return yaml.load(open("x.yml"))


if __name__ == "__main__":
    main()
"""
REQUIREMENTS = """\
# Locked.
--index-url https://example.org/simple
requests==2.32.3 ; python_version >= "3.11" \\
    --hash=sha256:0123456789012345678901234567890123456789012345678901234567890123
click>=8,<9  # commands
-r requirements-dev.txt
-e ./lib
boto3[crt]~=1.34
urllib3 @ https://example.org/urllib3.whl
"""
DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
WORKDIR /app
COPY requirements.txt task.py ./
RUN pip install \\
    --no-cache-dir -r requirements.txt
FROM python:3.12@sha256:0123
COPY --from=build /app /app
USER 1000
ENTRYPOINT ["python", "task.py"]
CMD python -m audit
"""
PRE_COMMIT = """\
default_language_version: {python: python3.11}
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.4.1
    hooks: [{id: ruff, args: [--fix]}, {id: ruff-format}]
  - repo: local
    hooks:
      - {id: mine, name: Mine, entry: ./mine, language: system, additional_dependencies: ['a==1']}
"""
DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: pip
    directory: /
    schedule: {interval: weekly}
    groups: {all: {patterns: ['*']}}
  - {package-ecosystem: github-actions, directory: /, schedule: {interval: monthly}}
"""
UV_LOCK = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "audit"
version = "1.0.0"
source = { editable = "." }
dependencies = [{ name = "requests", marker = "python_version < '3.12'" }]
[package.optional-dependencies]
dev = [{ name = "pytest" }]
[package.metadata]
requires-dist = [{ name = "requests", specifier = ">=2" }]
[[package]]
name = "requests"
version = "2.32.3"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://x/y.tar.gz", hash = "sha256:0", size = 1 }
"""
FLEET = """\
author = "Platform <platform@example.org>"
forge = "github"
sources = ["repos.txt", "../generated"]
[groups.payments]
owner = "team-payments"
sources = ["../generated/audit"]
[waves]
canary = ["payments", "tools"]
early = "10%"
[limits]
timeout = 60
"""
ACTION = """\
name: Set up
description: x
inputs: {version: {required: true, default: '3.12'}}
runs:
  using: composite
  steps: [{run: 'echo ${{ inputs.version }}', shell: bash}]
"""
COPIER_YML = """\
_exclude: ['*.pyc', copier.yml]
_skip_if_exists: [notes.md]
_envops: {trim_blocks: true}
_templates_suffix: .jinja
_min_copier_version: '9.0'
_message_after_copy: 'Made {{ colour }}.'
colour:
  type: str
  default: blue
  help: Which colour?
  choices: {Blue: blue, 'Red {{ 1 }}': {value: red, validator: '{{ "" }}'}}
  validator: "{% if colour == 'red' %}no{% endif %}"
count: {type: int, default: 3, when: "{{ colour == 'blue' }}"}
tags: {type: str, multiselect: true, choices: [a, b], default: [a]}
data: {type: yaml, default: '[1, {a: b}]'}
computed: {default: "{{ colour|upper }}-{{ count }}", when: false}
"""
ANSWERS = """\
# Changes here will be overwritten by Copier
_commit: v1.0.0
_src_path: SOURCE
colour: blue
count: 3
tags: [a]
data: [1, {a: b}]
"""
TEXT_JINJA = "{% if colour == 'blue' %}\nIt is {{ colour }}.\n{% endif %}\n{{ count + 1 }} {{ data[1].a }}\n"
# Without linters, which read the same files in processes of their own, and without what renders a template.
PLAIN_RULES = ",".join(rule.code for rule in catalogue.rules() if not rule.tool and not rule.code.startswith("OPS6"))

RELEASES = ("only", "newest", "oldest")  # of a template, for new and update
# Verbs that read a file, the quick ones more often.
CHECKS = (*("check",) * 4, "fix", "adopt")
CLONES = (*CHECKS, *("doctor",) * 2)
LOOKS = (*CLONES, "template", *("status", "current") * 2, "update")
# Path: a valid file, fragments, the format in which it can be written anew, the share of examples, its verbs.
ROWS: dict[str, tuple[str, tuple[str, ...], str, int, tuple[str, ...]]] = {
    "copier.yml": (COPIER_YML, (*hostile.COPIER, *hostile.YAML, *hostile.JINJA), "yaml", 20, RELEASES),
    "text.md.jinja": (TEXT_JINJA, hostile.JINJA, "", 6, RELEASES),
    ".copier-answers.yml": (ANSWERS, (*hostile.YAML, *hostile.JINJA), "yaml", 14, LOOKS),
    ".github/workflows/ci.yml": (WORKFLOW, (*hostile.YAML, *hostile.JINJA), "yaml", 14, CHECKS),
    "pyproject.toml": (PYPROJECT, (*hostile.TOML, *hostile.REQUIREMENTS), "toml", 14, LOOKS),
    "requirements.txt": (REQUIREMENTS, hostile.REQUIREMENTS, "", 8, LOOKS),
    "Dockerfile": (DOCKERFILE, hostile.DOCKER, "", 4, CHECKS),
    "setup.cfg": (SETUP_CFG, (*hostile.INI, *hostile.REQUIREMENTS), "", 6, CLONES),
    "setup.py": (SETUP_PY, (*hostile.PYTHON, *hostile.REQUIREMENTS), "", 4, CHECKS),
    "task.py": (PROGRAM, hostile.PYTHON, "", 4, CHECKS),
    ".pre-commit-config.yaml": (PRE_COMMIT, hostile.YAML, "yaml", 3, CLONES),
    ".github/dependabot.yml": (DEPENDABOT, hostile.YAML, "yaml", 3, CHECKS),
    "action.yml": (ACTION, hostile.YAML, "yaml", 2, ("check", "fix")),
    "uv.lock": (UV_LOCK, hostile.TOML, "toml", 4, CLONES),
    ".python-version": ("3.11\n", hostile.REQUIREMENTS, "", 2, CLONES),
    ".gitignore": ("*.log\n/build/\n!keep\n", hostile.GITIGNORE, "", 2, (*CHECKS, "update")),
    ".env.example": ("A=1\nB='x'\n", hostile.INI, "", 1, ("check", "doctor", "adopt")),
    ".venv/pyvenv.cfg": ("home = /usr/bin\nversion = 3.11.7\n", hostile.INI, "", 1, ("doctor",)),
    ".secrets.baseline": ('{"version": "1.5.0", "results": {}}\n', hostile.ANY, "json", 1, ("check",)),
    "fleet.toml": (FLEET, hostile.TOML, "toml", 3, ("fleet",)),
    "data.yml": ("colour: red\ntags: [a, b]\ncount: 5\n", (*hostile.YAML, *hostile.JINJA), "yaml", 3, ("data",)),
    "config.toml": ('template = "x"\n[answers]\nlicense = "MIT"\n', hostile.TOML, "toml", 2, ("config",)),
    "audit.py": (PROGRAM, hostile.PYTHON, "", 2, ("promote",)),
    "src/audit/py.typed": ("partial\n", hostile.ANY, "", 1, ("check", "adopt")),
}
ELSEWHERE = {"copier.yml", "text.md.jinja", ".venv/pyvenv.cfg", "fleet.toml", "data.yml", "config.toml", "audit.py"}
FILES = {path: row[0] for path, row in ROWS.items() if path not in ELSEWHERE}
WHOLE = sum(row[3] for row in ROWS.values())


@dataclass(frozen=True)
class Repository:
    """A repository in which one file is written again and again."""

    root: Path
    tag: str = ""

    def put(self, path: str, content: bytes, *, is_committed: bool) -> None:
        """Write the file, as its last commit has it if that counts; `tag` moves with that commit."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if is_committed:
            git("commit", "--quiet", "--all", "--amend", "--no-edit", "--allow-empty", "--no-verify", at=self.root)
        if self.tag:
            refs = self.root / ".git" / "refs"
            (refs / "tags" / self.tag).write_bytes((refs / "heads" / "trunk").read_bytes())


@dataclass(frozen=True)
class World:
    """Repositories in `folder`, each made when a verb first reads it."""

    folder: Path

    @cached_property
    def generated(self) -> Small:
        """A project of the first version of a template that has two."""
        return self._project("generated")

    @cached_property
    def foreign(self) -> Path:
        """The same files in a repository that no template made."""
        return make_project(self.folder / "foreign", {**FILES, ".copier-answers.yml": None}, {})

    def release(self, which: str) -> tuple[Repository, Path]:
        """A template whose only, newest or oldest version changes; a project of its first version."""
        if which not in self._templates:
            made = self._project(which)
            tag = "v1.1.0" if which == "newest" else "v1.0.0"
            git("reset", "--quiet", "--hard", f"{tag}^0", at=made.template)
            if which == "only":
                git("tag", "--delete", "v1.1.0", at=made.template)
            self._templates[which] = Repository(made.template, tag), made.project
        return self._templates[which]

    @cached_property
    def _templates(self) -> dict[str, tuple[Repository, Path]]:
        return {}

    def _project(self, name: str) -> Small:
        both = {"text.md.jinja": TEXT_JINJA, "notes.md": LINES, "requirements.txt": "requests==2.31.0\n"}
        newer = {"notes.md": f"{LINES}newer\n", ".gitignore": "*.log\n*.tmp\n"}
        made = make(self.folder / name, both, newer, FILES, questions=(COPIER_YML, None))
        made.commit({".copier-answers.yml": ANSWERS.replace("SOURCE", str(made.template))})
        return made

    @cached_property
    def script(self) -> Path:
        """A script of our own template."""
        cli.run(["new", "audit", "--defaults", "--path", str(self.folder / "script")])
        return self.folder / "script"

    def prepared(self, verb: str, path: str, content: bytes) -> tuple[str, ...]:
        """Write the file where the verb reads it; return the command line."""
        if verb in RELEASES:
            repository, project = self.release(verb)
            repository.put(path, content, is_committed=True)
            new = ("new", "fresh", "--defaults", "--preview", "--template", str(repository.root))
            return new if verb == "only" else ("update", str(project), "--preview")
        root = self._root(verb)
        text = content.replace(b"SOURCE", str(self.generated.template).encode()) if verb in LOOKS else content
        Repository(root).put(path, text, is_committed=verb in READ_COMMITS)
        places = {"PLACE": str(root), "FILE": str(root / path)}
        if verb == "data":
            places["TEMPLATE"] = str(self.generated.template)
        return tuple(places.get(word, word) for word in COMMANDS[verb].split())

    def _root(self, verb: str) -> Path:
        """The folder with the file that the verb reads."""
        if verb in {"adopt", "promote"}:
            return self.foreign if verb == "adopt" else self.script
        others = {"fleet": "fleet", "data": "data", "config": "home/config/new-ops-project"}
        return self.folder / others[verb] if verb in others else self.generated.project


READ_COMMITS = {"adopt", "update", "current", "status", "promote"}
COMMANDS = {
    "check": f"check PLACE --select {PLAIN_RULES}",
    "template": "check PLACE --select template",
    "fix": f"check PLACE --select {PLAIN_RULES} --fix --preview",
    "doctor": "doctor PLACE",
    "current": "update PLACE --check",
    "update": "update PLACE --preview",
    "status": "fleet status PLACE",
    "adopt": "adopt PLACE --preview --yes",
    "fleet": "fleet status FILE",
    "data": "new fresh --defaults --preview --template TEMPLATE --data-file FILE",
    "config": "config show",
    "promote": "promote library PLACE --preview",
}


@pytest.fixture
def world(tmp_path: Path, home: Path, work: Path) -> World:
    """The repositories of one test, with a git that does no more than it must."""
    with (home / ".gitconfig").open("a") as file:
        file.write("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[core]\n\tautocrlf = false\n\tfsync = none\n")
    return World(tmp_path)


@contextmanager
def _limited(what: object) -> Iterator[None]:
    """Fail if the block hangs, or takes too much of the processor."""

    def end(*_: object) -> None:
        raise AssertionError(f"hangs: {what}")

    before, usual = _spent(), signal.signal(signal.SIGALRM, end)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)
    spent = _spent() - before
    with Path(LOG).open("a", encoding="utf-8") as file:
        file.write(f"{spent:.2f}\t{what}\n")
    assert spent < SECONDS, what


def _spent() -> float:
    """Seconds of processor time of this process and its children."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@pytest.mark.filterwarnings("ignore")  # of libraries, about what is in the files
@pytest.mark.parametrize("path", ROWS)
def test_no_file_makes_a_verb_fail(path: str, world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Never 70, never a traceback, never more than five seconds."""
    seed, fragments, form, share, verbs = ROWS[path]

    @settings(
        max_examples=max(1, EXAMPLES * share // WHOLE),
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if EXAMPLES <= USUAL else [Phase.generate],
    )
    @given(hostile.contents(seed, fragments, form), st.sampled_from(verbs))
    def example(content: bytes, verb: str) -> None:
        releases.clear_caches()
        arguments = world.prepared(verb, path, content)
        with _limited(f"{path}\t{verb}\t{content[:300]!r}"):
            code = cli.run(list(arguments))
        out, err = capfd.readouterr()
        assert code in {0, 1, 2, 3, 4}, f"{verb} ended with {code}: {err}"
        assert "Traceback" not in out + err, err
        assert code != 2 or "new-ops-project: " in err or out, err

    example()
