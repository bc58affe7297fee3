"""Words and paths made safe or pleasant to show to a person."""

import os
import re
from collections.abc import Sequence

# Half of a UTF-16 surrogate pair, which JSON can hold. os.fsdecode makes only U+DC80 to U+DCFF, so these are no bytes.
_LONE_SURROGATE = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")

# What moves the cursor, colours or reorders what a terminal shows.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# Control characters, characters that are invisible or change the direction of text, surrogates, line separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SPACE = 0x20


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def escape_undecodable(text: str) -> str:
    """`text` (as os.fsdecode gives it) with backslash escapes for bytes that are not UTF-8."""
    return os.fsencode(_LONE_SURROGATE.sub(_escaped, text)).decode(errors="backslashreplace")


def escape_for_terminal(text: str) -> str:
    """`text` on one line, safe to print: undecodable bytes and characters that control a terminal are escaped.

    Characters that are only invisible stay; see `escape_invisible`.
    """
    return _CONTROL.sub(_escaped, escape_undecodable(text))


def escape_invisible(text: str) -> str:
    """`text` on one line, with every character escaped that a reader cannot see.

    Unlike `escape_for_terminal`, this escapes zero-width characters too: readers of a report sort, search and link by
    names, so two that differ must not look alike. On a terminal they do no harm, and some scripts need them.
    """
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category  # noqa: PLC0415 - most names are ASCII

    return "".join(_visible(char) if category(char) in _INVISIBLE else char for char in text)


def _visible(char: str) -> str:
    code = ord(char)
    if is_undecodable(char):
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode-escape").decode() if code >= _SPACE else f"\\x{code:02x}"


def is_undecodable(char: str) -> bool:
    """Whether a character of a text from os.fsdecode stands for a byte that is not UTF-8 (PEP 383)."""
    return "\udc80" <= char <= "\udcff"


def list_first(items: Sequence[str], most: int) -> str:
    """The first `most` items, followed by the number of the others: `a, b and 3 more`."""
    others = len(items) - most
    return ", ".join(items[:most]) + (f" and {others} more" if others > 0 else "")


def nearest(word: str, words: list[str]) -> str:
    """A question such as `did you mean update?` with the entry of `words` closest to `word`; '' if none is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong word needs it

    matches = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {matches[0]}?" if matches else ""


def capitalize(text: str) -> str:
    """`text` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]
