"""The text of a pull request: what changes, what is in conflict, how to go on; nothing in it can be injected."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from new_ops_project.base.text import readable
from new_ops_project.fleet.model import PathNote, Result
from new_ops_project.git import urls

LIMIT = 60_000  # characters; GitHub takes 65,536
_FILES, _NAME, _NEWS = 40, 200, 20_000  # entries of one list, characters of one of them, characters of the changelog
_ORDER = ("changed", "added", "moved", "removed")


def title(result: Result) -> str:
    """One line, which is also what a squashed merge will be called: no letter of it refers to anything."""
    folder = result.name.partition("//")[2]
    of = f" of {_plain(folder)}" if folder else ""
    count = len(result.conflicts)
    tail = f" ({count} file{'s' * (count > 1)} in conflict)" if count else ""
    return f"Update the template{of} from {_plain(result.before)} to {_plain(result.version)}{tail}"


def text(result: Result, *, left: Sequence[str] = ()) -> str:
    """The body, in Markdown. `left` are older branches that have somebody's commits on them."""
    begin, end = [*_head(result), *_conflicts(result)], [*_lists(result), *_left(left), *_end(result)]
    rest = sum(len(part) + 1 for part in (*begin, *end))
    news = _news(result.news.strip("\r\n"), min(_NEWS, LIMIT - rest - 200))
    return _cut("\n".join([*begin, *news, *end])) + "\n"


def _head(result: Result) -> Iterator[str]:
    yield (
        f"This brings {code(urls.without_secrets(result.template))} from {code(result.before)} "
        f"to {code(result.version)}."
    )


def _news(news: str, most: int) -> list[str]:
    """The template's changelog: as code in a quotation, so that it is neither markup nor a command to the forge."""
    if not news.strip() or most < _NAME:
        return []
    lines = [_visible(line) for line in news.replace("\r\n", "\n").split("\n")]
    kept, size = [], 0
    for line in lines:
        size += len(line) + 3
        if size > most:
            kept.append("...")
            break
        kept.append(line)
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", "\n".join(kept))))
    return ["\n### What is new\n", *(f"> {line}" for line in (f"{fence}markdown", *kept, fence))]


def _conflicts(result: Result) -> Iterator[str]:
    if not result.conflicts:
        return
    target = shlex.quote(result.target)
    yield "\n### To resolve\n\nThese need a person, for the reason beside each:\n"
    yield from _some([f"{code(one.path)}: {code(one.what)}" for one in result.conflicts])
    yield "\nThe markers are in the files. On a clone of this repository:\n"
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
    yield "\nThis branch is yours from then on: the tool does not touch it any more."


def _lists(result: Result) -> Iterator[str]:
    for kind in (*_ORDER, *sorted({one.what for one in result.files} - {*_ORDER, "conflict"})):
        if found := [one.path for one in result.files if one.what == kind]:
            yield f"\n### {_plain(kind).capitalize()} ({len(found)})\n"
            yield from _some(map(code, found))
    if result.kept:
        yield "\n### Your edits, kept\n\nThe template has these no longer; somebody's work is in them, so they stay:\n"
        yield from _some(map(code, result.kept))
    if result.drift:
        yield "\n### Edited here before\n\nThese differ from what the template made, and keep their edits:\n"
        yield from _some(map(_drifted, result.drift))
    if result.notes:
        yield "\n### Notes\n"
        yield from _some(map(code, result.notes))


def _drifted(one: PathNote) -> str:
    return f"{code(one.path)}: {code(one.what)}" if one.what else code(one.path)


def _left(left: Sequence[str]) -> Iterator[str]:
    if left:
        yield "\n### Older branches\n\nThese have somebody's commits on them, and are left as they are:\n"
        yield from _some(map(code, left))


def _end(result: Result) -> Iterator[str]:
    yield "\n### If you do not want it\n"
    yield (
        "Close this pull request: it is not opened again for this version. To stay out of all of them, ask the "
        "owners of the fleet to leave this repository out."
    )
    yield (
        f"\nMade by `new-ops-project fleet`, plan {code(result.plan)}. As long as nobody else pushes to this "
        "branch, a new plan replaces what is on it; after that it is left alone."
    )


def _some(entries: Iterable[str]) -> Iterator[str]:
    """A list of at most so many entries, and a count of the others."""
    found = [*entries]
    yield from (f"- {entry}" for entry in found[:_FILES])
    if len(found) > _FILES:
        yield f"- and {len(found) - _FILES} more"


def code(text: str) -> str:
    """Text as code of Markdown, on one line: no mention, no reference, no link and no HTML can come of it."""
    shown = _visible(text.replace("\n", "\\n")) or "(nothing)"
    shown = f"{shown[:_NAME]}..." if len(shown) > _NAME else shown
    fence = "`" * (1 + max(len(run) for run in re.findall("`*", shown)))
    pad = " " if fence != "`" or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _visible(text: str) -> str:
    """Text with what cannot be seen, or turns the text around, as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in readable(text))


def _plain(text: str) -> str:
    """Letters, digits and what is harmless beside them."""
    return re.sub(r"[^A-Za-z0-9._+/ -]", "-", text)[:80] or "nothing"


def _cut(body: str) -> str:
    """At most LIMIT characters, cut at the end of a line; each line stands for itself."""
    if len(body) < LIMIT:
        return body
    return body[: body.rfind("\n", 0, LIMIT - 30)] + "\n\n(cut off here)"
