"""The runner of git, with short functions that ask git one question or have it do one thing."""

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import ProcessResult, run
from new_ops_project.git import confinement, special_files, trees

OLDEST = (2, 28)  # the first with `git init --initial-branch`

_DISTRUST = re.compile(r"(?:dubious ownership in repository at '|unsafe repository \(')(.+?)'", re.DOTALL)
_REFUSED_PATH = re.compile(r"^error: invalid path '(.+)'$", re.MULTILINE)
_REMEDY = re.compile(r"^\s*(git config --global --add safe\.directory .+)$", re.MULTILINE)

# For repositories of our own: the user's configuration must not sign, convert or hook into what we do there.
TEMPORARY = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "tag.gpgsign=false",
    "-c",
    "core.autocrlf=false",
    "-c",
    "core.safecrlf=false",
    "-c",
    "init.templateDir=",
    "-c",
    "gc.auto=0",
)


def git(
    *args: str,
    at: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    codes: tuple[int, ...] = (0,),
    filters: bool = False,
    hooks: bool = False,
) -> ProcessResult:
    """Run git with `args` in the folder `at`; raises ProcessError for an exit code that is not one of `codes`.

    No program runs that the repository's own settings name, except its `filters` or `hooks` where the caller says so.
    Raises ToolError, with git's own remedy, for a repository that git does not trust because another user owns it,
    for a special file that git waits for, and for a tree without a reasonable end.
    """
    try:
        command, variables = confined(at, env, filters=filters, hooks=hooks)
        obstacle = partial(_obstacle, command, variables, at or Path(), args)
        return run(*command, *args, cwd=at, env=variables, stdin=stdin, codes=codes, obstacle=obstacle)
    except ProcessError as error:
        require_trusted(error.stderr)
        if confinement.fetches_nothing(variables) and confinement.is_lacking(error.stderr):
            raise confinement.lacking(at or Path()) from error
        if match := _REFUSED_PATH.search(error.stderr):
            hint = "Give it another name in the template, or wherever it comes from."
            raise ToolError(f"git refuses the path {match[1]}.", hint) from error
        raise


def _obstacle(
    command: tuple[str, ...], variables: Mapping[str, str], at: Path, args: Iterable[str]
) -> ToolError | None:
    """Why a git that has not ended for a while never will, or should not."""
    return special_files.refusal(at) or trees.refusal(command, variables, at, args)


