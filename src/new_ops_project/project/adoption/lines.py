"""The merge of files that are lists of lines, such as ignore files."""

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase


def merge_variables(mine: bytes, theirs: bytes) -> bytes:
    """`mine`, and below it the variables of `theirs` that it lacks (`.env.example`), with the comments above them."""
    known, added = set(map(_variable, mine.splitlines())), list[bytes]()
    comments, last = list[bytes](), b""
    for line in map(bytes.rstrip, theirs.splitlines()):
        if line.startswith(b"#"):
            comments = [*comments, line] if last.startswith(b"#") else [line]
        elif not line:
            comments = []
        elif _variable(line) not in known:
            added += [*comments, line]
            comments = []
            known.add(_variable(line))
        last = line
    return _with_block(mine, added)


def _variable(line: bytes) -> bytes:
    """The name in a line that assigns a variable."""
    return line.partition(b"=")[0].strip().removeprefix(b"export ").strip()


def merge_rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> bytes:
    """`mine`, and below it all ignore rules of `theirs`, if `mine` lacks one of them.

    The block is complete, so that its next version merges line by line; duplicate rules do no harm. Only rules that
    would hide what a rule of `mine` lets in, or what git tracks, are left out.
    """
    let_in = (line[1:].strip().strip(b"/") for line in mine.splitlines() if line.startswith(b"!"))
    shown = {part for path in (*map(os.fsencode, tracked), *let_in) for part in _above(path)}
    block = [line for line in theirs.splitlines() if line.startswith(b"#") or not line or not _matches(line, shown)]
    known = set(map(_plain, mine.splitlines()))
    is_known = all(_plain(line) in known for line in block if line and not line.startswith(b"#"))
    return mine if is_known else _with_block(mine, block)


def _plain(rule: bytes) -> bytes:
    """An ignore rule without a slash or spaces at its end."""
    return rule.rstrip().removesuffix(b"/")


def _matches(rule: bytes, names: set[bytes]) -> bool:
    """Whether an ignore rule matches one of these paths or names."""
    pattern = rule.strip().strip(b"/")
    if not set(pattern) & set(b"*?["):
        return pattern in names
    return any(fnmatchcase(name, pattern) for name in names)


def _above(path: bytes) -> Iterator[bytes]:
    """The path, the folders above it, and the name of each."""
    parts = path.split(b"/")
    for length, name in enumerate(parts, 1):
        yield from (b"/".join(parts[:length]), name)


def _with_block(mine: bytes, added: list[bytes]) -> bytes:
    """`mine`, and these lines below a blank one, with the line ends of `mine`; `mine` itself without any lines."""
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    above = mine if mine.endswith(b"\n") or not mine else mine + ending
    is_apart = not mine or not mine.splitlines()[-1].strip()
    return above + (b"" if is_apart else ending) + b"".join(line + ending for line in added) if added else mine
