"""The template's pyproject.toml beside a repository's own: which of its keys fit, and what the repository needs."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.code_layout import Layout
from new_ops_project.formats.requirements import lower_bounds
from new_ops_project.formats.requirements.merge import split_blocks
from new_ops_project.formats.toml import merge
from new_ops_project.git.committed import Committed
from new_ops_project.plan.resolvers import requirements as generated
from new_ops_project.project.adoption.evidence.metadata import Metadata

PYPROJECT = "pyproject.toml"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True)
class AdoptedRepository:
    """What is known of the repository: its files, where its code is, and what setup.py and setup.cfg say."""

    files: Committed
    layout: Layout
    metadata: Metadata | None
    license_is_told: bool = True
    tools: frozenset[str] = frozenset()  # what the template's workflows call, by the names of PEP 503
    is_below: bool = False  # it is a folder of a repository, not the whole


def merge_pyproject(mine: bytes, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """By key: the user's, then what setup.py and setup.cfg say, then the template's; and what to say of it."""
    try:
        text, found = mine.decode(), tomllib.loads(mine.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"{PYPROJECT} does not parse: {error}.", "Mend it, commit that, and run this again.") from error
    notes, is_packaged = list[str](), "project" in found
    if repo.metadata and "project" not in found and "poetry" not in found.get("tool", {}):
        text, notes = _with_metadata(text, repo.metadata, repo.files)
        found = tomllib.loads(text)
    wanted = _fitting(theirs.decode(), repo)
    if not found and not repo.metadata:
        wanted = _with_requirements(wanted, repo.files.texts.get("requirements.txt", b""))
    result, kept = merge.merge_toml(text, wanted, skip=_Skipped(found, repo, is_packaged))
    told = ("tool.", "dependency-groups.")
    shown = [f"{one.key} = {one.mine!r}" for one in kept if one.mine is not None and one.key.startswith(told)]
    notes += [f"{PYPROJECT}: yours stays: {', '.join(shown)}."] if shown else []
    return result.encode(), notes


def _with_metadata(text: str, metadata: Metadata, files: Committed) -> tuple[str, list[str]]:
    """With the [project] table that setup.py and setup.cfg amount to."""
    import tomli_w

    tables = {"build-system": metadata.build, "project": metadata.project, "tool": metadata.tool}
    result, _ = merge.merge_toml(text, tomli_w.dumps({key: value for key, value in tables.items() if value}))
    return result, [*_farewell(metadata, files), *metadata.left, *_wider(metadata, files)]


def _farewell(metadata: Metadata, files: Committed) -> Iterator[str]:
    """What may go of setup.py and setup.cfg."""
    others = [name for name in _sections(files) if not re.match(r"(metadata|options)\b|bdist|sdist|egg_info", name)]
    carried = [path for path in ("setup.py", "setup.cfg") if path in files.modes]
    if len(others) == len(_sections(files)):  # there is nothing of the package in setup.cfg
        carried = [path for path in carried if path != "setup.cfg"]
    elif others:
        yield f"setup.cfg: keep [{'], ['.join(others)}] when you take out what is in {PYPROJECT} now."
        carried = [path for path in carried if path != "setup.cfg"]
    if not carried:
        return
    them = "them" if len(carried) > 1 else "it"
    rest = ", but for what only setuptools can do" if metadata.needs_setuptools else ""
    yield f"{' and '.join(carried)}: carried into {PYPROJECT}; look at it, then delete {them}{rest}."
    if metadata.needs_setuptools and {"scripts", "entry-points"} & metadata.project.keys() and "setup.py" in carried:
        yield f"setup.py: take out its entry_points, which {PYPROJECT} has now: both may not build."


def _sections(files: Committed) -> list[str]:
    """The sections of setup.cfg."""
    text = files.texts.get("setup.cfg", b"").decode(errors="replace")
    return re.findall(r"^\[([^\]]+)\]", text, re.MULTILINE)


def _wider(metadata: Metadata, files: Committed) -> Iterator[str]:
    """What a wheel by hatchling holds that one by setuptools may not have had: every tracked file of the packages."""
    packages = metadata.tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {}).get("packages", [])
    data = [path for path in files.modes for one in packages if path.startswith(f"{one}/") and not path.endswith(".py")]
    if data:
        listed = ", ".join(data[:4]) + (f" and {len(data) - 4} more" if len(data) > 4 else "")  # noqa: PLR2004
        yield f"The wheel holds {listed} now, whether or not it did: `exclude` in [tool.hatch.build] keeps them out."


@dataclass(frozen=True)
class _Skipped:
    """The keys of the template's pyproject.toml that would do harm in this one; asked with `in`, as bykey does."""

    found: Mapping[str, Any]
    repo: AdoptedRepository
    is_packaged: bool

    def __contains__(self, key: object) -> bool:
        """Whether a dotted key, or one above it, is not for this repository."""
        parts = str(key).split(".")
        return any(self._is_skipped(parts[:count]) for count in range(1, len(parts) + 1))

    def _is_skipped(self, parts: list[str]) -> bool:
        tool = self.found.get("tool", {})
        head = parts[0]
        if head == "project":
            is_license = parts[1:2] == ["license"] and not self.repo.license_is_told
            is_license |= parts[1:2] == ["license-files"] and not self._has_license()
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
        is_elsewhere = any(path in self.repo.files.modes for path in own) or parts[1] in _sections(self.repo.files)
        is_ranged = parts[1:] == ["ruff", "target-version"] and "requires-python" in self.found.get("project", {})
        if is_elsewhere or is_ranged or parts[1] not in tool:
            return is_elsewhere or is_ranged or self._is_called(parts[1])
        return parts[2] not in {"target-version", "python_version"}

    def _is_called(self, linter: str) -> bool:
        """Whether the repository's own checks call the linter, with its defaults."""
        callers = re.compile(
            r"\.github/workflows/.*|tox\.ini|Makefile|noxfile\.py|\.pre-commit-config\.ya?ml|\.gitlab-ci\.yml"
        )
        texts = (content for path, content in self.repo.files.texts.items() if callers.fullmatch(path))
        return any(re.search(rf"\b{linter}\b".encode(), content) for content in texts)


