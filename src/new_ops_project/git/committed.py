"""The files of a project as a commit has them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from new_ops_project import git
from new_ops_project.git.objects import read_blobs
from new_ops_project.git.tree import LINK, Entry
from new_ops_project.git.worktree import Repository

LARGEST = 1 << 20  # bytes; a longer file is data, not something that people write
_SUBMODULE = "160000"


@dataclass(frozen=True)
class Committed:
    """The files of a project in a commit: the mode of each path, and the contents of the text files."""

    modes: Mapping[str, str]
    texts: Mapping[str, bytes]

    def holds(self, path: str) -> bool:
        """Whether `path` is a file, or a folder with files in it."""
        return path in self.modes or any(file.startswith(f"{path}/") for file in self.modes)

    def below(self, path: str) -> list[str]:
        """The file `path` itself, or the files below the folder `path`."""
        return [file for file in self.modes if file == path or file.startswith(f"{path}/")]

    def entry(self, path: str, content: bytes) -> Entry:
        """An entry with another content, and the mode that the file has."""
        return Entry(self.modes[path], content)


def read(repository: Repository, commit: str, prefix: str) -> Committed:
    """Every path below `prefix`, a submodule as one path; text files are those that git would not call binary."""
    rows = git.git(
        "ls-tree", "-r", "-z", "--long", "--full-tree", f"{commit}:{prefix.rstrip('/')}", at=repository.root
    ).stdout.split(b"\0")
    modes, blobs = {}, {}
    for line in filter(None, rows):
        about, _, name = line.partition(b"\t")
        mode, _, blob, size = about.decode().split()
        path = os.fsdecode(name)
        modes[path] = mode
        if mode not in {LINK, _SUBMODULE} and int(size) <= LARGEST:
            blobs[path] = blob
    contents = read_blobs(repository.root, blobs.values())
    files = {path: contents[blob] for path, blob in blobs.items()}
    return Committed(modes, {path: content for path, content in files.items() if b"\0" not in content[:8000]})


def read_files(repository: Repository, commit: str, prefix: str, paths: Iterable[str]) -> dict[str, Entry]:
    """Those of `paths` (below `prefix`) that the commit has as files or symbolic links."""
    names = sorted(paths)
    if not names:
        return {}
    command = ("--literal-pathspecs", "ls-tree", "-z", "--full-tree", f"{commit}:{prefix.rstrip('/')}", "--", *names)
    rows = [line.partition(b"\t") for line in git.git(*command, at=repository.root).stdout.split(b"\0") if line]
    objects = {os.fsdecode(name): about.decode().split() for about, _, name in rows}
    blobs = {path: (mode, blob) for path, (mode, kind, blob) in objects.items() if kind == "blob"}
    contents = read_blobs(repository.root, (blob for _, blob in blobs.values()))
    return {path: Entry(mode, contents[blob]) for path, (mode, blob) in blobs.items()}
