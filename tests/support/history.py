"""The writer of whole git histories in one process (git-fast-import(1))."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support import shapes
from support.command import git

from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry

# By path with `/`; None takes a file away.
Files = Mapping[str, str | bytes | Entry | None]

FIRST = 1_750_000_000  # the date of the first commit, in seconds
DAY = 86_400


def link(target: str) -> Entry:
    """A symbolic link."""
    return Entry(LINK, os.fsencode(target))


def program(text: str) -> Entry:
    """A file with the executable bit."""
    return Entry(EXECUTABLE, text.encode())


def entry(content: str | bytes | Entry) -> Entry:
    """A plain file, unless told otherwise."""
    if isinstance(content, Entry):
        return content
    return Entry(PLAIN, content.encode() if isinstance(content, str) else content)


def begin(folder: Path, stream: bytes, *init: str) -> Path:
    """A repository with this history and without files in its work tree."""
    folder.mkdir(parents=True)
    git("init", "--quiet", *init, at=folder)
    extend(folder, stream)
    return folder


def extend(repository: Path, stream: bytes) -> None:
    """Give a repository more history, as one pack: copier's clones of it have fewer files than with loose objects."""
    command = ["git", "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"]
    subprocess.run(command, input=stream, cwd=repository, check=True)


def checked_out(repository: Path) -> Path:
    """The repository with the files of its last commit in its work tree, in the shape that is asked for."""
    git("reset", "--quiet", "--hard", at=repository)
    return shapes.as_asked(repository)


def commit(message: str, files: Files, *, day: int = 0, parent: str = "") -> bytes:
    """A commit on top of the stream's last, or of `parent`."""
    head = f"commit refs/heads/trunk\n{_person('committer', day)}{_data(message)}"
    source = f"from {parent}\n" if parent else ""
    return f"{head}{source}".encode() + b"".join(_file(path, content) for path, content in files.items())


def version(tag: str, files: Files, *, day: int = 0, parent: str = "", annotated: bool = False) -> bytes:
    """The same with a tag."""
    commit_id = commit(f"Release {tag}", files, day=day, parent=parent)
    if annotated:
        return (
            commit_id + f"tag {tag}\nfrom refs/heads/trunk\n{_person('tagger', day)}{_data(f'Release {tag}')}".encode()
        )
    return commit_id + f"reset refs/tags/{tag}\nfrom refs/heads/trunk\n\n".encode()


def _person(role: str, day: int) -> str:
    return f"{role} Tess Template <tess@example.org> {FIRST + day * DAY} +0000\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _file(path: str, content: str | bytes | Entry | None) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if content is None:
        return os.fsencode(f'D "{escaped}"\n')
    blob = entry(content)
    head = f'M {blob.mode} inline "{escaped}"\ndata {len(blob.content)}\n'
    return os.fsencode(head) + blob.content + b"\n"
