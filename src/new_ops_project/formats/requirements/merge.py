"""The three-way merge of requirements files, package by package.

What somebody changed stays; what nobody touched follows the template.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from new_ops_project.formats.requirements.reader import Block, split_blocks

_HASH = re.compile(rb"[ \t]*\\\r?\n?[ \t]*--hash=\S+|[ \t]+--hash=\S+")


def merge_requirements(base: bytes, mine: bytes, theirs: bytes) -> bytes:
    """Apply to `mine` what `theirs` changed since `base`, package by package (names as in PEP 503).

    A package that `mine` has as in `base` follows `theirs`, also when it disappears there. A package that is new in
    `theirs` is added in alphabetical order. Everything else stays the user's: packages that they changed, added or
    removed, options, comments. Pip accepts hashes for all packages or for none: where `mine` has hashes, a package
    without any is left out; where it has none, hashes are removed from what is added. With an empty `base`, nothing
    of `mine` changes.
    """
    if mine == base:
        return theirs
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    ours, current, before = split_blocks(mine), _by_name(split_blocks(mine)), _by_name(split_blocks(base))
    newest = _by_name(split_blocks(b"".join(line + ending for line in theirs.splitlines())))
    after = {name: fitting for name, blocks in newest.items() if (fitting := _fit(blocks, ours))}
    changed = {name for name in current.keys() & before.keys() if _text(newest.get(name, [])) != _text(before[name])}
    follows = {name for name in changed if _text(current[name]) == _text(before[name])}
    merged = _follow(ours, after, {name for name in follows if name in after or name not in newest})
    for name in sorted(after.keys() - current.keys() - before.keys()):
        index = _index(merged, name)
        merged[index:index] = after[name]
    texts = [block.text for block in merged]
    return b"".join([*(text if text.endswith(b"\n") else text + ending for text in texts[:-1]), *texts[-1:]])


def _by_name(blocks: list[Block]) -> dict[bytes, list[Block]]:
    """The blocks of each package: more than one where markers choose between versions."""
    names = dict.fromkeys(block.name for block in blocks if block.name)
    return {name: [block for block in blocks if block.name == name] for name in names}


def _text(blocks: list[Block]) -> list[list[bytes]]:
    """The lines without indentation and line ends, for comparison."""
    return [[line.strip() for line in block.text.splitlines()] for block in blocks]


def _fit(blocks: list[Block], ours: list[Block]) -> list[Block]:
    """The blocks as a file with or without hashes can take them; [] where it needs hashes that they lack."""
    if any(block.is_hashed for block in ours):
        return blocks if all(block.is_hashed for block in blocks) else []
    if any(block.name for block in ours):
        return [replace(block, text=_HASH.sub(b"", block.text)) for block in blocks]
    return blocks


def _follow(ours: list[Block], after: Mapping[bytes, list[Block]], follows: set[bytes]) -> list[Block]:
    """The user's blocks, with those of the packages in `follows` replaced, each where the package first stood."""
    done, blocks = set[bytes](), list[Block]()
    for block in ours:
        if block.name not in follows:
            blocks.append(block)
        elif block.name not in done:
            done.add(block.name)
            blocks += after.get(block.name, [])
    return blocks


def _index(blocks: list[Block], name: bytes) -> int:
    """Where to insert a new package: in alphabetical order, or after the last package where the file has no order."""
    numbers = [number for number, block in enumerate(blocks) if block.name]
    names = [blocks[number].name for number in numbers]
    is_ordered = names == sorted(names)
    before = [number for number in numbers if blocks[number].name < name or not is_ordered]
    return before[-1] + 1 if before else next(iter(numbers), len(blocks))
