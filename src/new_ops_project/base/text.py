"""Words and paths made safe or pleasant to show to a person."""

import os
import re

# Half of a UTF-16 surrogate pair, which JSON can hold. os.fsdecode makes only U+DC80 to U+DCFF, so these are no bytes.
_LONE_SURROGATE = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")

# What moves the cursor, colours or reorders what a terminal shows.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def escape_undecodable(text: str) -> str:
    """`text` (as os.fsdecode gives it) with backslash escapes for bytes that are not UTF-8."""
    return os.fsencode(_LONE_SURROGATE.sub(_escaped, text)).decode(errors="backslashreplace")


def escape_for_terminal(text: str) -> str:
    """`text` on one line, safe to print: undecodable bytes and characters that control a terminal are escaped."""
    return _CONTROL.sub(_escaped, escape_undecodable(text))


def nearest(word: str, words: list[str]) -> str:
    """A question such as `did you mean update?` with the entry of `words` closest to `word`; '' if none is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong word needs it

    matches = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {matches[0]}?" if matches else ""


def capitalize(text: str) -> str:
    """`text` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]
