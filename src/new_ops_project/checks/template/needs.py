"""What a template needs in a file that is there, whatever else the file holds."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from new_ops_project.base.parsers import read_toml
from new_ops_project.base.text import counted, list_first
from new_ops_project.checks.template import settings
from new_ops_project.checks.template.settings import Deviation
from new_ops_project.formats import gitignore, validation
from new_ops_project.formats.toml import merge
from new_ops_project.formats.toml.text import KeyPath, value_at
from new_ops_project.project.adoption import lines

_MOST = 3  # settings or lines that are named
_LONG = 60  # characters of a line that is named
_LINE = re.compile(rb"[^\n]+\n?|\n")
# The version of an action, and that of an image: Dependabot or Renovate moves them on, as the template asks.
_VERSION = re.compile(rb"(?<=uses: )([^\s@#]+)@.*|^(FROM\s+(?:--\S+\s+)*\S*?)(?::[^/\s@]+)?(?:@\S+)?(?=\s|$)")
_SAMPLE = str.maketrans({"*": "x", "?": "x"})


@dataclass(frozen=True)
class Lack:
    """What a file lacks, the line (from 1) where that shows first, and the file with all of it added.

    `noun` is the word for one part of it, `how` says what happened to it. `content` is None where adding it would
    change a line that is there. `is_grave`: something is gone that a promise of the template rests on.
    """

    parts: tuple[str, ...]
    noun: str
    how: str
    line: int
    content: bytes | None
    is_grave: bool = True

    def sentence(self, version: object) -> str:
        """All of it in words; `version` is the template's."""
        count, are = counted(len(self.parts), self.noun), "is" if len(self.parts) == 1 else "are"
        named = list_first([part[:_LONG] for part in self.parts], _MOST)
        return f"{count} of the template's {version} {are} {self.how}: {named}."


# ---- ignore rules --------------------------------------------------------------------------------------------------


def rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> Lack | None:
    """The rules of a .gitignore that no rule of `mine` covers; `tracked` are paths below its folder.

    A rule that would hide what git tracks, or what `mine` lets in, is not needed. Neither is one that lets something
    in: at the end of the file, it could show what `mine` hides.
    """
    ours = gitignore.spec(mine.decode(errors="replace").splitlines())
    hiding = b"\n".join(line for line in theirs.splitlines() if not line.startswith(b"!"))
    unknown = lines.missing_rules(mine, hiding, ())
    uncovered = [rule for rule in unknown if not ours.match_file(_sample(rule.decode(errors="replace")))]
    missing = lines.missing_rules(mine, b"\n".join(uncovered), tracked)
    if not missing:
        return None
    line = max(len(mine.splitlines()), 1)
    return Lack(_shown(missing), "rule", "missing", line, lines.with_rules(mine, missing))


def _sample(rule: str) -> str:
    """A path that the rule hides."""
    path = re.sub(r"\[!?(.)[^\]]*\]", r"\1", rule.strip()).lstrip("/").translate(_SAMPLE)
    return f"{path}x" if path.endswith("/") else path


# ---- keys of a TOML file -------------------------------------------------------------------------------------------


def keys(path: str, mine: bytes, theirs: bytes, wanted: Iterable[str]) -> Lack | None:
    """Those of the dotted keys `wanted` that `theirs` has and `mine` lacks; nothing of a file that does not parse."""
    try:
        ours, other = read_toml(mine.decode()), read_toml(theirs.decode())
    except ValueError:
        return None
    paths = [tuple(key.split(".")) for key in wanted]
    missing = [key for key in paths if _has(other, key) and not _has(ours, key)]
    if not missing:
        return None
    text, unmerged = merge.merge_toml(mine.decode(), theirs.decode(), skip=_Others(missing))
    is_sound = not unmerged and not validation.problem(path, text.encode())
    names = tuple(".".join(key) for key in missing)
    return Lack(names, "key", "missing", 1, text.encode() if is_sound else None)


