"""The text of a pull request, in which nothing that a repository or a template contains can take effect."""

import re
import shlex
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from new_ops_project.base import masking
from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.model import PathNote, Result

LIMIT = 60_000  # characters; GitHub takes 65,536
_ENTRIES, _NAME, _NEWS = 40, 200, 20_000  # entries of one list, characters of one of them, characters of the changelog
_ORDER = ("changed", "added", "moved", "removed")


def title(result: Result) -> str:
    """One line. A squashed merge takes it as its message, so nothing in it can mention anybody or close an issue."""
    folder = result.name.partition("//")[2]
    of_folder = f" of {_plain(folder)}" if folder else ""
    count = len(result.conflicts)
    tail = f" ({count} file{'s' * (count > 1)} in conflict)" if count else ""
    return f"Update the template{of_folder} from {_plain(result.before)} to {_plain(result.version)}{tail}"


def body(result: Result, *, kept_branches: Sequence[str] = ()) -> str:
    """The body in Markdown; `kept_branches` are branches of older versions that have a person's commits."""
    kinds = (*_ORDER, *sorted({note.what for note in result.files} - {*_ORDER, "conflict"}))
    values = {
        "result": result,
        "template": masking.masked(result.template),
        "files": {kind: [as_code(note.path) for note in result.files if note.what == kind] for kind in kinds},
        "conflicts": _noted(result.conflicts),
        "drift": _noted(result.drift),
        "branches": kept_branches,
        "most": _ENTRIES,
    }
    rest = len(_template().render(values, news=()))
    text = _template().render(values, news=_news(result.news.strip("\r\n"), min(_NEWS, LIMIT - rest - _NAME)))
    # Each line is complete by itself, so the text may end after any of them.
    return text if len(text) < LIMIT else text[: text.rfind("\n", 0, LIMIT - 30)] + "\n\n(cut off here)\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, in which text of others is code
    )
    environment.filters |= {"code": as_code, "plain": _plain, "quoted": shlex.quote}
    return environment.get_template("pull_request.md.jinja")


def _news(news: str, most: int) -> Sequence[str]:
    """The lines of the template's changelog as fenced code, for a quotation.

    As code it is not markup. In a quotation no line begins with a slash, which GitLab would take for a command
    (https://docs.gitlab.com/user/project/quick_actions).
    """
    if not news.strip() or most < _NAME:
        return ()
    text = "\n".join(map(escape_invisible, news.replace("\r\n", "\n").split("\n")))
    lines = text.split("\n")
    while sum(len(line) + 3 for line in lines) > most:
        lines = [*lines[: len(lines) * 3 // 4], "..."]
    # A fence that is longer than any run of backticks inside cannot be closed by the text itself.
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", text)))
    return (f"{fence}markdown", *lines, fence)


def _noted(notes: Iterable[PathNote]) -> list[str]:
    return [as_code(note.path) + (f": {as_code(note.what)}" if note.what else "") for note in notes]


def as_code(text: str) -> str:
    """`text` as a code span on one line: it can be no mention, reference, link or HTML (CommonMark 0.31, 6.1)."""
    line = escape_invisible(text) or "(nothing)"
    line = f"{line[:_NAME]}..." if len(line) > _NAME else line
    fence = "`" * (1 + max(len(run) for run in re.findall("`*", line)))
    pad = " " if fence != "`" or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _plain(text: str) -> str:
    """`text` with a hyphen in place of all that could mean something to a forge."""
    return re.sub(r"[^A-Za-z0-9._+/ -]", "-", text)[:80] or "nothing"
