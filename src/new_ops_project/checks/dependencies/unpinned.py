"""Rules about the requirements files that pip installs from: exact versions, with hashes."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import locks
from new_ops_project.formats.document import decoded
from new_ops_project.formats.requirements import reader
from new_ops_project.formats.requirements.reader import RequirementEntry, RequirementsFile

_FILE = "requirements.txt"
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
                remedy = f"Pin it, or compile the list: {update_command(repo)}"
            yield Breach(message, entry.path, entry.line, 1, remedy=remedy)


def _installed(repo: Repo) -> tuple[RequirementsFile, ...]:
    """The requirements files that a script is installed from: requirements.txt and those that it includes."""
    if repo.tier != "script" or locks.present(repo.paths) or _is_source(repo, _FILE):
        return ()
    return reader.with_included(repo.files.get, _FILE)


def _is_source(repo: Repo, path: str) -> bool:
    """Whether another file was compiled from this one."""
    names = (each for each in repo.paths if each != path and each.startswith("requirements") and each in repo.files)
    mention = re.compile(rf"#.*-r {re.escape(path)}\b")
    texts = [decoded(repo.files[each]) for each in names]
    commands = (command for text in texts if (command := reader.command(text)))
    return any(map(mention.search, texts)) or any(path in command.sources for command in commands)


def update_command(repo: Repo, file: RequirementsFile | None = None) -> str:
    """The command that updates a requirements file."""
    if file and file.command:
        return file.command.text
    path = file.path if file else _FILE
    inside = path.replace(".txt", ".in")
    is_listed = bool(repo.pyproject.strings("project", "dependencies")) and inside not in repo.paths
    first = "" if is_listed or inside in repo.paths else f"mv {path} {inside} && "
    source = PYPROJECT if is_listed else inside
    return f"{first}uv pip compile --universal --generate-hashes {source} --output-file {path}"


def unhashed(repo: Repo) -> Iterator[Breach]:
    """Each entry that pip refuses because others have hashes; a script's list without any hashes."""
    for file in repo.requirements:
        for each in reader.with_included(repo.files.get, file.path) if file.is_hashed else ():
            if each == file or not each.is_hashed:
                yield from _mixed(repo, each)
    for file in _installed(repo):
        can_be_hashed = all(entry.is_pinned and entry.kind in {"name", "url"} for entry in file.entries)
        if file.entries and not file.is_hashed and can_be_hashed:
            remedy = f"Update it: {update_command(repo, file)}"
            line, warning = file.entries[0].line, Severity.WARNING
            yield Breach(f"{file.path} has no hashes.", file.path, line, 1, remedy=remedy, severity=warning)


def _mixed(repo: Repo, file: RequirementsFile) -> Iterator[Breach]:
    """Each entry that has no hash, neither as an option nor in its URL."""
    for entry in file.entries:
        if entry.is_hashed or _FRAGMENT.search(entry.text):
            continue
        if _can_have_hash(entry):
            message = f"{entry.text} has no hash, but others have one, so pip refuses the whole list."
            remedy = f"Update it: {update_command(repo, file)}"
        else:
            message = f"{entry.text} cannot have a hash, so pip refuses the whole list, which has hashes."
            remedy = "Install it by itself: pip install --no-deps"
        yield Breach(message, entry.path, entry.line, 1, remedy=remedy)


def _can_have_hash(entry: RequirementEntry) -> bool:
    return entry.kind in {"name", "url"} or (entry.kind == "path" and bool(_ARCHIVE.search(entry.text)))
