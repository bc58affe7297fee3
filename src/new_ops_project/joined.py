"""A repository's files and the template's become one set: what is added, what is merged, what is left alone."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from new_ops_project import generated
from new_ops_project.committed import Committed
from new_ops_project.joining import bounds, bykey, bylines
from new_ops_project.joining.requirements import blocks, requirements
from new_ops_project.reading.layout import Layout
from new_ops_project.reading.metadata import Metadata
from new_ops_project.tree import Entry, Tree

PYPROJECT = "pyproject.toml"
_BY_LINE = {".gitignore", ".env.example"}
_LOCKED = r"requirements[\w.-]*\.txt"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
# What the user has under another name, as a pattern for the whole path.
_ALIKE = {
    "README.md": r"README(\.(rst|txt|adoc))?",
    "LICENSE": r"(LICEN[SC]E|COPYING|UNLICENSE)(\..+)?",
    "CHANGELOG.md": r"(CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES?)(\.\w+)?|docs/(changelog|changes|history)\.\w+",
    "CONTRIBUTING.md": r"(\.github/|docs/)?CONTRIBUTING(\.\w+)?",
    ".github/dependabot.yml": r"\.github/dependabot\.yaml",
    "renovate.json": r"(\.github/)?renovate\.json5?|\.renovaterc(\.json)?",
    ".pre-commit-config.yaml": r"\.pre-commit-config\.yml",
}


@dataclass(frozen=True)
class Kept:
    """A file of the template that is not written, and why: a clause."""

    path: str
    reason: str


@dataclass(frozen=True)
class Joined:
    """What the repository gets: `files` as they will be; what was `kept` out; what is to be said."""

    files: Mapping[str, Entry]
    kept: tuple[Kept, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Repo:
    """What is known of the repository: its files, where its code is, and what setup.py and setup.cfg say."""

    files: Committed
    layout: Layout
    metadata: Metadata | None
    license_is_told: bool = True
    is_below: bool = False  # it is a folder of a repository, not the whole


def joined(repo: Repo, theirs: Tree) -> Joined:
    """Every file of `theirs`, added where there is none, merged where its kind allows that, else left to the user."""
    files, kept, notes = dict[str, Entry](), list[Kept](), list[str]()
    for path, entry in sorted(theirs.items()):
        mine = repo.files.texts.get(path)
        if reason := _unwanted(path, repo):
            kept.append(Kept(path, reason))
        elif not repo.files.holds(path):
            files[path], said = _new(path, entry, repo)
            notes += said
        elif mine is None:
            kept.append(Kept(path, "yours is no text file"))
        elif not _same(mine, entry.content):
            content, said = _merged(path, mine, entry.content, repo)
            notes += said
            if content == mine:
                kept.append(Kept(path, "yours"))
            else:
                files[path] = repo.files.entry(path, content)
    return Joined(files, tuple(kept), (*notes, *_unlocked(files, repo.files), *_strict(files, repo.files)))


def _strict(files: Mapping[str, Entry], there: Committed) -> Iterator[str]:
    """What the new workflow holds the code to."""
    workflow = next((path for path in files if path.endswith("ci.yml")), "")
    if workflow:
        yield f"{workflow} lints and checks types with the settings in {PYPROJECT}: run them before you merge."
    if workflow and not any(re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path) for path in there.modes):
        yield f"{workflow} runs pytest, which fails where there are no tests: write the first one."


def _unlocked(files: Mapping[str, Entry], there: Committed) -> Iterator[str]:
    """What the repository needs and a new requirements file lacks: the template locks only what it offers."""
    pyproject = files[PYPROJECT].content if PYPROJECT in files else there.texts.get(PYPROJECT, b"")
    run, build = _needs(pyproject)
    for path, entry in files.items():
        if not re.fullmatch(_LOCKED, path):
            continue
        held = {block.name.decode() for block in blocks(entry.content)}
        if missed := sorted((run | build if "dev" in path else run) - held):
            how = generated.command(path, entry.content) or "add them with their versions"
            yield f"{path} lacks {', '.join(missed)}, which the template has no locked versions of. To renew it: {how}"


def _needs(pyproject: bytes) -> tuple[set[str], set[str]]:
    """The names (PEP 503) of what a pyproject.toml depends on at run time, and of what it is built with."""
    try:
        found = tomllib.loads(pyproject.decode())
        poetry = found.get("tool", {}).get("poetry", {}).get("dependencies", {})
        run = [*found.get("project", {}).get("dependencies", []), *(name for name in poetry if name != "python")]
        return set(_names(run)), set(_names(found.get("build-system", {}).get("requires", [])))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, TypeError):
        return set(), set()


def _names(requirements: list[Any]) -> Iterator[str]:
    named = (re.match(r"[A-Za-z0-9._-]+", one) for one in requirements if isinstance(one, str))
    yield from (re.sub(r"[-_.]+", "-", one[0]).lower() for one in named if one)


def _same(one: bytes, other: bytes) -> bool:
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _merged(path: str, mine: bytes, theirs: bytes, repo: Repo) -> tuple[bytes, list[str]]:
    """One file that both have; as it is, where there is no way to merge its kind."""
    if path == PYPROJECT:
        return _pyproject(mine, theirs, repo)
    if PurePosixPath(path).name in _BY_LINE:
        same = bylines.variable if path.endswith(".env.example") else bylines.bare
        return bylines.lines(mine, theirs, same=same), []
    if re.fullmatch(_LOCKED, path):
        merged = requirements(b"", mine, theirs)
        unhashed = [f"{path} has no hashes, which the workflows ask for: {generated.command(path, theirs)}"]
        return merged, unhashed if merged != mine and b"--hash=" not in merged else []
    return mine, []


def _new(path: str, entry: Entry, repo: Repo) -> tuple[Entry, list[str]]:
    """A file that only the template has; its pyproject.toml without what does not fit the repository."""
    if path != PYPROJECT:
        return entry, []
    content, notes = _pyproject(b"", entry.content, repo)
    return replace(entry, content=content), notes


# ---- what is not written -----------------------------------------------------------------------------------------


def _unwanted(path: str, repo: Repo) -> str:
    """Why a file of the template would do harm or nothing in this repository; '' where it would not."""
    modes = repo.files.modes
    if path in modes:
        return ""
    if path.startswith("src/") and not (
        path.endswith("/py.typed") and path.replace("py.typed", "__init__.py") in modes
    ):
        return "the code is yours"
    alike = [one for one in modes if path in _ALIKE and re.fullmatch(_ALIKE[path], one, re.IGNORECASE)]
    other = _releasing(repo.files) if path.endswith("release.yml") else ""
    reasons = {
        "GitHub reads it at the repository's root only": repo.is_below and path.startswith(".github/"),
        "the tests are yours": path.startswith("tests/"),
        f"you have {', '.join(alike)}": bool(alike),
        "it goes with the template's Dockerfile, and you have your own": path == ".dockerignore"
        and "Dockerfile" in modes,
        "nothing says who may use it; --set license=MIT, for example": path == "LICENSE" and not repo.license_is_told,
        f"{other} releases already": bool(other),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


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


# ---- pyproject.toml ----------------------------------------------------------------------------------------------


def _pyproject(mine: bytes, theirs: bytes, repo: Repo) -> tuple[bytes, list[str]]:
    """By key: the user's, then what setup.py and setup.cfg say, then the template's; and what to say of it."""
    try:
        text, found = mine.decode(), tomllib.loads(mine.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return mine, [f"{PYPROJECT} does not parse ({error}), so nothing was added to it."]
    notes, is_packaged = list[str](), "project" in found
    if repo.metadata and "project" not in found and "poetry" not in found.get("tool", {}):
        text, notes = _with_metadata(text, repo.metadata, repo.files)
        found = tomllib.loads(text)
    wanted = _fitting(theirs.decode(), repo)
    if not found and not repo.metadata:
        wanted = _with_requirements(wanted, repo.files.texts.get("requirements.txt", b""))
    result, kept = bykey.toml(text, wanted, skip=_Skipped(found, repo, is_packaged))
    shown = [f"{one.key} = {one.mine!r}" for one in kept if one.mine is not None and one.key.startswith("tool.")]
    notes += [f"{PYPROJECT}: yours stays: {', '.join(shown)}."] if shown else []
    return result.encode(), notes


def _with_metadata(text: str, metadata: Metadata, files: Committed) -> tuple[str, list[str]]:
    """With the [project] table that setup.py and setup.cfg amount to."""
    import tomli_w

    tables = {"build-system": metadata.build, "project": metadata.project, "tool": metadata.tool}
    result, _ = bykey.toml(text, tomli_w.dumps({key: value for key, value in tables.items() if value}))
    old = [path for path in ("setup.py", "setup.cfg") if path in files.modes]
    them = "them" if len(old) > 1 else "it"
    rest = ", but for what only setuptools can do" if metadata.needs_setuptools else ""
    carried = f"{' and '.join(old)}: carried into {PYPROJECT}; look at it, then delete {them}{rest}."
    return result, [carried, *metadata.left]


@dataclass(frozen=True)
class _Skipped:
    """The keys of the template's pyproject.toml that would do harm in this one; asked with `in`, as bykey does."""

    found: Mapping[str, Any]
    repo: Repo
    is_packaged: bool

    def __contains__(self, key: object) -> bool:
        """Whether a dotted key, or one above it, is not for this repository."""
        parts = str(key).split(".")
        return any(self._is_skipped(parts[:count]) for count in range(1, len(parts) + 1))

    def _is_skipped(self, parts: list[str]) -> bool:
        tool = self.found.get("tool", {})
        head = parts[0]
        if head == "project":
            is_license = parts[1:2] in (["license"], ["license-files"]) and not self._has_license()
            return is_license or "project" in self.found or "poetry" in tool
        if head == "build-system":
            return "build-system" in self.found or "poetry" in tool or self.is_packaged
        if head == "dependency-groups":
            return "poetry" in tool or any(path in self.repo.files.modes for path in _LOCKS)
        if parts[:2] == ["tool", "pytest"]:
            return True  # their tests pass as they are called today
        if parts[:2] == ["tool", "hatch"]:
            return "build-system" in self.found or "poetry" in tool or self.is_packaged
        is_linter = parts[:2] in (["tool", "ruff"], ["tool", "mypy"])
        return is_linter and parts[2:] != [] and self._is_strange(parts, tool)

    def _has_license(self) -> bool:
        return self.repo.license_is_told or "LICENSE" in self.repo.files.modes

    def _is_strange(self, parts: list[str], tool: Mapping[str, Any]) -> bool:
        """Whether it would change how a linter that is configured already judges the code."""
        own = {"ruff": ("ruff.toml", ".ruff.toml"), "mypy": ("mypy.ini", ".mypy.ini")}[parts[1]]
        is_set = parts[1] in tool or any(path in self.repo.files.modes for path in own)
        return is_set and parts[2] not in {"target-version", "python_version"}