def confined(
    at: Path | None, env: Mapping[str, str] | None = None, *, filters: bool = False, hooks: bool = False
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Git, with the options and the environment variables that `git` runs it with."""
    folder, git_dir = at or Path(), (env or {}).get("GIT_DIR", "")
    options, variables = confinement.of(folder, git_dir, filters=filters, hooks=hooks)
    return ("git", *options), {**variables, **(env or {})}


def require_trusted(messages: str) -> None:
    """Raise ToolError if git's messages say that another user owns the repository (git-config(1), safe.directory)."""
    if match := _DISTRUST.search(messages):
        remedy = _REMEDY.search(messages)
        hint = remedy[1] if remedy else f"git config --global --add safe.directory {shlex.quote(match[1])}"
        raise ToolError(f"Git does not trust the repository at {match[1]}: another user owns it.", hint)


def ask(*args: str, at: Path, filters: bool = False) -> str:
    """What git prints in the folder `at`; '' where it fails, which for a question means that there is nothing."""
    try:
        return git(*args, at=at, filters=filters).text
    except ProcessError:
        return ""


def require() -> tuple[int, int]:
    """The version of git as (major, minor); raises ToolError when git is missing or too old."""
    require_on_path()
    output = git("--version").text
    match = re.search(r"(\d+)\.(\d+)", output)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    if version < OLDEST:
        need = ".".join(map(str, OLDEST))
        raise ToolError(f"git is too old: it says {output!r}, and {need} or newer is needed.", "Upgrade git.")
    return version


def require_on_path() -> None:
    """Raise ToolError when git is missing; unlike `require`, this does not run it."""
    if shutil.which("git") is None:
        raise ToolError("git was not found on PATH.", "Install git, then run this again.")


def toplevel(folder: Path) -> Path | None:
    """The root of the repository that `folder` is in, if it is in one."""
    if not any(os.path.lexists(above / ".git") for above in (folder.absolute(), *folder.absolute().parents)):
        return None  # git would say the same; this saves starting it
    root = ask("rev-parse", "--show-toplevel", at=folder)
    return Path(root) if root else None


def is_repository(path: Path) -> bool:
    """Whether `path` itself is the root of a repository, bare or not; copier tests it in the same way."""
    is_bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return is_bare or (path / ".git").exists()


def is_sound(repository: Path) -> bool:
    """Whether everything that the references of a repository reach is there, and as it was written."""
    try:
        git("fsck", "--no-dangling", "--no-progress", at=repository)
    except ProcessError:
        return False
    return True


def resolve(repository: Path, ref: str) -> str | None:
    """The id of the commit that `ref` names, if there is one."""
    return ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", at=repository) or None


def describe(repository: Path, commit: str, besides: Iterable[str] = ()) -> str:
    """The nearest tag with the distance from it, or the short id where there is none; no tag is one of `besides`."""
    return git("describe", "--tags", "--always", *(f"--exclude={tag}" for tag in besides), commit, at=repository).text


def tags(repository: Path) -> dict[str, str]:
    """Every tag of the repository that names a commit, with the commit's id; tags of other objects are left out."""
    row = "%(refname:lstrip=2)%09%(objecttype)%09%(objectname)%09%(*objecttype)%09%(*objectname)"
    rows = git("for-each-ref", f"--format={row}", "refs/tags", at=repository).stdout.decode().splitlines()
    commits = {}
    for tag, kind, object_id, peeled_kind, peeled_id in (line.split("\t") for line in rows):
        if "commit" in {kind, peeled_kind}:
            commits[tag] = object_id if kind == "commit" else peeled_id
    return commits


def extract(repository: Path, ref: str, into: Path, *paths: str) -> None:
    """Write the files of `ref` (only `paths`, if given) below the existing folder `into`.

    This is a checkout with an index of its own: `git archive` would apply the export attributes of the repository.
    """
    index = into.with_name(f"{into.name}.index")
    env = {"GIT_WORK_TREE": str(into), "GIT_INDEX_FILE": str(index)}
    try:
        git(
            *TEMPORARY,
            "checkout",
            "--force",
            "--quiet",
            ref,
            "--",
            *(paths or (".",)),
            at=repository,
            env=env,
        )
    finally:
        index.unlink(missing_ok=True)


def remote_url(repository: Path, name: str = "origin") -> str:
    """The URL of a remote, or '' if there is no such remote."""
    return ask("remote", "get-url", name, at=repository)


def ignored(folder: Path, paths: list[str], *options: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Those of `paths` (relative to `folder`) that git ignores there. `options`: of git itself, before the command."""
    names = b"\0".join(map(os.fsencode, paths))
    command = (*options, "check-ignore", "-z", "--stdin", "--no-index")
    output = git(*command, at=folder, env=env, stdin=names, codes=(0, 1)).stdout
    return [os.fsdecode(path) for path in output.split(b"\0") if path]


def hiding_rule(folder: Path, path: str, *options: str) -> str:
    """The ignore rule that hides `path` in `folder`, as `FILE:LINE (RULE)`; '' if none does. `options`: as above."""
    command = ("check-ignore", "-z", "--stdin", "--verbose", "--no-index")
    fields = git(*options, *command, at=folder, stdin=os.fsencode(path), codes=(0, 1)).stdout.split(b"\0")
    file, line, rule, *_ = map(os.fsdecode, (*fields, b"", b""))
    return f"{file}:{line} ({rule})" if rule else ""


def worktree_of(repository: Path, branch: str) -> str:
    """The work tree of the repository in which `branch` is checked out, or ''."""
    ref = f"refs/heads/{branch}"
    return git("for-each-ref", "--format=%(worktreepath)", ref, at=repository).text.partition("\n")[0]


def is_ancestor(repository: Path, older: str, newer: str) -> bool:
    """Whether the commit `older` is `newer` itself or one of its ancestors; False where either is of elsewhere."""
    return not git("merge-base", "--is-ancestor", older, newer, at=repository, codes=(0, 1, 128)).exit_code


def commit_subjects(repository: Path, span: str) -> list[str]:
    """The subjects of the commits in `span` (gitrevisions(7)) without merges, newest first, at most twenty."""
    return git("log", "--no-merges", "--max-count=20", "--format=%s", span, at=repository).text.splitlines()


def stage(repository: Path, paths: list[str]) -> None:
    """Stage `paths` (from the root) as they are in the work tree, also removals and files outside a sparse checkout.

    Line ends are converted as the user has configured it, without a refusal (core.safecrlf), and filters apply.
    """
    names = b"\0".join(map(os.fsencode, paths))
    command = ("-c", "core.safecrlf=false", "update-index", "--add", "--remove", "-z", "--stdin")
    git(*command, at=repository, stdin=names, filters=True)
