"""The merge of files that are lists of lines, such as ignore files."""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

# A line, the comments above it, and the number of its paragraph.
Item = tuple[bytes, tuple[bytes, ...], int]


def plain_rule(line: bytes) -> bytes:
    """An ignore rule without a slash or spaces at its end."""
    return line.rstrip().removesuffix(b"/")


def variable_name(line: bytes) -> bytes:
    """The name in a line that assigns a variable, as in `.env.example`."""
    return line.partition(b"=")[0].strip().removeprefix(b"export ").strip()


def merge(mine: bytes, theirs: bytes, *, same: Callable[[bytes], bytes] = plain_rule) -> bytes:
    """`mine`, and after a blank line those lines of `theirs` that it lacks, with the comments above them.

    Two lines count as equal where `same` gives the same value for them. A rule is not added where it would hide what a
    rule of `mine` lets in (`!path`). The result has the line ends of `mine`, and is `mine` itself if it lacks nothing.
    """
    missing = _missing(mine, theirs, same)
    if not missing:
        return mine
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    whole = mine if mine.endswith(b"\n") or not mine else mine + ending
    is_apart = not mine or not mine.splitlines()[-1].strip()
    return whole + (b"" if is_apart else ending) + b"".join(line + ending for line in _laid_out(missing))


def merge_rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> bytes:
    """`mine`, and below it all ignore rules of `theirs`, if `mine` lacks one of them.

    The block is complete, so that its next version merges line by line; duplicate rules do no harm. Only rules that
    would hide what a rule of `mine` lets in, or what git tracks, are left out.
    """
    shown = {part for path in tracked for part in _above(os.fsencode(path))}
    shown |= {
        part for line in mine.splitlines() if line.startswith(b"!") for part in _above(line[1:].strip().strip(b"/"))
    }
    block = [line for line in theirs.splitlines() if line.startswith(b"#") or not line or not _matches(line, shown)]
    known = {plain_rule(line) for line in mine.splitlines()}
    if all(plain_rule(line) in known for line in block if line and not line.startswith(b"#")):
        return mine
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    above = mine if mine.endswith(b"\n") or not mine else mine + ending
    return above + (ending if mine else b"") + b"".join(line + ending for line in block)


def _matches(rule: bytes, names: set[bytes]) -> bool:
    """Whether an ignore rule matches one of these paths or names."""
    pattern = rule.strip().strip(b"/")
    if not set(pattern) & set(b"*?["):
        return pattern in names
    return any(fnmatchcase(name, pattern) for name in names)


def _missing(mine: bytes, theirs: bytes, same: Callable[[bytes], bytes]) -> list[Item]:
    known = {same(line) for line in mine.splitlines()}
    let_in = [line[1:].strip().strip(b"/") for line in mine.splitlines() if line.startswith(b"!")]
    items = dict[bytes, Item]()
    for item in _items(theirs):
        items.setdefault(same(item[0]), item)
    return [item for key, item in items.items() if key not in known and not _hides(item[0], let_in)]


def _items(content: bytes) -> Iterator[Item]:
    heads, number, last = tuple[bytes, ...](), 0, b""
    for line in map(bytes.rstrip, content.splitlines()):
        if not line:
            heads, number = (), number + 1
        elif line.startswith(b"#"):
            heads = (*heads, line) if last.startswith(b"#") else (line,)
        else:
            yield line, heads, number
        last = line


def _laid_out(items: list[Item]) -> Iterator[bytes]:
    """The lines with their comments, and a blank line between paragraphs."""
    last: Item = (b"", (), items[0][2])
    for line, heads, number in items:
        if number != last[2]:
            yield b""
        if (heads, number) != last[1:]:
            yield from heads
        yield line
        last = line, heads, number


def _hides(rule: bytes, let_in: list[bytes]) -> bool:
    """Whether an ignore rule matches one of these paths, or a folder above one."""
    pattern = rule.strip().strip(b"/")
    return any(fnmatchcase(part, pattern) for path in let_in for part in _above(path))


def _above(path: bytes) -> Iterator[bytes]:
    """The path, the folders above it, and the name of each."""
    parts = path.split(b"/")
    for length, name in enumerate(parts, 1):
        yield from (b"/".join(parts[:length]), name)
