"""A change of work tree plus index, written as a whole, which can be undone even after a killed run.

Everything is prepared in `.git/new-ops-project/prepare`. Renaming that folder to `change` is the one step that decides:
before it nothing has happened, after it the change will be completed. All later steps are renames that can be repeated,
so that the next run finishes what a killed run has left. What cannot be written completely is taken back at once.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

from new_ops_project.base import interrupts, locks
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import write_whole
from new_ops_project.base.masking import masked_json
from new_ops_project.base.parsers import read_json
from new_ops_project.base.text import list_first

_FOLDER = "new-ops-project"
_AGAIN = "Fix that, then run this again: it first completes what was begun."


@dataclass(frozen=True)
class Change:
    """A change that is in place or under way. `about`: its `verb`, its `id`, and what the verb needs later.

    `phase`: `forth` while the change is written or in place, `back` while it is undone. `before` and `after`: digests
    of the files that it touches, by path from the root; '' where there is no file. `folders`: those that existed
    before, and that the change may remove or leave empty.
    """

    folder: Path
    root: Path
    git_dir: Path
    phase: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    folders: Sequence[str]
    about: Mapping[str, Any]

    @property
    def verb(self) -> str:
        """The verb that wrote it."""
        return str(self.about["verb"])


@contextmanager
def locked(git_dir: Path) -> Iterator[None]:
    """Let only one run at a time plan and write here; raises ToolError when another one is at work."""
    busy = ToolError("Another run is at work in this repository.", "Wait until it is done.")
    try:
        (git_dir / _FOLDER).mkdir(exist_ok=True)
        with locks.exclusive(git_dir / _FOLDER / "lock", busy):
            shutil.rmtree(git_dir / _FOLDER / "prepare", ignore_errors=True)
            for discarded in (git_dir / _FOLDER).glob("done-*"):
                shutil.rmtree(discarded, ignore_errors=True)
            yield
    except OSError as error:
        raise ToolError(
            f"{error.filename or git_dir} cannot be read or written: {error.strerror or error}.",
            "Fix that, then run this again.",
        ) from error


def read_change(root: Path, git_dir: Path) -> Change | None:
    """The change that was written here and neither concluded nor undone, if there is one."""
    folder = git_dir / _FOLDER / "change"
    try:
        state = read_json((folder / "state.json").read_text())
        return Change(folder, root, git_dir, **state)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        hint = f"The files as they were before are in {folder / 'old'}. Once you have what you need, remove {folder}."
        raise ToolError(f"{folder / 'state.json'}, the record of a change, cannot be read: {error}.", hint) from error


def _state(change: Change) -> bytes:
    """What `read_change` reads again."""
    fields = ("phase", "before", "after", "folders", "about")
    return json.dumps(masked_json({name: getattr(change, name) for name in fields})).encode()


@contextmanager
def preparation_folder(git_dir: Path) -> Iterator[Path]:
    """Yield a folder in which to prepare a change, removed at the end if it is still there.

    New files go below `new/`, the new index is `index`, a copy of the present one `index.old`.
    """
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
    """Put what is prepared in the folder `ready` in place: its files, its index; delete the files `removed`.

    `before`: the digest of each file when the change was planned. Raises ToolError, with nothing changed, if one of
    them is different now.
    """
    written = sorted(_relative(path, ready / "new") for path in (ready / "new").rglob("*") if _is_file(path))
    after = {path: digest_below(ready / "new", path) for path in written} | dict.fromkeys(removed, "")
    before = {path: before.get(path, "") for path in after}
    for path, planned_digest in before.items():
        if digest_below(root, path) != planned_digest:
            raise ToolError(f"{path} was changed while this was planned.", "Nothing was written; run this again.")
    require_unlocked_index(git_dir)
    if digest(git_dir / "index") != digest(ready / "index.old"):
        raise ToolError("The index changed while this was planned.", "Nothing was written; run this again.")
    for path in (path for path, old_digest in before.items() if old_digest):
        backup = ready / "old" / path
        backup.parent.mkdir(parents=True, exist_ok=True)
        # A copy: a hard link would change with a file that is edited in place.
        shutil.copy2(root / path, backup, follow_symlinks=False)
    folder = git_dir / _FOLDER / "change"
    about = {**about, "id": os.urandom(6).hex()}
    change = Change(folder, root, git_dir, "forth", before, after, _folders(root, after), about)
    (ready / "state.json").write_bytes(_state(change))
    conclude(change)
    with interrupts.deferred():
        # The step that decides. It also carries the backup and the new files, so a run killed after it leaves all that
        # the next one needs, whether to finish or to undo.
        ready.rename(folder)
        interrupts.ignore()
        finish(change)
    return change


def require_unlocked_index(git_dir: Path) -> None:
    """Raise ToolError while another git command holds the lock of the index."""
    if (git_dir / "index.lock").exists():
        raise ToolError(
            f"Another git command is at work: {git_dir / 'index.lock'} is there.",
            "Wait until it is done. If it was killed, remove that file.",
        )


def _folders(root: Path, paths: Iterable[str]) -> list[str]:
    """The existing folders above `paths`, and those at or below a path that is itself a folder now."""
    folders: set[str] = set()
    for path in paths:
        target = root / path
        above = (_relative(folder, root) for folder in target.parents if root in folder.parents and folder.is_dir())
        folders |= {folder for folder in above if not is_beyond_link(root, f"{folder}/x")}
        if target.is_dir() and not target.is_symlink():
            folders |= {_relative(Path(folder), root) for folder, _, _ in os.walk(target)}
    return sorted(folders)


def is_complete(change: Change) -> bool:
    """Whether every step was taken. Moving the index into place is the last one."""
    return change.phase == "forth" and not (change.folder / "index").exists()


def finish(change: Change) -> None:
    """Take the remaining steps, forth or back.

    Raises ToolError if somebody has edited a file after a run was killed between its steps. It is raised also if
    something cannot be written: forth, everything is taken back before that.
    """
    if change.phase == "back":
        _restore_all(change)
        return
    if is_complete(change):
        return
    if _was_undone(change):
        conclude(change)
        return
    if digest(change.git_dir / "index") != digest(change.folder / "index.old"):
        # Somebody has staged something since the run was killed. Our index would drop that, so our files go instead.
        _restore_all(change)
        return
    require_unlocked_index(change.git_dir)
    target = change.root
    try:
        # Removals first: a new folder may come where a file was, or a new file where a folder was.
        for path, new_digest in sorted(change.after.items(), key=lambda item: bool(item[1])):
            target = change.root / path
            _place(change, path, new_digest)
        # The index last: it says that every step was taken, and until then `git commit` has nothing of ours.
        target = change.git_dir / "index"
        (change.folder / "index").replace(target)
    except (OSError, MemoryError) as error:
        raise _taken_back(change, _reason(target, error)) from error


def _taken_back(change: Change, reason: str) -> ToolError:
    """Undo a change that cannot be written; the error that says why, and what there is of it now."""
    try:
        backup = undo(change)
    except (OSError, MemoryError, ToolError) as failure:
        more = failure.message if isinstance(failure, ToolError) else _reason(change.folder, failure)
        return ToolError(f"{reason}\nTaking back what was written failed too. {more}", _AGAIN)
    kept = f" Edits made meanwhile are kept in {backup}." if backup else ""
    return ToolError(reason, f"Nothing was changed.{kept} Fix that, then run this again.")


def _reason(path: Path, error: OSError | MemoryError) -> str:
    why = "there is not enough memory" if isinstance(error, MemoryError) else error.strerror or error
    return f"{path} cannot be written: {why}."


def noted(change: Change, paths: Iterable[str], about: Mapping[str, Any]) -> Change:
    """The change, which is in place, with other files that it changes too, so that they can be undone with it.

    `after` gets what they are now, so this is called before they are written and once again afterwards.
    """
    before, after = dict(change.before), dict(change.after)
    for path in paths:
        file, backup = change.root / path, change.folder / "old" / path
        after[path] = digest_below(change.root, path)
        if path not in before:
            before[path] = after[path]
            if before[path]:
                backup.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, backup, follow_symlinks=False)
    more = replace(change, before=before, after=after, about=about)
    write_whole(change.folder / "state.json", _state(more))
    return more


def _was_undone(change: Change) -> bool:
    """Whether somebody has restored everything (git reset --hard) after a run was stopped half-way."""
    has_begun = any(new and not _is_file(change.folder / "new" / path) for path, new in change.after.items())
    return has_begun and all(digest_below(change.root, path) == old for path, old in change.before.items())


def _place(change: Change, path: str, new_digest: str) -> None:
    """Move one new file into place, or delete the file; do nothing if that was done before."""
    target, present_digest = change.root / path, digest_below(change.root, path)
    if present_digest == new_digest:
        return
    if present_digest != change.before[path] or (new_digest and not _is_file(change.folder / "new" / path)):
        raise ToolError(
            f"{path} was edited after a run was stopped half-way.",
            "Move your version elsewhere and run this again, or --abort, which keeps a copy.",
        )
    if new_digest:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_empty(target)
        _move(change.folder / "new" / path, target)
    else:
        target.unlink()
        remove_empty_parents(target.parent, change.root)


def _move(path: Path, target: Path) -> None:
    """Rename; across file systems (a linked work tree on another disk), copy next to the target first."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.new-ops-project")
        try:
            shutil.copy2(path, fresh, follow_symlinks=False)
            fresh.replace(target)
        finally:
            with suppress(OSError):
                fresh.unlink()
        path.unlink()


