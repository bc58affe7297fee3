"""TODO: what this file owns."""

import os
import re

_HALF = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")  # of a character of UTF-16, as JSON can have it: no byte of a name


def escape_undecodable(text: str) -> str:
    """`text` with bytes that are no UTF-8 shown as escapes."""
    whole = _HALF.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return os.fsencode(whole).decode(errors="backslashreplace")


# What moves the cursor, colours or reorders what a terminal shows.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def escape_for_terminal(text: str) -> str:
    """`text` on one line of a terminal, whatever it holds: what would control the terminal is escaped."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), escape_undecodable(text))
