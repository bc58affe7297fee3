"""The template's pyproject.toml beside a repository's own: which of its keys fit, and what the repository needs."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from new_ops_project import generated
from new_ops_project.committed import Committed
from new_ops_project.joining import bounds, bykey
from new_ops_project.joining.requirements import blocks
from new_ops_project.reading.layout import Layout
from new_ops_project.reading.metadata import Metadata

PYPROJECT = "pyproject.toml"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True)
class Repo:
    """What is known of the repository: its files, where its code is, and what setup.py and setup.cfg say."""

    files: Committed
    layout: Layout
    metadata: Metadata | None
    license_is_told: bool = True
    is_below: bool = False  # it is a folder of a repository, not the whole


def joined(mine: bytes, theirs: bytes, repo: Repo) -> tuple[bytes, list[str]]:
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


# ---- what it needs ----


def needs(pyproject: bytes) -> tuple[set[str], set[str]]:
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
