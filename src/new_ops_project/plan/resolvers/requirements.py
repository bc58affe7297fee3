"""Generated files in conflict are generated anew: requirements*.txt, which follow from pyproject.toml."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan.draft import Draft
from new_ops_project.template.questions import Answers

_COMMAND = re.compile(rb"^# +((?:uv pip compile|pip-compile) .+?)\r?$", re.MULTILINE)
_PIN = re.compile(rb"^([A-Za-z0-9._-]+)==([^ ;\\\r\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class _Locks:
    """The requirements files of a project, by path: of the old template, the project, the new template, the merge."""

    base: Mapping[str, bytes]
    mine: Mapping[str, bytes]
    theirs: Mapping[str, bytes]
    merged: Mapping[str, bytes]


def renewed(draft: Draft, base: Tree, theirs: Tree, answers: Answers) -> Draft:
    """`draft` with the requirements files written anew, together, for the merged pyproject.toml, where they need it.

    They do where one is in conflict, or where they pin a package differently. It takes a
    template with locks (`locks` among its computed answers) that hold every dependency of the project. Where that is
    not so, the files stay as the user has them, and a note gives the command that renews them.
    """
    locks = _locks(draft, base, theirs) if answers.questionnaire.is_ours else None
    if not locks or not _is_mixed(draft, locks):
        return draft
    names = _names(draft)
    made = {path: _made(path, names, answers).encode() for path in locks.mine} if names else {}
    is_whole = bool(made) and all(made.values()) and not _extra(locks, made)
    files = made if is_whole else locks.mine
    over = {path: Entry(draft.mode(path), content) for path, content in files.items()}
    return replace(
        draft,
        over={**draft.over, **over},
        conflicts={path: reason for path, reason in draft.conflicts.items() if path not in files},
        notes=(*draft.notes, _note(files, is_new=is_whole)),
    )


def _locks(draft: Draft, base: Tree, theirs: Tree) -> _Locks | None:
    """The requirements files that the template and the project have, if they say by which command they are made."""
    paths = [path for path, entry in theirs.items() if command(path, entry.content)]
    if not any(path in draft.conflicts or draft.content(path) is not None for path in paths):
        return None
    names = {f"{draft.ours}:{path}": path for path in paths}
    mine = {names[name]: content for name, content in draft.scratch.contents(names).items()}
    gone = {path for path, entry in draft.over.items() if entry is None}
    mine = {path: content for path, content in mine.items() if command(path, content) and path not in gone}
    merged = {path: draft.content(path) or content for path, content in mine.items()}
    return _Locks(_of(base, mine), mine, _of(theirs, mine), merged)


def _of(tree: Tree, paths: Iterable[str]) -> dict[str, bytes]:
    return {path: tree[path].content for path in paths if path in tree}


def _is_mixed(draft: Draft, locks: _Locks) -> bool:
    """Whether one of the files is in conflict, or two of them pin a package differently."""
    pins: dict[bytes, set[bytes]] = {}
    for content in locks.merged.values():
        for name, version in _PIN.findall(content):
            pins.setdefault(name, set()).add(version)
    return bool(draft.conflicts.keys() & locks.mine.keys()) or any(len(versions) > 1 for versions in pins.values())


def _extra(locks: _Locks, made: Mapping[str, bytes]) -> bool:
    """Whether the user's files hold what neither the old template did nor the new files would: written by hand."""
    return any(
        _entries(locks.mine[path]) - _entries(locks.base.get(path, b"")) - _entries(made[path]) for path in locks.mine
    )


def _entries(content: bytes) -> set[bytes]:
    """What a requirements file says, a pin by its name alone, without hashes and uv's indented comments."""
    lines = (line for line in content.splitlines() if line.strip() and not line.startswith((b" ", b"\t")))
    return {found[1] if (found := _PIN.match(line)) else line for line in lines}


def _note(files: Mapping[str, bytes], *, is_new: bool) -> str:
    listed = " and ".join(sorted(files))
    if is_new:
        return f"{listed}: written anew for the merged pyproject.toml."
    # The runtime lock constrains the one for development, so it is first.
    commands = " && ".join(command(path, files[path]) for path in sorted(files, key=len))
    return f"{listed}: yours, since the template's locks do not hold all that they need. To renew: {commands}"


def command(path: str, content: bytes) -> str:
    """The command that the head of a requirements file says it was made by, or ''."""
    if not re.fullmatch(r"requirements.*\.txt", PurePosixPath(path).name):
        return ""
    found = _COMMAND.search(content[:2000])
    return found[1].decode(errors="replace") if found else ""


def _names(draft: Draft) -> dict[str, list[str]]:
    """What the merged pyproject.toml requires, as requirements (PEP 508): at run time, and in the group `dev`.

    {} where it is in conflict or not there.
    """
    if "pyproject.toml" in draft.conflicts:
        return {}
    content = draft.content("pyproject.toml")
    if content is None:
        content = draft.scratch.contents([f"{draft.ours}:pyproject.toml"]).get(f"{draft.ours}:pyproject.toml", b"")
    try:
        found = tomllib.loads(content.decode())
    except ValueError:
        return {}
    groups = found.get("dependency-groups", {})
    return {"run": found.get("project", {}).get("dependencies", []), "dev": groups.get("dev", [])} if found else {}


def _made(path: str, names: Mapping[str, list[str]], answers: Answers) -> str:
    """The requirements file as the template writes it for these requirements; '' where its locks lack one."""
    questionnaire = answers.questionnaire
    source = f"{questionnaire.config.get('subdirectory', '.')}/{path}.jinja"
    locks = answers.values.get("locks")
    if not isinstance(locks, dict) or not (questionnaire.root / source).is_file():
        return ""
    if not all(_is_locked(text, locks) for text in (*names["run"], *names["dev"])):
        return ""
    chosen = {"requirements": _bare(names["run"]), "dev_requirements": _bare(names["dev"])}
    text = (questionnaire.root / source).read_text(encoding="utf-8")
    try:
        return str(answers.render(text, **chosen))
    except ToolError:
        return ""


def _is_locked(text: Any, locks: Mapping[str, Any]) -> bool:
    """Whether the locks hold what this requirement needs, in a version that it allows."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        wanted = Requirement(text)
    except (InvalidRequirement, TypeError):  # an included group, for example
        return False
    name = canonicalize_name(wanted.name)
    if name not in locks["closures"] or wanted.extras or wanted.marker or wanted.url:
        return False
    return wanted.specifier.contains(locks["packages"][name]["version"], prereleases=True)


def _bare(requirements: list[str]) -> list[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    return sorted({str(canonicalize_name(Requirement(text).name)) for text in requirements})
