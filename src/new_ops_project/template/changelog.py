"""What a template's changelog says between two of its versions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

_NAMES = ("changelog", "changes", "history", "news")
_HEADING = re.compile(r"^#{1,4}[ \t]+\[?(?:version[ \t]+)?v?(\d[\w.!+-]*)", re.IGNORECASE)


def between(root: Path, older: str | None, newer: str | None) -> str:
    """The sections of the changelog in `root` for versions after `older`, up to `newer`; '' where it has none.

    A section begins with a Markdown heading that names a version (PEP 440), as https://keepachangelog.com has it.
    """
    after, upto = _version(older), _version(newer)
    if after is None or upto is None:
        return ""
    found = (text for version, text in _sections(root) if after < version <= upto)
    return "\n\n".join(found)


def _sections(root: Path) -> Iterator[tuple["Version", str]]:
    for path in sorted(root.glob("*.md")):
        if path.stem.lower() in _NAMES:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            headings = _headings(lines)
            for start in headings:
                if _HEADING.match(lines[start]):
                    yield from _section(lines, start, headings)


def _headings(lines: list[str]) -> list[int]:
    """The lines that are Markdown headings; what begins with # in a block of code is none."""
    found, in_code = [], False
    for number, line in enumerate(lines):
        in_code ^= line.lstrip().startswith(("```", "~~~"))
        if not in_code and re.match(r"#{1,6}[ \t]", line):
            found.append(number)
    return found


def _section(lines: list[str], start: int, headings: list[int]) -> Iterator[tuple["Version", str]]:
    """The section whose heading is line `start`: up to the next heading that is not below it."""
    heading = _HEADING.match(lines[start])
    version = _version(heading[1] if heading else None)
    depth = len(lines[start]) - len(lines[start].lstrip("#"))
    later = (at for at in headings if at > start and re.match(rf"#{{1,{depth}}}[ \t]", lines[at]))
    end = next(later, len(lines))
    if version is not None:
        yield version, "\n".join(lines[start:end]).strip()


def _version(text: str | None) -> "Version | None":
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text or "")
    except InvalidVersion:
        return None
