"""The foreign templates of `tests/data/foreign` as git repositories."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import copier
import yaml
from support import shapes
from support.command import git
from support.history import Files, begin, checked_out, commit, version

from new_ops_project.git.tree import Entry

FOREIGN = Path(__file__).parents[1] / "data" / "foreign"
ANSWERS_FILE = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
NAME = "name: {type: str, default: ledger}\n"

Versions = Mapping[str, Mapping[str, str | None]]
Snapshot = dict[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Foreign:
    """One template and the answers that a project of it begins with; `later` are those that newer versions need."""

    name: str
    answers: Mapping[str, Any]
    once: tuple[str, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)
    file: str = ".copier-answers.yml"

    @property
    def tags(self) -> list[str]:
        """Its versions, oldest first."""
        return sorted(path.name for path in (FOREIGN / self.name).iterdir())


class Start(Protocol):
    """Makes a committed project `work/project` with plain copier, from a template's oldest version or `tag`."""

    def __call__(self, foreign: Foreign, tag: str = "", **answers: Any) -> Path:
        """Make it, with these answers besides the template's usual ones."""


_TERRAFORM = {
    "module_name": "object_store",
    "provider": "aws",
    "region": "eu-west-1",
    "retention_days": 30,
    "replica_regions": ["eu-central-1", "eu-north-1"],
    "tags": {"team": "storage", "cost": {"center": 4711}},
    "backend": {"bucket": "state-of-storage", "encrypt": True, "key": "Überall/object_store"},
}

MODULE = Foreign("terraform-module", {**_TERRAFORM, "layout": "module"}, ("terraform.tfvars",))
STACK = Foreign("terraform-module", {**_TERRAFORM, "layout": "stack"})
ROLE = Foreign(
    "ansible-role",
    {
        "role_name": "chrony",
        "platforms": ["bookworm", "noble"],
        "port": 123,
        "galaxy_tags": ["time", "ntp"],
        "settings": {"servers": ["a.example.org", "b.example.org"], "makestep": {"threshold": 1.0, "limit": -1}},
    },
    ("defaults/main.yml",),
    file=".copier-answers.role.yml",
)
DOCS = Foreign(
    "service-docs",
    {
        "service": "Ledger",
        "owners": ["finance", "platform"],
        "links": {"Status": "https://status.example.org"},
        "contacts": {"on call": ["tel:+31000001", "mailto:ops@example.org"], "chat": ["#ledger"]},
        "palette": "teal",
    },
    ("docs/decisions/0001-record.md",),
    {"service_level": "gold"},
)
ALL = {"module": MODULE, "stack": STACK, "role": ROLE, "docs": DOCS}


def repository(name: str, folder: Path) -> Path:
    """The template `name` below `folder` as a repository: a tag per version, and one commit after the last."""
    path = folder / name
    if not path.exists():
        versions = {release.name: _overlay(release) for release in sorted((FOREIGN / name).iterdir())}
        begin(path, _versions(versions) + commit("Begin the next version", {}, day=len(versions)))
        checked_out(path)
    return path


def _overlay(folder: Path) -> Files:
    """A version's files, and those of the version before that it lists as removed."""
    files: Files = {path: Entry(*entry) for path, entry in snapshot(folder).items() if path != "REMOVED"}
    removed = folder / "REMOVED"
    return {**dict.fromkeys(removed.read_text("utf-8").splitlines() if removed.exists() else ()), **files}


def written(folder: Path, versions: Mapping[str, Files]) -> Path:
    """A template whose versions are given as text by path; each adds to the one before, None removes a file."""
    return folder if folder.exists() else checked_out(begin(folder, _versions(versions)))


def _versions(versions: Mapping[str, Files]) -> bytes:
    """The history of a template: a day and a tag per version; every other tag is annotated."""
    return b"".join(
        version(tag, files, day=day, annotated=bool(day % 2)) for day, (tag, files) in enumerate(versions.items())
    )


def plain(source: str, into: Path, data: Mapping[str, Any], tag: str, *, trusted: bool = False) -> Path:
    """A project that plain copier makes from `source` at `tag`, not yet under version control.

    What this worker has rendered once is copied from then on, unless the folder has something in it.
    """
    if into.exists():
        return _rendered(source, into, data, tag, trusted=trusted)
    key = sha256(repr((source, data, tag, trusted)).encode()).hexdigest()[:16]
    cached = Path(os.environ["XDG_CACHE_HOME"], "rendered", key, into.name)
    rendered = cached if cached.exists() else _rendered(source, cached, data, tag, trusted=trusted)
    return Path(shutil.copytree(rendered, into, symlinks=True))


def _rendered(source: str, into: Path, data: Mapping[str, Any], tag: str, *, trusted: bool) -> Path:
    copier.run_copy(source, into, data=dict(data), vcs_ref=tag, defaults=True, quiet=True, unsafe=trusted)
    return into


def committed(project: Path) -> Path:
    """The project as a repository with one commit."""
    git("init", "--quiet", at=project)
    return shapes.as_asked(saved(project))


def saved(project: Path) -> Path:
    """The project after a commit of everything that is in it."""
    git("add", "--all", at=project)
    git("commit", "--quiet", "--message=save", at=project)
    return project


def fresh(foreign: Foreign, tag: str, project: Path, into: Path, **answers: Any) -> Snapshot:
    """What plain copier makes at `tag` with the answers that `project` has recorded, and those added since."""
    recorded = recorded_by(project, foreign)
    source = recorded.pop("_src_path")
    return snapshot(plain(source, into, {**recorded, **foreign.later, **answers}, tag))


def recorded_by(project: Path, foreign: Foreign) -> dict[str, Any]:
    """The answers file of a project."""
    answers: dict[str, Any] = yaml.safe_load((project / foreign.file).read_bytes())
    return answers


def options(foreign: Foreign, tag: str) -> list[str]:
    """The options that an update to `tag` needs: the new name of an answer, a new answer."""
    if foreign.name == "terraform-module" and tag == "v1.2.0":
        return ["--accept-answer-changes"]
    return [f"--set={key}={value}" for key, value in foreign.later.items() if tag == "v2.0.0"]


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old` by `new`, as it is on disk."""
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


def state(project: Path) -> tuple[object, ...]:
    """Everything that an update may change: files, index, refs, worktrees."""
    commands = (
        ["status", "--porcelain=v2", "--branch"],
        ["for-each-ref"],
        ["worktree", "list"],
        ["ls-files", "--stage"],
    )
    return snapshot(project), *(git(*command, at=project) for command in commands)


def without(files: Snapshot, paths: tuple[str, ...]) -> Snapshot:
    """The files without `paths`, which the template writes once only (`_skip_if_exists`)."""
    return {path: entry for path, entry in files.items() if path not in paths}


def snapshot(folder: Path) -> Snapshot:
    """Every file below `folder` except git's own: its mode as git has it, and its bytes or where it points."""
    return {path.relative_to(folder).as_posix(): _entry(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        yield from (Path(place, name) for name in names if name != ".git")
        yield from (Path(place, name) for name in folders if Path(place, name).is_symlink())


def _entry(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "120000", os.fsencode(path.readlink())
    return ("100755" if path.stat().st_mode & stat.S_IXUSR else "100644"), path.read_bytes()
