"""The rules about workflows on what the template writes: no findings, until one thing is spoilt."""

from pathlib import Path

import pytest
from support.variants import Variant
from support.workflow_texts import RULES, marks, unmarked

from new_ops_project.checks import engine, repo

CI, RUN, RELEASE = (f".github/workflows/{name}.yml" for name in ("ci", "run", "release"))
BOT = ".github/dependabot.yml"
V7 = "3d3c42e5aac5ba805825da76410c181273ba90b1"
HEAD = "    name: Lint, types and tests\n    runs-on: ubuntu-24.04\n"
TAGS = 'on:\n  push:\n    tags: ["v*"]\n'
KIND = "  - package-ecosystem:"
WEEKLY = "    directory: /\n    schedule:\n      interval: weekly\n"

Texts = dict[str, str]


def texts(variant: Variant, into: Path) -> Texts:
    """The files of a variant."""
    project = variant.generate(into)
    paths = (path for path in project.rglob("*") if path.is_file())
    return {path.relative_to(project).as_posix(): path.read_text("utf-8") for path in paths}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Texts]:
    """A script with static keys, and a command-line tool that logs in by OpenID Connect."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEW_OPS_PROJECT_TEMPLATE", "embedded")
        folder = tmp_path_factory.mktemp("generated")
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        script = texts(Variant("script", "3.13", "aws-keys", container=True), folder / "script")
        return {"script": script, "cli": texts(Variant("cli", "3.12", "aws-oidc"), folder / "cli")}


def locate(files: Texts) -> list[tuple[str, str, int, int]]:
    """Code and place of everything that the family's own rules find."""
    findings = engine.run(repo.of(files), RULES).findings
    return [(finding.code, finding.path, finding.line, finding.column) for finding in findings]


# Project, code, file, the text there, and what it becomes, with the place of the finding marked.
MUTATIONS = (
    ("cli", "OPS100", CI, "permissions: {}", "permissions: {\n«]"),
    ("cli", "OPS100", CI, "permissions: {}", "permissions: {}\n«permissions: {}"),
    ("cli", "OPS101", CI, f"actions/checkout@{V7}  # v7.0.1", "«actions/checkout@v7.0.1"),
    ("cli", "OPS101", CI, f"actions/checkout@{V7}  # v7.0.1", "«actions/checkout@v7"),
    ("cli", "OPS101", CI, f"actions/checkout@{V7}", f"«actions/checkout@{V7[:12]}"),
    ("cli", "OPS101", CI, f"actions/checkout@{V7}", "«docker://alpine:3"),
    ("cli", "OPS102", CI, f"actions/checkout@{V7}", f"«actions/checkout@{V7[:-1]}2"),
    ("cli", "OPS103", CI, f"actions/checkout@{V7}  # v7.0.1", f"«actions/checkout@{V7}  # v7.0.0"),
    ("cli", "OPS104", CI, f"actions/checkout@{V7}  # v7.0.1", f"«actions/checkout@{V7}"),
    ("cli", "OPS104", CI, f"actions/checkout@{V7}  # v7.0.1", f"«actions/checkout@{V7}  # v7"),
    ("cli", "OPS105", CI, "runs-on: ubuntu-24.04", "runs-on: «ubuntu-latest"),
    ("cli", "OPS106", CI, f"  check:\n{HEAD}    timeout-minutes: 10\n", f"  «check:\n{HEAD}"),
    ("cli", "OPS107", CI, 'python-version: "3.12"', "python-version: «3.12"),
    ("cli", "OPS107", CI, 'python-version: "3.12"', "python-version: «3.10"),
    ("cli", "OPS108", CI, 'python-version: "3.12"', 'python-version: «"3.x"'),
    ("cli", "OPS108", CI, 'python-version: "3.12"', 'python-version: «">=3.11"'),
    ("cli", "OPS109", CI, "run: .venv/bin/ruff check", "run: pip install «ruff"),
    ("cli", "OPS109", CI, "install --require-hashes --requirement requirements-dev.txt", "install --upgrade «pip"),
    ("cli", "OPS110", CI, "persist-credentials: false", "persist-credentials: false\n          «fetch-deph: 0"),
    (
        "cli",
        "OPS110",
        CI,
        "cache-dependency-path: requirements-dev.txt",
        "cache-dependency-path: requirements-dev.txt\n          «python_version: x",
    ),
    ("script", "OPS111", RUN, "jobs:\n", "env:\n  AWS_SECRET_ACCESS_KEY: «${{ secrets.KEY }}\njobs:\n"),
    ("script", "OPS111", RUN, "    environment: production\n", ""),
    (
        "cli",
        "OPS111",
        CI,
        "role-to-assume: ${{ vars.AWS_ROLE_ARN }}",
        "aws-secret-access-key: «${{ secrets.AWS_SECRET_ACCESS_KEY }}",
    ),
    ("script", "OPS115", CI, "  cancel-in-progress: ${{ github.event_name != 'workflow_dispatch' }}\n", ""),
    ("cli", "OPS116", RELEASE, "cancel-in-progress: false", "cancel-in-progress: «true"),
    ("cli", "OPS118", RELEASE, f"{TAGS}  workflow_dispatch:\n", f"«{TAGS}"),
    ("script", "OPS119", RUN, '"17 5 * * *"', '«"0 5 * * *"'),
    ("cli", "OPS123", CI, "cache: pip\n          cache-dependency-path: requirements-dev.txt\n", "cache: «pip\n"),
    ("cli", "OPS124", RELEASE, "          if-no-files-found: error\n", ""),
    ("cli", "OPS125", CI, "    environment: cloud\n", ""),
    ("cli", "OPS126", CI, "      id-token: write  # to log in to AWS by OpenID Connect\n", ""),
    ("cli", "OPS127", RELEASE, "    needs: build\n", "    needs: built\n"),
    ("cli", "OPS130", BOT, f"updates:\n{KIND} github-actions", f"«updates:\n{KIND} docker"),
    ("cli", "OPS131", BOT, "package-ecosystem: pip", "package-ecosystem: npm"),
    ("cli", "OPS133", BOT, '    groups:\n      packages:\n        patterns: ["*"]\n', ""),
)


def test_every_rule_is_mutated() -> None:
    """Each of our own rules has a mutation."""
    assert {code for _, code, *_ in MUTATIONS} == {rule.code for rule in RULES}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation[1])
def test_a_mutation_is_seen_once(generated: dict[str, Texts], mutation: tuple[str, str, str, str, str]) -> None:
    """One thing is spoilt in a sound project: its rule reports it once, at its place, and no other rule does."""
    project, code, path, old, new = mutation
    files = generated[project]
    assert locate(files) == []
    assert old in files[path]
    spoilt = files[path].replace(old, new, 1)
    places = locate({**files, path: unmarked(spoilt)})
    assert [place[:2] for place in places] == [(code, path)]
    assert not marks(spoilt) or [place[2:] for place in places] == marks(spoilt)
