"""Random edits of a project in updates to any version: no line of the user is lost."""

import io
import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from support.command import Ran, Run, git
from support.small_template import (
    ANSWERS,
    EXECUTABLE,
    LINK,
    PLAIN,
    TAGS,
    SampleFile,
    answers_of,
    copied,
    listed,
    project,
    read,
    render,
    save,
    template,
    write,
)

from new_ops_project import cli
from new_ops_project.base.errors import Exit
from new_ops_project.template.render import tree

State = dict[str, SampleFile]

# The same lives in every run; with a number in this variable, so many others.
LIVES = int(os.environ.get("LIVES", "0"))

TOKEN = re.compile(rb"tok\d{5}")
MARKERS = re.compile(rb"^(?:<{7,}|\|{7,}|={7,}|>{7,})(?: .*)?\r?\n", re.MULTILINE)
OPEN = re.compile(rb"^(?:<{7,} your project|>{7,} new template)", re.MULTILINE)

# Where users put files of their own: where another version of the template has a file or a folder, or nothing.
PLACES = (
    "docs/guide.md",
    "docs",
    "extra.toml",
    "data.json",
    "src/app.py",
    "src/main.py",
    "conf/config.yml",
    "conf",
    "tools",
    "tools/check.py",
    "LAST",
    "LAST/word",
    "LAST/mine",
    "config.yml",
    "mine.toml",
    "mine.json",
    "mine/one.py",
    "src/mine.py",
    os.fsdecode(b"caf\xe9.txt"),
    'odd "name"\t.md',
    "LAST~your-project",
)


# ---- what a user does ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """One thing that a user does: to which file (counted), from which line, to how many, where to."""

    kind: str
    file: int
    line: int
    count: int
    place: str

    def apply(self, folder: Path, token: str) -> None:
        """Do it with a word that nobody else has used; nothing where it makes no sense."""
        paths = sorted(read(folder).keys() - {ANSWERS})
        if self.kind in KINDS_OF_PLACE:
            KINDS_OF_PLACE[self.kind](folder, self.place, token)
        elif paths:
            KINDS_OF_FILE[self.kind](self, folder, paths[self.file % len(paths)], token)


