"""Readable forms of names that other people chose, such as repositories, branches or files."""

import re
import shlex

from new_ops_project.base import masking
from new_ops_project.base.text import escape_invisible, is_undecodable


def cut(text: str, most: int) -> str:
    """`escape_invisible(text)`, shortened with an ellipsis to at most `most` characters."""
    whole = escape_invisible(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def short_id(commit: str) -> str:
    """A commit id as people read it; "nothing" for ''."""
    return commit[:7] or "nothing"


def redacted_line(text: str) -> str:
    """What git, a forge or a repository says, on one line of at most 300 characters, without credentials."""
    return cut(masking.masked(" ".join(text.split())), 300)


def shell_quoted(text: str) -> str:
    """`text` as one shell word; characters that are invisible become $'...' escapes (POSIX.1-2024) of their bytes."""
    if text.startswith("-"):
        text = f"./{text}"
    if escape_invisible(text) == text:
        return shlex.quote(text)
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in "\\'" else _bytes(char) for char in text
    )
    return f"$'{plain}'"


def _bytes(char: str) -> str:
    """A character as octal escapes of its bytes: always three digits, so that a digit after it is not read as part."""
    return "".join(
        f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape" if is_undecodable(char) else "replace")
    )


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key for versions and names that puts 3.9 before 3.10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part[:30]), "") if part[0] in "0123456789" else (1, 0, part) for part in parts)
