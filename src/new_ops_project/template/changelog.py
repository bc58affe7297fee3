"""The sections of a template's changelog between two of its versions."""

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

from new_ops_project.base import reading

_NAMES = ("changelog", "changes", "history", "news")
_HEADING = re.compile(r"^#{1,4}[ \t]+\[?(?:version[ \t]+)?v?(\d[\w.!+-]*)", re.IGNORECASE)


def between(root: Path, older: str | None, newer: str | None) -> str:
    """The sections of the changelog in `root` for versions after `older`, up to `newer`; '' if there are none.

    A section begins with a Markdown heading that names a version (PEP 440), as in https://keepachangelog.com.
    """
    after, upto = _version(older), _version(newer)
    if after is None or upto is None:
        return ""
    sections = (text for version, text in _sections(root) if after < version <= upto)
    return "\n\n".join(sections)


def _sections(root: Path) -> Iterator[tuple[Version, str]]:
    for path in sorted(root.glob("*.md")):
        if path.stem.lower() in _NAMES:
            lines = reading.read(path).decode(errors="replace").splitlines()
            headings = _headings(lines)
            for start in headings:
                if _HEADING.match(lines[start]):
                    yield from _section(lines, start, headings)


def _headings(lines: list[str]) -> list[int]:
    """The numbers of the lines that are Markdown headings; a # in a block of code begins a comment instead."""
    headings, in_code = [], False
    for number, line in enumerate(lines):
        in_code ^= line.lstrip().startswith(("```", "~~~"))
        if not in_code and re.match(r"#{1,6}[ \t]", line):
            headings.append(number)
    return headings


def _section(lines: list[str], start: int, headings: list[int]) -> Iterator[tuple[Version, str]]:
    """The section whose heading is line `start`: up to the next heading of the same or a higher level."""
    heading = _HEADING.match(lines[start])
    version = _version(heading[1] if heading else None)
    depth = len(lines[start]) - len(lines[start].lstrip("#"))
    later = (number for number in headings if number > start and re.match(rf"#{{1,{depth}}}[ \t]", lines[number]))
    end = next(later, len(lines))
    if version is not None:
        yield version, "\n".join(lines[start:end]).strip()


def _version(text: str | None) -> Version | None:
    try:
        return Version(text or "")
    except ValueError:
        return None
