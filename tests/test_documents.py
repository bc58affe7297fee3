"""The documents are true: what they name exists, and they stay as short as they promise to be."""

import re
from pathlib import Path

import pytest
from support.command import ROOT

SOURCE = ROOT / "src" / "new_ops_project"
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / ".github").glob("*.md"), *(ROOT / "docs").glob("*.md")])
_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|toml|yml))`")
_PLACEHOLDERS = {"VERB.py", "FAMILY", ".git"}


def named_paths(text: str) -> list[str]:
    """The paths of this repository in code marks; placeholders such as VERB.py are left out."""
    return [path for path in _PATH.findall(text) if not _PLACEHOLDERS & {*path.split("/")}]


@pytest.mark.parametrize(
    "name",
    ["docs/design.md", "docs/decisions.md", "docs/security.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"],
)
def test_named_files_exist(name: str) -> None:
    """Each path in a document for developers is a file or folder of the repository or of the package."""
    paths = named_paths((ROOT / name).read_text("utf-8"))
    assert len(paths) > 2
    assert not [path for path in paths if not exists(path)]


def exists(path: str) -> bool:
    """Whether a path of a document is there: from the root, from the package, or by its name alone anywhere in both."""
    if (ROOT / path).exists() or (SOURCE / path).exists():
        return True
    name = path.rstrip("/")
    return "/" not in name and any(True for folder in (SOURCE, ROOT / "templates") for _ in folder.rglob(name))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """A relative link of a document names a file."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text("utf-8"))
    assert not [target for target in targets if not (document.parent / target).exists()]


def test_the_design_is_one_page() -> None:
    """At most 1,500 words, one picture with every package, and an update in at most twelve steps of one file each."""
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    picture = text.partition("```mermaid")[2].partition("```")[0]
    walk = text.partition("## One update")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d+\. `([\w/.]+)`", walk, re.MULTILINE)
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert len(text.split()) <= 1500
    assert text.count("```mermaid") == 1
    assert {*re.findall(r'"(\w+)/ ', picture)} == packages
    assert 1 < len(steps) <= 12
    assert all((SOURCE / step).is_file() for step in steps)


def test_each_threat_has_a_test() -> None:
    """The threats are on one page; each row of the table says what holds, and names modules with tests."""
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    table = text.partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    assert len(text.partition("\n## ")[0].split()) <= 1000
    assert len(rows) > 20
    for _, tried, held, tests in rows:
        modules = named_paths(tests)
        assert tried
        assert held
        assert modules
        assert all("def test_" in (ROOT / module).read_text("utf-8") for module in modules), tests
    parts = {row[0].strip("* ").partition("**")[0] for row in rows if row[0]}
    assert parts >= {"A template", "A repository", "A server", "A shard", "The person at the prompt"}


def test_the_glossary_is_short() -> None:
    """At most 25 words, each once."""
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    words = [row for row in rows if row != "word"]
    assert 0 < len(words) <= 25
    assert len({*words}) == len(words)
