"""Two lists of lines become one, such as ignore rules: the user's, and under it what it lacks."""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

# A line, the comments that head it, and the number of its paragraph.
Item = tuple[bytes, tuple[bytes, ...], int]


def plain_rule(line: bytes) -> bytes:
    """An ignore rule without what makes no difference: spaces at its end, a slash there."""
    return line.rstrip().removesuffix(b"/")


def variable_name(line: bytes) -> bytes:
    """The name in a line that gives a variable its value, as in `.env.example`."""
    return line.partition(b"=")[0].strip().removeprefix(b"export ").strip()


def merge(mine: bytes, theirs: bytes, *, same: Callable[[bytes], bytes] = plain_rule) -> bytes:
    """`mine`, and after a blank line those lines of `theirs` that it lacks, with the comments that head them.

    Two lines are the same where `same` makes the same of them. A rule is not added where it would hide what a rule
    of `mine` lets in (`!path`). Line ends are those of `mine`, which comes back as it is when it lacks nothing.
    """
    missing = _missing(mine, theirs, same)
    if not missing:
        return mine
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    whole = mine if mine.endswith(b"\n") or not mine else mine + ending
    is_apart = not mine or not mine.splitlines()[-1].strip()
    return whole + (b"" if is_apart else ending) + b"".join(line + ending for line in _laid_out(missing))


def merge_rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> bytes:
    """`mine`, and below it the ignore rules of `theirs` as a block, where a rule of them is missing.

    The block is whole, so that its next version merges line by line; a rule that is there twice does no harm. Left out
    are those that would hide what a rule of `mine` lets in, or what git tracks.
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
    found = dict[bytes, Item]()
    for item in _items(theirs):
        found.setdefault(same(item[0]), item)
    return [item for key, item in found.items() if key not in known and not _hides(item[0], let_in)]


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
    """The lines with their comments, a blank line between those of two paragraphs."""
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
    return any(fnmatchcase(one, pattern) for path in let_in for one in _above(path))


def _above(path: bytes) -> Iterator[bytes]:
    """The path and the folders above it, and the name of each."""
    parts = path.split(b"/")
    for length, name in enumerate(parts, 1):
        yield from (b"/".join(parts[:length]), name)
