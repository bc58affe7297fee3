"""Readable forms of names that other people chose, such as repositories, branches or files."""

import re
import shlex
import unicodedata

# Control characters, characters that are invisible or change the direction of text, surrogates, line separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SPACE = 0x20
_LOW, _HIGH = 0xDC80, 0xDCFF  # Python's surrogates for bytes that are not UTF-8 (PEP 383)


def shown(text: str) -> str:
    """`text` on one line; characters that are invisible or control a terminal are escaped."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    if unicodedata.category(char) not in _INVISIBLE:
        return char
    code = ord(char)
    if _LOW <= code <= _HIGH:
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode-escape").decode() if code >= _SPACE else f"\\x{code:02x}"


def cut(text: str, most: int) -> str:
    """`shown(text)`, shortened with an ellipsis to at most `most` characters."""
    whole = shown(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def shell_quoted(text: str) -> str:
    """`text` as one shell word; characters that are invisible become $'...' escapes (POSIX.1-2024) of their bytes."""
    if text.startswith("-"):
        text = f"./{text}"
    if shown(text) == text:
        return shlex.quote(text)
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in "\\'" else _bytes(char) for char in text
    )
    return f"$'{plain}'"


def _bytes(char: str) -> str:
    """A character as octal escapes of its bytes: always three digits, so that a digit after it is not read as part."""
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape" if _is_byte(char) else "replace"))


def _is_byte(char: str) -> bool:
    return _LOW <= ord(char) <= _HIGH


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key for versions and names that puts 3.9 before 3.10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part[:30]), "") if part[0] in "0123456789" else (1, 0, part) for part in parts)
