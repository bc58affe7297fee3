"""A repository's files and the template's become one set: what is added, what is merged, what is left alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from new_ops_project.formats.requirements.merge import split_blocks, is_requirements_path, merge_requirements
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan.resolvers import requirements as generated
from new_ops_project.project.adoption import lines, pyproject
from new_ops_project.project.adoption.pyproject import PYPROJECT, AdoptedRepository

# What the user has under another name, as a pattern for the whole path.
_ALIKE = {
    "README.md": r"README(\.(rst|txt|adoc))?",
    "LICENSE": r"(LICEN[SC]E|COPYING|UNLICENSE)([.-].+)?|LICENSES/.+",
    "CHANGELOG.md": r"(CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES?)(\.\w+)?|docs/(changelog|changes|history)\.\w+",
    "CONTRIBUTING.md": r"(\.github/|docs/)?CONTRIBUTING(\.\w+)?",
    ".github/dependabot.yml": r"\.github/dependabot\.yaml",
    "renovate.json": r"(\.github/)?renovate\.json5?|\.renovaterc(\.json)?",
    ".pre-commit-config.yaml": r"\.pre-commit-config\.yml",
}


@dataclass(frozen=True)
class UnwrittenFile:
    """A file of the template that is not written, and why: a clause."""

    path: str
    reason: str


@dataclass(frozen=True)
class AdoptedFiles:
    """What the repository gets: `files` as they will be; what was `kept` out; what is to be said."""

    files: Mapping[str, Entry]
    kept: tuple[UnwrittenFile, ...]
    notes: tuple[str, ...]


def merge_files(repo: AdoptedRepository, theirs: Tree) -> AdoptedFiles:
    """Every file of `theirs`, added where there is none, merged where its kind allows that, else left to the user."""
    files, kept, notes = dict[str, Entry](), list[UnwrittenFile](), list[str]()
    for path, entry in sorted(theirs.items()):
        mine = repo.files.texts.get(path)
        if reason := _unwanted(path, repo):
            kept.append(UnwrittenFile(path, reason))
        elif not repo.files.holds(path):
            files[path], said = _new(path, entry, repo)
            notes += said
        elif mine is None:
            kept.append(UnwrittenFile(path, "yours is no text file"))
        elif not _same(mine, entry.content):
            content, said = _merged(path, mine, entry.content, repo)
            notes += said
            if content == mine:
                kept.append(UnwrittenFile(path, "yours"))
            else:
                files[path] = repo.files.entry(path, content)
    return AdoptedFiles(files, tuple(kept), (*notes, *_unlocked(files, repo.files), *_strict(files, repo.files)))


def _strict(files: Mapping[str, Entry], there: Committed) -> Iterator[str]:
    """What the new workflow holds the code to."""
    workflow = next((path for path in files if path.endswith("ci.yml")), "")
    if workflow:
        yield f"{workflow} lints and checks types with the settings in {PYPROJECT}: run them before you merge."
    if workflow and not any(re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path) for path in there.modes):
        yield f"{workflow} runs pytest, which fails where there are no tests: write the first one."


def _unlocked(files: Mapping[str, Entry], there: Committed) -> Iterator[str]:
    """What the repository needs and a new requirements file lacks: the template locks only what it offers."""
    content = files[PYPROJECT].content if PYPROJECT in files else there.texts.get(PYPROJECT, b"")
    run, build = pyproject.required_packages(content)
    for path, entry in files.items():
        if not is_requirements_path(path):
            continue
        held = {block.name.decode() for block in split_blocks(entry.content)}
        if missed := sorted((run | build if "dev" in path else run) - held):
            how = generated.command(path, entry.content) or "add them with their versions"
            if "--group dev" in how and b"dependency-groups" not in content:
                how = "export them from your lock, or give pyproject.toml a group dev"
            yield f"{path} lacks {', '.join(missed)}, which the template has no locked versions of. To renew it: {how}"


def _same(one: bytes, other: bytes) -> bool:
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _merged(path: str, mine: bytes, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """One file that both have; as it is, where there is no way to merge its kind."""
    if path == PYPROJECT:
        return pyproject.merge_pyproject(mine, theirs, repo)
    name = PurePosixPath(path).name
    if name == ".gitignore":
        return lines.merge_rules(mine, theirs, repo.files.modes), []
    if name == ".env.example":
        return lines.merge(mine, theirs, same=lines.variable_name), []
    if name == "requirements-dev.txt":
        return _with_tools(mine, theirs, repo)
    return mine, []


def _with_tools(mine: bytes, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """A list for development with the tools that the workflows call; what runs is the user's to say, and stays."""
    if b"--hash=" in mine or generated.command("requirements-dev.txt", mine):
        return mine, ["requirements-dev.txt: yours; the tools that ci.yml calls have to be in it."]
    tools = b"".join(block.text for block in split_blocks(theirs) if block.name.decode() in repo.tools)
    bare = re.sub(rb"[ \t]*\\\r?\n?[ \t]*--hash=\S+", b"", tools)
    listed = merge_requirements(b"", mine if split_blocks(mine) else b"#\n", bare)
    return listed, [
        "requirements-dev.txt has no hashes, which ci.yml asks for: give it some, or take --require-hashes out."
    ]


