"""Colours, where there is a terminal."""
import sys

CODES = {"added": 32, "removed": 31, "changed": 33}


def paint(kind: str, text: str) -> str:
    """`text` in the colour of a kind of change."""
    if not sys.stdout.isatty():
        return text
    return f"\033[{CODES[kind]}m{text}\033[0m"
