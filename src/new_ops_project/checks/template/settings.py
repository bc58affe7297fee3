"""The settings of one file that another lacks, and whether a promise of the template rests on them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base.parsers import read_json, read_toml
from new_ops_project.formats import yaml

GONE: Any = object()
"""What stands for a value that is not there."""
# Whatever such a key has is as it is for a reason: what a token may do, when a job may run, which code runs.
_GUARDS = frozenset({"permissions", "persist-credentials", "environment", "needs", "if", "uses"})
# What may be removed below such a key, and a promise still holds: words for people, values for the task, hints.
_FREE = frozenset({"name", "description", "env", "with", "inputs", "groups"})
_COMMANDS = frozenset({"run", "entry"})
# The words of a command on which a promise rests; paths, other options and arguments are a matter of taste.
_WORDS = frozenset(
    {"ruff", "check", "format", "mypy", "pytest", "pip", "install", "build", "pre-commit", "tox", "nox", "uv", "sync"}
    | {"gh", "exit", "--check", "--locked", "--frozen", "--require-hashes", "--no-deps", "--no-isolation"}
    | {"--no-build-isolation", "--verify-tag"}
)
# What makes a command succeed whatever it finds.
_EXCUSES = frozenset({"||", "--exit-zero", "+e", "true"})
_ROOT = (["root"], ["0"])
_VERSION = re.compile(r"[\d.]+")


@dataclass(frozen=True)
class Deviation:
    """A setting or line that is changed or missing: `name` is for people, `keys` lead to it in the template's file.

    `place` leads as near to it as the project's file goes: keys, and numbers of items. `mine` may be GONE.
    """

    name: str
    theirs: Any
    mine: Any = GONE
    keys: tuple[str, ...] = ()
    place: tuple[str | int, ...] = field(default=(), compare=False)
    is_line: bool = False

    @property
    def is_grave(self) -> bool:
        """Whether a promise of the template rests on it, rather than somebody's taste."""
        if _GUARDS & {*self.keys}:
            return True
        if self.mine is GONE:
            return not _FREE & {*self.keys}
        if self.is_line:
            return _is_grave_line(self.theirs, self.mine)
        key = self.keys[-1] if self.keys else ""
        if isinstance(self.theirs, dict):
            return not isinstance(self.mine, dict) or any(each.is_grave for each in _within(self))
        if key == "python-version":
            return not is_patch(str(self.mine), str(self.theirs))
        return key in _COMMANDS and is_weaker(str(self.mine), str(self.theirs))


def is_patch(mine: str, theirs: str) -> bool:
    """Whether the version is a patch release of the template's."""
    return mine.startswith(f"{theirs}.")


def is_weaker(mine: str, theirs: str) -> bool:
    """Whether a command no longer does all that the template's does, or may fail without a word."""
    own, other = (Counter(PurePosixPath(word).name for word in text.split()) for text in (mine, theirs))
    return any(word in _WORDS for word in other - own) or any(word in _EXCUSES for word in own - other)


def _within(setting: Deviation) -> Iterator[Deviation]:
    return _settings(setting.theirs, setting.mine, "", setting.keys, ())


# ---- files with values ---------------------------------------------------------------------------------------------


def missing(path: str, mine: bytes, theirs: bytes) -> list[Deviation]:
    """The settings of `theirs` that `mine` lacks; raises ValueError for files without any, or that do not parse."""
    if (parse := _PARSERS.get(PurePosixPath(path).suffix.lower())) is None:
        raise ValueError(f"{path} has no settings")
    return [*_settings(parse(theirs), parse(mine), "", (), ())]


def _yaml(content: bytes) -> Any:
    """The value by the schema that GitHub uses, in which `on` is a word."""
    yaml.value(content)
    return yaml.plain(yaml.read("", content).root)


_PARSERS: Mapping[str, Callable[[bytes], Any]] = {
    ".json": read_json,
    ".toml": lambda content: read_toml(content.decode()),
    ".yaml": _yaml,
    ".yml": _yaml,
}


