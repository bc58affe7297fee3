"""Rules about the requirements files that pip installs from: exact versions, with hashes."""

import re
from collections.abc import Iterator
from functools import partial

from new_ops_project.base.finding import Severity
from new_ops_project.checks import lock_files
from new_ops_project.checks.lock_files import PinnedRequirement, RequirementsFile
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach

_FILE = "requirements.txt"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.\w+)\b")


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each requirement of a script that may get another version tomorrow."""
    for listing in _installed(repo):
        if not listing.is_hashed:
            constrained = _constrained(repo, listing)
            yield from (
                _loose(entry, repo)
                for entry in listing.entries
                if not entry.is_pinned and entry.name not in constrained
            )


def _installed(repo: Repo) -> list[RequirementsFile]:
    """The requirements files that a script is installed from: requirements.txt and those that it includes."""
    if repo.tier != "script" or any(path in repo.paths for path in _LOCKS) or _is_source(repo, _FILE):
        return []
    return [*lock_files.with_included(repo, _FILE)]


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


def _constrained(repo: Repo, listing: RequirementsFile) -> set[str]:
    """The packages that its constraints files pin."""
    constraints = (lock_files.requirements_file(repo, path) for path in listing.constraints)
    return {entry.name for each in constraints for entry in each.entries if entry.is_pinned}


def _loose(entry: PinnedRequirement, repo: Repo) -> Breach:
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


def update_command(repo: Repo, listing: RequirementsFile | None = None) -> str:
    """The command that updates a requirements file."""
    command = listing.command if listing else None
    if command:
        return command.text
    path = listing.path if listing else _FILE
    inside = path.replace(".txt", ".in")
    is_listed = bool(repo.pyproject.strings("project", "dependencies")) and inside not in repo.paths
    first = "" if is_listed or inside in repo.paths else f"mv {path} {inside} && "
    source = PYPROJECT if is_listed else inside
    return f"{first}uv pip compile --universal --generate-hashes {source} --output-file {path}"


def unhashed(repo: Repo) -> Iterator[Breach]:
    """Each entry that pip refuses because others have hashes; a script's list without any hashes."""
    for listing in lock_files.requirements_files(repo):
        if listing.is_hashed:
            yield from map(partial(_mixed, repo), _without_hash(repo, listing))
    for listing in _installed(repo):
        if listing.entries and not listing.is_hashed and all(_is_hashable(entry) for entry in listing.entries):
            first = listing.entries[0]
            yield Breach(
                f"{listing.path} has no hashes.",
                listing.path,
                first.line,
                1,
                remedy=f"Update it: {update_command(repo, listing)}",
                severity=Severity.WARNING,
            )


def _is_hashable(entry: PinnedRequirement) -> bool:
    return entry.is_pinned and entry.kind in {"name", "url"}


def _without_hash(repo: Repo, listing: RequirementsFile) -> Iterator[PinnedRequirement]:
    """What pip refuses beside an entry with a hash, included files too."""
    for file in lock_files.with_included(repo, listing.path):
        if file.path == listing.path or not file.is_hashed:
            yield from (entry for entry in file.entries if not entry.is_hashed and not _has_fragment(entry))


def _has_fragment(entry: PinnedRequirement) -> bool:
    """Whether the URL has its hash as a fragment."""
    return any(f"#{kind}=" in entry.text or f"&{kind}=" in entry.text for kind in ("sha256", "sha384", "sha512"))


def _mixed(repo: Repo, entry: PinnedRequirement) -> Breach:
    listing = lock_files.requirements_file(repo, entry.path)
    if entry.kind in {"vcs", "editable"} or (entry.kind == "path" and not _ARCHIVE.search(entry.text)):
        message = f"{entry.text} cannot have a hash, so pip refuses the whole list, which has hashes."
        remedy = "Install it by itself: pip install --no-deps"
    else:
        message = f"{entry.text} has no hash, but others have one, so pip refuses the whole list."
        remedy = f"Update it: {update_command(repo, listing)}"
    return Breach(message, entry.path, entry.line, 1, remedy=remedy)
