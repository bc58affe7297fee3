"""Names that somebody else chose, made fit to be read: repositories, branches, files, owners, reasons."""

import re
import shlex
import unicodedata

# Control characters, what turns the direction of text or cannot be seen, halves of characters, line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SPACE = 0x20
_LOW, _HIGH = 0xDC80, 0xDCFF  # how Python holds bytes that are no UTF-8 (PEP 383)


def shown(text: str) -> str:
    """`text` on one line, with each character that a reader cannot see, or that would act on a terminal, escaped."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    if unicodedata.category(char) not in _UNSEEN:
        return char
    code = ord(char)
    if _LOW <= code <= _HIGH:
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode-escape").decode() if code >= _SPACE else f"\\x{code:02x}"


def cut(text: str, most: int) -> str:
    """`text` as `shown` has it, with an ellipsis where it is longer than `most`."""
    whole = shown(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def quoted(text: str) -> str:
    """`text` as one word of a shell: what cannot be seen is written out ($'...' of POSIX.1-2024), as bytes."""
    if text.startswith("-"):
        text = f"./{text}"
    if shown(text) == text:
        return shlex.quote(text)
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in "\\'" else _bytes(char) for char in text
    )
    return f"$'{plain}'"


def _bytes(char: str) -> str:
    """A character as octal escapes of its bytes: three digits each, so that the next one never joins them."""
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape" if _is_byte(char) else "replace"))


def _is_byte(char: str) -> bool:
    return _LOW <= ord(char) <= _HIGH


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which versions and names sort as people expect: 3.9 before 3.10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part[:30]), "") if part[0] in "0123456789" else (1, 0, part) for part in parts)