def _settings(
    theirs: Any, mine: Any, where: str, keys: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[Deviation]:
    """The places in `theirs` whose value is not in `mine`: of a mapping each key, of a list each item in any order."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key, value in theirs.items():
            name, below = f"{where}.{key}" if where else str(key), (*keys, str(key))
            if key in mine:
                yield from _settings(_named(key, value), _named(key, mine[key]), name, below, (*place, key))
            else:
                yield Deviation(name, value, GONE, below, place)
    elif isinstance(theirs, list) and isinstance(mine, list):
        yield from _items(theirs, mine, where, keys, place)
    elif not _is_same(theirs, mine):
        yield Deviation(where or "all of it", theirs, mine, keys, place)


def _items(
    theirs: Sequence[Any], mine: Sequence[Any], where: str, keys: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[Deviation]:
    left, lost = dict(enumerate(mine)), list[tuple[int, Any]]()
    for number, item in enumerate(theirs, 1):
        same = next((index for index, own in left.items() if not any(_settings(item, own, "", (), ()))), None)
        if same is None:
            lost.append((number, item))
        else:
            del left[same]
    for number, item in lost:
        at = next((index for index, own in left.items() if _is_other_form(item, own)), None)
        own, near = (GONE, place) if at is None else (left[at], (*place, at))
        yield Deviation(f"{where}[{_label(item) or number}]", item, own, keys, near)


def _is_other_form(theirs: Any, mine: Any) -> bool:
    """Whether an item of a list is what became of the template's: the same step by another name, say."""
    if not isinstance(theirs, dict) or not isinstance(mine, dict):
        return not isinstance(theirs, (dict, list)) and not isinstance(mine, (dict, list))
    if _label(theirs) and _label(theirs) == _label(mine):
        return True
    if "uses" in theirs:
        return bool(_named("uses", theirs["uses"]) == _named("uses", mine.get("uses")))
    if "run" not in theirs:
        return not _label(theirs) and theirs.keys() == mine.keys()
    return isinstance(mine.get("run"), str) and not is_weaker(mine["run"], str(theirs["run"]))


def _is_same(theirs: Any, mine: Any) -> bool:
    """Whether two values are the same for whoever reads them; quotes around a number make no difference."""
    if isinstance(theirs, bool) or isinstance(mine, bool):
        return theirs is mine
    kinds = {type(theirs), type(mine)}
    return bool(theirs == mine) or (kinds in ({str, int}, {str, float}) and str(theirs) == str(mine))


def _named(key: Any, value: Any) -> Any:
    """What a key names: an action without its version, or just the value."""
    return value.partition("@")[0] if key == "uses" and isinstance(value, str) else value


def _label(item: Any) -> str:
    """What people call an item of a list; '' where it has no name."""
    names = (
        (item.get(key) for key in ("name", "id", "package-ecosystem", "repo")) if isinstance(item, dict) else (item,)
    )
    return next((name for name in names if isinstance(name, str)), "")


def line(path: str, mine: bytes, setting: Deviation) -> int:
    """The line (from 1) of the project's file where the setting is, or where it would be; 0 if unknown."""
    if PurePosixPath(path).suffix.lower() not in {".yml", ".yaml", ".json"}:
        return 0
    node = yaml.read(path, mine).root
    number = node.line if node else 0
    for step in setting.place:
        key = node.items[step] if isinstance(step, int) else node.key(step)
        number = key.line if key else number
        node = key if isinstance(step, int) else node.get(step)
    return number


# ---- files with lines ----------------------------------------------------------------------------------------------


def lines(lost: Sequence[str], added: Sequence[str]) -> list[Deviation]:
    """The lines that are lost, each with the added one that sets the same."""
    left, result = [*added], []
    for text in lost:
        same = next((own for own in left if _subject(own) == _subject(text)), GONE)
        left = [own for own in left if own is not same]
        result.append(Deviation(text, text, same, is_line=True))
    return result


def _subject(text: str) -> str:
    """What the line sets: a key, an instruction; the whole of a version."""
    return "" if _VERSION.fullmatch(text) else re.split(r"[\s=]", text, maxsplit=1)[0]


def _is_grave_line(theirs: str, mine: str) -> bool:
    """Whether a changed line of a Dockerfile, a version or the like breaks a promise."""
    if _VERSION.fullmatch(theirs):
        return not is_patch(mine, theirs)
    words = mine.split()
    is_root = words[0] == "USER" and words[1:2] in _ROOT
    return theirs.startswith("FROM ") or is_root or is_weaker(mine, theirs)
