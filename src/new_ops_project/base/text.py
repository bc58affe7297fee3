"""Words and paths made safe or pleasant to show to a person."""

from collections.abc import Sequence

# Control characters, characters that are invisible or change the direction of text, surrogates, line separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def escape_invisible(text: str) -> str:
    """`text` on one line, with a backslash escape for every character that a reader cannot see.

    For whatever a template, a repository or a server says, on a terminal or in a report: nothing moves the cursor or
    reorders what follows, and two names that differ do not look alike.
    """
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category  # noqa: PLC0415 - most names are ASCII

    return "".join(_visible(char) if category(char) in _INVISIBLE else char for char in text)


def escape_undecodable(text: str) -> str:
    """`text` (as os.fsdecode gives it) as JSON and files can hold it: with escapes for what is no character."""
    return "".join(_visible(char) if "\ud800" <= char <= "\udfff" else char for char in text)


def _visible(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if is_undecodable(char) else char.encode("unicode_escape").decode()


def is_undecodable(char: str) -> bool:
    """Whether a character of a text from os.fsdecode stands for a byte that is not UTF-8 (PEP 383)."""
    return "\udc80" <= char <= "\udcff"


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}{'s' * (number != 1)}"


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
