"""The migrations of a template that wait for `--continue`, because the update that they follow has conflicts.

They run in a checkout of what is staged. Their result is recorded in the journal before anything is written, so a run
that is killed meanwhile is completed by the next one, which does not run them again. Neither the template nor its
address is needed: the journal has what they use of it.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.masking import MASK
from new_ops_project.git import journal, scratch_checkout
from new_ops_project.git.journal import Change
from new_ops_project.git.tree import Entry
from new_ops_project.git.worktree import Repository
from new_ops_project.plan import wording
from new_ops_project.plan.apply import TEMPLATE
from new_ops_project.template import command_runner, command_setting


def run_left(repository: Repository, change: Change) -> Change:
    """Run the migrations that a change has left, if any, and stage what they changed.

    Raises ToolError, with nothing changed, when one fails, when something that is not staged is in the way, and when a
    file cannot be written.
    """
    left = change.about.get("left", {})
    if "commands" in left and not left.get("rows"):
        change = _decided(repository, change)
    if rows := change.about.get("left", {}).get("rows"):
        try:
            _write(repository, rows)
        except (OSError, ProcessError) as error:
            raise _taken_back(repository, change, error) from error
        change = journal.noted(change, rows, {**change.about, "left": {}})
    return change


def _taken_back(repository: Repository, change: Change, error: OSError | ProcessError) -> ToolError:
    """Restore what the migrations have replaced; the error that says why, and what there is of it now."""
    left, reason = change.about["left"], _reason(error)
    try:
        _write(repository, left["before"], replaced=change.after)
        journal.noted(change, (), {**change.about, "left": {**left, "rows": {}}})
    except (OSError, ProcessError) as failure:
        message = f"{reason}\nTaking back what was written of the migrations failed too: {_reason(failure)}"
        return ToolError(message, f"Fix that, then: {wording.command(change, '--abort')}")
    message = f"What the migrations of the template changed cannot be written: {reason}"
    return ToolError(
        message, f"Your files are as you resolved them. Fix that, then: {wording.command(change, '--continue')}"
    )


def _reason(error: OSError | ProcessError) -> str:
    return error.reason if isinstance(error, ProcessError) else str(error)


def _decided(repository: Repository, change: Change) -> Change:
    """The change with the result of its migrations recorded: mode and blob by path, '' for a file that is gone."""
    left, root = change.about["left"], repository.root
    tree, prefix = git.git("write-tree", at=root).text, left["prefix"]

    def run(checkout: Path) -> None:
        project, source = checkout / prefix, checkout.with_name(f"{checkout.name}.template")
        if command_setting.SOURCE in str(left["commands"]):
            shutil.copytree(change.folder / TEMPLATE, source, symlinks=True)
        commands = [_placed(command, project, source) for command in left["commands"]]
        command_runner.run_evaluated(commands, project, left["template"])

    changed = scratch_checkout.changed_by(run, repository, tree, head=change.about["head"], prefix=prefix)
    own = {f"{prefix}{path}": entry for path, entry in changed.items()}
    _require_free(root, own)
    rows = {path: _blob(root, entry) for path, entry in own.items()}
    before = dict.fromkeys(rows, "") | {path: row for path, row in _staged(root) if path in rows}
    left = {**left, "rows": rows, "before": before}
    return journal.noted(change, rows, {**change.about, "left": left})


def _placed(row: dict[str, Any], project: Path, source: Path) -> command_setting.EvaluatedCommand:
    """A command of the journal for the folder in which it runs and that of the template.

    Raises ToolError for one with a secret answer, which no journal keeps.
    """

    def text(value: str) -> str:
        return value.replace(command_setting.ANYWHERE, str(project)).replace(command_setting.SOURCE, str(source))

    command = row["command"]
    if MASK in str(command):
        message = f"A migration of the template needs the answer to a secret question, which is not kept: {command}"
        raise ToolError(message, "Run it yourself with that answer, then commit everything (git commit).")
    line = text(command) if isinstance(command, str) else [text(part) for part in command]
    return command_setting.EvaluatedCommand(row["kind"], line, text(row["folder"]), row["environment"])


def _require_free(root: Path, changed: dict[str, Entry | None]) -> None:
    """Raise ToolError where the work tree has something else than what is staged."""
    edited = git.git("diff-files", "--name-only", "-z", at=root, filters=True).stdout.split(b"\0")
    tracked = git.git("ls-files", "--cached", "-z", at=root).stdout.split(b"\0")
    for path in changed:
        name = os.fsencode(path)
        if name in edited or (name not in tracked and os.path.lexists(root / path)):
            message = f"A migration of the template changes {path}, which has changes that are not staged here."
            raise ToolError(message, f"Stage it (git add {path}) or move it elsewhere; then run --continue again.")


def _blob(root: Path, entry: Entry | None) -> str:
    if entry is None:
        return ""
    blob = git.git("hash-object", "-w", "--stdin", at=root, stdin=entry.content).text
    return f"{entry.mode} {blob}"


def _staged(root: Path) -> Iterator[tuple[str, str]]:
    """Each path of the index with its mode and blob."""
    for line in git.git("ls-files", "--stage", "-z", at=root).stdout.split(b"\0")[:-1]:
        about, _, path = os.fsdecode(line).partition("\t")
        yield path, about.rpartition(" ")[0]


def _write(repository: Repository, rows: dict[str, str], replaced: Mapping[str, str] | None = None) -> None:
    """Put files that are in the repository already in the index and the work tree; may be repeated.

    `replaced`: the digests of the files that have to be in the work tree at the end; one that is so stays untouched.
    Raises OSError or ProcessError for what cannot be written.
    """
    root = repository.root
    done = {path for path, known in (replaced or {}).items() if journal.digest_below(root, path) == known}
    gone = [path for path, row in rows.items() if not row]
    for path in (path for path in gone if path not in done):
        (root / path).unlink(missing_ok=True)
        journal.remove_empty_parents((root / path).parent, root)
    lines = b"".join(os.fsencode(f"{row}\t{path}") + b"\0" for path, row in rows.items() if row)
    git.stage(root, gone)
    git.git("update-index", "-z", "--index-info", at=root, stdin=lines)
    names = b"".join(os.fsencode(path) + b"\0" for path, row in rows.items() if row and path not in done)
    git.git("checkout-index", "--force", "--quiet", "-u", "-z", "--stdin", at=root, stdin=names, filters=True)
