"""The files of a project as a commit has them."""

import os
from collections.abc import Iterable, Iterator, Mapping
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

    def below(self, path: str) -> list[str]:
        """The file `path` itself, or the files below the folder `path`."""
        return [file for file in self.modes if file == path or file.startswith(f"{path}/")]

    def entry(self, path: str, content: bytes) -> Entry:
        """An entry with another content, and the mode that the file has."""
        return Entry(self.modes[path], content)


def read(repository: Repository, commit: str, prefix: str) -> Committed:
    """Every path below `prefix`, a submodule as one path; text files are those that git would not call binary."""
    modes, blobs = {}, {}
    for path, mode, blob, size in _listed(repository, commit, prefix):
        modes[path] = mode
        if mode not in {LINK, _SUBMODULE} and int(size) <= LARGEST:
            blobs[path] = blob
    contents = read_blobs(repository.root, blobs.values())
    files = {path: contents[blob] for path, blob in blobs.items()}
    return Committed(modes, {path: content for path, content in files.items() if b"\0" not in content[:8000]})


def read_files(repository: Repository, commit: str, prefix: str, paths: Iterable[str]) -> dict[str, Entry]:
    """Those of `paths` (below `prefix`) that the commit has as files or symbolic links."""
    names = {*paths}
    rows = [row for row in _listed(repository, commit, prefix, *names) if row[0] in names and row[1] != _SUBMODULE]
    contents = read_blobs(repository.root, (blob for _, _, blob, _ in rows))
    return {path: Entry(mode, contents[blob]) for path, mode, blob, _ in rows}


def _listed(repository: Repository, commit: str, prefix: str, *paths: str) -> Iterator[tuple[str, str, str, str]]:
    """Path, mode, id and size of each file below `prefix`, or of those at or below `paths` only."""
    command = ("--literal-pathspecs", "ls-tree", "-r", "-z", "--long", "--full-tree")
    output = git.git(*command, f"{commit}:{prefix.rstrip('/')}", "--", *paths, at=repository.root).stdout
    for line in filter(None, output.split(b"\0")):
        about, _, name = line.partition(b"\t")
        mode, _, blob, size = about.decode().split()
        yield os.fsdecode(name), mode, blob, size