def insert(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Add a line, or retarget a link, or append to a binary file."""
    _with_line(edit, folder, path, token, gone=0)


def replace(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Write a line in place of some."""
    _with_line(edit, folder, path, token, gone=edit.count)


def double(folder: Path, place: str, token: str) -> None:
    """Add the key that another version has at the end; what merges cleanly then may be no TOML any more."""
    if (folder / "settings.toml").is_file():
        kept = read(folder)["settings.toml"]
        write(folder, {"settings.toml": SampleFile(kept.mode, f"added = '{token}'\n".encode() + kept.content)})


def _with_line(edit: Edit, folder: Path, path: str, token: str, *, gone: int) -> None:
    kept = read(folder)[path]
    if kept.mode == LINK:
        write(folder, {path: SampleFile(LINK, token.encode())})
    elif b"\0" in kept.content:
        write(folder, {path: SampleFile(kept.mode, kept.content + token.encode())})
    else:
        lines = kept.content.splitlines(keepends=True)
        at = _place(lines, edit.line, path)
        ending = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
        lines[at : at + gone] = [_line(path, token) + ending]
        if at and not lines[at - 1].endswith(b"\n"):
            lines[at - 1 : at + 1] = [lines[at - 1] + ending, _line(path, token)]
        write(folder, {path: SampleFile(kept.mode, b"".join(lines))})


def _place(lines: list[bytes], number: int, path: str) -> int:
    """The line that the number selects; in JSON one that an entry may follow."""
    places = list(range(len(lines) + 1))
    if path.endswith(".json"):
        places = [at for at, line in enumerate(lines) if line.startswith(b'  "')] or [len(lines)]
    return places[number % len(places)]


def _line(path: str, token: str) -> bytes:
    """A line with the word in it as this kind of file has it."""
    shapes = {".json": '  "{}": 1,', ".toml": "{} = 1", ".yml": "{}: 1", ".py": "{} = 1", ".sh": "# {}"}
    return shapes.get(Path(path).suffix, "{}").format(token).encode()


def cut(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Delete lines of a text."""
    kept = read(folder)[path]
    if kept.mode != LINK and b"\0" not in kept.content:
        lines = kept.content.splitlines(keepends=True)
        at = edit.line % (len(lines) + 1)
        write(folder, {path: SampleFile(kept.mode, b"".join(lines[:at] + lines[at + edit.count :]))})


def move(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Move a file to one of the places."""
    if _is_free(folder, edit.place):
        (folder / edit.place).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).rename(folder / edit.place)


def move_folder(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Move the folder that a file is in."""
    if "/" in path:
        (folder / path).parent.rename(folder / f"{edit.count} {token[3:]}")  # not the word: names stand behind markers


def remove(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Delete a file."""
    (folder / path).unlink()


def flip(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Change the executable bit."""
    kept = read(folder)[path]
    if kept.mode != LINK:
        write(folder, {path: SampleFile(EXECUTABLE if kept.mode == PLAIN else PLAIN, kept.content)})


def convert(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Convert every line end."""
    kept = read(folder)[path]
    if kept.mode != LINK and b"\0" not in kept.content:
        plain = kept.content.replace(b"\r\n", b"\n")
        write(folder, {path: SampleFile(kept.mode, plain if b"\r" in kept.content else plain.replace(b"\n", b"\r\n"))})


def become(edit: Edit, folder: Path, path: str, token: str) -> None:
    """Make a link of a file, a binary file of a text."""
    write(
        folder,
        {path: SampleFile(LINK, token.encode()) if edit.count % 2 else SampleFile(PLAIN, b"\0" + token.encode())},
    )


def add(folder: Path, place: str, token: str) -> None:
    """Add a file of one's own."""
    if _is_free(folder, place):
        text = f'{{\n  "{token}": 1\n}}\n'.encode() if place.endswith(".json") else _line(place, token) + b"\n"
        write(folder, {place: SampleFile(PLAIN, text)})


def hide(folder: Path, place: str, token: str) -> None:
    """Have a file that git ignores, by a rule that only this clone knows."""
    if _is_free(folder, place):
        keep_out(folder, place, token)
        write(folder, {place: SampleFile(PLAIN, token.encode())})


def keep_out(folder: Path, place: str, token: str) -> None:
    """Add such a rule for a file that does not exist yet, or is tracked anyway."""
    (folder / ".git" / "info").mkdir(exist_ok=True)
    with (folder / ".git" / "info" / "exclude").open("ab") as file:
        file.write(b"/" + os.fsencode(place) + b"\n")


def log(folder: Path, place: str, token: str) -> None:
    """Have a file that the template's own rules ignore."""
    write(folder, {f"{token}.log": SampleFile(PLAIN, token.encode()), "local/mine": SampleFile(PLAIN, token.encode())})


def _is_free(folder: Path, place: str) -> bool:
    above = [folder / parent for parent in Path(place).parents]
    return not os.path.lexists(folder / place) and not any(at.is_symlink() or at.is_file() for at in above)


KINDS_OF_FILE: dict[str, Callable[[Edit, Path, str, str], None]] = {
    "insert": insert,
    "replace": replace,
    "cut": cut,
    "move": move,
    "move_folder": move_folder,
    "remove": remove,
    "flip": flip,
    "convert": convert,
    "become": become,
}
KINDS_OF_PLACE: dict[str, Callable[[Path, str, str], None]] = {
    "add": add,
    "hide": hide,
    "keep_out": keep_out,
    "log": log,
    "double": double,
}
KINDS = ("insert", "insert", "insert", "replace", "replace", "cut", "move", *KINDS_OF_FILE, "add", *KINDS_OF_PLACE)
EDITS = st.builds(
    Edit, st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 17), st.integers(1, 4), st.sampled_from(PLACES)
)


# ---- what must hold -----------------------------------------------------------------------------------------


def words(files: Iterable[SampleFile]) -> set[bytes]:
    """Every word of a user's in these files."""
    return {word for kept in files for word in TOKEN.findall(kept.content)}


def parted(folder: Path) -> tuple[State, State]:
    """The files that git tracks or would track, and those that it ignores."""
    files = read(folder)
    ignored = {
        path: files.pop(path) for path in listed(folder, "ls-files", "--others", "--ignored", "--exclude-standard")
    }
    return files, ignored


def bits(folder: Path) -> tuple[State, bytes, bytes]:
    """Every file, ignored ones too, the index byte by byte, and the branch."""
    branch = folder / ".git" / "refs" / "heads" / "trunk"
    return read(folder), (folder / ".git" / "index").read_bytes(), branch.read_bytes()


def shown(path: str) -> str:
    """A path as in --json: bytes that are not UTF-8 as escapes."""
    return os.fsencode(path).decode(errors="backslashreplace")


def unmerged(folder: Path) -> set[str]:
    """The paths that git's index has in conflict."""
    return {line.partition("\t")[2] for line in listed(folder, "ls-files", "--unmerged")}


def unstaged(folder: Path) -> list[str]:
    """What git reports as not staged, except conflicts."""
    output = listed(folder, "status", "--porcelain", "--no-renames", "-uall")
    return [line for line in output if line[1] != " " and "U" not in line[:2] and line[:2] not in {"AA", "DD"}]


def assert_one_sided(base: State, ours: State, theirs: State, merged: State) -> None:
    """A file that only one side changed has that side's content."""
    for path in (base.keys() & ours.keys() & theirs.keys()) - {ANSWERS}:
        if ours[path] == base[path]:
            assert merged.get(path) == theirs[path], path
        elif theirs[path] == base[path]:
            assert merged.get(path) == ours[path], path
    for path in ours.keys() - base.keys() - theirs.keys():
        assert path in merged, f"{path} is the user's own"
    for path in (base.keys() & theirs.keys()) - ours.keys():
        if (base[path].mode == LINK) == (theirs[path].mode == LINK):  # else the template has something new there
            assert path not in merged, f"{path} was deleted or moved"


def plain(kept: SampleFile) -> SampleFile:
    """A file with LF at the end of lines."""
    return SampleFile(kept.mode, kept.content.replace(b"\r\n", b"\n"))


def parses(path: str, kept: SampleFile) -> bool:
    """Whether a file parses as its name says."""
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads, ".yml": yaml.safe_load}
    read_as = readers.get(Path(path).suffix, str)
    try:
        read_as(kept.content.decode())
    except (ValueError, yaml.YAMLError):
        return False
    return True


def command(*args: str) -> Ran:
    """The command in this process, whatever its exit code."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = cli.run(list(args))
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass
class World:
    """What all examples share: the template, one project of each version, and what plain copier makes."""

    folder: Path
    count: int = 0

    @property
    def template(self) -> Path:
        """The template's repository."""
        return template(self.folder / "template")

    def project(self, tag: str) -> Path:
        """A new copy of the project of a version."""
        kept = self.folder / tag
        if not kept.exists():
            project(str(self.template), tag, kept)
        self.count += 1
        return copied(kept, self.folder / "projects" / str(self.count) / "audit")

    def fresh(self, tag: str, answers: dict[str, Any]) -> State:
        """What plain copier makes of a version with these answers; without the answers file's marks."""
        kept, source = self.folder / f"{tag} {json.dumps(answers)}", self.folder / f"source {tag}"
        if not source.exists():
            source.mkdir()
            git(f"--work-tree={source}", "checkout", "--force", tag, "--", ".", at=self.template)
        if not kept.exists():
            render(str(source), None, kept, **answers)
        return read(kept)


# ---- any sequence of edits and updates ----------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """A project's life: edits, then an update to some version, delivered in some way; and again."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.here = self.world.project(TAGS[0])
        self.token = 0
        self.is_edited = False

    def teardown(self) -> None:
        """Remove the project."""
        shutil.rmtree(self.here.parent)

    @rule(edits=st.lists(EDITS, min_size=1, max_size=6))
    def edit(self, edits: list[Edit]) -> None:
        """The user does something, and commits it."""
        for edit in edits:
            self.token += 1
            edit.apply(self.here, f"tok{self.token:05}")
        self.is_edited = True
        save(self.here)

    @rule(tag=st.sampled_from(TAGS), back=st.booleans())
    def update(self, tag: str, back: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        """Update in the work tree: the result holds everything; then take it back, or conclude it."""
        before, ours = bits(self.here), parted(self.here)
        ran = self.try_to_go_to(tag)
        if ran.code == Exit.FAILED:
            self.make_way(ran)
        elif ran.json["state"] == "current":
            assert bits(self.here) == before
        else:
            self.check(ran, tag, before, *ours)
            self.again(ran)
            self.take_back(before) if back else self.conclude(ran, tag)

    @rule(tag=st.sampled_from(TAGS), way=st.sampled_from(["--branch", "--patch", "--preview"]))
    def elsewhere(self, tag: str, way: str) -> None:
        """Update on a branch, as a patch or for show: work tree and index stay; what is merged then is the same."""
        before, ours = bits(self.here), parted(self.here)
        name = f"given-{len(list((self.here / '.git' / 'refs' / 'heads').iterdir()))}"
        patch = self.here.with_name("given.patch")
        given = {"--branch": name, "--patch": str(patch), "--preview": ""}[way]
        ran = self.try_to_go_to(tag, way, *([given] if given else []))
        assert bits(self.here) == before
        if ran.code != Exit.DONE or ran.json["state"] == "current" or way == "--preview":
            return
        if way == "--branch":
            git("merge", "--quiet", "--ff-only", name, at=self.here)
        else:
            git("update-index", "-q", "--refresh", at=self.here)  # what is copied looks changed to `git apply`
            git("apply", "--index", str(patch), at=self.here)
        self.check(ran, tag, before, *ours)
        save(self.here)

    def try_to_go_to(self, tag: str, *options: str) -> Ran:
        """Start an update; it may end well, with conflicts, or because an ignored file is in the way."""
        ran = command("update", str(self.here), "--to", tag, "--accept-answer-changes", "--json", *options)
        assert ran.code in {Exit.DONE, Exit.FAILED, Exit.CONFLICTS}, ran.err
        return ran

    def check(self, ran: Ran, tag: str, before: Any, ours: State, ignored: State) -> None:
        """Compare what there is now with what there was, and with what both versions of the template are."""
        merged, still_ignored = parted(self.here)
        assert still_ignored == ignored
        assert words(ours.values()) <= words(merged.values()), ran
        conflicts = {conflict["path"] for conflict in ran.json["conflicts"]}
        assert (ran.code == Exit.CONFLICTS) == bool(conflicts)
        assert {shown(path) for path in unmerged(self.here)} == conflicts
        assert {shown(path) for path, kept in merged.items() if OPEN.search(kept.content)} <= conflicts
        assert not unstaged(self.here)
        tracked_anyway = {*listed(self.here, "ls-files", "--cached", "--ignored", "--exclude-standard")}
        assert not tracked_anyway & (merged.keys() - ours.keys())
        self.check_files(ran, ours, merged, conflicts)
        recorded = yaml.safe_load(before[0][ANSWERS].content)
        answers = {name: value for name, value in recorded.items() if not name.startswith("_")}
        base, theirs = self.world.fresh(recorded["_commit"], answers), self.world.fresh(tag, answers_of(self.here))
        left_out = conflicts | {path.partition("~")[0] for path in conflicts} | set(ran.json["ignored"])
        for path in base.keys() & ours.keys() & theirs.keys() & conflicts:
            assert plain(ours[path]) != plain(base[path]), f"in {path} nothing but line ends was changed"
        sides = (base, ours, theirs, merged)
        assert_one_sided(*({p: k for p, k in side.items() if shown(p) not in left_out} for side in sides))
        for path in (ours.keys() & theirs.keys() & merged.keys()) - conflicts:
            assert parses(path, merged[path]) or not (parses(path, ours[path]) and parses(path, theirs[path])), path
        if not self.is_edited:
            assert merged.keys() == theirs.keys()

    def check_files(self, ran: Ran, ours: State, merged: State, conflicts: set[str]) -> None:
        """Every path that differs is listed, and nothing else."""
        differ = {shown(path) for path in ours.keys() | merged.keys() if ours.get(path) != merged.get(path)}
        listed = {file["path"] for file in ran.json["files"]} | {
            file.get("from", ANSWERS) for file in ran.json["files"]
        }
        aside = {path.partition("~")[0] for path in conflicts}  # where a folder is in the place of a file
        assert differ <= listed | aside
        assert listed - differ <= conflicts

    def again(self, ran: Ran) -> None:
        """A second update on top of the first waits, or is refused while there are conflicts; nothing moves."""
        before = bits(self.here)
        second = command("update", str(self.here), "--json")
        assert second.code == (Exit.FAILED if ran.code == Exit.CONFLICTS else Exit.DONE), second
        assert bits(self.here) == before

    def take_back(self, before: Any) -> None:
        """Abort: files, ignored files and the index are as they were, bit by bit."""
        assert command("update", str(self.here), "--abort").code == Exit.DONE
        assert bits(self.here) == before

    def conclude(self, ran: Ran, tag: str) -> None:
        """Resolve conflicts by keeping both sides, commit; then the project is current."""
        held = words(parted(self.here)[0].values())
        if ran.code == Exit.CONFLICTS:
            for path in unmerged(self.here):
                keep_both(self.here / path)
            done = command("update", str(self.here), "--continue")
            assert done.code == Exit.DONE, done
        git("commit", "--quiet", "--message=Update", at=self.here)
        assert held <= words(parted(self.here)[0].values())
        before = bits(self.here)
        ran = self.try_to_go_to(tag)
        assert ran.json["state"] == "current", ran
        assert bits(self.here) == before

    def make_way(self, ran: Ran) -> None:
        """Remove the ignored file that an update was refused for."""
        hidden = set(parted(self.here)[1])
        assert any(path.split("/")[0] in ran.err for path in hidden), ran
        for path in hidden:
            (self.here / path).unlink()
        (self.here / ".git" / "info" / "exclude").write_text("")


def keep_both(file: Path) -> None:
    """Resolve a conflict: without the markers; of what has a syntax, only the words."""
    if file.is_symlink() or not file.is_file():
        return
    content = file.read_bytes()
    kept = [word.decode() for word in TOKEN.findall(content)]
    if file.suffix == ".json":
        file.write_text(json.dumps(dict.fromkeys(kept, 1)))
    elif file.suffix in {".toml", ".yml"}:
        file.write_text("".join(f"# {word}\n" for word in kept))
    else:
        file.write_bytes(MARKERS.sub(b"", content))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """See World; a version that was rendered with some answers is not rendered again, which takes most of the time."""
    known = dict[str, Any]()

    def remembered(checkout: Any, answers: Any, folder: Path, **options: Any) -> Any:
        key = repr((checkout, sorted(answers.items()), folder.name, options))
        known[key] = known.get(key) or tree(checkout, answers, folder, **options)
        return known[key]

    monkeypatch.setattr("new_ops_project.template.render.tree", remembered)
    return World(tmp_path)


@pytest.mark.slow
def test_nothing_that_somebody_wrote_is_lost(world: World) -> None:
    """After any edits and updates: every line is there or in a conflict, twice is once, abort restores every bit."""
    Life.world = world
    budget = settings(
        max_examples=LIVES or 12,
        derandomize=not LIVES,
        stateful_step_count=12,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # to shrink one takes minutes
    )
    run_state_machine_as_test(Life, settings=budget)


HARD = {
    "nothing but line ends": ("convert", "dos.txt", "v1.1.0"),
    "the same key twice": ("double", "settings.toml", "v1.1.0"),
    "a new file that is ignored": ("keep_out", "docs/guide.md", "v1.1.0"),
    "an ignored file in the way": ("hide", "docs/guide.md", "v1.1.0"),
    "edited and dropped": ("insert", "data.json", "v2.0.0"),
    "a folder in the place of an edited file": ("insert", "LAST", "v3.0.0"),
    "a link in the place of an edited file": ("become", "src/main.py", "v2.0.0"),
    "both move it": ("move", "src/main.py", "v2.0.0"),
}


@pytest.mark.parametrize(("kind", "path", "tag"), HARD.values(), ids=HARD)
def test_one_edit(world: World, kind: str, path: str, tag: str) -> None:
    """The same for single edits that are hard to merge."""
    Life.world = world
    life = Life()
    number = sorted(read(life.here).keys() - {ANSWERS}).index(path) if kind in KINDS_OF_FILE else 0
    life.edit([Edit(kind, number, 0, 1, "mine/one.py" if kind == "move" else path)])
    life.update(tag=tag, back=True)
    life.update(tag=tag, back=False)
    life.teardown()


@pytest.mark.slow
@pytest.mark.parametrize("start", TAGS)
def test_without_edits_it_is_a_fresh_render(run: Run, world: World, start: str) -> None:
    """From any version to any other, a project that nobody edited is what plain copier makes of that version."""
    for tag in TAGS:
        here = world.project(start)
        run("update", str(here), "--to", tag, "--accept-answer-changes")
        updated, fresh = read(here), world.fresh(tag, answers_of(here))
        marks = {"_commit": tag, "_src_path": str(world.template)}
        assert yaml.safe_load(updated.pop(ANSWERS).content) == {**yaml.safe_load(fresh.pop(ANSWERS).content), **marks}
        assert updated == fresh
