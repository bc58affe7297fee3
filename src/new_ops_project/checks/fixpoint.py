"""The fixed point of the rules' fixes: applied to files in memory, round by round, until none is left."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from new_ops_project.base.finding import Finding
from new_ops_project.checks import engine
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Edit, Fix, Rule, Write
from new_ops_project.git.tree import Entry

# One fix can reveal the need for another; the limit ends the rounds when two rules undo each other's fixes.
_ROUNDS = 8


@dataclass(frozen=True)
class FixedFiles:
    """The new content of files by path, and the findings that it fixes.

    The mode of an entry is '' where it stays. `blocked` has the files that a fix would change but that may not change.
    """

    files: Mapping[str, Entry]
    fixed: tuple[Finding, ...]
    blocked: tuple[str, ...]


def fixed_files(
    repo: Repo,
    rules: Sequence[Rule],
    may_change: Callable[[str], bool],
    applies: Callable[[Finding], bool] = lambda _: True,
) -> FixedFiles:
    """Apply the fixes of findings where that `applies`; one that touches a file that may not change is left out."""
    changed: dict[str, Entry] = {}
    done: list[Finding] = []
    blocked: set[str] = set()
    for _ in range(_ROUNDS):
        fixable = [result for result in engine.run(repo, rules).results if result.fix and applies(result.finding)]
        blocked |= {path for result in fixable for path in _paths(result.fix) if not may_change(path)}
        now, fixed = _round(repo, [result for result in fixable if not blocked & _paths(result.fix)], changed)
        if not fixed:
            break
        changed.update(now)
        done += fixed
        repo = repo.with_changes({path: entry.content for path, entry in now.items()})
    return FixedFiles(changed, tuple(done), tuple(sorted(blocked)))


def _paths(fix: Fix) -> set[str]:
    return {step.path for step in fix}


def _round(
    repo: Repo, fixable: Sequence[engine.FixableFinding], before: Mapping[str, Entry]
) -> tuple[dict[str, Entry], list[Finding]]:
    """Apply every fix that touches no line and no whole file that an earlier fix of this round has changed."""
    edits: dict[str, list[Edit]] = {}
    whole: dict[str, Entry] = {}
    fixed = []
    for result in fixable:
        if any(_is_taken(step, edits, whole) or not _fits(step, repo) for step in result.fix):
            continue
        for step in result.fix:
            if isinstance(step, Write):
                whole[step.path] = step.entry
            else:
                edits.setdefault(step.path, []).append(step)
        fixed.append(result.finding)
    now = {path: Entry(_mode(path, before), edited(repo.files[path], steps)) for path, steps in edits.items()}
    return {**now, **whole}, fixed


def _mode(path: str, before: Mapping[str, Entry]) -> str:
    """The mode that an earlier round gave the file; '' to keep the one that it has."""
    return before[path].mode if path in before else ""


def _is_taken(step: Edit | Write, edits: Mapping[str, Sequence[Edit]], whole: Mapping[str, Entry]) -> bool:
    if step.path in whole:
        return True
    others = edits.get(step.path, ())
    return bool(others) if isinstance(step, Write) else any(_lines(step) & _lines(other) for other in others)


def _fits(step: Edit | Write, repo: Repo) -> bool:
    """Whether the step applies: a whole file has to keep each line of the one that is there.

    A line that is not UTF-8 cannot be edited, since rules see replacement characters.
    """
    if isinstance(step, Write):
        return step.path not in repo.paths or _keeps(repo.files.get(step.path), step.entry.content)
    try:
        return edited(repo.files[step.path], [step]) is not None
    except ValueError:
        return False


def _keeps(before: bytes | None, after: bytes) -> bool:
    """Whether every line is still there, in the same order; not where there is something else than a text."""
    left = iter(after.splitlines())
    return before is not None and all(line in left for line in before.splitlines())


def _lines(edit: Edit) -> set[int]:
    return set(range(edit.line, edit.line + edit.old.count("\n") + 1))


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content after `edits`, which never share a line; all other bytes stay, line ends included.

    Raises ValueError if an edit's `old` is not at its place.
    """
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    lines = content.removeprefix(mark).split(b"\n")
    # From the last line up, so that an edit does not move the lines of those that follow.
    for edit in sorted(edits, key=lambda edit: edit.line, reverse=True):
        start, end = edit.line - 1, edit.line + edit.old.count("\n")
        lines[start:end] = _edited(lines[start:end], edit, is_dos=b"\r\n" in content)
    return mark + b"\n".join(lines)


def _edited(lines: list[bytes], edit: Edit, *, is_dos: bool) -> list[bytes]:
    """The new lines of one edit: the last one keeps its line end, the others get the line end of the file."""
    text = "\n".join(line.removesuffix(b"\r").decode() for line in lines)
    start = edit.column - 1
    if text[start : start + len(edit.old)] != edit.old:
        raise ValueError(f"{edit.path}:{edit.line}:{edit.column} does not hold {edit.old!r}")
    *first, last = (text[:start] + edit.new + text[start + len(edit.old) :]).encode().split(b"\n")
    return [*(line + b"\r" * is_dos for line in first), last + b"\r" * lines[-1].endswith(b"\r")]
