"""Three trees become one, in a scratch repository beside the user's, which is only read.

The merge is git's own (git-merge-tree(1), merge-ort): renames are followed, edited-and-dropped is a conflict.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.git import markers
from new_ops_project.git.fastimport import add_file, add_files, begin_commit, move_files, use_tree, with_path
from new_ops_project.git.objects import Reader, open_reader
from new_ops_project.git.tree import Entry, Tree

# The branches of the scratch repository; git puts their names behind the markers of a conflict.
OURS, BASE, THEIRS = "your-project", "old-template", "new-template"
_USAGE = 129

# Nothing of the user's configuration has a say in a merge, but for what it says about merging itself.
_MERGE = (
    *git.TEMPORARY,
    "-c",
    "merge.conflictStyle=diff3",
    "-c",
    "merge.directoryRenames=false",
    "-c",
    "merge.renames=true",
    "-c",
    "diff.renames=true",
    "-c",
    "core.abbrev=40",
    "-c",
    "core.quotePath=false",
)


@dataclass(frozen=True)
class Stage:
    """One side of a conflict, as git's index has it: 1 is the old template, 2 the project, 3 the new template."""

    mode: str
    blob: str
    number: int
    path: str


@dataclass(frozen=True)
class Merged:
    """What git made of three trees: `tree` holds markers where `stages` says that there is a conflict."""

    tree: str
    stages: tuple[Stage, ...]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One path that two trees do not share: `status` is A, D, M, T or R; `before` is where a moved file was."""

    status: str
    before: str
    path: str
    mode: str
    blob: str
    old_blob: str
    old_mode: str = ""
    lines: int = 0
    """how many are added and removed; a file that is no text counts as one of each"""


@dataclass(frozen=True)
class Scratch:
    """A bare repository of our own that sees the objects of the user's, and keeps what is new to itself."""

    folder: Path
    reader: Reader

    @property
    def objects(self) -> Path:
        """The folder of its own objects."""
        return self.folder / "objects"

    def git(self, *args: str, stdin: bytes | None = None, codes: tuple[int, ...] = (0,)) -> bytes:
        """Run git in it; raises ProcessError."""
        return git.git(*_MERGE, *args, at=self.folder, stdin=stdin, codes=codes).stdout

    def merge(
        self,
        base: Tree,
        ours: str,
        theirs: Tree,
        *,
        over: Tree,
        moves: Mapping[str, str],
        known: Mapping[bytes, str] | None = None,
    ) -> Merged:
        """Merge the tree object `ours`, with files moved and with `over` in place of its own, with `theirs`.

        `known` has the ids of contents that are there already: they are not written again.
        """
        stream = b"".join(
            (
                begin_commit(BASE, 1),
                add_files(base, known),
                begin_commit(OURS, 2, parent=1),
                use_tree(ours),
                move_files(moves),
                add_files(over, known),
                begin_commit(THEIRS, 3, parent=1),
                b"deleteall\n",
                add_files(theirs, known),
            )
        )
        self.git("fast-import", "--quiet", "--depth=0", stdin=stream)
        command = ("merge-tree", "--write-tree", "-z", "--messages", OURS, THEIRS)
        try:
            return _parsed(self.git(*command, codes=(0, 1)))
        except ProcessError as error:
            if error.code != _USAGE:
                raise
            return self.merge_in_worktree()

    def merge_in_worktree(self) -> Merged:
        """The same where git is older than 2.38: a checkout of the whole project, thrown away afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            env = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": folder, "GIT_INDEX_FILE": f"{folder}.index"}
            env |= {
                f"GIT_{who}_{what}": "new-ops-project@localhost"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            }

            def run(*args: str, codes: tuple[int, ...] = (0,)) -> bytes:
                return git.git(*_MERGE, "-c", "core.bare=false", *args, at=Path(folder), env=env, codes=codes).stdout

            run("checkout", "--quiet", "--force", "--detach", OURS)
            said = run("merge", "--no-commit", "--no-ff", "--quiet", THEIRS, codes=(0, 1)).decode(errors="replace")
            stages = tuple(map(read_stage, filter(None, run("ls-files", "--unmerged", "-z").split(b"\0"))))
            for stage in stages:
                if stage.path != _labelled(stage).path:
                    Path(folder, stage.path).rename(Path(folder, _labelled(stage).path))
            run("add", "--all", "--force")
            tree = run("write-tree").decode().strip()
        kinds = dict.fromkeys((stage.path for stage in stages), "CONFLICT")
        for line in said.splitlines():
            kinds |= {path: line.partition(":")[0] for path in kinds if line.startswith("CONFLICT") and path in line}
        return Merged(tree, tuple(_labelled(stage) for stage in stages), kinds)

    def three_way(self, base: bytes, ours: bytes, theirs: bytes) -> bytes:
        """One file merged by itself (git-merge-file(1)), with all three sides in each conflict."""
        sides = {markers.OURS: ours, markers.BASE: base, markers.THEIRS: theirs}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for name, content in sides.items():
                Path(folder, name).write_bytes(content)
            labels = [word for name in sides for word in ("-L", name)]
            names = [str(Path(folder, name)) for name in sides]
            return self.git("merge-file", "-p", "--diff3", *labels, *names, codes=tuple(range(128)))

    def heed(self, attributes: bytes) -> None:
        """Merge by these gitattributes(5): `merge=union`, `binary`, a driver of the user's."""
        if attributes:
            (self.folder / "info").mkdir(exist_ok=True)
            (self.folder / "info" / "attributes").write_bytes(attributes + b"\n")

    def ignored(self, tree: Tree, paths: set[str]) -> set[str]:
        """Those of `paths` that the .gitignore files of `tree` keep out of a repository with that tree."""
        rules = {path: entry for path, entry in tree.items() if path.rpartition("/")[2] == ".gitignore"}
        if not rules or not paths:
            return set()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for path, entry in rules.items():
                Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, path).write_bytes(entry.content)
            env = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": folder}
            return set(git.ignored(Path(folder), sorted(paths), "-c", "core.bare=false", env=env))

    def build(self, onto: str, subtree: tuple[str, str], over: Mapping[str, Entry | None]) -> str:
        """The tree `onto` with the tree `subtree[1]` at the prefix `subtree[0]`, and in that the files `over`.

        None takes a file away.
        """
        prefix, tree = subtree
        placed = use_tree(tree) if not prefix else use_tree(onto) + with_path(f"M 040000 {tree} ".encode(), prefix[:-1])
        files = b"".join(
            add_file(f"{prefix}{path}", entry) if entry else with_path(b"D ", f"{prefix}{path}") for path, entry in over.items()
        )
        said = self.git("fast-import", "--quiet", "--depth=0", stdin=begin_commit("merged", 1) + placed + files + b'ls ""\n')
        return said.split()[2].decode()

    def differences(self, old: str, new: str) -> list[Difference]:
        """What differs between two trees, moved files recognised."""
        command = ("diff-tree", "-r", "-z", "-M", "--no-abbrev", "--raw", "--numstat", old, new)
        return list(_differences([os.fsdecode(field) for field in self.git(*command).split(b"\0")]))

    def write(self, contents: Iterable[bytes]) -> list[str]:
        """The ids of these contents, as blobs of this repository."""
        command = ("hash-object", "-w", "--stdin")
        return [self.git(*command, stdin=content).decode().strip() for content in contents]

    def patch(self, old: str, new: str, *more: str) -> bytes:
        """The difference of two trees as text."""
        return self.git("diff-tree", "-r", "-M", "-p", "--no-ext-diff", "--no-textconv", *more, old, new)

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """The content of each object that has one, by the name that was asked for (an id, or TREE:PATH)."""
        return self.reader.contents(names)

    def objects_of(self, names: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """The id and the content of each blob or tree that there is, by the name that was asked for."""
        found = {name: self.reader.get(name) for name in dict.fromkeys(names)}
        return {name: (one.id, one.content) for name, one in found.items() if one is not None}

    def hand_over(self, objects: Path) -> None:
        """Copy the new objects to the user's repository; a pack before its index, as git itself does."""
        order = sorted(self.objects.rglob("*"), key=lambda path: path.suffix == ".idx")
        for path in order:
            target = objects / path.relative_to(self.objects)
            if not path.is_file() or "info" in path.parent.name or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(path, target)


def _copy(path: Path, target: Path) -> None:
    """Copy an object, wholly or not at all; a name that git removes in time if it is left (git-prune(1))."""
    fresh = target.with_name(f"tmp_obj_{os.getpid()}_{target.name}")
    try:
        shutil.copyfile(path, fresh)
        fresh.chmod(0o444)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        message = f"{target.parent} cannot be written: {error.strerror or error}."
        raise ToolError(message, "Nothing was changed; mend that, then run this again.") from error


@contextmanager
def scratch_repository(objects: Path, object_format: str = "sha1") -> Iterator[Scratch]:
    """A scratch repository that sees the objects in the folder `objects`; it is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as holder:
        folder = Path(holder, "scratch.git")
        (folder / "objects" / "info").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        # Quoted as git reads it: a folder's name may hold anything.
        quoted = os.fsencode(objects.resolve()).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        (folder / "objects" / "info" / "alternates").write_bytes(b'"' + quoted + b'"\n')
        (folder / "config").write_text(_config(object_format))
        with open_reader(folder) as reading:
            yield Scratch(folder, reading)


def _config(object_format: str) -> str:
    lines = ["[core]", "repositoryformatversion = 1", "bare = true", "[fastimport]", "unpackLimit = 1"]
    return "\n".join([*lines, "[extensions]", f"objectFormat = {object_format}", ""])


# ---- what git says ------------------------------------------------------------------------------------------


def _parsed(said: bytes) -> Merged:
    """The output of `git merge-tree -z`: the tree, the stages, an empty field, the messages."""
    tree, *fields = said.split(b"\0")
    end = fields.index(b"") if b"" in fields else len(fields)
    stages = tuple(map(read_stage, fields[:end]))
    return Merged(tree.decode(), stages, dict(_reasons([os.fsdecode(field) for field in fields[end + 1 :]])))


def read_stage(field: bytes) -> Stage:
    """One line of `git ls-files --unmerged -z`, or of what git-merge-tree says of a conflict."""
    about, _, path = field.partition(b"\t")
    mode, blob, number = about.decode().split()
    return Stage(mode, blob, int(number), os.fsdecode(path))


def _labelled(stage: Stage) -> Stage:
    """As `git merge` names a file that a folder is in the way of: with the branch, or HEAD for ours."""
    path = stage.path.removesuffix("~HEAD")
    return stage if path == stage.path else Stage(stage.mode, stage.blob, stage.number, f"{path}~{OURS}")


def _reasons(fields: list[str]) -> Iterator[tuple[str, str]]:
    """The kind of each conflict, by path; git says several things about one path, the first conflict counts."""
    said: dict[str, str] = {}
    while fields and fields[0]:
        count = int(fields[0])
        paths, kind = fields[1 : count + 1], fields[count + 1]
        fields = fields[count + 3 :]
        if kind.startswith("CONFLICT"):
            said = {**dict.fromkeys(paths, kind), **said}
    yield from said.items()


def _differences(fields: list[str]) -> Iterator[Difference]:
    """What `--raw` says of each path, with what `--numstat` says of it after all of them."""
    words, found = iter(fields), []
    for about in words:
        if not about.startswith(":"):
            words = itertools.chain([about], words)
            break
        old_mode, mode, old_blob, blob, status = about.removeprefix(":").split()
        before = next(words)
        path = next(words) if status[0] in "RC" else before
        found.append(Difference(status[0], before, path, mode, blob, old_blob, old_mode))
    lines = dict(_counts(words))
    yield from (replace(one, lines=lines.get(one.path, 0)) for one in found)


def _counts(words: Iterator[str]) -> Iterator[tuple[str, int]]:
    """The lines added and removed of each path; `-` stands for what is no text."""
    for about in words:
        if not about:
            return
        added, removed, path = about.split("\t", 2)
        if not path:  # a moved file: where it was and where it is follow
            path = [next(words), next(words)][1]
        yield path, sum(int(one) if one.isdigit() else 1 for one in (added, removed))
