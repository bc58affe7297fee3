"""Rules about files that differ from the template's."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, UncheckedError, Write
from new_ops_project.checks.template import file_states, reference
from new_ops_project.checks.template.file_states import FileState


def drifted_template_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the template maintains and somebody edited or deleted."""
    yield from (_breach(repo, file) for file in file_states.drifted(_states_or_unchecked(repo)))


def drifted_own_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the project maintains and somebody edited, as intended, or deleted."""
    own = (file for file in _states_or_unchecked(repo) if not file.is_maintained)
    yield from (_breach(repo, file) for file in own if file.state in {"edited", "deleted"})


def extra_files(repo: Repo) -> Iterator[Breach]:
    """Each file where the template would write one with other answers."""
    for file in _states_or_unchecked(repo):
        if file.state == "extra":
            yield Breach("With other answers, the template would write this file.", file.path)


def _states_or_unchecked(repo: Repo) -> tuple[FileState, ...]:
    try:
        return file_states.states(repo)
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error
    except ProcessError as error:
        raise UncheckedError(f"git failed: {error.reason}") from error


def _breach(repo: Repo, state: FileState) -> Breach:
    recorded = file_states.former(repo) or reference.of(repo)
    entry, ours = recorded.files[state.path], file_states.content(repo, state.path)
    version = recorded.update.before.version
    select = "" if state.is_maintained else " --select OPS605"
    remedy = f"Restore the template's version: new-ops-project check {state.path} --fix{select}"
    fix = (Write(state.path, entry),)
    if ours is None:
        return Breach(f"Deleted here, but the template's {version} has it.", state.path, fix=fix, remedy=remedy)
    line, count = _difference(entry.content, ours)
    lines = f"{count} line{'s' * (count != 1)}"
    return Breach(f"Differs from the template's {version} in {lines}.", state.path, line, 1, fix=fix, remedy=remedy)


def _difference(theirs: bytes, ours: bytes) -> tuple[int, int]:
    """The first line of `ours` that differs, and the number of differing lines, on the side that has more."""
    before, after = (side.replace(b"\r\n", b"\n").splitlines() for side in (theirs, ours))
    codes = [code for code in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if code[0] != "equal"]
    if not codes:
        return max(len(after), 1), 1  # only the end of the last line differs
    count = sum(max(end - start, last - first) for _, start, end, first, last in codes)
    return min(codes[0][3] + 1, max(len(after), 1)), count
