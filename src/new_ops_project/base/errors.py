"""The one error that people see, and the exit codes of every verb."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, as diff and ruff have them (docs/design.md)."""

    DONE = 0
    FINDINGS = 1
    FAILED = 2
    CONFLICTS = 3
    UNTRUSTED = 4
    BUG = 70
    INTERRUPTED = 130
    PIPE = 141


class ToolError(Exception):
    """Something a person can act on: what happened, with the value, then the next step."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def nearest(word: str, known: list[str]) -> str:
    """The entry of `known` closest to `word`, as a question to append to an error, or ''."""
    from difflib import get_close_matches

    matches = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {matches[0]}?" if matches else ""


def capitalize(text: str) -> str:
    """`text` with a capital letter."""
    return text[:1].upper() + text[1:]
