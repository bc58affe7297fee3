"""The foreign templates of `tests/foreign` as git repositories, and their projects as plain copier makes them."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import copier
from conftest import git
from plumbum import local

FOREIGN = Path(__file__).parent / "foreign"
IDENTITY = {"GIT_AUTHOR_NAME": "Tess Template", "GIT_AUTHOR_EMAIL": "tess@example.org",
            "GIT_COMMITTER_NAME": "Tess Template", "GIT_COMMITTER_EMAIL": "tess@example.org"}  # fmt: skip
FIRST = 1_750_000_000  # the date of the first version, in seconds; each later one is a day younger


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


_TERRAFORM = {
    "module_name": "object_store", "provider": "aws", "region": "eu-west-1", "retention_days": 30,
    "replica_regions": ["eu-central-1", "eu-north-1"], "tags": {"team": "storage", "cost": {"center": 4711}},
    "backend": {"bucket": "state-of-storage", "encrypt": True, "key": "Überall/object_store"},
}  # fmt: skip

MODULE = Foreign("terraform-module", {**_TERRAFORM, "layout": "module"}, ("terraform.tfvars",))
STACK = Foreign("terraform-module", {**_TERRAFORM, "layout": "stack"})
ROLE = Foreign(
    "ansible-role",
    {"role_name": "chrony", "platforms": ["bookworm", "noble"], "port": 123, "galaxy_tags": ["time", "ntp"],
     "settings": {"servers": ["a.example.org", "b.example.org"], "makestep": {"threshold": 1.0, "limit": -1}}},
    ("defaults/main.yml",),
    file=".copier-answers.role.yml",
)  # fmt: skip
DOCS = Foreign(
    "service-docs",
    {"service": "Ledger", "owners": ["finance", "platform"], "links": {"Status": "https://status.example.org"},
     "contacts": {"on call": ["tel:+31000001", "mailto:ops@example.org"], "chat": ["#ledger"]}, "palette": "teal"},
    ("docs/decisions/0001-record.md",),
    {"service_level": "gold"},
)  # fmt: skip
ALL = {"module": MODULE, "stack": STACK, "role": ROLE, "docs": DOCS}


def repository(name: str, folder: Path) -> Path:
    """The template `name` below `folder` as a repository: a tag per version, and one commit after the last."""
    made = folder / name
    if not made.exists():
        versions = {path.name: path for path in sorted((FOREIGN / name).iterdir())}
        _build(versions, made)
    return made


def _build(versions: Mapping[str, Path], made: Path) -> None:
    made.mkdir(parents=True)
    git("init", "--quiet", "--initial-branch=main", at=made)
    for number, (tag, overlay) in enumerate(versions.items()):
        _lay(overlay, made)
        release(made, tag, number)
    _commit(made, "Begin the next version", len(versions))


def _lay(overlay: Path, made: Path) -> None:
    """Put a version's files over those of the version before, and take away what it lists as removed."""
    removed = overlay / "REMOVED"
    for path in removed.read_text(encoding="utf-8").splitlines() if removed.exists() else ():
        (made / path).unlink()
    # Not `copy2`: with the date kept, git takes a file of the same size for the one that it has.
    shutil.copytree(
        overlay, made, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copy,
        ignore=shutil.ignore_patterns("REMOVED"),
    )  # fmt: skip


def release(made: Path, tag: str, number: int) -> None:
    """Commit what is in the work tree as the version `tag`, `number` days after the first."""
    _commit(made, f"Release {tag}", number)
    annotated = ["--annotate", f"--message=Release {tag}"] if number % 2 else []
    git("tag", *annotated, tag, at=made, env=_dated(number))


def _commit(made: Path, message: str, number: int) -> None:
    git("add", "--all", at=made)
    git("commit", "--quiet", "--allow-empty", f"--message={message}", at=made, env=_dated(number))


def _dated(number: int) -> dict[str, str]:
    date = f"{FIRST + number * 86_400} +0000"
    return {**IDENTITY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}


def written(made: Path, versions: Mapping[str, Mapping[str, str | None]]) -> Path:
    """A template whose versions are given as text by path; each adds to the one before, None takes away."""
    made.mkdir()
    git("init", "--quiet", "--initial-branch=main", at=made)
    for number, (tag, files) in enumerate(versions.items()):
        for path, text in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).unlink() if text is None else (made / path).write_text(text, encoding="utf-8")
        release(made, tag, number)
    return made


def plain(source: str, into: Path, data: Mapping[str, Any], tag: str | None = None, *, trusted: bool = False) -> Path:
    """A project that plain copier makes from `source` (newest version, or `tag`), not yet under version control."""
    with local.env(HOME=str(Path.home())):  # plumbum, copier's shell, keeps the environment that it found first
        copier.run_copy(source, into, data=dict(data), vcs_ref=tag, defaults=True, quiet=True, unsafe=trusted)
    return into


def committed(project: Path) -> Path:
    """The project as a repository with one commit."""
    git("init", "--quiet", at=project)
    return saved(project)


def saved(project: Path) -> Path:
    """The project after a commit of everything that is in it."""
    git("add", "--all", at=project)
    git("commit", "--quiet", "--message=save", at=project)
    return project


def snapshot(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every file below `folder` but git's own: its mode as git has it, and its bytes or where it points."""
    return {path.relative_to(folder).as_posix(): _entry(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        yield from (Path(place, name) for name in names)
        yield from (Path(place, name) for name in folders if Path(place, name).is_symlink())


def _entry(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "120000", os.fsencode(path.readlink())
    return ("100755" if path.stat().st_mode & stat.S_IXUSR else "100644"), path.read_bytes()