def _new(path: str, entry: Entry, repo: AdoptedRepository) -> tuple[Entry, list[str]]:
    """A file that only the template has; its pyproject.toml without what does not fit the repository."""
    if PurePosixPath(path).name == ".gitignore":
        return replace(entry, content=lines.merge_rules(b"", entry.content, repo.files.modes)), []
    if path != PYPROJECT:
        return entry, []
    content, notes = pyproject.merge_pyproject(b"", entry.content, repo)
    return replace(entry, content=content), notes


# ---- what is not written -----------------------------------------------------------------------------------------


def _unwanted(path: str, repo: AdoptedRepository) -> str:
    """Why a file of the template would do harm or nothing in this repository; '' where it would not."""
    modes = repo.files.modes
    if path in modes:
        return ""
    if above := next((str(one) for one in PurePosixPath(path).parents if str(one) in modes), ""):
        return f"{above} is no folder here"
    if path.startswith("src/") and not (
        path.endswith("/py.typed") and path.replace("py.typed", "__init__.py") in modes
    ):
        return "the code is yours"
    alike = [one for one in modes if path in _ALIKE and re.fullmatch(_ALIKE[path], one, re.IGNORECASE)]
    other = _releasing(repo.files) if path.endswith("release.yml") else ""
    reasons = {
        "GitHub reads it at the repository's root only": repo.is_below and path.startswith(".github/"),
        "the tests are yours": path.startswith("tests/"),
        "one further up may hold": repo.is_below and path == ".editorconfig",
        "it asks for LF, and you have CRLF": path == ".editorconfig" and _has_crlf(repo.files),
        f"you have {', '.join(alike)}": bool(alike),
        "it goes with the template's Dockerfile, and you have your own": path == ".dockerignore"
        and "Dockerfile" in modes,
        "nothing says who may use it; --set license=MIT, for example": path == "LICENSE" and not repo.license_is_told,
        f"{other} releases already": bool(other),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _has_crlf(files: Committed) -> bool:
    return any(b"\r\n" in content for content in files.texts.values())


def _releasing(files: Committed) -> str:
    """A workflow of the user's that a tag or a release starts."""
    for path, content in files.texts.items():
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path) and _starts_on_release(content):
            return path
    return ""


def _starts_on_release(content: bytes) -> bool:
    import yaml

    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return False
    # YAML 1.1 reads the key `on` as true.
    on = (found.get("on") or found.get(True)) if isinstance(found, dict) else None
    if not isinstance(on, dict):
        return on == "release" or (isinstance(on, list) and "release" in on)
    push = on.get("push")
    return "release" in on or (isinstance(push, dict) and "tags" in push)
