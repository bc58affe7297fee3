"""The rule that passes on failed checks of repo-review's plugins."""

import re
from collections.abc import Iterable, Iterator

from new_ops_project.checks.linters.repo_review import FailedCheck
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_LONGEST = 300
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*]+|^#+ |^> ", re.MULTILINE)


def failed_checks(_: Repo, checks: Iterable[FailedCheck]) -> Iterator[Breach]:
    """Each failed check, with its name and its text without Markdown."""
    for check in checks:
        see = f"See {check.url}, or ignore" if check.url else "Do that, or ignore"
        yield Breach(
            f"{check.name}: {plain(check.text) or plain(check.description)}",
            remedy=f'{see} the check: [tool.repo-review] ignore = ["{check.name}"].',
        )


def plain(markdown: str) -> str:
    """The first paragraph of a Markdown text, as one line of plain text."""
    text = _FENCE.sub("", markdown.strip())
    first = next((part for part in text.split("\n\n") if part.strip()), "")
    line = " ".join(_MARKS.sub("", _LINK.sub(r"\1", first)).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
