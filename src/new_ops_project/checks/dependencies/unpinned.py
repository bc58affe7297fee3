"""Rules about the requirements files that pip installs from: exact versions, with hashes."""

import re
from collections.abc import Iterator
from functools import partial

from new_ops_project.base.finding import Severity
from new_ops_project.checks import requirements_files
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.requirements_files import RequirementEntry, RequirementsFile
from new_ops_project.checks.rule import Breach

_FILE = "requirements.txt"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.\w+)\b")


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each requirement of a script that may get another version tomorrow."""
    for requirements_file in _installed(repo):
        if not requirements_file.is_hashed:
            constrained = _constrained(repo, requirements_file)
            yield from (
                _loose(entry, repo)
                for entry in requirements_file.entries
                if not entry.is_pinned and entry.name not in constrained
            )


def _installed(repo: Repo) -> list[RequirementsFile]:
    """The requirements files that a script is installed from: requirements.txt and those that it includes."""
    if repo.tier != "script" or any(path in repo.paths for path in _LOCKS) or _is_source(repo, _FILE):
        return []
    return [*requirements_files.with_included(repo, _FILE)]


def _is_source(repo: Repo, path: str) -> bool:
    """Whether another file was compiled from this one."""
    others = [
        repo.files[each]
        for each in repo.paths
        if each != path and each.startswith("requirements") and each in repo.files
    ]
    mention = re.compile(rb"#.*-r " + re.escape(path.encode()) + rb"\b")
    return any(mention.search(content) or _is_compiled(content, path) for content in others)


def _is_compiled(content: bytes, path: str) -> bool:
    command = RequirementsFile("", content[:2000].decode(errors="replace"), ()).command
    return bool(command and path in command.sources)


def _constrained(repo: Repo, requirements_file: RequirementsFile) -> set[str]:
    """The packages that its constraints files pin."""
    constraints = (requirements_files.read(repo, path) for path in requirements_file.constraints)
    return {entry.name for each in constraints for entry in each.entries if entry.is_pinned}


def _loose(entry: RequirementEntry, repo: Repo) -> Breach:
    if entry.kind == "vcs":
        message, remedy = (
            f"{entry.text} names no commit.",
            "Name one in full: ...@0123456789abcdef0123456789abcdef01234567",
        )
    else:
        message, remedy = (
            f"{entry.text} is not pinned to one version.",
            f"Pin it, or compile the list: {update_command(repo)}",
        )
    return Breach(message, entry.path, entry.line, 1, remedy=remedy)


def update_command(repo: Repo, requirements_file: RequirementsFile | None = None) -> str:
    """The command that updates a requirements file."""
    command = requirements_file.command if requirements_file else None
    if command:
        return command.text
    path = requirements_file.path if requirements_file else _FILE
    inside = path.replace(".txt", ".in")
    is_listed = bool(repo.pyproject.strings("project", "dependencies")) and inside not in repo.paths
    first = "" if is_listed or inside in repo.paths else f"mv {path} {inside} && "
    source = PYPROJECT if is_listed else inside
    return f"{first}uv pip compile --universal --generate-hashes {source} --output-file {path}"


def unhashed(repo: Repo) -> Iterator[Breach]:
    """Each entry that pip refuses because others have hashes; a script's list without any hashes."""
    for requirements_file in requirements_files.in_root(repo):
        if requirements_file.is_hashed:
            yield from map(partial(_mixed, repo), _without_hash(repo, requirements_file))
    for requirements_file in _installed(repo):
        if (
            requirements_file.entries
            and not requirements_file.is_hashed
            and all(_is_hashable(entry) for entry in requirements_file.entries)
        ):
            first = requirements_file.entries[0]
            yield Breach(
                f"{requirements_file.path} has no hashes.",
                requirements_file.path,
                first.line,
                1,
                remedy=f"Update it: {update_command(repo, requirements_file)}",
                severity=Severity.WARNING,
            )


def _is_hashable(entry: RequirementEntry) -> bool:
    return entry.is_pinned and entry.kind in {"name", "url"}


def _without_hash(repo: Repo, requirements_file: RequirementsFile) -> Iterator[RequirementEntry]:
    """What pip refuses beside an entry with a hash, included files too."""
    for file in requirements_files.with_included(repo, requirements_file.path):
        if file.path == requirements_file.path or not file.is_hashed:
            yield from (entry for entry in file.entries if not entry.is_hashed and not _has_fragment(entry))


def _has_fragment(entry: RequirementEntry) -> bool:
    """Whether the URL has its hash as a fragment."""
    return any(f"#{kind}=" in entry.text or f"&{kind}=" in entry.text for kind in ("sha256", "sha384", "sha512"))


def _mixed(repo: Repo, entry: RequirementEntry) -> Breach:
    requirements_file = requirements_files.read(repo, entry.path)
    if entry.kind in {"vcs", "editable"} or (entry.kind == "path" and not _ARCHIVE.search(entry.text)):
        message = f"{entry.text} cannot have a hash, so pip refuses the whole list, which has hashes."
        remedy = "Install it by itself: pip install --no-deps"
    else:
        message = f"{entry.text} has no hash, but others have one, so pip refuses the whole list."
        remedy = f"Update it: {update_command(repo, requirements_file)}"
    return Breach(message, entry.path, entry.line, 1, remedy=remedy)