def _remove_empty(folder: Path) -> None:
    """Remove `folder` if it contains only folders; anything else stays."""
    if folder.is_dir() and not folder.is_symlink():
        for path, _, _ in os.walk(folder, topdown=False):
            with suppress(OSError):
                Path(path).rmdir()


def undo(change: Change) -> Path | None:
    """Restore every file and the index as they were before the change.

    Files that were edited since are moved to the folder that is returned; None if there are none. Raises ToolError if
    something cannot be written; everything else is restored then, and this can be repeated.
    """
    require_unlocked_index(change.git_dir)
    with interrupts.deferred():
        write_whole(change.folder / "state.json", _state(replace(change, phase="back")))
        interrupts.ignore()
        return _restore_all(change)


def _restore_all(change: Change) -> Path | None:
    # A repeated attempt keeps edited files in the same folder, another change of the same files in another.
    edited = change.folder.with_name(f"edited-{change.about['id']}")
    # Files that the change added go first: they may be where an old folder has to come back.
    failed: dict[str, OSError] = {}
    for path in sorted(change.after, key=lambda path: bool(change.before[path])):
        try:
            _restore(change, path, edited)
        except OSError as error:
            failed[path] = error
    if failed:
        path, cause = next(iter(failed.items()))
        paths = list_first([*failed], 5)
        raise ToolError(f"{_reason(change.root / path, cause)} Not restored yet: {paths}.", _AGAIN)
    for folder in change.folders:
        (change.root / folder).mkdir(parents=True, exist_ok=True)
    # `index` is still here if the run never came to replace git's; then what was staged since must stay.
    was_replaced = not (change.folder / "index").exists()
    if was_replaced and (change.folder / "index.old").exists():
        (change.folder / "index.old").replace(change.git_dir / "index")
    conclude(change)
    return edited if edited.exists() else None


