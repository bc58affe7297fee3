"""The merge of three trees in a scratch repository, which reads the user's repository but never writes to it.

The merge is git's own (git-merge-tree(1), the ort strategy): it follows renames, and it makes a conflict of a file that
one side edited and the other deleted.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.files import explained, write_whole
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import confinement, markers
from new_ops_project.git.fastimport import begin_commit, move_files, put_files, use_tree, with_path
from new_ops_project.git.objects import Reader, init_beside, open_reader
from new_ops_project.git.tree import Entry, Tree

# The branches of the scratch repository; git writes their names after the markers of a conflict.
OURS, BASE, THEIRS = "your-project", "old-template", "new-template"
_USAGE_ERROR = 129  # git's exit code for an unknown option

# The user's configuration must not affect a merge, except for what it says about merging, such as merge drivers.
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
    """One side of a conflict as in git's index: number 1 is the old template, 2 the project, 3 the new template."""

    mode: str
    blob: str
    number: int
    path: str


@dataclass(frozen=True)
class Merged:
    """The result of a merge. `tree` has conflict markers in the files that `stages` lists; `reasons`: git's by path."""

    tree: str
    stages: tuple[Stage, ...]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One path that differs between two trees. `status`: A, D, M, T or R; `before`: the old path of a moved file."""

    status: str
    before: str
    path: str
    mode: str
    blob: str
    old_blob: str
    old_mode: str


@dataclass(frozen=True)
class Scratch:
    """A bare repository of our own that reads the user's objects and keeps new ones to itself."""

    folder: Path
    reader: Reader

    @property
    def objects(self) -> Path:
        """The folder of the new objects."""
        return self.folder / "objects"

    def git(self, *args: str, stdin: bytes | None = None, codes: tuple[int, ...] = (0,)) -> bytes:
        """Run git in it and return stdout; raises ProcessError."""
        return git.git(*_MERGE, *args, at=self.folder, stdin=stdin, codes=codes).stdout

    def merge(
        self,
        base: Tree,
        ours: str,
        theirs: Tree,
        *,
        overrides: Mapping[str, Entry | None],
        moves: Mapping[str, str],
        blob_ids: Mapping[bytes, str] | None = None,
    ) -> Merged:
        """Merge the tree object `ours` with `theirs`.

        First, `moves` are applied to `ours`, then `overrides` replace its files. `blob_ids`: ids of contents that the
        repository already has, and that need not be written again.
        """
        # Git merges commits, so all three sides become commits, in one fast-import: a process per file would be slow.
        stream = b"".join(
            (
                begin_commit(BASE, 1),
                put_files(base, blob_ids),
                begin_commit(OURS, 2, parent=1),
                use_tree(ours),
                move_files(moves),
                put_files(overrides, blob_ids),
                begin_commit(THEIRS, 3, parent=1),
                b"deleteall\n",
                put_files(theirs, blob_ids),
            )
        )
        self.git("fast-import", "--quiet", "--depth=0", stdin=stream)
        command = ("merge-tree", "--write-tree", "-z", "--messages", OURS, THEIRS)
        try:
            return _parsed(self.git(*command, codes=(0, 1)))
        except ProcessError as error:
            if error.exit_code != _USAGE_ERROR:
                raise
            return self.merge_in_worktree()

    def merge_in_worktree(self) -> Merged:
        """Merge as `merge` does, for git before 2.38, which has no `merge-tree --write-tree`.

        This checks out the whole project in a temporary folder, which is why it is not done everywhere.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            env = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": folder, "GIT_INDEX_FILE": f"{folder}.index"}
            env |= {
                f"GIT_{role}_{field}": "new-ops-project@localhost"
                for role in ("AUTHOR", "COMMITTER")
                for field in ("NAME", "EMAIL")
            }

            def run(*args: str, codes: tuple[int, ...] = (0,)) -> bytes:
                return git.git(*_MERGE, "-c", "core.bare=false", *args, at=Path(folder), env=env, codes=codes).stdout

            run("checkout", "--quiet", "--force", "--detach", OURS)
            output = run("merge", "--no-commit", "--no-ff", "--quiet", THEIRS, codes=(0, 1)).decode(errors="replace")
            stages = tuple(map(read_stage, filter(None, run("ls-files", "--unmerged", "-z").split(b"\0"))))
            for stage in stages:  # name files as merge-tree does, so that both ways give the same tree
                if stage.path != _named_by_branch(stage).path:
                    Path(folder, stage.path).rename(Path(folder, _named_by_branch(stage).path))
            run("add", "--all", "--force")
            tree = run("write-tree").decode().strip()
        kinds = dict.fromkeys((stage.path for stage in stages), "CONFLICT")
        for line in output.splitlines():
            kinds |= {path: line.partition(":")[0] for path in kinds if line.startswith("CONFLICT") and path in line}
        return Merged(tree, tuple(_named_by_branch(stage) for stage in stages), kinds)

    def three_way(self, base: bytes, ours: bytes, theirs: bytes) -> bytes:
        """Merge one file by itself (git-merge-file(1)), with all three sides in each conflict."""
        sides = {markers.OURS: ours, markers.BASE: base, markers.THEIRS: theirs}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for name, content in sides.items():
                Path(folder, name).write_bytes(content)
            labels = [word for name in sides for word in ("-L", name)]
            files = [str(Path(folder, name)) for name in sides]
            # The exit code is the number of conflicts, at most 127.
            return self.git("merge-file", "-p", "--diff3", *labels, *files, codes=tuple(range(128)))

    def use_attributes(self, attributes: bytes) -> None:
        """Merge by these gitattributes(5), such as `merge=union`, `binary` or a merge driver that the user defines."""
        (self.folder / "info").mkdir(exist_ok=True)
        (self.folder / "info" / "attributes").write_bytes(attributes + b"\n")

    def ignored(self, tree: Tree, paths: set[str]) -> set[str]:
        """Those of `paths` that git would ignore in a repository with the .gitignore files of `tree`."""
        rules = {path: entry for path, entry in tree.items() if path.rpartition("/")[2] == ".gitignore"}
        if not rules or not paths:
            return set()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for path, entry in rules.items():
                Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, path).write_bytes(entry.content)
            env = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": folder}
            return set(git.ignored(Path(folder), sorted(paths), "-c", "core.bare=false", env=env))

    def build(self, onto: str, subtree: tuple[str, str], overrides: Mapping[str, Entry | None]) -> str:
        """Build the tree `onto` with `subtree`, a prefix and a tree, put there; return its id.

        `overrides`: files that replace those of the subtree, by path from the prefix; None removes a file.
        """
        prefix, tree = subtree
        placed = use_tree(tree) if not prefix else use_tree(onto) + with_path(f"M 040000 {tree} ".encode(), prefix[:-1])
        files = put_files({f"{prefix}{path}": entry for path, entry in overrides.items()})
        stream = begin_commit("merged", 1) + placed + files + b'ls ""\n'  # `ls` prints mode, type and id of the root
        output = self.git("fast-import", "--quiet", "--depth=0", "--force", stdin=stream)
        return output.split()[2].decode()

    def differences(self, old: str, new: str) -> tuple[Difference, ...]:
        """The differences between two trees, with moved files recognised."""
        output = self.git("diff-tree", "-r", "-z", "-M", "--no-abbrev", "--raw", old, new)
        fields, rows = iter(os.fsdecode(output).split("\0")), []
        for row in filter(None, fields):  # a row, then one path, or two of a moved file
            old_mode, mode, old_blob, blob, status = row.removeprefix(":").split()
            before = next(fields)
            path = next(fields) if status[0] in "RC" else before
            rows.append(Difference(status[0], before, path, mode, blob, old_blob, old_mode))
        return tuple(rows)

    def count_lines(self, old: str, new: str) -> int:
        """How many lines were added and removed between two trees; a binary file counts as one of each."""
        rows = [row.split(b"\t") for row in self.git("diff-tree", "-r", "-M", "--numstat", old, new).splitlines()]
        return sum(int(count) if count.isdigit() else 1 for row in rows for count in row[:2])

    def write_blobs(self, contents: Iterable[bytes]) -> list[str]:
        """Write these contents as blobs; return their ids."""
        command = ("hash-object", "-w", "--stdin")
        return [self.git(*command, stdin=content).decode().strip() for content in contents]

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """The content of each object that exists, by the name given (an id, or TREE:PATH)."""
        return {name: item.content for name, item in self.reader.find(names).items()}

    def copy_objects_to(self, objects: Path) -> None:
        """Copy the new objects to the user's repository, whose folder of objects is `objects`."""
        # A pack before its index, as git itself does: an index makes git look for its pack.
        order = sorted(self.objects.rglob("*"), key=lambda path: path.suffix == ".idx")
        for path in order:
            target = objects / path.relative_to(self.objects)
            if path.is_file() and "info" not in path.parent.name and not target.exists():
                with explained(target.parent, "Nothing was changed; fix that, then run this again."):
                    write_whole(target, path.read_bytes(), beside="tmp_obj_")  # git-prune(1) knows that name


