"""What a commit holds of a project: its paths, and the text files that are worth reading."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from new_ops_project import git
from new_ops_project.git.tree import LINK, Entry
from new_ops_project.git.worktree import Repository

LARGEST = 1 << 20  # bytes; what is longer is data, not something that people write
_SUBMODULE = "160000"


@dataclass(frozen=True)
class Committed:
    """The files of a project at a commit: each path with its mode, and the texts among them."""

    modes: Mapping[str, str]
    texts: Mapping[str, bytes]

    def holds(self, path: str) -> bool:
        """Whether there is a file, or a folder with files, of that path."""
        return path in self.modes or any(one.startswith(f"{path}/") for one in self.modes)

    def below(self, path: str) -> list[str]:
        """The file of that path, or the files below the folder of that path."""
        return [one for one in self.modes if one == path or one.startswith(f"{path}/")]

    def entry(self, path: str, content: bytes) -> Entry:
        """Another content with the mode that the file has."""
        return Entry(self.modes[path], content)


def read(where: Repository, commit: str, prefix: str) -> Committed:
    """Every path below `prefix`, submodules as one; as texts, those that git would not call binary."""
    listed = git.git(
        "ls-tree", "-r", "-z", "--long", "--full-tree", f"{commit}:{prefix.rstrip('/')}", at=where.root
    ).stdout.split(b"\0")
    modes, blobs = {}, {}
    for line in filter(None, listed):
        about, _, name = line.partition(b"\t")
        mode, _, blob, size = about.decode().split()
        path = os.fsdecode(name)
        modes[path] = mode
        if mode not in {LINK, _SUBMODULE} and int(size) <= LARGEST:
            blobs[path] = blob
    contents = _contents(where, blobs.values())
    found = {path: contents[blob] for path, blob in blobs.items()}
    return Committed(modes, {path: content for path, content in found.items() if b"\0" not in content[:8000]})


def read_files(where: Repository, commit: str, prefix: str, paths: Iterable[str]) -> dict[str, Entry]:
    """Those of `paths` (below `prefix`) that the commit has as files or links."""
    named = sorted(paths)
    if not named:
        return {}
    command = ("--literal-pathspecs", "ls-tree", "-z", "--full-tree", f"{commit}:{prefix.rstrip('/')}", "--", *named)
    listed = [line.partition(b"\t") for line in git.git(*command, at=where.root).stdout.split(b"\0") if line]
    found = {os.fsdecode(name): about.decode().split() for about, _, name in listed}
    blobs = {path: (mode, blob) for path, (mode, kind, blob) in found.items() if kind == "blob"}
    contents = _contents(where, (blob for _, blob in blobs.values()))
    return {path: Entry(mode, contents[blob]) for path, (mode, blob) in blobs.items()}


def _contents(where: Repository, blobs: Iterable[str]) -> dict[str, bytes]:
    """The content of each blob, by its id."""
    asked = [*dict.fromkeys(blobs)]
    said = git.git("cat-file", "--batch", at=where.root, stdin="".join(f"{blob}\n" for blob in asked).encode()).stdout
    found, place = {}, 0
    for blob in asked:
        end = said.index(b"\n", place)
        size = int(said[place:end].split()[2])
        found[blob] = said[end + 1 : end + 1 + size]
        place = end + size + 2
    return found
