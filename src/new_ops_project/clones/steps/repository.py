"""The steps of a clone's repository: git, identity, remotes, hooks."""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import masking, paths, process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.clones import hooks
from new_ops_project.clones.clone import Clone
from new_ops_project.clones.run import Run
from new_ops_project.clones.step import Seen
from new_ops_project.git import identity, remotes, urls
from new_ops_project.template import answers_file, sources


def look_git(_clone: Clone) -> Iterator[Seen]:
    """Git is there, and new enough."""
    try:
        yield Seen(".".join(map(str, git.require())))
    except ToolError as error:
        yield Seen(error.message, Severity.ERROR, error.hint)


def look_identity(clone: Clone) -> Iterator[Seen]:
    """Commits have an author."""
    if not shutil.which("git"):
        return
    if author := identity.author(clone.folder):
        yield Seen(str(author))
    else:
        yield Seen("git has no name and e-mail address to commit with", Severity.WARNING, identity.REMEDY)


def look_remote(clone: Clone) -> Iterator[Seen]:
    """The remote answers."""
    if not shutil.which("git"):
        return
    if clone.repository is None:
        yield Seen(f"{clone.folder} is not in a git repository", Severity.INFO, "git init, or clone it")
    elif url := git.remote_url(clone.folder):
        yield _asked(clone.folder, url, url, f"git -C {shlex.quote(str(clone.folder))} ls-remote origin")
    else:
        yield Seen("there is no remote `origin` yet")


def look_template(clone: Clone) -> Iterator[Seen]:
    """Each recorded template is on this machine, or answers."""
    files = answers_file.answers_files(clone.folder) if shutil.which("git") else []
    for file in files:
        if location := answers_file.source(clone.folder / file):
            yield _seen_template(location, f" --answers-file {shlex.quote(file)}" if len(files) > 1 else "")


def _seen_template(location: str, option: str) -> Seen:
    address = masking.masked(location)
    if sources.is_embedded(location):
        return Seen("embedded; it comes with the tool")
    if "://" in location or "::" in location or urls.is_short_address(location):
        return _asked(None, location, location, f"git ls-remote {address.removeprefix('git+')}")
    path = paths.expanded(location)
    if git.is_repository(path):
        return _asked(None, location, str(path), f"git ls-remote {shlex.quote(str(path))}")
    if path.exists():
        return Seen(f"{address} is there")
    remedy = f"new-ops-project update{option} --template SOURCE, with its current location"
    return Seen(f"{address} is not on this machine", Severity.WARNING, remedy)


def _asked(at: Path | None, name: str, url: str, command: str) -> Seen:
    """Whether the repository at `url` answers, asked as the clone `at` is set to; `command` asks it by hand."""
    try:
        why = remotes.why_silent(at, urls.full_address(url))
    except ToolError as error:
        return Seen(error.message, Severity.WARNING, error.hint)
    if why:
        remedy = f"Check the network and your access: {command}"
        return Seen(f"{masking.masked(name)}: {why}", Severity.WARNING, remedy)
    return Seen(f"{masking.masked(name)} answers")


def look_hooks(clone: Clone) -> Iterator[Seen]:
    """Pre-commit's hooks are installed, if they are configured."""
    present = hooks.read_hooks(clone.folder)
    if not present.is_configured:
        return
    if present.missing and present.path:
        message = f"core.hooksPath is {present.path}, so pre-commit's hooks do not run"
        remedy = "git config --unset core.hooksPath, if you do not need it"
        yield Seen(message, Severity.WARNING, remedy, hooks.CONFIG)
    elif present.missing:
        message = f"pre-commit's {', '.join(present.missing)} hook is not installed"
        yield Seen(message, Severity.WARNING, ".venv/bin/pre-commit install", hooks.CONFIG)
    else:
        yield Seen("pre-commit runs before each commit")


def install_hooks(run: Run) -> str:
    """Run `pre-commit install`, which keeps the hooks of others, and refuses where core.hooksPath is set."""
    present = hooks.read_hooks(run.clone.folder)
    program = run.clone.venv.command("pre-commit")
    if present.path:
        raise ToolError(f"core.hooksPath is {present.path}, and pre-commit installs nothing there")
    if program is None and not shutil.which("pre-commit"):
        raise ToolError(f"pre-commit is neither in .venv nor on PATH; {hooks.CONFIG} needs it")
    command = f"{'.venv/bin/' if program else ''}pre-commit install"
    run.start(command)
    try:
        process.run(str(program or "pre-commit"), "install", cwd=run.clone.folder)
    except ProcessError as error:
        raise ToolError(f"{command} failed: {error.reason}") from error
    others = f"; the hook that was there, {', '.join(present.others)}, still runs" if present.others else ""
    return f"pre-commit runs before each commit{others}"