@dataclass(frozen=True)
class _Others:
    """All keys except these with the tables around them and the keys below them; the merge by key asks with `in`."""

    keys: Sequence[KeyPath]

    def __contains__(self, path: object) -> bool:
        parts = path if isinstance(path, tuple) else ()
        return not any(key[: len(parts)] == parts[: len(key)] for key in self.keys)


def _has(values: Mapping[str, Any], key: KeyPath) -> bool:
    try:
        value_at(values, key)
    except (KeyError, TypeError, IndexError):
        return False
    return True


# ---- everything that the template wrote ----------------------------------------------------------------------------


def all_of_it(path: str, mine: bytes, theirs: bytes) -> Lack | None:
    """The settings or lines of `theirs` that are changed or missing in `mine`; what `mine` adds makes no difference.

    YAML, JSON and TOML are compared by their values, so that layout, quotes, comments and order do not count. Versions
    of actions and images do not count either.
    """
    lost, noun = _missing(path, mine, theirs)
    if not lost:
        return None
    line, content = _filled(mine, theirs)
    if content is not None and (validation.problem(path, content) or _missing(path, content, theirs)[0]):
        content = None
    names = tuple(each.name for each in sorted(lost, key=lambda each: not each.is_grave))
    if content is None:
        line = min(filter(None, (settings.line(path, mine, each) for each in lost)), default=line)
    is_grave = any(each.is_grave for each in lost)
    return Lack(names, noun, "changed or missing", line, content, is_grave)


def missing(path: str, mine: bytes, theirs: bytes) -> list[Deviation]:
    """The settings or lines that are changed or missing."""
    return _missing(path, mine, theirs)[0]


def _missing(path: str, mine: bytes, theirs: bytes) -> tuple[list[Deviation], str]:
    """What is changed or missing, and the word for it."""
    try:
        return settings.missing(path, mine, theirs), "setting"
    except ValueError:  # what does not parse is compared as text
        own, other = Counter(_significant(mine)), Counter(_significant(theirs))
        lost, added = (
            [line.decode(errors="replace") for line in (a - b).elements()] for a, b in ((other, own), (own, other))
        )
        return settings.lines(lost, added), "line"


def _significant(content: bytes) -> list[bytes]:
    """The lines that say something, without the space around them and without versions."""
    lines = (_plain(line).strip() for line in content.splitlines())
    return [line for line in lines if line and not line.startswith(b"#")]


def _plain(line: bytes) -> bytes:
    """A line without its end, and without the version in it."""
    return _VERSION.sub(lambda match: match[1] or match[2], line.rstrip())


def _filled(mine: bytes, theirs: bytes) -> tuple[int, bytes | None]:
    """The first line of `mine` where something of `theirs` is missing, and `mine` with what is missing put back.

    No content where a line was changed rather than removed, or where it was moved.
    """
    end = b"\r\n" if b"\r\n" in mine else b"\n"
    own, other = _LINE.findall(mine), _LINE.findall(theirs)
    matcher = SequenceMatcher(None, [*map(_plain, other)], [*map(_plain, own)], autojunk=False)
    parts, back, first = list[bytes](), list[bytes](), 0
    is_additive = True
    for kind, start, stop, begin, final in matcher.get_opcodes():
        is_lost = kind in {"delete", "replace"} and any(_significant(b"".join(other[start:stop])))
        first = first or (begin + 1 if is_lost else 0)
        is_additive = is_additive and kind != "replace"
        if kind == "delete":
            back += other[start:stop]
            parts += [line.rstrip(b"\r\n") + end for line in other[start:stop]]
        else:
            parts += [line if line.endswith(b"\n") else line + end for line in own[begin:final]]
    missing = Counter(_significant(theirs)) - Counter(_significant(mine))
    is_additive = is_additive and Counter(_significant(b"".join(back))) == missing
    return min(max(first, 1), max(len(own), 1)), b"".join(parts) if is_additive else None


def _shown(parts: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(part.decode(errors="replace").strip() for part in parts)