@contextmanager
def scratch_repository(objects: Path, object_format: str = "sha1") -> Iterator[Scratch]:
    """Yield a scratch repository that reads the objects in the folder `objects`; it is removed at the end."""
    with temporary_folder() as holder:
        folder = holder / "scratch.git"
        init_beside(objects, folder, object_format=object_format, bare=True)
        with confinement.borrowing(objects.parent), open_reader(folder) as reader:
            yield Scratch(folder, reader)


# ---- the output of git --------------------------------------------------------------------------------------


def _parsed(output: bytes) -> Merged:
    """The result in the output of `git merge-tree -z`: the tree, the stages, an empty field, the messages.

    A message has a count of paths, those paths, its kind and its text. The first for a path is its reason.
    """
    tree, *fields = output.split(b"\0")
    end = fields.index(b"") if b"" in fields else len(fields)
    stages = tuple(map(read_stage, fields[:end]))
    messages, kinds = [os.fsdecode(field) for field in fields[end + 1 :]], dict[str, str]()
    while messages and messages[0]:
        count = int(messages[0])
        paths, kind = messages[1 : count + 1], messages[count + 1]
        messages = messages[count + 3 :]
        if kind.startswith("CONFLICT"):
            kinds = {**dict.fromkeys(paths, kind), **kinds}
    return Merged(tree.decode(), stages, kinds)


def read_stage(field: bytes) -> Stage:
    """The stage in one field of `git ls-files --unmerged -z` or of `git merge-tree -z`."""
    about, _, path = field.partition(b"\t")
    mode, blob, number = about.decode().split()
    return Stage(mode, blob, int(number), os.fsdecode(path))


def _named_by_branch(stage: Stage) -> Stage:
    """The stage with our branch in its path, if `git merge` wrote `~HEAD` because a folder is in the file's place."""
    path = stage.path.removesuffix("~HEAD")
    return stage if path == stage.path else Stage(stage.mode, stage.blob, stage.number, f"{path}~{OURS}")
