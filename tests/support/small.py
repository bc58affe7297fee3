"""A small template with two versions, with a project as copier would have made it, in milliseconds."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from support.command import ROOT, Ran, Run, git
from support.history import Files, begin, checked_out, commit, entry, extend, version

from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN

QUESTIONS = "colour:\n  type: str\n  default: blue\n"
ANSWERS = ".copier-answers.yml"
LINES = "".join(f"line {number}\n" for number in range(20))
NEWER = LINES.replace("line 18\n", "line 18, newer\n")
MINE = LINES.replace("line 2\n", "line 2, mine\n")
BOTH = NEWER.replace("line 2\n", "line 2, mine\n")
CLASH = LINES.replace("line 18\n", "line 18, mine\n")
OLD = {"task.py": LINES, "lib/x.py": LINES}
NEW = {"task.py": NEWER, "lib/x.py": NEWER, "notes.md": "New.\n"}
WRITTEN = {ANSWERS, "task.py", "notes.md"}  # by an update of `usual`
ODD = 'two words\'\n"quoted"\t\\ and \udcff\udcfe.txt'
LINKS = (f"_preserve_symlinks: true\n{QUESTIONS}", None)
SIGNS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


@dataclass(frozen=True)
class Small:
    """A template's repository, and a project of its first version. `prefix`: the project's folder in its repository."""

    template: Path
    repository: Path
    prefix: str = ""

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.repository / self.prefix

    def text(self, path: str) -> str:
        """The content of a file of the project, with its line endings."""
        return (self.project / path).read_bytes().decode()

    def git(self, *args: str) -> str:
        """Run git in the project's folder; names of any bytes survive."""
        done = subprocess.run(["git", *args], cwd=self.project, check=True, capture_output=True)
        return os.fsdecode(done.stdout).strip()

    def git_path(self, name: str) -> Path:
        """Where git has one of its own files or folders, which depends on the repository's shape."""
        return self.project / self.git("rev-parse", "--git-path", name)

    def commit(self, files: Files) -> None:
        """Write files in the work tree and commit everything."""
        lay(self.project, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message=mine")

    def staged(self) -> set[str]:
        """The paths (from the repository's root) that differ between HEAD and the index."""
        return set(self.git("diff", "--cached", "--name-only", "--no-renames", "-z").split("\0")) - {""}

    def unmerged(self) -> set[str]:
        """The paths that git knows to be in conflict."""
        return set(self.git("diff", "--name-only", "--diff-filter=U", "-z").split("\0")) - {""}

    def recorded(self) -> dict[str, Any]:
        """The answers in the project's answers file."""
        answers: dict[str, Any] = yaml.safe_load((self.project / ANSWERS).read_bytes())
        return answers


def make(
    root: Path,
    old: Files,
    new: Files,
    mine: Files | None = None,
    *,
    questions: tuple[str, str | None] = (QUESTIONS, None),
    answers: Mapping[str, Any] | None = None,
    prefix: str = "",
    name: str = "audit",
    init: tuple[str, ...] = (),
) -> Small:
    """A template with `old` as v1.0.0 and `new` (only what differs) as v1.1.0; a project of `old` with `mine` on top.

    The files contain no Jinja, so a project has what the template has. `questions`: copier.yml of each version.
    """
    new = new if questions[1] is None else {"copier.yml": questions[1], **new}
    template = make_template(root / "template", {"v1.0.0": {"copier.yml": questions[0], **old}, "v1.1.0": new})
    rendered = {path: content for path, content in old.items() if not path.endswith(".jinja")}
    recorded = {"_commit": "v1.0.0", "_src_path": str(template), **({"colour": "blue"} if answers is None else answers)}
    rendered[ANSWERS] = yaml.dump(recorded, allow_unicode=True, default_flow_style=False, indent=4)
    return Small(template, make_project(root / name, rendered, mine or {}, prefix=prefix, init=init), prefix)


def usual(root: Path, mine: str) -> Small:
    """A template that changes a file, whose content in the project is `mine`, and adds another file."""
    old = {"task.py": LINES, "README.md": "# Audit\n", ".gitignore": "*.log\n"}
    return make(root, old, {"task.py": NEWER, "notes.md": "New.\n"}, {"task.py": mine})


def make_template(folder: Path, versions: Mapping[str, Files]) -> Path:
    """Make a repository with a tag for each version; each adds to the one before."""
    first, *rest = versions
    answers = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml -}}\n"}
    stream = version(first, {**answers, **versions[first]})
    return begin(folder, stream + b"".join(version(tag, versions[tag]) for tag in rest))


