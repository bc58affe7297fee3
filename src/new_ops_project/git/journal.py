"""A change of the work tree and the index, written as a whole: done, undone, or finished by the next run.

Everything is laid ready in `.git/new-ops-project/prepare`. One rename of that folder to `change` decides that the
change happens; what follows are renames that can be repeated. A run that is killed among them is finished by the next.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError

_FOLDER = "new-ops-project"


@dataclass(frozen=True)
class Change:
    """A change that is in place or under way: `about` is whatever its verb wants to know again later.

    `before` and `after` have the digest of each file that it touches, by path from the root; '' for none. `folders` are
    those that it may remove, or leave empty, and that were there before.
    """

    folder: Path
    root: Path
    git_dir: Path
    phase: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    folders: tuple[str, ...]
    about: Mapping[str, Any]


@contextmanager
def locked(git_dir: Path) -> Iterator[None]:
    """Let only one run at a time plan and write here; raises ToolError when there is another."""
    from filelock import FileLock, Timeout

    try:
        (git_dir / _FOLDER).mkdir(exist_ok=True)
        with FileLock(git_dir / _FOLDER / "lock", timeout=0):
            shutil.rmtree(git_dir / _FOLDER / "prepare", ignore_errors=True)
            for left in (git_dir / _FOLDER).glob("done-*"):
                shutil.rmtree(left, ignore_errors=True)
            yield
    except Timeout as error:
        raise ToolError("Another run is at work in this repository.", "Wait until it is done.") from error
    except OSError as error:
        message = f"{error.filename or git_dir} cannot be read or written: {error.strerror or error}."
        raise ToolError(message, "Mend that, then run this again.") from error


def read_change(root: Path, git_dir: Path) -> Change | None:
    """The change that was written here and is neither concluded nor taken back, if there is one."""
    folder = git_dir / _FOLDER / "change"
    try:
        found = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return None
    return Change(folder, root, git_dir, **found)


@contextmanager
def preparation_folder(git_dir: Path) -> Iterator[Path]:
    """A folder to lay things ready in: new files below `new/`, the new index as `index`, the present as `index.old`."""
    folder = git_dir / _FOLDER / "prepare"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "new").mkdir(parents=True)
        yield folder
    finally:
        with interrupts.deferred():
            shutil.rmtree(folder, ignore_errors=True)


def put_in_place(
    ready: Path, root: Path, git_dir: Path, *, before: Mapping[str, str], removed: set[str], about: Mapping[str, Any]
) -> Change:
    """Put what is `ready` in place: its files, its index, and without the files `removed`.

    `before` has the digest of each file as it was planned with. Raises ToolError, with nothing moved, when one of them
    has changed since.
    """
    written = sorted(_relative(path, ready / "new") for path in (ready / "new").rglob("*") if _is_file(path))
    after = {path: digest(ready / "new" / path) for path in written} | dict.fromkeys(removed, "")
    before = {path: before.get(path, "") for path in after}
    for path, was in before.items():
        if digest(root / path) != was:
            raise ToolError(f"{path} was changed while this was planned.", "Nothing was written; run this again.")
    require_unlocked_index(git_dir)
    if digest(git_dir / "index") != digest(ready / "index.old"):
        raise ToolError("The index changed while this was planned.", "Nothing was written; run this again.")
    _back_up(ready, root, before)
    state: dict[str, Any] = {
        "phase": "forth",
        "before": before,
        "after": after,
        "folders": _folders(root, after),
        "about": dict(about),
    }
    (ready / "state.json").write_text(json.dumps(state))
    folder = git_dir / _FOLDER / "change"
    _discard(folder)
    with interrupts.deferred():
        ready.rename(folder)  # from here on the change happens, if not now, then with the next run
        interrupts.ignore()
        change = Change(folder, root, git_dir, **state)
        finish(change)
    return change


def require_unlocked_index(git_dir: Path) -> None:
    """Raise ToolError while another git command has the index."""
    if (git_dir / "index.lock").exists():
        message = f"Another git command is at work: {git_dir / 'index.lock'} is there."
        raise ToolError(message, "Wait until it is done; remove that file if it was left by one that was killed.")


def _folders(root: Path, paths: Iterable[str]) -> list[str]:
    """The folders on the way to `paths`, and those that are in the place of one, as they are now."""
    found: set[str] = set()
    for path in paths:
        at = root / path
        found |= {_relative(folder, root) for folder in at.parents if root in folder.parents and folder.is_dir()}
        if at.is_dir() and not at.is_symlink():
            found |= {_relative(Path(here), root) for here, _, _ in os.walk(at)}
    return sorted(found)


def _back_up(ready: Path, root: Path, before: Mapping[str, str]) -> None:
    """Keep copies of the files that will be replaced; links to them would change with whoever edits one in place."""
    for path in (path for path, was in before.items() if was):
        kept = ready / "old" / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, kept, follow_symlinks=False)


def is_complete(change: Change) -> bool:
    """Whether every step was taken; the index is the last one."""
    return change.phase == "forth" and not (change.folder / "index").exists()


def finish(change: Change) -> None:
    """Take the steps that are left, whichever way the change goes.

    Raises ToolError when somebody has edited a file between the steps of a run that was killed.
    """
    if change.phase == "back":
        _take_back(change)
        return
    if is_complete(change):
        return
    if _was_undone(change):
        _discard(change.folder)
        return
    if digest(change.git_dir / "index") != digest(change.folder / "index.old"):
        _take_back(change)  # somebody has staged something since: that stays, and our files go
        return
    require_unlocked_index(change.git_dir)
    for path, now in sorted(change.after.items(), key=lambda item: bool(item[1])):  # what goes, goes first
        _place(change, path, now)
    (change.folder / "index").replace(change.git_dir / "index")


def _was_undone(change: Change) -> bool:
    """Whether somebody has put everything back (git reset --hard) after a run was stopped half-way."""
    is_begun = any(now and not _is_file(change.folder / "new" / path) for path, now in change.after.items())
    return is_begun and all(digest(change.root / path) == was for path, was in change.before.items())


def _place(change: Change, path: str, wanted: str) -> None:
    target, found = change.root / path, digest(change.root / path)
    if found == wanted:
        return
    if found != change.before[path] or (wanted and not _is_file(change.folder / "new" / path)):
        message = f"{path} was edited after a run was stopped half-way."
        raise ToolError(message, "Move your version elsewhere and run this again, or --abort, which keeps a copy.")
    if wanted:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_empty(target)
        _move(change.folder / "new" / path, target)
    else:
        target.unlink()
        remove_empty_parents(target.parent, change.root)


def _move(path: Path, target: Path) -> None:
    """Rename; between two disks (a linked worktree on another one), copy beside the target first."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.new-ops-project")
        shutil.copy2(path, fresh, follow_symlinks=False)
        fresh.replace(target)
        path.unlink()


