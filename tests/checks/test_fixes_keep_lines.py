"""Fixes in generated, adopted and foreign repositories with random edits: they add, and drop no line of the user's."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.adoptable import ALL
from support.command import Run, git, tree
from support.small import ANSWERS, lay, make

from new_ops_project import cli
from new_ops_project.checks import catalogue, fixpoint, repo
from new_ops_project.checks.repo import Repo

FIXING = tuple(rule for rule in catalogue.rules() if rule.fixes and not rule.tool)
# Lines as people write them into the files that fixes change, wrong ones too.
MINE = (
    "secrets/",
    "*.tfstate",
    "!.venv/",
    "!state.json",
    "state.json",
    "build",
    "# mine",
    "",
    "      - name: Mine",
    "      - uses: actions/checkout@v4  # v4",
    "      - uses: actions/checkout@main  # mine, do not touch",
    "      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
    "          python-version: [3.9, 3.10]",
    "    timeout-minutes: 99",
    "  mine: {runs-on: ubuntu-24.04, steps: []}",
    "[tool.mypy]",
    "[tool.mine]",
    "[dependency-groups]",
    'files = ["mine"]',
    '    "boto3==1.40.0",',
    '    "boto3>=1.40",',
    '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools"',
    "boto3==1.40.0",
    "indent_size = 8",
    "RUN echo mine",
    "3.13",
    "MINE=",
)
LINE = st.sampled_from(MINE) | st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
KINDS = ("script", "cli", "foreign", *ALL)
FOREIGN = {
    ".gitignore": "*.log\n!keep.log\n",
    "web/.gitignore": "/dist\n",
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = [\n]\n',
    "requirements.txt": "boto3==1.40.0\n",
    ".github/workflows/test.yml": """\
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: 3.10
      - run: python -m pytest
""",
}
EXAMPLES = 25


def project(kind: str, run: Run, work: Path) -> Path:
    """A committed repository: generated, of another template, or adopted."""
    if kind == "foreign":
        return make(work, FOREIGN, FOREIGN, FOREIGN).project
    if kind in ALL:
        folder = ALL[kind].lay(work / "adopted")
        run("adopt", str(folder), "--yes", "--commit", "--set", "license=MIT")
        return folder
    run("new", "audit", "--tier", kind, "--defaults", "--set", "container=true")
    return work / "audit"


@st.composite
def edited(draw: st.DrawFn, files: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """New contents of some of the files, None for a deleted one: lines added, removed, replaced, moved."""
    changed: dict[str, bytes | None] = {}
    for path in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=5, unique=True)):
        lines = files[path].decode(errors="replace").splitlines()
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(lines)))
            end = min(at + draw(st.integers(0, 3)), len(lines))
            block, new = lines[at:end], draw(st.lists(LINE, max_size=3))
            lines[at:end] = new
            to = draw(st.integers(0, len(lines)))
            lines[to:to] = block if draw(st.booleans()) else []
        ending = draw(st.sampled_from(["\n", "\n", "\r\n"]))
        text = ending.join(lines) + draw(st.sampled_from([ending, ""]))
        changed[path] = None if draw(st.integers(0, 9)) == 0 else text.encode()
    return changed


def with_edits(before: Repo, changed: Mapping[str, bytes | None]) -> Repo:
    """The repository with these contents, in memory."""
    files = {path: before.files[path] for path in before.files} | {
        path: content for path, content in changed.items() if content is not None
    }
    gone = {path for path, content in changed.items() if content is None}
    kept = {path: content for path, content in files.items() if path not in gone}
    return replace(before, files=kept, tracked=before.tracked - gone, memo={})


def words(line: bytes) -> str:
    """A line without what a fix may change of it: refs, versions with their comment, quotes, the backend's name."""
    text = re.sub(r"@[\w./-]+|(?:#\s*)?\bv?\d[\w.]*|\.build_meta", "", line.decode(errors="replace"))
    return re.sub(r"[\s\"'=>#]", "", text)


def lost(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    """The lines that are gone, and that no line of the new file says in other words, by path."""
    result = {}
    for path, content in before.items():
        old, new = content.splitlines(), after.get(path, b"").splitlines()
        gone, others = Counter(old) - Counter(new), Counter(map(words, (Counter(new) - Counter(old)).elements()))
        missing = [line for line in gone.elements() if not others[words(line)]]
        if missing:
            result[path] = missing
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_still_there(kind: str, run: Run, work: Path) -> None:
    """Whatever was edited, and whichever fixes are applied: no line goes, and a second run changes nothing."""
    before = repo.read(project(kind, run, work), offline=True)
    texts = {path: before.files[path] for path in before.files if path != ANSWERS}

    @settings(max_examples=EXAMPLES)
    @given(edited(texts), st.sets(st.sampled_from(FIXING), min_size=1))
    def holds(changed: dict[str, bytes | None], rules: set[object]) -> None:
        mine = with_edits(before, changed)
        chosen = [rule for rule in FIXING if rule in rules]
        result = fixpoint.fixed_files(mine, chosen, lambda _: True).files
        new = {path: entry.content for path, entry in result.items()}
        old = {path: mine.files[path] for path in new if path in mine.files}
        assert lost(old, new) == {}
        assert not fixpoint.fixed_files(mine.with_changes(new), chosen, lambda _: True).files

    holds()


@pytest.mark.parametrize("kind", ["cli", "foreign", "workflows", "poetry"])
def test_a_whole_run(kind: str, run: Run, work: Path) -> None:
    """The same of `check --fix` with every rule that has a fix, of zizmor's findings too, in a real repository."""
    folder = project(kind, run, work)
    codes = ",".join(rule.code for rule in catalogue.rules() if rule.fixes)
    texts = {path: content for path, content in tree(folder).items() if path != ANSWERS}
    start = git("rev-parse", "HEAD", at=folder)

    @settings(max_examples=4)
    @given(edited(texts), edited(texts))
    def holds(committed: dict[str, bytes | None], loose: dict[str, bytes | None]) -> None:
        git("reset", "--quiet", "--hard", start, at=folder)
        git("clean", "--quiet", "--force", "-d", at=folder)
        lay(folder, committed)
        git("add", "--all", at=folder)
        git("commit", "--quiet", "--allow-empty", "--message=mine", at=folder)
        there = tree(folder)
        loose = {path: content for path, content in loose.items() if path in there and content != there[path]}
        lay(folder, loose)
        old = tree(folder)
        assert cli.run(["check", str(folder), "--fix", "--select", codes, "--offline"]) in {0, 1, 2}
        new = tree(folder)
        assert lost(old, new) == {}
        assert {path: new.get(path) for path in loose} == {path: old.get(path) for path in loose}

    holds()
