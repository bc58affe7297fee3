"""The merge of a template's files into an adopted repository."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from new_ops_project.formats.github import automation
from new_ops_project.formats.requirements import reader
from new_ops_project.formats.requirements.merge import merge_requirements
from new_ops_project.formats.requirements.reader import is_requirements_path, split_blocks
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.project.adoption import lines, pyproject
from new_ops_project.project.adoption.pyproject import PYPROJECT, AdoptedRepository
from new_ops_project.template.answers_file import ANSWERS_FILE

# Files of the user's that serve the purpose of one of the template's, as a pattern for the whole path.
_EQUIVALENTS = {
    "README.md": r"README(\.(rst|txt|adoc))?",
    "LICENSE": r"(LICEN[SC]E|COPYING|UNLICENSE)([.-].+)?|LICENSES/.+",
    "CHANGELOG.md": r"(CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES?)(\.\w+)?|docs/(changelog|changes|history)\.\w+",
    "CONTRIBUTING.md": r"(\.github/|docs/)?CONTRIBUTING(\.\w+)?",
    ".github/dependabot.yml": r"\.github/dependabot\.yaml",
    "renovate.json": r"(\.github/)?renovate\.json5?|\.renovaterc(\.json)?",
    ".pre-commit-config.yaml": r"\.pre-commit-config\.yml",
}


@dataclass(frozen=True)
class AdoptedFiles:
    """What the repository gets: `files` by path; those `kept` out, each with a clause why; notes for people."""

    files: Mapping[str, Entry]
    kept: Mapping[str, str]
    notes: tuple[str, ...] = ()


def merge_files(repo: AdoptedRepository, theirs: Tree) -> AdoptedFiles:
    """Add each file of `theirs` that the repository lacks, merge what can be merged, leave the rest to the user."""
    files, kept, notes = dict[str, Entry](), dict[str, str](), list[str]()
    for path in sorted(theirs.keys() - {ANSWERS_FILE}):
        entry, mine = theirs[path], repo.files.texts.get(path)
        is_binary = mine is None and repo.files.below(path)
        if reason := _unwanted(path, repo) or ("yours is not a text file" if is_binary else ""):
            kept[path] = reason
            continue
        content, more = _merged(path, mine, entry.content, repo)
        notes += more
        if mine is None:
            files[path] = replace(entry, content=content)
        elif content != mine:
            files[path] = repo.files.entry(path, content)
        elif not _same(mine, entry.content):
            kept[path] = "yours"
    notes += _lock_notes(files, repo.files)
    if (workflow := repo.roles.get("checks", "")) in files:
        notes.append(f"{workflow} lints, checks types and runs pytest, which fails without tests: try it first.")
    return AdoptedFiles(files, kept, tuple(notes))


def _lock_notes(files: Mapping[str, Entry], own: Committed) -> Iterator[str]:
    """What the repository needs but a new requirements file lacks: the template has locks only of what it offers."""
    content = files[PYPROJECT].content if PYPROJECT in files else own.texts.get(PYPROJECT, b"")
    run, build = pyproject.required_packages(content)
    for path, entry in files.items():
        if not is_requirements_path(path):
            continue
        held = {block.name.decode() for block in split_blocks(entry.content)}
        if missed := sorted((run | build if "dev" in path else run) - held):
            command = reader.parse(path, entry.content).command
            remedy = command.text if command else "add them with their versions"
            if "--group dev" in remedy and b"dependency-groups" not in content:
                remedy = "export them from your lock, or give pyproject.toml a group dev"
            names = ", ".join(missed)
            yield f"{path} lacks {names}, because the template has no locked versions of them. To update it: {remedy}"


def _same(mine: bytes, theirs: bytes) -> bool:
    return mine.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")


def _merged(path: str, mine: bytes | None, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """The file of both, merged, with notes: `mine` where its kind cannot be merged, `theirs` where there is none."""
    name = PurePosixPath(path).name
    if mine is not None and _same(mine, theirs):
        return mine, []
    if path == PYPROJECT:
        return pyproject.merge_pyproject(mine or b"", theirs, repo)
    if name == ".gitignore":
        return lines.merge_rules(mine or b"", theirs, repo.files.modes), []
    if mine is None:
        return theirs, []
    if name == "requirements-dev.txt":
        return _with_tools(mine, theirs, repo)
    return lines.merge_variables(mine, theirs) if name == ".env.example" else mine, []


def _with_tools(mine: bytes, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """The user's requirements-dev.txt with the tools that the workflows call; the user's own entries stay."""
    own = reader.parse("requirements-dev.txt", mine)
    if own.is_hashed or own.command:
        return mine, ["requirements-dev.txt: yours; it must contain the tools that ci.yml calls."]
    tools = b"".join(block.text for block in split_blocks(theirs) if block.name.decode() in repo.tools)
    bare = re.sub(rb"[ \t]*\\\r?\n?[ \t]*--hash=\S+", b"", tools)
    listed = merge_requirements(b"", mine if split_blocks(mine) else b"#\n", bare)
    return listed, ["requirements-dev.txt has no hashes, which ci.yml requires: add them, or remove --require-hashes."]


# ---- what is not written -----------------------------------------------------------------------------------------


def _unwanted(path: str, repo: AdoptedRepository) -> str:
    """Why a file of the template would be harmful or useless in this repository; '' if it is neither."""
    modes = repo.files.modes
    if path in modes:
        return ""
    if above := next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in modes), ""):
        return f"{above} is not a folder here"
    if path.startswith("src/") and not (
        path.endswith("/py.typed") and path.replace("py.typed", "__init__.py") in modes
    ):
        return "the code is yours"
    alike = [mine for mine in modes if path in _EQUIVALENTS and re.fullmatch(_EQUIVALENTS[path], mine, re.IGNORECASE)]
    other = _release_workflow(repo.files) if path == repo.roles.get("releases") else ""
    has_crlf = any(b"\r\n" in content for content in repo.files.texts.values())
    reasons = {
        "GitHub reads it at the repository's root only": repo.is_subfolder and path.startswith(".github/"),
        "the tests are yours": path.startswith("tests/"),
        "one further up may hold": repo.is_subfolder and path == ".editorconfig",
        "it asks for LF, and you have CRLF": path == ".editorconfig" and has_crlf,
        f"you have {', '.join(alike)}": bool(alike),
        "it goes with the template's Dockerfile, and you have your own": path == ".dockerignore"
        and "Dockerfile" in modes,
        "nothing says who may use it; --set license=MIT, for example": path == "LICENSE"
        and not repo.has_license_answer,
        f"{other} releases already": bool(other),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _release_workflow(files: Committed) -> str:
    """The path of a workflow of the user's that a tag or a release starts; '' if there is none."""
    for tree in automation.read(files.texts, iter(files.texts)).trees:
        triggers = automation.Workflow(tree.root).triggers if tree.path.startswith(".github/workflows/") else {}
        if "release" in triggers or ("push" in triggers and triggers["push"][1].get("tags")):
            return tree.path
    return ""
