"""The codes and files that a repository's own ruff configuration ignores, which our rules then ignore too."""

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
    """One configuration for the folder `base`: ignored codes, ignored codes by file pattern, excluded file patterns."""

    base: str
    codes: tuple[str, ...]
    per_file: tuple[tuple[str, tuple[str, ...]], ...]
    excluded: tuple[str, ...]

    def ignores(self, path: str, code: str) -> bool:
        """Whether the code is ignored in that file."""
        inside = path.removeprefix(f"{self.base}/") if self.base else path
        if _selects(self.codes, code):
            return True
        return any(_selects(codes, code) and _applies(pattern, inside) for pattern, codes in self.per_file)

    def excludes(self, path: str) -> bool:
        """Whether the file, or a folder above it, is excluded."""
        inside = PurePosixPath(path.removeprefix(f"{self.base}/") if self.base else path)
        places = [str(inside), *(str(folder) for folder in inside.parents if folder.name)]
        return any(_matches(pattern, place) for pattern in self.excluded for place in places)


def ignores(repo: Repo, path: str, code: str) -> bool:
    """Whether the configuration nearest to a file ignores that code there."""
    config = _nearest_config(repo, path)
    return config is not None and config.ignores(path, code)


def excludes(repo: Repo, path: str) -> bool:
    """Whether the configuration nearest to a file excludes it."""
    config = _nearest_config(repo, path)
    return config is not None and config.excludes(path)


def _nearest_config(repo: Repo, path: str) -> RuffConfig | None:
    configs = _configs(repo.ruff_configurations)
    folders = (str(folder) for folder in PurePosixPath(path).parents)
    return next((configs[name] for folder in folders if (name := "" if folder == "." else folder) in configs), None)


@lru_cache(maxsize=8)
def _configs(texts: tuple[tuple[str, bytes], ...]) -> Mapping[str, RuffConfig]:
    """The configuration of each folder that has one."""
    configs: dict[str, RuffConfig] = {}
    for name in RUFF_NAMES:
        for path, content in texts:
            base, _, last = path.rpartition("/")
            table = _table(path, content) if last == name else None
            if table is not None and base not in configs:
                configs[base] = _config(base, table)
    return configs


def _table(path: str, content: bytes) -> Mapping[str, Any] | None:
    parsed = document.toml({path: content}, path)
    keys = ("tool", "ruff") if path.endswith(PYPROJECT) else ()
    return parsed.table(*keys) if isinstance(parsed.get(*keys), dict) else None


def _config(base: str, ruff: Mapping[str, Any]) -> RuffConfig:
    lint = ruff["lint"] if isinstance(ruff.get("lint"), dict) else {}
    codes = [code for table in (ruff, lint) for key in ("ignore", "extend-ignore") for code in _strings(table.get(key))]
    patterns = [
        pattern
        for table in (ruff, lint)
        for key in ("exclude", "extend-exclude")
        for pattern in _strings(table.get(key))
    ]
    return RuffConfig(base, tuple(codes), tuple(_per_file((ruff, lint))), tuple(patterns))


def _per_file(tables: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for table in tables:
        for key in ("per-file-ignores", "extend-per-file-ignores"):
            ignores = table.get(key)
            if isinstance(ignores, dict):
                yield from ((str(pattern), tuple(_strings(codes))) for pattern, codes in ignores.items())


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _selects(selectors: Iterable[str], code: str) -> bool:
    """Whether one of the selectors (`S`, `S1`, `S105`, `ALL`) selects the code; `B` does not select BLE001."""
    letters = code.rstrip("0123456789")
    return any(
        selector == "ALL" or (code.startswith(selector) and selector.startswith(letters)) for selector in selectors
    )


def _applies(pattern: str, path: str) -> bool:
    return _matches(pattern[1:], path) is False if pattern.startswith("!") else _matches(pattern, path)


def _matches(pattern: str, path: str) -> bool:
    """Whether the pattern matches the file's name or its whole path, where `*` also matches `/`, as ruff does it."""
    last = path.rpartition("/")[2]
    for glob in _expanded(pattern.removeprefix("./").rstrip("/")):
        # `**/` can also match no folder at all, which fnmatch does not know.
        if any(fnmatch.fnmatchcase(text, form) for text in (last, path) for form in (glob, glob.replace("**/", ""))):
            return True
    return False


def _expanded(pattern: str) -> Iterator[str]:
    """The patterns that `{a,b}` stands for, up to a limit, since each pair of braces multiplies them."""
    braces = _BRACES.search(pattern)
    if not braces or pattern.count("{") > 3:  # noqa: PLR2004 - the limit of the docstring
        yield pattern
        return
    for choice in braces[1].split(",")[:20]:
        yield from _expanded(pattern[: braces.start()] + choice + pattern[braces.end() :])
