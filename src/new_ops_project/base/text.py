"""Words and paths made safe or pleasant to show to a person."""

import os
import re
from collections.abc import Sequence

# Control characters, characters that are invisible or change the direction of text, surrogates, line separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What else is drawn as nothing: fillers, joiners, selectors (Default_Ignorable_Code_Point of Unicode), a blank Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
_IN_LINE, _IN_LINES = re.compile(r"[^ -~]"), re.compile(r"[^ -~\n\t\r]|\r(?!\n)")
# What a runner of GitHub takes for a command, wherever a log has it: `::` first on a line, `##[` anywhere.
_COMMAND = re.compile(r"^(\s*)::|##(?=\[)", re.MULTILINE)


class Drawn(str):
    """Text whose control sequences are our own; a string that is computed from it is text of others again."""

    __slots__ = ()


def escape_invisible(text: str) -> str:
    """`text` on one line, with a backslash escape for every character that a reader cannot see.

    For whatever a template, a repository or a server says, on a terminal or in a report: nothing moves the cursor or
    reorders what follows, and two names that differ do not look alike.
    """
    return _IN_LINE.sub(_escaped, text)


def shown(text: str) -> str:
    """`text` as a terminal and a log get it: line ends and tabs stay, what else cannot be seen becomes an escape.

    On a runner of GitHub, what it would take for a command is escaped too. A Drawn text stays as it is.
    """
    if isinstance(text, Drawn):
        return text
    text = _IN_LINES.sub(_escaped, text)
    return _COMMAND.sub(_without_command, text) if "GITHUB_ACTIONS" in os.environ else text


def drawn(*parts: str) -> Drawn:
    """One text of parts, of which those that are not Drawn are text of others."""
    return Drawn("".join(map(shown, parts)))


def _escaped(match: re.Match[str]) -> str:
    from unicodedata import category  # noqa: PLC0415 - most texts are ASCII

    char = match[0]
    before = match.string[max(match.start() - 1, 0)]
    if char == "\ufe0f" and category(before).startswith("S"):
        return char  # it makes an emoji of a symbol
    return _visible(char) if category(char) in _INVISIBLE or _BLANK.match(char) else char


def _without_command(match: re.Match[str]) -> str:
    return "\\x23#" if match[1] is None else f"{match[1]}\\x3a:"


def escape_undecodable(text: str) -> str:
    """`text` (as os.fsdecode gives it) as JSON and files can hold it: with escapes for what is no character."""
    return "".join(_visible(char) if "\ud800" <= char <= "\udfff" else char for char in text)


def _visible(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if is_undecodable(char) else char.encode("unicode_escape").decode()


def is_undecodable(char: str) -> bool:
    """Whether a character of a text from os.fsdecode stands for a byte that is not UTF-8 (PEP 383)."""
    return "\udc80" <= char <= "\udcff"


def cut(text: str, most: int = 1_000) -> str:
    """The text with the rest of each longer line left out: a value may have megabytes."""

    def cut_line(line: str) -> str:
        return line if len(line) <= most else f"{line[:most]}... ({len(line) - most:,} more characters)"

    return "\n".join(map(cut_line, text.split("\n")))


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