def _with_requirements(text: str, listed: bytes) -> str:
    """The template's pyproject.toml with what a requirements.txt written by hand lists, at least in that version."""
    if generated.command("requirements.txt", listed) or b"--hash=" in listed:
        return text
    names = [bounds.bound(line) for block in blocks(listed) if block.name and (line := _requirement(block.text))]
    if not names:
        return text
    lines = "".join(f"    {json.dumps(name)},\n" for name in sorted(names, key=str.lower))
    return re.sub(
        r"^dependencies = \[\n(?:    .*\n)*\]", lambda _: f"dependencies = [\n{lines}]", text, flags=re.MULTILINE
    )


def _requirement(block: bytes) -> str:
    """A line of a requirements file without its comment and options; '' for a package that another one brings."""
    text = block.decode(errors="replace")
    if "# via" in text or " @ " in text:
        return ""
    return re.split(r"\s(?:#|--)", text.strip(), maxsplit=1)[0].strip(" \\")


def _fitting(text: str, repo: Repo) -> str:
    """The template's pyproject.toml for code that is not in src: the same settings, for where it is."""
    place = repo.layout.place
    if not place or place.startswith("src/"):
        return text
    tests = ', "tests"' if repo.files.holds("tests") else ""
    text = text.replace('files = ["src", "tests"]', f'files = ["{place}"{tests}]')
    return text.replace(f'packages = ["src/{repo.layout.package}"]', f'packages = ["{place}"]')
