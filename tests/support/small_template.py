"""A small template of five versions, which has every kind of file but is cheap to render."""

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import yaml
from plumbum import local
from support.command import git

TAGS = ("v1.0.0", "v1.1.0", "v2.0.0", "v2.1.0", "v3.0.0")
ANSWERS = ".copier-answers.yml"
LINK, PLAIN, EXECUTABLE = "120000", "100644", "100755"


@dataclass(frozen=True)
class SampleFile:
    """One file of a version or of a project: git's mode of it, and its bytes, or where it points."""

    mode: str
    content: bytes

    @property
    def is_binary(self) -> bool:
        """Whether git takes it for something else than text."""
        return b"\0" in self.content


Files = Mapping[str, SampleFile]


def _lines(shape: str, *numbers: int, **other: str) -> bytes:
    """Sixteen lines of one shape; those of `numbers` hold another word, those of `other` (l3="x") another text."""
    lines = [
        other.get(f"l{number}", shape.format(number, "new" if number in numbers else "old")) for number in range(16)
    ]
    return "".join(f"{line}\n" for line in lines if line != "-").encode()


def _text(content: bytes, mode: str = PLAIN) -> SampleFile:
    return SampleFile(mode, content)


PYTHON = "def task_{0}(): return '{1}'"
NAME = 'name = "{{ name }}"'
COLOURED, ADDED = 'colour = "{{ colour }}"', "added = 'new'"
SETTING = "setting_{0} = '{1}'"
QUESTIONS = "_preserve_symlinks: true\nname:\n  type: str\n  default: audit\n"
COLOUR = "colour:\n  type: str\n  default: {}\n  choices: [{}]\n"
OWNER = "owner:\n  type: str\n  default: ops of {{ name }}\n"

# What each version adds to the one before; None removes a file.
VERSIONS: dict[str, dict[str, SampleFile | None]] = {
    "v1.0.0": {
        "copier.yml": _text(QUESTIONS.encode() + COLOUR.format("blue", "blue, red").encode()),
        "{{ _copier_conf.answers_file }}.jinja": _text(b"{{ _copier_answers|to_nice_yaml -}}\n"),
        ".gitignore": _text(b"*.log\n/local/\n"),
        "settings.toml.jinja": _text(_lines(SETTING, l0=NAME, l8=COLOURED)),
        "config.yml": _text(_lines("key_{0}: {1}")),
        "data.json": _text(b'{\n  "one": 1,\n  "two": [\n    2,\n    22\n  ],\n  "three": 3\n}\n'),
        "src/main.py.jinja": _text(_lines(PYTHON, l4="name = '{{ name }}'")),
        "README.md.jinja": _text(_lines("Sentence {0} is {1}.", l0="# {{ name }}")),
        "dos.txt": _text(_lines("line {0} is {1}").replace(b"\n", b"\r\n")),
        "LAST": _text(_lines("word {0} {1}").rstrip(b"\n")),
        "bin/run.sh": _text(b"#!/bin/sh\n" + _lines("echo {0} {1}"), EXECUTABLE),
        "current": SampleFile(LINK, b"src/main.py"),
        "logo.bin": _text(b"\0logo\xff" * 20),
    },
    "v1.1.0": {
        "copier.yml": _text(QUESTIONS.encode() + COLOUR.format("red", "blue, red").encode()),
        "settings.toml.jinja": _text(_lines(SETTING, 3, 12, l0=NAME, l8='colour = "{{ colour }}"', l15=ADDED)),
        "config.yml": _text(_lines("key_{0}: {1}", 7)),
        "src/main.py.jinja": _text(_lines(PYTHON, 2, 9, l4="name = '{{ name }}'")),
        "docs/guide.md": _text(_lines("Guide {0} {1}.")),
        "dos.txt": _text(_lines("line {0} is {1}", 5).replace(b"\n", b"\r\n")),
        "logo.bin": _text(b"\0other\xff" * 20),
    },
    "v2.0.0": {  # renames, removes, drops a choice, adds a question
        "copier.yml": _text(QUESTIONS.encode() + COLOUR.format("red", "red, green").encode() + OWNER.encode()),
        "src/main.py.jinja": None,
        "src/app.py.jinja": _text(_lines(PYTHON, 2, 6, 9, l4="name = '{{ name }}'", l14="owner = '{{ owner }}'")),
        "data.json": None,
        "extra.toml": _text(_lines("extra_{0} = '{1}'")),
        "current": SampleFile(LINK, b"src/app.py"),
        "README.md.jinja": _text(_lines("Sentence {0} is {1}.", 1, 15, l0="# {{ name }} of {{ owner }}")),
        "LAST": _text(_lines("word {0} {1}", 1, 15).rstrip(b"\n")),
    },
    "v2.1.0": {  # brings a file back, takes one away, changes modes and line ends
        "data.json": _text(b'{\n  "one": 1,\n  "two": [\n    2,\n    23\n  ],\n  "four": 4\n}\n'),
        "docs/guide.md": None,
        "LAST": _text(_lines("word {0} {1}", 1, 8)),
        "bin/run.sh": _text(b"#!/bin/sh\n" + _lines("echo {0} {1}", 3)),
        "config.yml": _text(_lines("key_{0}: {1}", 7, 8, l2="-"), EXECUTABLE),
        "tools/check.py": _text(_lines("CHECK_{0} = {0}  # {1}")),
    },
    "v3.0.0": {  # a question goes, a file becomes a folder, a link becomes a file, a file moves to another folder
        "copier.yml": _text(QUESTIONS.encode() + OWNER.encode()),
        "settings.toml.jinja": _text(_lines(SETTING, 3, 11, 12, l0=NAME, l8="-", l15=ADDED)),
        "config.yml": None,
        "conf/config.yml": _text(_lines("key_{0}: {1}", 0, 7, 8, l2="-"), EXECUTABLE),
        "LAST": None,
        "LAST/word": _text(_lines("The last {0} {1}")),
        "current": _text(b"src/app.py is current\n"),
        "dos.txt": _text(_lines("line {0} is {1}", 5, 6)),
    },
}


