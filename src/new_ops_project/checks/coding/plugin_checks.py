"""The rule that passes on what plugins of repo-review find."""

import re
from collections.abc import Iterable, Iterator

from new_ops_project.checks.linters.repo_review import Failed
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_LONGEST = 300
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*]+|^#+ |^> ", re.MULTILINE)


def failed(_: Repo, checks: Iterable[Failed]) -> Iterator[Breach]:
    """Each check that failed: its name and what it says, without Markdown."""
    for one in checks:
        see = f"See {one.url}, or leave" if one.url else "Do that, or leave"
        yield Breach(
            f"{one.name}: {plain(one.text) or plain(one.description)}",
            remedy=f'{see} it out: [tool.repo-review] ignore = ["{one.name}"].',
        )


def plain(markdown: str) -> str:
    """The first paragraph of a text in Markdown, as one line without marks."""
    text = _FENCE.sub("", markdown.strip())
    first = next((part for part in text.split("\n\n") if part.strip()), "")
    line = " ".join(_MARKS.sub("", _LINK.sub(r"\1", first)).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