def _restore(change: Change, path: str, edited: Path) -> None:
    """Restore one file; a version that is neither the old nor the new one is moved to the folder `edited`."""
    target, backup = change.root / path, change.folder / "old" / path
    present_digest, old_digest = digest_below(change.root, path), change.before[path]
    if present_digest not in {"", old_digest, change.after[path]}:
        (edited / path).parent.mkdir(parents=True, exist_ok=True)
        _move(target, edited / path)
        present_digest = ""
    elif not old_digest and present_digest:
        target.unlink()
    if old_digest and present_digest != old_digest and _is_file(backup):
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(backup, target)
    elif not old_digest and not is_beyond_link(change.root, path):
        remove_empty_parents(target.parent, change.root)


def conclude(change: Change) -> None:
    """Keep what is in the work tree and forget how to undo it."""
    if change.folder.exists():
        discarded = change.folder.with_name(f"done-{os.getpid()}")
        shutil.rmtree(discarded, ignore_errors=True)
        change.folder.rename(discarded)  # in one step, so that a half-deleted folder is never taken for a change
        shutil.rmtree(discarded, ignore_errors=True)


def remove_empty_parents(folder: Path, root: Path) -> None:
    """Remove `folder` and the folders above it, up to but not including `root`, as long as they are empty."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def digest(path: Path) -> str:
    """A digest of a file's content and executable bit, or of a symbolic link's target; '' if there is no file.

    Where the file system takes two spellings for one name, there is a file only under the one that it has.
    """
    if is_spelled_otherwise(path):
        return ""
    if path.is_symlink():
        return "link:" + hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()  # noqa: PTH115 - Path.readlink normalizes
    if not path.is_file():
        return ""
    try:
        bit = "x" if path.stat().st_mode & 0o100 else "-"
        return f"{bit}:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except FileNotFoundError:  # it went meanwhile, or the system remembered it under another spelling of its name
        return ""


def digest_below(root: Path, path: str) -> str:
    """The digest of the file at `path` of the folder `root`; what lies beyond a symbolic link is no file of it."""
    return "" if is_beyond_link(root, path) else digest(root / path)


def is_beyond_link(root: Path, path: str) -> bool:
    """Whether a folder above `path`, below `root`, is a symbolic link."""
    return any((root / folder).is_symlink() for folder in PurePosixPath(path).parents if folder.name)


def is_spelled_otherwise(path: Path) -> bool:
    """Whether what is at `path` has its name with other upper or lower case letters, as macOS and Windows allow."""
    if not os.path.lexists(path.with_name(path.name.swapcase())):
        return False
    names = {normalize("NFC", file.name) for file in path.parent.iterdir()}  # as written, or as old macOS lists them
    return normalize("NFC", path.name) not in names


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
