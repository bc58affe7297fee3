"""The merge of files that are lists of lines, such as ignore files."""

import os
from collections.abc import Iterable

from new_ops_project.formats import gitignore


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
    return with_rules(mine, added)


def _variable(line: bytes) -> bytes:
    """The name in a line that assigns a variable."""
    return line.partition(b"=")[0].strip().removeprefix(b"export ").strip()


def merge_rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> bytes:
    """`mine`, and below it all ignore rules of `theirs`, if `mine` lacks one of them.

    The block is complete, so that its next version merges line by line; duplicate rules do no harm. Only rules that
    would hide what a rule of `mine` lets in, or what git tracks, are left out.
    """
    block = _harmless(mine, theirs, tracked)
    return with_rules(mine, block) if _unknown(mine, block) else mine


def missing_rules(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> list[bytes]:
    """The ignore rules of `theirs` that `mine` lacks, without those that `merge_rules` leaves out."""
    return _unknown(mine, _harmless(mine, theirs, tracked))


def _harmless(mine: bytes, theirs: bytes, tracked: Iterable[str]) -> list[bytes]:
    """The lines of `theirs` without rules that hide what a rule of `mine` lets in, or what git tracks."""
    let_in = [os.fsdecode(line[1:].strip()) for line in mine.splitlines() if line.startswith(b"!")]
    # With a slash at the end, each counts as a folder too: `build/` matches `build` then.
    shown = [f"{path.strip('/')}/" for path in (*tracked, *let_in)]

    def hides(rule: bytes) -> bool:
        spec = gitignore.spec([os.fsdecode(rule)])
        return any(map(spec.match_file, shown))

    return [line for line in theirs.splitlines() if not hides(line)]


def _unknown(mine: bytes, block: Iterable[bytes]) -> list[bytes]:
    """The rules of a block that `mine` does not have; one without a slash at its start hides more than one with it."""
    known = set(map(_plain, mine.splitlines()))
    rules = [line for line in block if line.strip() and not line.startswith(b"#")]
    return [rule for rule in rules if known.isdisjoint({_plain(rule), _plain(rule).removeprefix(b"/")})]


def _plain(rule: bytes) -> bytes:
    """An ignore rule without a slash or spaces at its end."""
    return rule.rstrip().removesuffix(b"/")


def with_rules(mine: bytes, added: list[bytes]) -> bytes:
    """`mine`, and these lines below a blank one, with the line ends of `mine`; `mine` itself without any lines."""
    ending = b"\r\n" if b"\r\n" in mine else b"\n"
    above = mine if mine.endswith(b"\n") or not mine else mine + ending
    is_apart = not mine or not mine.splitlines()[-1].strip()
    return above + (b"" if is_apart else ending) + b"".join(line + ending for line in added) if added else mine