def release(template: Path, tag: str, files: Files) -> None:
    """Give the template another version."""
    extend(template, version(tag, files, parent="refs/heads/trunk^0"))


def make_project(folder: Path, rendered: Files, mine: Files, *, prefix: str = "", init: tuple[str, ...] = ()) -> Path:
    """Make a repository with a commit of what copier wrote, and one of what the user has done since."""
    stream = commit("Generate", _below(prefix, rendered)) + commit("Edit", _below(prefix, mine))
    return checked_out(begin(folder, stream, *init))


def _below(prefix: str, files: Files) -> Files:
    return {f"{prefix}{path}": content for path, content in files.items()}


def lay(folder: Path, files: Files) -> None:
    """Write files below a folder; None removes one."""
    for path, content in files.items():
        target = folder / path
        if content is None or target.is_symlink():
            target.unlink()
        if content is None:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted = entry(content)
        if wanted.mode == LINK:
            target.symlink_to(os.fsdecode(wanted.content))
        else:
            target.write_bytes(wanted.content)
            target.chmod(0o755 if wanted.mode == EXECUTABLE else 0o644)


# ---- states and runs ------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every file of a project outside `.git`: its mode in git, and its bytes or the target of a link."""
    return {path: entry for path, entry in everything(folder).items() if path.split("/")[0] != ".git"}


def everything(folder: Path) -> dict[str, tuple[str, bytes]]:
    """The same including `.git`, wherever that is, except the tool's lock."""
    entries = {path.relative_to(folder).as_posix(): _on_disk(path) for path in _walk(folder)}
    if ".git" in entries:
        place = (folder / git("rev-parse", "--git-common-dir", at=folder)).resolve()
        entries |= {f".git/{path.relative_to(place).as_posix()}": _on_disk(path) for path in _walk(place)}
    return {path: entry for path, entry in entries.items() if not path.endswith("/new-ops-project/lock")}


def without_objects(entries: Mapping[str, tuple[str, bytes]]) -> dict[str, tuple[str, bytes]]:
    """The same without git's objects: an object that nothing refers to is not a change."""
    return {path: entry for path, entry in entries.items() if not path.startswith(".git/objects/")}


def head(small: Small, ref: str = "HEAD") -> str:
    """The commit of a ref."""
    return small.git("rev-parse", ref)


def untouched(small: Small) -> object:
    """Everything that a person sees of the project: HEAD, the bytes of the index, the files."""
    return head(small), small.git_path("index").read_bytes(), snapshot(small.repository)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        yield from (Path(place, name) for name in names)
        yield from (Path(place, name) for name in folders if Path(place, name).is_symlink())


def _on_disk(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return LINK, os.fsencode(path.readlink())
    return EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN, path.read_bytes()


def update(run: Run, small: Small, *args: str, code: int = 0) -> Ran:
    """Update the project in this process; a traceback is a failure."""
    ran = run("update", str(small.project), *args, code=code)
    assert "Traceback" not in ran.err
    return ran


def refused(run: Run, small: Small, *args: str) -> str:
    """Run an update that must end with exit code 2 and leave everything as it is; return its message."""
    before = without_objects(everything(small.repository))
    message = update(run, small, *args, code=2).err
    assert without_objects(everything(small.repository)) == before
    assert message.startswith("new-ops-project: ")
    return message


def signs(text: str) -> list[str]:
    """The conflict markers in a text, in order."""
    return [line for line in text.splitlines() if line.startswith(SIGNS)]


def resolved(text: str, side: str) -> str:
    """A text with conflict markers, resolved by taking `ours` or `theirs` everywhere."""
    lines, current = [], ""
    for line in text.splitlines(keepends=True):
        sign = line[:7]
        if sign in SIGNS:
            current = {"<<<<<<<": "ours", "|||||||": "base", "=======": "theirs", ">>>>>>>": ""}[sign]
        elif current in {"", side}:
            lines.append(line)
    return "".join(lines)


# ---- our own template -----------------------------------------------------------------------------------------


def make_ours(folder: Path, edits: Mapping[str, Mapping[str, str]]) -> Path:
    """Our own template: v1.0.0 as in the checkout, and v1.1.0 with texts replaced, by path."""
    sources = [ROOT / "copier.yml", *(path for path in (ROOT / "templates").rglob("*") if path.is_file())]
    first = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sources}
    second = {path: _replaced(first[path].decode(), by) for path, by in edits.items()}
    return begin(folder, version("v1.0.0", first) + version("v1.1.0", second))


def _replaced(text: str, by: Mapping[str, str]) -> str:
    for old, new in by.items():
        assert text.count(old) == 1, f"{old} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text
