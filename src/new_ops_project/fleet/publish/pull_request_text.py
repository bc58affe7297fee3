"""The text of a pull request, in which nothing that a repository or a template contains can take effect."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from new_ops_project.base.text import escape_undecodable
from new_ops_project.fleet.model import PathNote, Result
from new_ops_project.git import urls

LIMIT = 60_000  # characters; GitHub takes 65,536
_FILES, _NAME, _NEWS = 40, 200, 20_000  # entries of one list, characters of one of them, characters of the changelog
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
    begin = [*_head(result), *_conflicts(result)]
    end = [*_lists(result), *_kept_branches(kept_branches), *_end(result)]
    rest = sum(len(part) + 1 for part in (*begin, *end))
    news = _news(result.news.strip("\r\n"), min(_NEWS, LIMIT - rest - 200))
    return _cut("\n".join([*begin, *news, *end])) + "\n"


def _head(result: Result) -> Iterator[str]:
    template = as_code(urls.without_secrets(result.template))
    yield f"This updates the template {template} from {as_code(result.before)} to {as_code(result.version)}."


def _news(news: str, most: int) -> list[str]:
    """The template's changelog, as code in a quotation.

    As code it is not markup. In a quotation no line begins with a slash, which GitLab would take for a command
    (https://docs.gitlab.com/user/project/quick_actions).
    """
    if not news.strip() or most < _NAME:
        return []
    lines = [_visible(line) for line in news.replace("\r\n", "\n").split("\n")]
    quoted, size = [], 0
    for line in lines:
        size += len(line) + 3
        if size > most:
            quoted.append("...")
            break
        quoted.append(line)
    # A fence that is longer than any run of backticks inside cannot be closed by the text itself.
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", "\n".join(quoted))))
    return ["\n### What is new\n", *(f"> {line}" for line in (f"{fence}markdown", *quoted, fence))]


def _conflicts(result: Result) -> Iterator[str]:
    if not result.conflicts:
        return
    target = shlex.quote(result.target)
    yield "\n### To resolve\n\nA person has to resolve these files:\n"
    yield from _bullets([f"{as_code(note.path)}: {as_code(note.what)}" for note in result.conflicts])
    yield "\nThe conflict markers are in the files. In a clone of this repository:\n"
    yield from (
        f"    {line}"
        for line in (
            f"git fetch origin {target}",
            f"git switch {target}",
            "# edit each file between its markers",
            "git commit --all --message 'Resolve the conflicts'",
            "git push",
        )
    )
    yield "\nThis branch is yours from then on: the tool no longer changes it."


def _lists(result: Result) -> Iterator[str]:
    for kind in (*_ORDER, *sorted({note.what for note in result.files} - {*_ORDER, "conflict"})):
        if paths := [note.path for note in result.files if note.what == kind]:
            yield f"\n### {_plain(kind).capitalize()} ({len(paths)})\n"
            yield from _bullets(map(as_code, paths))
    if result.kept:
        yield "\n### Your edits, kept\n\nThese files are no longer in the template, but have somebody's edits:\n"
        yield from _bullets(map(as_code, result.kept))
    if result.drift:
        yield "\n### Edited before this update\n\nThese differ from the template's version, and keep their edits:\n"
        yield from _bullets(map(_drifted, result.drift))
    if result.notes:
        yield "\n### Notes\n"
        yield from _bullets(map(as_code, result.notes))


def _drifted(note: PathNote) -> str:
    return f"{as_code(note.path)}: {as_code(note.what)}" if note.what else as_code(note.path)


def _kept_branches(branches: Sequence[str]) -> Iterator[str]:
    if branches:
        yield "\n### Older branches\n\nThese contain somebody's commits, and are left alone:\n"
        yield from _bullets(map(as_code, branches))


def _end(result: Result) -> Iterator[str]:
    yield "\n### If you do not want it\n"
    yield (
        "Close this pull request: it is not opened again for this version. To get none at all, ask the owners of the "
        "fleet to leave this repository out."
    )
    yield (
        f"\nMade by `new-ops-project fleet`, plan {as_code(result.plan)}. Until somebody else pushes to this branch, a "
        "new plan replaces what is on it; after that it is left alone."
    )


def _bullets(entries: Iterable[str]) -> Iterator[str]:
    """A list of the first entries, with a count of the others."""
    items = [*entries]
    yield from (f"- {item}" for item in items[:_FILES])
    if len(items) > _FILES:
        yield f"- and {len(items) - _FILES} more"


def as_code(text: str) -> str:
    """`text` as a code span on one line: it can be no mention, reference, link or HTML (CommonMark 0.31, 6.1)."""
    line = _visible(text.replace("\n", "\\n")) or "(nothing)"
    line = f"{line[:_NAME]}..." if len(line) > _NAME else line
    fence = "`" * (1 + max(len(run) for run in re.findall("`*", line)))
    pad = " " if fence != "`" or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _visible(text: str) -> str:
    """`text` with characters that are invisible or reorder other text as escapes."""
    readable = escape_undecodable(text)
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in readable)


def _plain(text: str) -> str:
    """`text` with a hyphen in place of all that could mean something to a forge."""
    return re.sub(r"[^A-Za-z0-9._+/ -]", "-", text)[:80] or "nothing"


def _cut(text: str) -> str:
    """At most LIMIT characters, cut at the end of a line: each line is complete by itself."""
    if len(text) < LIMIT:
        return text
    return text[: text.rfind("\n", 0, LIMIT - 30)] + "\n\n(cut off here)"
