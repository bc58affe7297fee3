"""Requirements as people write them in files and lists: PEP 508, with pip's options around."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_LEADING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def requirement_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each requirement of a file, with its 1-based line; without comments, hashes and lines that are options."""
    for number, line in enumerate(lines, 1):
        text = re.sub(r"(?:^|\s)#.*", "", line)
        text = re.sub(r"\s(?:\\|--[a-z-]+[= ]\S+).*", "", text.rstrip().removesuffix("\\")).strip()
        if text and not line[:1].isspace() and _LEADING.match(text):
            yield number, text


def parse(text: str) -> "Requirement | None":
    """The requirement; None for what is none, such as a path or a URL without a name."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def canonical_name(text: str) -> str:
    """The name as PEP 503 has it; '' for what is no requirement."""
    from packaging.utils import canonicalize_name

    found = parse(text)
    return str(canonicalize_name(found.name)) if found else ""
