"""Rules about the requirements files that pip installs from: exact versions, with hashes."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from new_ops_project.base.finding import Severity
from new_ops_project.base.text import capitalize, list_first
from new_ops_project.checks import declared_requirements
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, UncheckedError
from new_ops_project.formats import locks
from new_ops_project.formats.document import decoded
from new_ops_project.formats.requirements import reader
from new_ops_project.formats.requirements.reader import RequirementEntry, RequirementsFile

_FILE = "requirements.txt"
_MOST = 3  # packages that a remedy names
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.\w+)\b")
_FRAGMENT = re.compile(r"[#&]sha(?:256|384|512)=")


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each requirement of a script that may get another version tomorrow."""
    for file in _installed(repo):
        constraints = (reader.parse(path, repo.files.get(path, b"")) for path in file.constraints)
        constrained = {entry.name for each in constraints for entry in each.entries if entry.is_pinned} - {""}
        for entry in file.entries if not file.is_hashed else ():
            if entry.is_pinned or entry.name in constrained:
                continue
            if entry.kind == "vcs":
                message = f"{entry.text} names no commit."
                remedy = "Name one in full: ...@0123456789abcdef0123456789abcdef01234567"
            else:
                message = f"{entry.text} is not pinned to one version."
                remedy = f"Pin it, or compile the list: {_update_command(repo, _installed(repo)[0])}"
            yield Breach(message, entry.path, entry.line, 1, remedy=remedy)


def _installed(repo: Repo) -> tuple[RequirementsFile, ...]:
    """The requirements files that a script is installed from: requirements.txt and those that it includes."""
    is_script = repo.tier == "script" and not repo.is_hosted and (repo.python_sources or repo.answers.get("tier"))
    if not is_script or locks.present(repo.paths) or _is_source(repo, _FILE):
        return ()
    return reader.with_included(repo.files.get, _FILE)


def _is_source(repo: Repo, path: str) -> bool:
    """Whether another file was compiled from this one."""
    names = (each for each in repo.paths if each != path and each.startswith("requirements") and each in repo.files)
    mention = re.compile(rf"#.*-r {re.escape(path)}\b")
    texts = [decoded(repo.files[each]) for each in names]
    commands = (command for text in texts if (command := reader.command(text)))
    return any(map(mention.search, texts)) or any(path in command.sources for command in commands)


def update_remedy(repo: Repo, file: RequirementsFile, first: Sequence[str] = ()) -> str:
    """How to update a requirements file without losing what only that file lists; `first` must be updated before."""
    source = next(iter(file.command.sources), "") if file.command else _source(file.path)
    is_made = bool(source) if file.command else source in repo.paths
    lacking = _only_in(repo, file, source) if is_made else []
    if lacking:
        first = (f"list {list_first(lacking, _MOST)} in {source} too", *(f"update {path}" for path in first))
        return f"{capitalize(', '.join(first))}, then update this: {_update_command(repo, file)}"
    if first:
        return f"Update {' and '.join(first)} first, then this: {_update_command(repo, file)}"
    return f"Update it: {_update_command(repo, file)}"


def _update_command(repo: Repo, file: RequirementsFile) -> str:
    if file.command:
        return file.command.text
    path, source, first = file.path, _source(file.path), ""
    if source not in repo.paths:
        is_listed = bool(repo.pyproject.strings("project", "dependencies"))
        is_own = not is_listed or bool(_only_in(repo, file, PYPROJECT))
        first = f"mv {path} {source} && " if is_own else ""
        source = f"{PYPROJECT} {source}" if is_listed and is_own else PYPROJECT if is_listed else source
    # pip refuses a list with hashes and an entry that cannot have one.
    listed = (entry for each in reader.with_included(repo.files.get, path) for entry in each.entries)
    hashes = "--generate-hashes " if all(map(_can_have_hash, listed)) else ""
    return f"{first}uv pip compile --universal {hashes}{source} --output-file {path}"


def _source(path: str) -> str:
    """The file that a requirements file is usually compiled from."""
    return path.replace(".txt", ".in")


def _only_in(repo: Repo, file: RequirementsFile, source: str) -> list[str]:
    """The packages of a file that neither its source nor pyproject.toml lists, and that no tool has put there.

    What a tool puts there has a comment that says why, or at least a hash.
    """
    listed = [*declared_requirements.required(repo)]
    with suppress(UncheckedError):
        listed += declared_requirements.optional(repo)
    known = {each.name for each in listed}
    if source != PYPROJECT:
        known |= {entry.name for entry in reader.parse(source, repo.files.get(source, b"")).entries}
    entries = [entry for entry in file.entries if entry.name and entry.name not in known and not entry.via]
    is_plain = bool(file.command) and not file.is_annotated
    return [entry.name for entry in entries if not is_plain or (file.is_hashed and not entry.is_hashed)]


def unhashed(repo: Repo) -> Iterator[Breach]:
    """Each entry that pip refuses because others have hashes; a script's list without any hashes."""
    for file in repo.requirements:
        for each in reader.with_included(repo.files.get, file.path) if file.is_hashed else ():
            if each == file or not each.is_hashed:
                yield from _mixed(repo, each)
    for file in _installed(repo):
        can_be_hashed = all(entry.is_pinned and entry.kind in {"name", "url"} for entry in file.entries)
        if file.entries and not file.is_hashed and can_be_hashed:
            remedy = update_remedy(repo, file)
            line, warning = file.entries[0].line, Severity.WARNING
            yield Breach(f"{file.path} has no hashes.", file.path, line, 1, remedy=remedy, severity=warning)


def _mixed(repo: Repo, file: RequirementsFile) -> Iterator[Breach]:
    """Each entry that has no hash, neither as an option nor in its URL."""
    for entry in file.entries:
        if entry.is_hashed or _FRAGMENT.search(entry.text):
            continue
        if _can_have_hash(entry):
            message = f"{entry.text} has no hash, but others have one, so pip refuses the whole list."
            remedy = update_remedy(repo, file)
        else:
            message = f"{entry.text} cannot have a hash, so pip refuses the whole list, which has hashes."
            remedy = "Install it by itself, with `pip install --no-deps`, or write the list without hashes."
        yield Breach(message, entry.path, entry.line, 1, remedy=remedy)


def _can_have_hash(entry: RequirementEntry) -> bool:
    return entry.kind in {"name", "url"} or (entry.kind == "path" and bool(_ARCHIVE.search(entry.text)))
