"""Drift: which files that a template manages differ from what its recorded version renders."""

from collections.abc import Mapping
from pathlib import Path

from new_ops_project import git
from new_ops_project.git.merge import Scratch
from new_ops_project.git.tree import Entry


def states(managed: Mapping[str, Entry], mine: Mapping[str, bytes], folder: Path | None = None) -> dict[str, str]:
    """The state of each managed file, by path: `same`, `edited` or `deleted`; line ends make no difference.

    A missing file that git ignores in `folder` is left out: it is in no commit, so its absence does not mean that
    somebody deleted it.
    """
    absent = [path for path in managed if path not in mine]
    ignored = set(git.ignored(folder, absent)) if folder and absent else set()
    return {path: _state(managed[path].content, mine.get(path)) for path in sorted(managed) if path not in ignored}


def _state(managed: bytes, mine: bytes | None) -> str:
    if mine is None:
        return "deleted"
    return "same" if mine.replace(b"\r\n", b"\n") == managed.replace(b"\r\n", b"\n") else "edited"


def committed(
    scratch: Scratch, commit: str, prefix: str, managed: Mapping[str, Entry], folder: Path | None = None
) -> dict[str, str]:
    """The state of each managed file that differs in the commit, below `prefix`."""
    names = {f"{commit}:{prefix}{path}": path for path in sorted(managed)}
    mine = {names[name]: content for name, content in scratch.contents(names).items()}
    return {path: state for path, state in states(managed, mine, folder).items() if state != "same"}
