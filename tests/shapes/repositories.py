"""The twelve shapes of repository that a project can be in."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from shapes import seed
from shapes.seed import Entries, Seed
from support.command import git
from support.history import begin, checked_out, commit
from support.small import lay

from new_ops_project.git.tree import EXECUTABLE, LINK, Entry

CONE = ("mine", "ops")  # what a sparse checkout has
ATTRIBUTES = "* text=auto\n*.sh text eol=lf\n*.bin binary\n"


@dataclass(frozen=True)
class Place:
    """A repository of one shape with a project in it, all below the folder `top`.

    `root`: the work tree of the project's repository; commands run there. `prefix`: the project's folder in it.
    `committed`: the project's files. `cone`: the folders that a sparse checkout has, None without one. `crlf`: whether
    text files have such line ends on disk. `has_modes`, `has_links`: what the file system knows. `is_refused`: whether
    git refuses the repository for its owner. `can_merge`: whether git can rename files there. `others`: the
    answers files of the other projects, from the root. `unowned`: the folder of a project that nobody has committed.
    """

    top: Path
    root: Path
    committed: Entries
    env: Mapping[str, str]
    prefix: str = ""
    answers: str = ""
    cone: tuple[str, ...] | None = None
    crlf: bool = False
    has_modes: bool = True
    has_links: bool = True
    is_refused: bool = False
    can_merge: bool = True
    others: tuple[str, ...] = ()
    unowned: Path | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.root / self.prefix

    @property
    def folder(self) -> str:
        """What to give a verb that takes a folder."""
        return self.prefix.rstrip("/") or "."

    @property
    def path(self) -> str:
        """What to give a verb that takes a project."""
        return f"{self.prefix}{self.answers}" or "."

    def git(self, *args: str, at: Path | None = None) -> str:
        """What git prints in the repository; nobody's ownership is in its way."""
        return os.fsdecode(self.git_bytes(*args, at=at)).strip()

    def git_bytes(self, *args: str, at: Path | None = None, stdin: bytes = b"") -> bytes:
        """The same, as bytes."""
        command = ("git", "-c", "safe.directory=*", "-c", "core.quotePath=false", *args)
        done = subprocess.run(command, cwd=at or self.root, env=self.env, input=stdin, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def shows(self, path: str) -> bool:
        """Whether a sparse checkout has this path of the project."""
        return self.cone is None or "/" not in path or path.partition("/")[0] in self.cone

    def on_disk(self, path: str, entry: Entry) -> Entry:
        """How this repository has a file of its index in the work tree."""
        if entry.mode == LINK and self.has_links:
            return entry
        is_converted = self.crlf and b"\0" not in entry.content and not path.endswith(".sh")
        content = entry.content.replace(b"\n", b"\r\n") if is_converted else entry.content
        return Entry(entry.mode if self.has_modes else EXECUTABLE, content)


@dataclass(frozen=True)
class Ground:
    """Where a shape is made: `top` for its repositories, `env` for its commands, `volume` that folds case, if any."""

    seed: Seed
    top: Path
    env: Mapping[str, str]
    volume: Path | None = None


Shape = Callable[[Ground, Entries], Place]


def _history(files: Entries, prefix: str = "", **more: str) -> bytes:
    """Two commits: what the template wrote, then what the user did."""
    mine = {f"{prefix}{path}": kept for path, kept in files.items()}
    return commit("Begin", {f"{prefix}{seed.SCRIPT}": files[seed.SCRIPT]}) + commit("Edit", {**mine, **more})


def _plain(ground: Ground, files: Entries) -> Place:
    root = checked_out(begin(ground.top / seed.NAME, _history(files)))
    return Place(ground.top, root, files, ground.env)


def _submodule(ground: Ground, files: Entries) -> Place:
    origin = begin(ground.top / "origin", _history(files))
    above = checked_out(begin(ground.top / "above", commit("Above", {"above.txt": "Above.\n"})))
    git("submodule", "--quiet", "add", origin.as_uri(), f"libs/{seed.NAME}", at=above, env=dict(ground.env))
    git("config", "--file", ".gitmodules", f"submodule.libs/{seed.NAME}.url", "https://example.org/audit.git", at=above)
    git("commit", "--quiet", "--all", "--message=Submodule", at=above, env=dict(ground.env))
    lay(above, {"above.txt": "Above, edited.\n", "loose.txt": "Loose.\n"})
    return Place(ground.top, above / "libs" / seed.NAME, files, ground.env)


def _linked(ground: Ground, files: Entries) -> Place:
    main = _plain(ground, files)
    git("worktree", "add", "--quiet", "-b", "side", str(ground.top / "linked"), at=main.root)
    lay(main.root, {"mine/notes.txt": "Edited in the main work tree.\n"})
    return replace(main, root=ground.top / "linked")


def _separate(ground: Ground, files: Entries) -> Place:
    place = _plain(ground, files)
    git("init", "--quiet", f"--separate-git-dir={ground.top / 'elsewhere'}", at=place.root)
    return place


def _shallow(ground: Ground, files: Entries) -> Place:
    origin = begin(ground.top / "origin", _history(files))
    git("clone", "--quiet", "--depth=1", origin.as_uri(), seed.NAME, at=ground.top)
    return Place(ground.top, ground.top / seed.NAME, files, ground.env)


def _sparse(ground: Ground, files: Entries) -> Place:
    place = _plain(ground, files)
    git("sparse-checkout", "set", "--cone", *CONE, at=place.root)
    return replace(place, cone=CONE)


def _monorepo(ground: Ground, files: Entries) -> Place:
    both = _history(files, "services/one/") + _history(files, "services/two/", **{"README.md": "# All\n"})
    root = checked_out(begin(ground.top / "all", both))
    others = (f"services/two/{seed.ANSWERS}",)
    return Place(ground.top, root, files, ground.env, prefix="services/one/", others=others)


def _two_templates(ground: Ground, files: Entries) -> Place:
    both = {**files, **ground.seed.second_files}
    return replace(_plain(ground, both), answers=seed.ANSWERS, others=(seed.SECOND_ANSWERS,))


def _crlf(ground: Ground, files: Entries) -> Place:
    both = {**files, ".gitattributes": Entry("100644", ATTRIBUTES.encode())}
    root = begin(ground.top / seed.NAME, _history(both))
    git("config", "core.autocrlf", "true", at=root)
    return Place(ground.top, checked_out(root), both, ground.env, crlf=True)


def _folding(ground: Ground, files: Entries) -> Place:
    if ground.volume is None:
        place = _plain(ground, files)
        git("config", "core.ignoreCase", "true", at=place.root)
        place.remarks.append("simulated with core.ignoreCase=true; the file system tells cases apart")
        return place
    place = _plain(replace(ground, top=ground.volume / ground.top.name), files)
    place.remarks.append("on a volume that folds case (exFAT), without modes and links")
    place.remarks.append("git itself cannot merge a renaming by case only there, so `git merge` was not tried")
    return replace(place, has_modes=False, has_links=False, can_merge=False)


def _foreign(ground: Ground, files: Entries) -> Place:
    place = replace(_plain(ground, files), is_refused=True)
    if os.getuid():
        place.remarks.append("simulated with git's GIT_TEST_ASSUME_DIFFERENT_OWNER; only root can give files away")
        return replace(place, env={**place.env, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    for path in (place.root, *place.root.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    return place


def _ignoring(ground: Ground, files: Entries) -> Place:
    outer = commit("Outer", {".gitignore": "/projects/\n", "outer.txt": "Outer.\n"})
    above = checked_out(begin(ground.top / "outer", outer))
    lay(above, {"outer.txt": "Edited.\n", "loose.txt": "Loose.\n"})
    root = checked_out(begin(above / "projects" / seed.NAME, _history(files)))
    lay(above / "projects" / "unowned", files)
    return Place(ground.top, root, files, ground.env, unowned=above / "projects" / "unowned")


SHAPES: Mapping[str, Shape] = {
    "plain": _plain,
    "submodule": _submodule,
    "linked worktree": _linked,
    "separate git directory": _separate,
    "shallow clone": _shallow,
    "sparse checkout": _sparse,
    "monorepo, two projects": _monorepo,
    "two templates in one folder": _two_templates,
    "CRLF (core.autocrlf, .gitattributes)": _crlf,
    "case-folding": _folding,
    "foreign owner": _foreign,
    "inside a repository that ignores it": _ignoring,
}


def make(shape: str, ground: Ground, edits: str) -> Place:
    """A new repository of the shape, with the files that git ignores there; `edits`: as in Seed.committed."""
    ground.top.mkdir(parents=True)
    place = SHAPES[shape](ground, ground.seed.committed(edits))
    lay(place.project, seed.IGNORED)
    (place.project / "ops" / "words.txt").chmod(0o640)  # git does not know, but a person does
    return place


@contextmanager
def folding_volume(folder: Path) -> Iterator[Path | None]:
    """Mount a volume whose file system folds case at `folder`, if this machine can; None otherwise."""
    image, holder = folder.with_suffix(".image"), ""
    try:
        with image.open("wb") as file:
            file.truncate(256 << 20)
        folder.mkdir()
        if all(map(shutil.which, ("mkfs.exfat", "mount.exfat-fuse", "losetup"))) and not os.getuid():
            _quietly("mkfs.exfat", image)
            holder = _quietly("losetup", "--find", "--show", image).strip()
            _quietly("mount.exfat-fuse", holder, folder)
        yield folder if os.path.ismount(folder) else None
    except subprocess.CalledProcessError:
        yield None
    finally:
        if os.path.ismount(folder):
            _quietly("umount", folder)
        if holder:
            _quietly("losetup", "--detach", holder)
        image.unlink(missing_ok=True)


def _quietly(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
