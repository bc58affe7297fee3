"""How the text of a small file in a clone is read."""

from pathlib import Path

from new_ops_project.base import reading
from new_ops_project.formats.document import decoded


def text_of(file: Path) -> str:
    """The text of `file`, '' if there is none; bytes that are no UTF-8 become U+FFFD. Raises ToolError as `reading`."""
    return decoded(reading.read_if_there(file) or b"")
