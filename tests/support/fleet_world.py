"""A realistic fleet: edited projects of three tiers at three template versions."""

import os
import random
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from support.command import ROOT, git, tree
from support.fleets import served
from support.history import Files, begin, commit, version

from new_ops_project import cli
from new_ops_project.git.tree import EXECUTABLE, PLAIN, Entry

TIERS = ("script", "library", "cli")
TAGS = ("v1.0.0", "v1.1.0", "v1.2.0")
NEWEST = TAGS[-1]
WORD = re.compile(r"tok[0-9]{3}x[0-9]")  # what people write here: nowhere else
GIT_IGNORE, README = "templates/project/.gitignore.jinja", "templates/project/README.md.jinja"
EDITOR, HOOKS = "templates/project/.editorconfig.jinja", "templates/project/.pre-commit-config.yaml.jinja"


def template(folder: Path) -> Path:
    """Our template with three versions: each changes files of every tier, the last one drops a file."""
    paths = [ROOT / "copier.yml", *(path for path in (ROOT / "templates").rglob("*") if path.is_file())]
    first: dict[str, bytes] = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    second: Files = {GIT_IGNORE: _more(first[GIT_IGNORE], b"*.tmp"), README: _before_heading(first[README])}
    third: Files = {GIT_IGNORE: _more(first[GIT_IGNORE], b"*.tmp\n*.bak"), EDITOR: None}
    stream = version("v1.0.0", first) + version("v1.1.0", second, day=30) + version("v1.2.0", third, day=60)
    return begin(folder, stream)


def _more(text: bytes, line: bytes) -> bytes:
    """A list with one more line after its first block, since people add theirs at the end."""
    head, sign, rest = text.partition(b"\n\n")
    assert sign, "the list has no blocks any more"
    return head + b"\n" + line + sign + rest


def _before_heading(text: bytes) -> bytes:
    """A README with one more sentence before its first second-level heading."""
    head, sign, rest = text.partition(b"\n## ")
    assert sign, "the README has no such heading any more"
    return head + b"\nMore words, of version 1.1.\n" + sign + rest


def seeds(source: Path, into: Path) -> dict[tuple[str, str], dict[str, Entry]]:
    """The files that `new` generates for each tier and version."""
    into.mkdir()
    trees = {}
    for tier in TIERS:
        for tag in TAGS:
            folder = into / f"{tier}-{tag}"
            options = ["--tier", tier, "--defaults", "--template", str(source), "--ref", tag, "--path", str(folder)]
            assert cli.run(["new", f"audit-{tier}", *options, "--json"]) == 0
            trees[tier, tag] = {
                path: Entry(EXECUTABLE if (folder / path).stat().st_mode & 0o100 else PLAIN, content)
                for path, content in tree(folder).items()
            }
    return trees


@dataclass(frozen=True)
class ServedRepository:
    """A served repository with its version, and the words that its people wrote, which are nowhere else."""

    name: str
    path: Path
    words: frozenset[str]
    tag: str
    head: str


def make(
    root: Path, count: int, trees: Mapping[tuple[str, str], Mapping[str, Entry]], *, seed: int
) -> list[ServedRepository]:
    """`count` repositories below `root`, each tier and version in turn, with a few random edits each."""
    chance = random.Random(seed)  # noqa: S311 - the same fleet in every run
    kinds = [*trees]
    return [
        _one(root, number, trees[kinds[number % len(kinds)]], kinds[number % len(kinds)][1], chance)
        for number in range(count)
    ]


def _one(root: Path, number: int, files: Mapping[str, Entry], tag: str, chance: random.Random) -> ServedRepository:
    name = f"team-{number % 5}/repo-{number:03}"
    edited = dict(files)
    for at in range(chance.randint(1, 4)):
        chance.choice(EDITS)(edited, f"tok{number:03}x{at}", chance)
    text = b"\n".join(entry.content for entry in edited.values()).decode("utf-8", "replace")
    words = frozenset(WORD.findall(text))  # one edit may have written over another
    before: Files = dict(files)
    gone: Files = dict.fromkeys(files.keys() - edited.keys())
    stream = commit("Generate", before) + commit("Edit", {**edited, **gone})
    folder = begin(root / f"{name}.git", stream, "--bare")
    served(folder)
    head = (folder / "refs" / "heads" / "trunk").read_text().strip()
    return ServedRepository(name, folder, words, tag, head)


# ---- what people do --------------------------------------------------------------------------------------------------

_KEPT = (".copier-answers.yml",)


def _texts(files: Mapping[str, Entry]) -> list[str]:
    return sorted(path for path, entry in files.items() if path not in _KEPT and b"\0" not in entry.content)


def insert(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Insert a line into one of the template's files."""
    path = chance.choice(_texts(files))
    lines = files[path].content.splitlines(keepends=True)
    at = chance.randint(0, len(lines))
    lines[at:at] = [f"# {word}\n".encode()]
    files[path] = replace(files[path], content=b"".join(lines))


def write_over(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Replace one of the template's lines."""
    path = chance.choice(_texts(files))
    lines = files[path].content.splitlines(keepends=True) or [b"\n"]
    lines[chance.randrange(len(lines))] = f"# {word}\n".encode()
    files[path] = replace(files[path], content=b"".join(lines))


def append(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Append a line to a file that most people edit."""
    path = chance.choice([path for path in (".gitignore", "README.md", ".editorconfig") if path in files])
    files[path] = replace(files[path], content=files[path].content + f"# {word}\n".encode())


def add(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Add a file."""
    files[f"mine/{word}.txt"] = Entry(PLAIN, f"{word}\n".encode())


def move(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Move a file of the template, with one more line."""
    path = chance.choice(_texts(files))
    entry = files.pop(path)
    files[f"moved/{path}"] = replace(entry, content=entry.content + f"# {word}\n".encode())


def remove(files: dict[str, Entry], word: str, chance: random.Random) -> None:
    """Remove a file of the template."""
    path = chance.choice(
        [path for path in _texts(files) if "tok" not in files[path].content.decode("utf-8", "replace")]
    )
    del files[path]


EDITS = (insert, insert, write_over, append, add, add, move, remove)


# ---- what must be there ----------------------------------------------------------------------------------------------


def words(repository: Path, commit: str, *, env: Mapping[str, str] | None = None) -> set[str]:
    """Every word of people in the files of a commit."""
    command = ["git", "grep", "--only-matching", "-h", "--text", "-E", WORD.pattern, commit]
    done = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    assert done.returncode in {0, 1}, done.stderr
    return set(done.stdout.split())


def heads(repository: Path) -> dict[str, str]:
    """Every branch with its commit."""
    listed = git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads", at=repository).splitlines()
    return dict(line.split(" ", 1) for line in listed)
