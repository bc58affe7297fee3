"""What a repository's own configuration of ruff leaves out: it has decided there, so we do not ask again."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.checks.repo import PYPROJECT, RUFF_NAMES, Repo
from new_ops_project.formats import document

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class RuffConfig:
    """What one configuration leaves out below its folder `base`: codes, codes by pattern, files by pattern."""

    base: str
    codes: tuple[str, ...]
    per_file: tuple[tuple[str, tuple[str, ...]], ...]
    excluded: tuple[str, ...]

    def leaves_out(self, path: str, code: str) -> bool:
        """Whether `code` is not meant to be looked for in that file."""
        inside = path.removeprefix(f"{self.base}/") if self.base else path
        if _names(self.codes, code):
            return True
        return any(_names(codes, code) and _is_meant(pattern, inside) for pattern, codes in self.per_file)

    def excludes(self, path: str) -> bool:
        """Whether the file, or a folder that it is in, is not looked at."""
        inside = PurePosixPath(path.removeprefix(f"{self.base}/") if self.base else path)
        places = [str(inside), *(str(folder) for folder in inside.parents if folder.name)]
        return any(_matches(pattern, place) for pattern in self.excluded for place in places)


def leaves_out(repo: Repo, path: str, code: str) -> bool:
    """Whether the configuration nearest to a file ignores that code there."""
    found = _nearest(repo, path)
    return found is not None and found.leaves_out(path, code)


def excludes(repo: Repo, path: str) -> bool:
    """Whether the configuration nearest to a file excludes it."""
    found = _nearest(repo, path)
    return found is not None and found.excludes(path)


def _nearest(repo: Repo, path: str) -> RuffConfig | None:
    every = _configured(repo.ruff_configurations)
    folders = (str(folder) for folder in PurePosixPath(path).parents)
    return next((every[name] for folder in folders if (name := "" if folder == "." else folder) in every), None)


@lru_cache(maxsize=8)
def _configured(texts: tuple[tuple[str, bytes], ...]) -> Mapping[str, RuffConfig]:
    """The configuration of each folder that has one."""
    found: dict[str, RuffConfig] = {}
    for name in RUFF_NAMES:
        for path, content in texts:
            base, _, last = path.rpartition("/")
            table = _table(path, content) if last == name else None
            if table is not None and base not in found:
                found[base] = _decided(base, table)
    return found


def _table(path: str, content: bytes) -> Mapping[str, Any] | None:
    read = document.toml({path: content}, path)
    keys = ("tool", "ruff") if path.endswith(PYPROJECT) else ()
    return read.table(*keys) if isinstance(read.get(*keys), dict) else None


def _decided(base: str, ruff: Mapping[str, Any]) -> RuffConfig:
    lint = ruff["lint"] if isinstance(ruff.get("lint"), dict) else {}
    codes = [code for table in (ruff, lint) for key in ("ignore", "extend-ignore") for code in _texts(table.get(key))]
    patterns = [
        pattern for table in (ruff, lint) for key in ("exclude", "extend-exclude") for pattern in _texts(table.get(key))
    ]
    return RuffConfig(base, tuple(codes), tuple(_per_file((ruff, lint))), tuple(patterns))


def _per_file(tables: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for table in tables:
        for key in ("per-file-ignores", "extend-per-file-ignores"):
            found = table.get(key)
            if isinstance(found, dict):
                yield from ((str(pattern), tuple(_texts(codes))) for pattern, codes in found.items())


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _names(selectors: Iterable[str], code: str) -> bool:
    """Whether one of the selectors (`S`, `S1`, `S105`, `ALL`) means the code; `B` does not mean BLE001."""
    letters = code.rstrip("0123456789")
    return any(one == "ALL" or (code.startswith(one) and one.startswith(letters)) for one in selectors)


def _is_meant(pattern: str, path: str) -> bool:
    return _matches(pattern[1:], path) is False if pattern.startswith("!") else _matches(pattern, path)


def _matches(pattern: str, path: str) -> bool:
    """Whether ruff takes the pattern for the path: for its last part, or for all of it, where `*` passes over `/`."""
    last = path.rpartition("/")[2]
    for one in _unbraced(pattern.removeprefix("./").rstrip("/")):
        if any(fnmatch.fnmatchcase(text, form) for text in (last, path) for form in (one, one.replace("**/", ""))):
            return True
    return False


def _unbraced(pattern: str) -> Iterator[str]:
    """The pattern with each of `{a,b}` in turn; a few only, however many there are."""
    found = _BRACES.search(pattern)
    if not found or pattern.count("{") > 3:  # noqa: PLR2004 - braces multiply
        yield pattern
        return
    for one in found[1].split(",")[:20]:
        yield from _unbraced(pattern[: found.start()] + one + pattern[found.end() :])
