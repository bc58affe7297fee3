"""The generated projects of every tier pass public linters, then their own commands."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
import yaml
from support.command import ROOT, differing, git, tree
from support.linting import run_linter
from support.variants import CLOUDS, DEPENDENCIES, TIERS, Variant
from support.workflows import NEEDS_GITHUB, execute, steps

from new_ops_project.clones import interpreters
from new_ops_project.template import copier_yml

PYTHONS = tuple(minor for minor in ("3.11", "3.12", "3.13", "3.14", "3.15") if interpreters.likely_path(minor))


def variants(tier: str, python: str) -> list[Variant]:
    """Each cloud, with and without a container; the other answers rotate."""
    return [
        Variant(
            tier,
            python,
            cloud,
            container,
            updates=("dependabot", "renovate", "none")[number % 3],
            license=("MIT", "Apache-2.0", "Proprietary")[number % 3],
            dependencies=DEPENDENCIES[number : number + 2],
        )
        for number, (cloud, container) in enumerate(product(CLOUDS, (False, True)))
    ]


SCHEMAS = {
    "github-workflows": ".github/workflows/*.yml",
    "dependabot": ".github/dependabot.yml",
    "renovate": "renovate.json",
}


@pytest.mark.parametrize("tier", TIERS)
def test_linters_find_nothing(tier: str, tmp_path: Path) -> None:
    """No public linter has a finding, for each Python and cloud, with and without a container."""
    every = [variant for python in PYTHONS for variant in variants(tier, python)]
    names = [variant.generate(tmp_path / f"p{number}").name for number, variant in enumerate(every)]

    def matching(pattern: str) -> list[str]:
        return [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.glob(f"p*/{pattern}"))]

    audit = run_linter("zizmor", "--offline", "--persona=auditor", "--format=json", *names, cwd=tmp_path)
    assert json.loads(audit[audit.index("[") : audit.rindex("]") + 1]) == []
    for schema, pattern in SCHEMAS.items():
        run_linter("check-jsonschema", f"--builtin-schema=vendor.{schema}", *matching(pattern), cwd=tmp_path)
    run_linter("validate-pyproject", *matching("pyproject.toml"), cwd=tmp_path)
    run_linter("ruff", "check", "--no-cache", ".", cwd=tmp_path)
    run_linter("ruff", "format", "--no-cache", "--check", ".", cwd=tmp_path)
    yamls = [*matching("**/*.yml"), *matching("**/*.yaml"), *matching("**/.*.y*ml"), *matching(".github/**/*.yml")]
    rules = "{extends: default, rules: {line-length: disable, truthy: {check-keys: false}}}"
    run_linter("yamllint", "--strict", "--config-data", rules, *sorted(set(yamls)), cwd=tmp_path)


SOME = (("library", "none"), ("library", "azure-oidc"), ("cli", "gcp-oidc"))


@pytest.mark.parametrize(
    ("tier", "cloud"),
    # A script's code does not depend on the cloud; one file of the other tiers does. TEST_EVERY_PAIR tests each cloud.
    [("script", "none"), *(product(("library", "cli"), CLOUDS) if os.environ.get("TEST_EVERY_PAIR") else SOME)],
)
def test_types_and_tests_pass(tier: str, cloud: str, tmp_path: Path, shared: Path) -> None:
    """Mypy strict and the project's own tests pass for each cloud."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    project = Variant(tier, python, cloud, dependencies=("click",)).generate(tmp_path / "p")
    run_linter("mypy", f"--cache-dir={shared / 'mypy'}", cwd=project)
    env = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if tier == "cli":  # `--version` needs the distribution's metadata
        (project / "src" / "rotate_keys-0.1.0.dist-info").mkdir()
        metadata = "Metadata-Version: 2.4\nName: rotate-keys\nVersion: 0.1.0\n"
        (project / "src" / "rotate_keys-0.1.0.dist-info" / "METADATA").write_text(metadata)
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# Each tier on two Pythons, each cloud at least once; TEST_EVERY_PAIR tests each tier on each Python.
ROUNDS = max(2, len(PYTHONS) if os.environ.get("TEST_EVERY_PAIR") else 2)
RUNS = [
    Variant(
        tier,
        PYTHONS[(row + column) % len(PYTHONS)],
        CLOUDS[(row * 3 + column) % len(CLOUDS)],
        container=bool((row + column) % 2),
        dependencies=("requests", "pyyaml"),
    )
    for row in range(ROUNDS)
    for column, tier in enumerate(TIERS)
    # tests/project/promotion/test_install.py covers a command-line tool on the oldest Python.
    if (row, tier) != (1, "cli") or os.environ.get("TEST_EVERY_PAIR")
]


