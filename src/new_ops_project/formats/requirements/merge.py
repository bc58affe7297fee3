"""Requirements files merged by package: what somebody wrote stays, what nobody touched follows the template."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_NAME = re.compile(rb"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*(?:[\[=<>!~;@#\\(]|[ \t]\\?$|$)")
_HASH = re.compile(rb"[ \t]*\\\r?\n?[ \t]*--hash=\S+|[ \t]+--hash=\S+")


@dataclass(frozen=True)
class Block:
    """Lines of a requirements file: a package with its hashes and indented comments, or (`name` is b'') a line else."""

    name: bytes
    text: bytes

    @property
    def is_hashed(self) -> bool:
        """Whether pip is told what it must download."""
        return b"--hash=" in self.text


def is_requirements_path(path: str) -> bool:
    """Whether a file of that path, at the root, is a list of requirements."""
    return bool(re.fullmatch(r"requirements[\w.-]*\.txt", path))


def split_blocks(content: bytes) -> list[Block]:
    """The file in pieces; joined they are the file."""
    found, goes_on = list[Block](), False
    for line in content.splitlines(keepends=True):
        is_below = bool(found and found[-1].name) and line[:1] in b" \t" and bool(line.strip())
        if goes_on or is_below:
            found[-1] = replace(found[-1], text=found[-1].text + line)
        else:
            name = _NAME.match(line.rstrip())
            found.append(Block(_canonical(name[1]) if name else b"", line))
        goes_on = line.rstrip().endswith(b"\\") and not line.lstrip().startswith(b"#")
    return found


def merge_requirements(base: bytes, mine: bytes, theirs: bytes) -> bytes:
    """`mine` with what `theirs` changed since `base`, package by package (names as in PEP 503).

    A package that is in `mine` as it was in `base` becomes that of `theirs`, or goes; a new one of `theirs` comes in
    its alphabetical place; all else is the user's: packages that he changed, added or removed, options, comments. Pip
    wants hashes for all packages or for none: what comes in has them where `mine` has any, else it loses them, and
    where it has none to give it stays out. With an empty `base` nothing of `mine` changes.
    """
    if mine == base:
        return theirs
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    ours, known, before = split_blocks(mine), _by_name(split_blocks(mine)), _by_name(split_blocks(base))
    newest = _by_name(split_blocks(b"".join(line + ending for line in theirs.splitlines())))
    after = {name: fitting for name, found in newest.items() if (fitting := _fitting(found, ours))}
    changed = {name for name in known.keys() & before.keys() if _text(newest.get(name, [])) != _text(before[name])}
    follows = {name for name in changed if _text(known[name]) == _text(before[name])}
    kept = _followed(ours, after, {name for name in follows if name in after or name not in newest})
    for name in sorted(after.keys() - known.keys() - before.keys()):
        place = _place(kept, name)
        kept[place:place] = after[name]
    texts = [block.text for block in kept]
    return b"".join([*(text if text.endswith(b"\n") else text + ending for text in texts[:-1]), *texts[-1:]])


def _canonical(name: bytes) -> bytes:
    return re.sub(rb"[-_.]+", b"-", name).lower()


def _by_name(found: list[Block]) -> dict[bytes, list[Block]]:
    """The blocks of each package: it has several where markers decide."""
    names = dict.fromkeys(block.name for block in found if block.name)
    return {name: [block for block in found if block.name == name] for name in names}


def _text(found: list[Block]) -> list[list[bytes]]:
    return [[line.strip() for line in block.text.splitlines()] for block in found]


def _fitting(found: list[Block], ours: list[Block]) -> list[Block]:
    """The blocks as they fit in a file with hashes, or in one without; [] where they lack them."""
    if any(block.is_hashed for block in ours):
        return found if all(block.is_hashed for block in found) else []
    if any(block.name for block in ours):
        return [replace(block, text=_HASH.sub(b"", block.text)) for block in found]
    return found


def _followed(ours: list[Block], after: Mapping[bytes, list[Block]], follows: set[bytes]) -> list[Block]:
    """The user's blocks, those of these packages as they are `after`, each package where it first was."""
    done, found = set[bytes](), list[Block]()
    for block in ours:
        if block.name not in follows:
            found.append(block)
        elif block.name not in done:
            done.add(block.name)
            found += after.get(block.name, [])
    return found


def _place(found: list[Block], name: bytes) -> int:
    """Where a new package goes: into the alphabetical order, or behind the last package where there is none."""
    numbers = [number for number, block in enumerate(found) if block.name]
    names = [found[number].name for number in numbers]
    if not numbers:
        return len(found)
    if names != sorted(names):
        return numbers[-1] + 1
    smaller = [number for number in numbers if found[number].name < name]
    return smaller[-1] + 1 if smaller else numbers[0]