def _with_requirements(text: str, listed: bytes) -> str:
    """The template's pyproject.toml with what a requirements.txt written by hand lists, at least in that version."""
    if generated.command("requirements.txt", listed) or b"--hash=" in listed:
        return text
    names = [lower_bounds.lower_bound(line) for block in split_blocks(listed) if block.name and (line := _requirement(block.text))]
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


def _fitting(text: str, repo: AdoptedRepository) -> str:
    """The template's pyproject.toml for code that is not in src: the same settings, for where it is."""
    place = repo.layout.place
    if not place:
        return re.sub(r"^files = \[.*\]$", 'files = ["."]', text, flags=re.MULTILINE)
    if place.startswith("src/"):
        return text
    text = text.replace('dev-mode-dirs = ["src"]', 'dev-mode-dirs = ["."]')
    tests = ', "tests"' if repo.files.holds("tests") else ""
    text = text.replace('files = ["src", "tests"]', f'files = ["{place}"{tests}]')
    return text.replace(f'packages = ["src/{repo.layout.package}"]', f'packages = ["{place}"]')


# ---- what it needs ----


def required_packages(pyproject: bytes) -> tuple[set[str], set[str]]:
    """The names (PEP 503) of what a pyproject.toml depends on at run time, and of what it is built with."""
    try:
        found = tomllib.loads(pyproject.decode())
        poetry = found.get("tool", {}).get("poetry", {}).get("dependencies", {})
        run = [*found.get("project", {}).get("dependencies", []), *(name for name in poetry if name != "python")]
        build = [*found.get("build-system", {}).get("requires", []), *found.get("dependency-groups", {}).get("dev", [])]
        return set(_names(run)), set(_names(build))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, TypeError):
        return set(), set()


def _names(requirements: list[Any]) -> Iterator[str]:
    named = (re.match(r"[A-Za-z0-9._-]+", one) for one in requirements if isinstance(one, str))
    yield from (re.sub(r"[-_.]+", "-", one[0]).lower() for one in named if one)