@pytest.mark.slow
@pytest.mark.parametrize("variant", RUNS, ids=lambda variant: f"{variant.tier}-{variant.python}-{variant.cloud}")
def test_every_step_of_its_workflows_runs(variant: Variant, tmp_path: Path, shared: Path) -> None:
    """Each `run:` step of each workflow succeeds, in order, in a clean clone with the chosen Python."""
    origin = variant.generate(tmp_path / "origin")
    git("init", "--quiet", at=origin)
    git("add", "--all", at=origin)
    git("commit", "--quiet", "--message=start", at=origin)
    interpreter = interpreters.likely_path(variant.python)
    assert interpreter
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(origin), str(clone), at=tmp_path)
    done = list[tuple[str, Mapping[str, str]]]()
    for step in steps(clone):
        # Jobs repeat their setup: what already ran in this clone with the same environment has nothing left to do.
        if step.name not in NEEDS_GITHUB and (step.script, step.env) not in done:
            execute(step, clone, interpreter, shared)
            done.append((step.script, step.env))
    assert git("status", "--porcelain", at=clone) == ""
    programs = {path.name.lower() for path in (clone / ".venv" / "bin").iterdir()} - {"rotate-keys", "__pycache__"}
    names = yaml.safe_load((ROOT / "templates" / "names.yml").read_bytes())["programs"]["default"].split()
    # A dot cannot be in the name of a command; the numbers of pip and python have a rule of their own.
    assert not {name for name in programs - {*names} if not re.fullmatch(r"(pip|python)\d*|.*[.].*", name)}
    if variant.tier != "script":
        built = sorted((clone / "dist").iterdir())
        run_linter("twine", "check", "--strict", *map(str, built), cwd=tmp_path)
        assert [path.suffix for path in built] == [".whl", ".gz"]


def test_every_step_and_action_is_known(tmp_path: Path) -> None:
    """The test above executes every script and every login; each action is in pins.yml."""
    executed = {tier: set[str]() for tier in TIERS}
    held = {tier: set[str]() for tier in TIERS}
    used = set[tuple[str, str]]()
    ran = {(run.tier, run.cloud, run.container) for run in RUNS}
    for number, (tier, cloud) in enumerate(product(TIERS, CLOUDS)):
        container = (tier, cloud, True) in ran
        project = Variant(tier, PYTHONS[0], cloud, container).generate(tmp_path / str(number))
        scripts = {step.script for step in steps(project)}
        held[tier] |= scripts
        used |= pinned_actions(project)
        if (tier, cloud, container) in ran:
            executed[tier] |= scripts
    assert held == executed
    actions = yaml.safe_load((ROOT / "templates" / "pins.yml").read_bytes())["pins"]["default"]["actions"]
    assert used == {(name, f"{action['sha']}  # {action['version']}") for name, action in actions.items()}
    assert {cloud for _, cloud, _ in ran} == set(CLOUDS)
    assert {container for _, _, container in ran} == {True, False}


def pinned_actions(project: Path) -> set[tuple[str, str]]:
    """The actions that a project uses, each with its SHA and its version in a comment."""
    workflows = "".join(path.read_text() for path in (project / ".github" / "workflows").glob("*.yml"))
    return {*re.findall(r"^\s+uses: (\S+)@(.*)$", workflows, flags=re.MULTILINE)}


