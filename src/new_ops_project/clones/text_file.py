"""How the text of a small file in a clone is read."""

from contextlib import suppress
from pathlib import Path

from new_ops_project.formats.document import decoded


def text_of(file: Path) -> str:
    """The text of `file`, '' if there is none that can be read; bytes that are no UTF-8 become U+FFFD."""
    with suppress(OSError):
        return decoded(file.read_bytes()) if file.is_file() else ""
    return ""
