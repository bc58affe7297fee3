"""Rules about files that differ from the template's."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, UncheckedError, Write
from new_ops_project.checks.template import file_states
from new_ops_project.checks.template.file_states import Compared, FileState


def drifted_template_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the template maintains and somebody edited or deleted."""
    for found in _compared(repo):
        yield from (_breach(repo, found, file) for file in found.drifted)


def drifted_own_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the project maintains and somebody edited, as intended, or deleted."""
    for found in _compared(repo):
        own = (file for file in found.states if file.is_drifted and not file.is_maintained)
        yield from (_breach(repo, found, file) for file in own)


def extra_files(repo: Repo) -> Iterator[Breach]:
    """Each file where the template would write one with other answers."""
    for file in (file for found in _compared(repo) for file in found.states if file.state == "extra"):
        yield Breach("With other answers, the template would write this file.", file.path)


def _compared(repo: Repo) -> list[Compared]:
    """The comparison with the template; [] where no template is recorded."""
    try:
        found = file_states.compared(repo)
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error
    except ProcessError as error:
        raise UncheckedError(f"git failed: {error.reason}") from error
    return [found] if found else []


def _breach(repo: Repo, found: Compared, file: FileState) -> Breach:
    entry, ours = found.reference.files[file.path], file_states.content(repo, file.path)
    version = found.reference.update.before.version
    select = "" if file.is_maintained else " --select OPS605"
    remedy = f"Restore the template's version: new-ops-project check {file.path} --fix{select}"
    fix = (Write(file.path, entry),)
    if ours is None:
        return Breach(f"Deleted here, but the template's {version} has it.", file.path, fix=fix, remedy=remedy)
    line, count = _difference(entry.content, ours)
    lines = f"{count} line{'s' * (count != 1)}"
    return Breach(f"Differs from the template's {version} in {lines}.", file.path, line, 1, fix=fix, remedy=remedy)


def _difference(theirs: bytes, ours: bytes) -> tuple[int, int]:
    """The first line of `ours` that differs, and the number of differing lines, on the side that has more."""
    before, after = (side.replace(b"\r\n", b"\n").splitlines() for side in (theirs, ours))
    codes = [code for code in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if code[0] != "equal"]
    if not codes:
        return max(len(after), 1), 1  # only the end of the last line differs
    count = sum(max(end - start, last - first) for _, start, end, first, last in codes)
    return min(codes[0][3] + 1, max(len(after), 1)), count