@pytest.mark.parametrize("tier", TIERS)
def test_rendering_is_reproducible(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two renders in different folders, with another user and time zone, are the same."""
    variant = Variant(tier, "3.13", "aws-oidc", container=True, updates="renovate")
    first = tree(variant.generate(tmp_path / "one"))
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("USER", "somebody")
    second = tree(variant.generate(tmp_path / "elsewhere" / "two"))
    assert not differing(first, second)


def test_the_table_of_files(tmp_path: Path) -> None:
    """The generated files are those of the table in copier.yml, for each tier and option."""
    questionnaire = copier_yml.read(ROOT)
    table = questionnaire.computed("files").details["default"]
    for number, (tier, updates) in enumerate(product(TIERS, ("dependabot", "renovate", "none"))):
        cloud, container = ("none", "aws-oidc")[number % 2], number % 2 == 0
        project = Variant(tier, "3.13", cloud, container, updates).generate(tmp_path / str(number))
        holds = {
            "cloud": cloud != "none",
            "container": container,
            "dependabot": updates == "dependabot",
            "example": True,
            "renovate": updates == "renovate",
            "schedule": tier == "script",
        }
        wanted = [
            file["path"] for file in table if tier in file["tiers"] and holds.get(file.get("only"), "only" not in file)
        ]
        expected = [path.replace("NAME", "rotate_keys").replace("PREFIX", "") for path in wanted]
        assert sorted(tree(project)) == sorted(expected)


VERSION = re.compile(r"(?<![\w.])v?\d+\.\d+(?:\.\d+)?(?![\w.])|[0-9a-f]{40}|sha256:[0-9a-f]{8}")
# Texts in template files that look like a version to pin, but are not.
ALLOWED = {
    "0.1.0": "the version that a new project starts with",
    "v0.1.0": "its tag",
    "2.0": "the name of the Apache License",
    "1.0.0": "Keep a Changelog's own version",
}


def test_versions_are_in_the_pins_only() -> None:
    """No template file except pins.yml and locks.yml has a version or a SHA."""
    data = {"pins.yml", "locks.yml"}
    license_text = ROOT / "templates" / "includes" / "license"
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.is_file() and path.name not in data and license_text not in path.parents:
            versions = {match for match in VERSION.findall(path.read_text("utf-8")) if match not in ALLOWED}
            assert not versions, f"{path}: {versions}"


@pytest.mark.parametrize("tier", TIERS)
def test_requirements_cover_the_dependencies(tier: str, tmp_path: Path) -> None:
    """requirements.txt pins every dependency with hashes; the dev file is a superset of it."""
    project = Variant(tier, "3.13", dependencies=DEPENDENCIES).generate(tmp_path / "p")
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    needs = {re.split(r"[>=]", text)[0] for text in metadata["project"]["dependencies"]}
    tools = {re.split(r"[>=]", text)[0] for text in metadata["dependency-groups"]["dev"]}
    run, dev = (pinned(project / name) for name in ("requirements.txt", "requirements-dev.txt"))
    assert needs <= run.keys()
    assert needs | tools <= dev.keys()
    assert run.items() <= dev.items()
    assert all(">=" in text and "==" not in text for text in metadata["project"]["dependencies"])


def pinned(path: Path) -> dict[str, str]:
    """The packages of a hashed requirements file, each with its pin and its hashes."""
    packages = {}
    for block in re.split(r"\n(?=\S)", path.read_text()):
        if not block.startswith("#"):
            name, sign, _ = block.partition("==")
            assert sign
            assert "--hash=sha256:" in block
            packages[name] = block.split(" ;")[0].split(" \\")[0]
    return packages


def test_the_script_behaves(tmp_path: Path) -> None:
    """The script exits with an error on failure, is idempotent, logs JSON, and changes nothing in a dry run."""
    project = Variant("script", "3.11").generate(tmp_path / "p")

    def call(*args: str, credential: str = "example") -> tuple[int, list[dict[str, str]]]:
        env = {**os.environ, "ROTATE_KEYS_TOKEN": credential}
        command = [sys.executable, "rotate_keys.py", *args]
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
        return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]

    code, logged = call(credential="")
    assert (code, logged[-1]["severity"]) == (1, "ERROR")
    assert "ROTATE_KEYS_TOKEN" in logged[-1]["message"]
    assert call("--dry-run")[0] == 0
    assert not (project / "state.json").exists()
    assert "recorded" in call()[1][-1]["message"]
    before = (project / "state.json").read_bytes()
    code, logged = call()
    assert (code, before) == (0, (project / "state.json").read_bytes())
    assert "nothing to do" in logged[-1]["message"]
    assert {"timestamp", "severity", "message", "state"} <= logged[-1].keys()
    (project / "state.json").write_text("{")
    code, logged = call()
    assert (code, logged[-1]["severity"]) == (1, "CRITICAL")
    assert "JSONDecodeError" in logged[-1]["exception"]
