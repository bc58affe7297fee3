"""Text in lines that fit the terminal."""

import os
import re
import sys
import textwrap
from collections.abc import Iterable
from unicodedata import east_asian_width

# A command: in backticks, or at the end of a remedy.
_COMMAND = re.compile(r"`[^`]+`|\b(?:new-ops-project|git|pipx?|uv) [^`]*$")
_GLUE = "\0"  # stands for a space where no line may end
_WIDE = "\1"  # follows a character that takes two columns


def wrapped(text: str, first: str = "", *, below: str = "", whole: Iterable[str] = ()) -> str:
    """`text` in lines that fit the terminal, with these indents; one line elsewhere, for programs that read lines.

    Never broken inside a word or a part in `whole`, nor inside a command that fits on a line: a path can be clicked,
    and a command be pasted. The text has no characters that cannot be seen.
    """
    width = _width()
    commands = [part for part in _COMMAND.findall(text) if len(part) <= width - len(below)]
    for part in (*whole, *commands):
        text = text.replace(part, part.replace(" ", _GLUE))
    if not text.isascii():
        text = "".join(f"{char}{_WIDE}" if east_asian_width(char) in {"W", "F"} else char for char in text)
    filled = textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return filled.replace(_GLUE, " ").replace(_WIDE, "")


def height(texts: Iterable[str]) -> int:
    """How many lines these texts take, each of which ends its last line."""
    return sum(text.count("\n") + 1 for text in texts)


def _width() -> int:
    """The columns of the terminal, at most 120 to read well; no limit without a terminal."""
    try:
        return min(os.get_terminal_size().columns, 120)
    except OSError:
        return sys.maxsize
