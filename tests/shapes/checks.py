"""What must hold in a repository after each verb, independent of how the tool got there."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from shapes import seed, state
from shapes.repositories import Place
from shapes.seed import Seed
from support.history import entry
from support.small import SIGNS

from new_ops_project.git import tree
from new_ops_project.git.tree import Entry

# What a run may change in a git directory: its own journal, and what git itself writes for a commit or a branch.
JOURNAL = r"new-ops-project/.*"
INDEX = r"index"
COMMIT = r"index|COMMIT_EDITMSG|HEAD|ORIG_HEAD|logs/.*|refs/heads/\w+|refs|refs/heads"
BRANCH = r"logs/refs/heads/template.*|logs/refs.*|logs|refs/heads/template.*"


@dataclass(frozen=True)
class Ran:
    """A command line that has run in a place."""

    line: str
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line that it printed to stdout."""
        return next((line.strip() for line in reversed(self.out.splitlines()) if line.strip()), "")


@dataclass
class Trial:
    """The trial of one verb in one place; `problems` are in the order in which they came up.

    `temporary`: the folder for temporary files, which every run must leave empty. `loose`: paths from the root at which
    there is work of the user's that is not committed.
    """

    place: Place
    temporary: Path
    planted: Seed
    problems: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)

    def require(self, holds: object, problem: str) -> None:
        """Note a problem unless something holds."""
        if not holds:
            self.problems.append(problem)

    def run(self, line: str, code: int, last: str = "") -> Ran:
        """Run a command line as it would be typed in the repository; note a wrong exit code, last line or left-over.

        `last`: a pattern for the whole last line of stdout.
        """
        ran = self.quietly(line)
        lines = (ran.err or ran.out).strip().splitlines()
        self.require(ran.code == code, f"`{line}`: exit code {ran.code}, not {code}: {' / '.join(lines[-3:])}")
        self.require("Traceback" not in ran.err, f"`{line}`: a traceback")
        self.require(not last or re.fullmatch(last, ran.last), f"`{line}`: the last line is {ran.last!r}, not {last!r}")
        left = sorted(path.name for path in self.temporary.iterdir())
        self.require(not left, f"`{line}`: left in TMPDIR: {', '.join(left)}")
        return ran

    def quietly(self, line: str) -> Ran:
        """Run a command line without any expectation."""
        done = subprocess.run(  # noqa: S602 - it is what the tool printed for a shell
            line,
            shell=True,
            cwd=self.place.root,
            env=self.place.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(line, done.returncode, done.stdout, done.stderr)

    # ---- what is there --------------------------------------------------------------------------------------

    def seen(self) -> state.State:
        """Everything below the place's top."""
        return state.read(self.place.top)

    def as_before(self, before: state.State, what: str) -> None:
        """Note everything that is not exactly as it was."""
        if lines := state.differences(before, self.seen()):
            self.problems.append(f"{what}: not as before: {'; '.join(lines[:8])}")

    def only_changed(self, before: state.State, files: Iterable[str], inside: str, what: str) -> None:
        """Note what changed and is neither one of `files` of the project nor matches `inside` in its git directory."""
        place = self.place
        git_dir = Path(place.git("rev-parse", "--absolute-git-dir"))
        common = (place.root / place.git("rev-parse", "--git-common-dir")).resolve()
        wanted = {(place.project / path).relative_to(place.top).as_posix() for path in files}
        for line in state.differences(before, self.seen()):
            sign, path = line.split(" ", 1)
            if path in wanted or self._is_folder_of(sign, path, wanted):
                continue
            whole = place.top / path
            own = [whole.relative_to(folder).as_posix() for folder in (git_dir, common) if folder in whole.parents]
            if not any(re.fullmatch(f"{JOURNAL}|{inside}", name) for name in own):
                self.problems.append(f"{what}: also changed: {line}")

    @staticmethod
    def _is_folder_of(sign: str, path: str, wanted: set[str]) -> bool:
        return sign in "+-" and any(name.startswith(f"{path}/") for name in wanted)

    def index(self) -> dict[str, str]:
        """Mode and blob of each entry of the project in the index, by path; stages of a conflict with their number."""
        rows = self.place.git_bytes("ls-files", "--stage", "-z", at=self.place.project).split(b"\0")
        entries = {}
        for row in filter(None, map(os.fsdecode, rows)):
            about, path = row.split("\t", 1)
            mode, blob, number = about.split()
            entries[path if number == "0" else f"{path}:{number}"] = f"{mode} {blob}"
        return entries

    def blob(self, content: bytes) -> str:
        """The id of a content in this repository."""
        return self.place.git_bytes("hash-object", "--stdin", "--no-filters", stdin=content).decode().strip()

    def has_index(self, files: Mapping[str, Entry], what: str) -> None:
        """Note each entry of the index that is not one of `files` as git would commit it."""
        self.same(self.index(), {path: f"{kept.mode} {self.blob(kept.content)}" for path, kept in files.items()}, what)

    def has_on_disk(self, files: Mapping[str, Entry], what: str, *, shown: Iterable[str] = ()) -> None:
        """Note each file of the project's folder that is not one of `files` as this repository has it on disk.

        Files that git ignores are expected too; `shown`: paths that a sparse checkout has all the same.
        """
        place = self.place
        ignored = {path: entry(content) for path, content in seed.IGNORED.items()}
        raw = {path: kept if place.has_modes else replace(kept, mode=tree.EXECUTABLE) for path, kept in ignored.items()}
        wanted = {path: place.on_disk(path, kept) for path, kept in files.items() if place.shows(path) or path in shown}
        there = {path: kept for path, kept in tree.read(place.project).items() if path != ".git"}
        self.same(there, wanted | raw, what)

    def same(self, there: Mapping[str, object], wanted: Mapping[str, object], what: str) -> None:
        """Note the differences of two mappings by path."""
        if rows := [
            f"{path} is {'missing' if path not in there else 'extra' if path not in wanted else 'other'}"
            for path in sorted(there.keys() | wanted.keys())
            if there.get(path) != wanted.get(path)
        ]:
            self.problems.append(f"{what}: {'; '.join(rows[:8])}")

    def is_sound(self, what: str, *, staged: bool) -> None:
        """Note what git status shows other than staged changes (or anything), and what git fsck complains of."""
        lines = self.place.git_bytes("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all")
        rows = [os.fsdecode(line) for line in lines.split(b"\0") if line]
        unexpected = [
            row
            for row in rows
            if not any(row.endswith(f" {path}") for path in self.loose)
            and not (staged and re.match(r"1 [MADT]\. ", row))
        ]
        self.require(not unexpected, f"{what}: git status: {'; '.join(unexpected[:5])}")
        try:
            self.place.git("fsck", "--strict", "--no-dangling", "--no-progress")
        except AssertionError as error:
            self.problems.append(f"{what}: {error}")

    def unmerged_text(self, path: str) -> str:
        """The text of a file of the project on disk, with line ends as git has them."""
        file = self.place.project / path
        return file.read_bytes().replace(b"\r\n", b"\n").decode() if file.is_file() else ""

    def has_conflict(self, path: str, mine: str, theirs: str) -> None:
        """Note a file without conflict markers, or whose sides are not those texts."""
        text, index = self.unmerged_text(path), self.index()
        signs = [line[:7] for line in text.splitlines() if line.startswith(SIGNS)]
        self.require(signs == list(SIGNS), f"{path}: markers {signs}")
        for number, side in (("2", mine), ("3", theirs)):
            blob = index.get(f"{path}:{number}", " ").split(" ")[1]
            self.require(blob == self.blob(side.encode()), f"{path}: stage {number} is not what it should be")
