"""How the text of a small file in a clone is read."""

from pathlib import Path

from new_ops_project.formats.document import decoded


def text_of(file: Path) -> str:
    """The text of `file`, '' if there is no such file; bytes that are no UTF-8 become U+FFFD."""
    return decoded(file.read_bytes()) if file.is_file() else ""
