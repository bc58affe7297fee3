"""A run of `template pins`: the comparison with upstream, then the new files."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import interrupts, reading
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.files import write_whole
from new_ops_project.base.progress import Progress
from new_ops_project.template.pins import pins_yml, upstream
from new_ops_project.template.pins.comparison import BROKEN, Kind, PinComparison, PinState
from new_ops_project.template.pins.upstream import PinFiles, UpstreamComparison, UpstreamQuery

_AFTER = (
    "Next: python -m pytest, a line in CHANGELOG.md, commit, git tag vX.Y.Z, git push --follow-tags",
    "docs/maintaining.md says how a change is tested and rolled out.",
)


@dataclass(frozen=True)
class PinsReport:
    """The pins of the template in `folder`, compared with upstream.

    `state` is current, behind, written or failed; `diffs` has a unified diff for each file that would change or has
    changed, by path; `steps` are sentences on what to do next.
    """

    folder: Path
    state: str
    pins: tuple[PinComparison, ...]
    diffs: Mapping[str, str]
    steps: tuple[str, ...] = ()

    @property
    def broken(self) -> list[PinComparison]:
        """The pins that could not be compared, or that are wrong."""
        return [pin for pin in self.pins if pin.state in BROKEN]

    def exit_code(self, *, check: bool) -> Exit:
        """The exit code: a source that failed counts more than a pin that is behind."""
        if self.broken:
            return Exit.FAILED
        return Exit.FINDINGS if check and self.state == "behind" else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        pins = [pin.as_json() for pin in self.pins]
        diff, steps = "".join(self.diffs.values()), list(self.steps)
        return {"path": str(self.folder), "state": self.state, "pins": pins, "diff": diff, "next": steps}


def run(folder: Path, query: UpstreamQuery, progress: Progress, *, write: bool = False) -> PinsReport:
    """Compare the pins of the template in `folder` with upstream; with `write`, write both files anew.

    Raises ToolError where there is no template, and for files that cannot be read or written.
    """
    git.require_on_path()
    folder = folder.absolute()
    pinned = upstream.read(folder)
    comparison = upstream.compare(pinned, query, progress)
    if any(pin.state in BROKEN for pin in comparison.pins):
        step = "Not everything could be compared" + (", so nothing was written." if write else ".")
        return PinsReport(folder, "failed", comparison.pins, {}, (step,))
    changed = _changed(pinned, comparison, query)
    if write and changed:
        if upstream.read(folder).texts != pinned.texts:
            raise ToolError("Somebody else changed the pins in the meantime; nothing was written.", "Run this again.")
        replace_all({folder / name: text for name, text in changed.items()})
    return _report(pinned, comparison, changed, write=write)


def _changed(pinned: PinFiles, comparison: UpstreamComparison, query: UpstreamQuery) -> dict[str, str]:
    """The new texts of the files that change when everything is brought up to date."""
    texts = dict(pinned.texts)
    if edits := [edit for pin in comparison.pins for edit in pin.edits]:
        is_whole = {Kind.ACTIONS, Kind.PYTHON} <= query.kinds
        texts[upstream.PINS] = pins_yml.edited(texts[upstream.PINS], edits, query.today if is_whole else None)
    if comparison.locks_text:
        texts[upstream.LOCKS] = comparison.locks_text
    return {name: text for name, text in texts.items() if text != pinned.texts[name]}


def replace_all(texts: Mapping[Path, str]) -> None:
    """Write all files, of which some may be new; raises ToolError when one cannot be written, and then restores all."""
    wanted = {path.resolve(): text for path, text in texts.items()}  # a rename would replace a symbolic link by a file
    before = {path: reading.read_if_there(path) for path in wanted}
    written: list[Path] = []
    try:
        with interrupts.deferred():
            for path, text in wanted.items():
                write_whole(path, text.encode())
                written.append(path)
    except OSError as error:
        for done in written:
            content = before[done]
            done.unlink() if content is None else write_whole(done, content)
        hint = "Nothing was written. Make its folder and the file writable, then run this again."
        raise ToolError(f"{path} cannot be written ({error.strerror}).", hint) from error


def _report(pinned: PinFiles, comparison: UpstreamComparison, changed: Mapping[str, str], *, write: bool) -> PinsReport:
    behind = [pin for pin in comparison.pins if pin.state is PinState.BEHIND]
    steps = tuple(f"By hand: {pin.name}, {pin.reason}. {pin.remedy}" for pin in behind if pin.remedy)
    diffs = {name: _diff(name, pinned.texts[name], text) for name, text in changed.items()}
    state = "behind" if behind else "current"
    if diffs:
        state, more = ("written", _AFTER) if write else (state, ("new-ops-project template pins --write",))
        steps += more
    return PinsReport(pinned.folder, state, comparison.pins, diffs, steps)


def _diff(name: str, before: str, after: str) -> str:
    """The change of one file, as git shows it."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = unified_diff(old, new, f"a/{name}", f"b/{name}", n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