def _remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing but folders; what is no folder, or holds a file, stays."""
    if folder.is_dir() and not folder.is_symlink():
        for here, _, _ in os.walk(folder, topdown=False):
            with suppress(OSError):
                Path(here).rmdir()


def undo(change: Change) -> Path | None:
    """Restore every file and the index as they were before the change.

    Files edited since are kept below the returned folder, if there are any.
    """
    require_unlocked_index(change.git_dir)
    state = {
        "phase": "back",
        "before": change.before,
        "after": change.after,
        "folders": change.folders,
        "about": change.about,
    }
    fresh = change.folder / "state.new"
    fresh.write_text(json.dumps(state))
    with interrupts.deferred():
        fresh.replace(change.folder / "state.json")
        interrupts.ignore()
        return _take_back(change)


def _take_back(change: Change) -> Path | None:
    kept = change.folder.with_name(f"edited-{hashlib.sha256(json.dumps(change.after).encode()).hexdigest()[:12]}")
    for path in sorted(change.after, key=lambda path: bool(change.before[path])):  # what came, goes first
        _restore(change, path, kept)
    for folder in change.folders:
        (change.root / folder).mkdir(parents=True, exist_ok=True)
    was_replaced = not (change.folder / "index").exists()
    if was_replaced and (change.folder / "index.old").exists():
        (change.folder / "index.old").replace(change.git_dir / "index")
    _discard(change.folder)
    return kept if kept.exists() else None


def _restore(change: Change, path: str, kept: Path) -> None:
    target, old = change.root / path, change.folder / "old" / path
    found, was = digest(target), change.before[path]
    if found not in {was, change.after[path]} and found:
        (kept / path).parent.mkdir(parents=True, exist_ok=True)
        _move(target, kept / path)
        found = ""
    if was and found != was and _is_file(old):
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(old, target)
    elif not was and found:
        target.unlink()
        remove_empty_parents(target.parent, change.root)


def conclude(change: Change) -> None:
    """Forget the change: it stays as it is."""
    _discard(change.folder)


def _discard(folder: Path) -> None:
    if folder.exists():
        gone = folder.with_name(f"done-{os.getpid()}")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)  # in one step, so that no half of it is ever taken for a change
        shutil.rmtree(gone, ignore_errors=True)


def remove_empty_parents(folder: Path, root: Path) -> None:
    """Remove `folder` and those above it that are empty, below `root`."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def digest(path: Path) -> str:
    """What a file is, its executable bit and a link's target included; '' where there is no file."""
    if path.is_symlink():
        return "link:" + hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()  # noqa: PTH115 - its text
    if not path.is_file():
        return ""
    bit = "x" if path.stat().st_mode & 0o100 else "-"
    return f"{bit}:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