# The least that has every kind of change: a file changes, moves to a new folder, comes, goes.
TINY: dict[str, dict[str, SampleFile | None]] = {
    "v1.0.0": {
        "copier.yml": _text(b"_preserve_symlinks: true\nname:\n  type: str\n  default: audit\n"),
        "{{ _copier_conf.answers_file }}.jinja": _text(b"{{ _copier_answers|to_nice_yaml -}}\n"),
        ".gitignore": _text(b"*.log\n"),
        "changed.txt": _text(_lines("Line {0} is {1}.")),
        "old/moved.txt": _text(_lines("{0} {1}")),
        "gone.txt": _text(b"Gone.\n"),
        "link": SampleFile(LINK, b"changed.txt"),
    },
    "v1.1.0": {
        "changed.txt": _text(_lines("Line {0} is {1}.", 8)),
        "old/moved.txt": None,
        "new/place/moved.txt": _text(_lines("{0} {1}")),
        "gone.txt": None,
        "link": SampleFile(LINK, b"new/place/moved.txt"),
        "come.sh": _text(b"#!/bin/sh\n", EXECUTABLE),
    },
}


def template(folder: Path, versions: Mapping[str, Mapping[str, SampleFile | None]] = VERSIONS) -> Path:
    """The template as a git repository with a tag for each version; made once."""
    if not folder.exists():
        folder.mkdir(parents=True)
        git("init", "--quiet", at=folder)
        for tag, files in versions.items():
            release(folder, tag, files)
    return folder


def release(folder: Path, tag: str, files: Mapping[str, SampleFile | None]) -> None:
    """Commit the changes of a version and tag it."""
    for path in (path for path, kept in files.items() if kept is None):
        (folder / path).unlink()
    write(folder, {path: kept for path, kept in files.items() if kept is not None})
    save(folder, f"Release {tag}")
    git("tag", tag, at=folder)


def render(source: str, tag: str | None, into: Path, **answers: Any) -> Path:
    """What plain copier makes of a version, not yet under version control."""
    with local.env(**os.environ):
        copier.run_copy(source, into, data=answers, vcs_ref=tag, defaults=True, quiet=True)
    return into


def project(source: str, tag: str, into: Path) -> Path:
    """A committed project of a version."""
    render(source, tag, into)
    git("init", "--quiet", at=into)
    git("config", "core.logAllRefUpdates", "false", at=into)
    return save(into, "Generate")


def copied(project: Path, into: Path) -> Path:
    """The same project in another folder."""
    return Path(shutil.copytree(project, into, symlinks=True))


def save(folder: Path, message: str = "Edit") -> Path:
    """Commit everything that is not ignored."""
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--allow-empty", f"--message={message}", at=folder)
    return folder


def write(folder: Path, files: Files) -> None:
    """Write files as they are given."""
    for path, kept in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink() or file.exists():
            file.unlink()
        if kept.mode == LINK:
            file.symlink_to(os.fsdecode(kept.content))
        else:
            file.write_bytes(kept.content)
            file.chmod(0o755 if kept.mode == EXECUTABLE else 0o644)


def read(folder: Path) -> dict[str, SampleFile]:
    """Every file and link below `folder` except git's own."""
    files: dict[str, SampleFile] = {}
    for place, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        links = [name for name in folders if Path(place, name).is_symlink()]
        files |= {Path(place, name).relative_to(folder).as_posix(): _kept(Path(place, name)) for name in names + links}
    return files


def _kept(path: Path) -> SampleFile:
    if path.is_symlink():
        return SampleFile(LINK, os.fsencode(path.readlink()))
    return SampleFile(EXECUTABLE if path.stat().st_mode & stat.S_IXUSR else PLAIN, path.read_bytes())


def listed(folder: Path, *args: str) -> list[str]:
    """What git lists with -z, without touching the index; names can have any bytes."""
    command = ["git", "--no-optional-locks", *args, "-z"]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
    return [os.fsdecode(line) for line in output.split(b"\0") if line]


def answers_of(project: Path) -> dict[str, Any]:
    """What a project has recorded, without what copier adds to it."""
    recorded = yaml.safe_load((project / ANSWERS).read_bytes())
    return {name: value for name, value in recorded.items() if not name.startswith("_")}
