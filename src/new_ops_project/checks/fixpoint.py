"""Fixes are applied to files in memory, round by round, until no rule has another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from new_ops_project.base.finding import Finding
from new_ops_project.checks import engine
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Edit, Fix, Rule, Write
from new_ops_project.git.tree import Entry

_ROUNDS = 8  # a fix can uncover another; two rules that undo each other must come to an end


@dataclass(frozen=True)
class FixedFiles:
    """What files become, by path (the mode is '' where it stays), what that mends, and files that may not change."""

    files: Mapping[str, Entry]
    fixed: tuple[Finding, ...]
    blocked: tuple[str, ...]


def mended(repo: Repo, rules: Sequence[Rule], may_change: Callable[[str], bool]) -> FixedFiles:
    """Apply the fixes of these rules; one that touches a file that may not change is left out."""
    changed: dict[str, Entry] = {}
    done: list[Finding] = []
    blocked: set[str] = set()
    for _ in range(_ROUNDS):
        found = [one for one in engine.run(repo, rules).found if one.fix]
        blocked |= {path for one in found for path in _paths(one.fix) if not may_change(path)}
        now, finished = _round(repo, [one for one in found if not blocked & _paths(one.fix)], changed)
        if not finished:
            break
        changed.update(now)
        done += finished
        repo = repo.mended({path: entry.content for path, entry in now.items()})
    return FixedFiles(changed, tuple(done), tuple(sorted(blocked)))


def _paths(fix: Fix) -> set[str]:
    return {step.path for step in fix}


def _round(
    repo: Repo, found: Sequence[engine.FixableFinding], before: Mapping[str, Entry]
) -> tuple[dict[str, Entry], list[Finding]]:
    """Apply every fix that does not touch a line, or a file, which another one of this round has changed."""
    edits: dict[str, list[Edit]] = {}
    whole: dict[str, Entry] = {}
    done = []
    for one in found:
        if any(_is_taken(step, edits, whole) or not _fits(step, repo) for step in one.fix):
            continue
        for step in one.fix:
            if isinstance(step, Write):
                whole[step.path] = step.entry
            else:
                edits.setdefault(step.path, []).append(step)
        done.append(one.finding)
    now = {path: Entry(_mode(path, before), edited(repo.files[path], steps)) for path, steps in edits.items()}
    return {**now, **whole}, done


def _mode(path: str, before: Mapping[str, Entry]) -> str:
    """The mode that the file got in an earlier round, '' for the one that it has."""
    return before[path].mode if path in before else ""


def _is_taken(step: Edit | Write, edits: Mapping[str, Sequence[Edit]], whole: Mapping[str, Entry]) -> bool:
    if step.path in whole:
        return True
    others = edits.get(step.path, ())
    return bool(others) if isinstance(step, Write) else any(_lines(step) & _lines(other) for other in others)


def _fits(step: Edit | Write, repo: Repo) -> bool:
    """Whether it can be applied: not to a line whose bytes are no UTF-8, which rules see with other letters."""
    try:
        return isinstance(step, Write) or edited(repo.files[step.path], [step]) is not None
    except ValueError:
        return False


def _lines(edit: Edit) -> set[int]:
    return set(range(edit.line, edit.line + edit.old.count("\n") + 1))


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with its edits, which share no line; all other lines stay byte for byte, line ends included.

    Raises ValueError for an edit whose `old` does not stand where it says.
    """
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    lines = content.removeprefix(mark).split(b"\n")
    for edit in sorted(edits, key=lambda edit: edit.line, reverse=True):
        start, end = edit.line - 1, edit.line + edit.old.count("\n")
        lines[start:end] = _edited(lines[start:end], edit, is_dos=b"\r\n" in content)
    return mark + b"\n".join(lines)


def _edited(lines: list[bytes], edit: Edit, *, is_dos: bool) -> list[bytes]:
    """The lines of one edit; the last one ends as it did, those before it as the file's do."""
    text = "\n".join(line.removesuffix(b"\r").decode() for line in lines)
    start = edit.column - 1
    if text[start : start + len(edit.old)] != edit.old:
        raise ValueError(f"{edit.path}:{edit.line}:{edit.column} does not hold {edit.old!r}")
    *first, last = (text[:start] + edit.new + text[start + len(edit.old) :]).encode().split(b"\n")
    return [*(line + b"\r" * is_dos for line in first), last + b"\r" * lines[-1].endswith(b"\r")]
