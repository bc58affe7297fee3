"""Questions and acts on one git repository."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, ProcessResult, run

OLDEST = (2, 28)  # `git init --initial-branch`

# A repository that is ours and thrown away: nothing of the user's configuration may act on it.
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
) -> ProcessResult:
    """Run git with `args` in the folder `at`; raises ProcessError for an exit code that is not one of `codes`."""
    return run("git", *args, cwd=at, env=env, stdin=stdin, codes=codes)


def require() -> tuple[int, int]:
    """The version of git as (major, minor); raises ToolError when there is none or it is too old."""
    try:
        said = git("--version").text
    except ProcessError as error:
        raise ToolError("git was not found on PATH.", "Install git, then run this again.") from error
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST:
        need = ".".join(map(str, OLDEST))
        raise ToolError(f"git is too old: it says {said!r}, and {need} or newer is needed.", "Upgrade git.")
    return version


def require_on_path() -> None:
    """Raise ToolError when there is no git; unlike `require`, without starting one."""
    if shutil.which("git") is None:
        raise ToolError("git was not found on PATH.", "Install git, then run this again.")


def has_identity(at: Path) -> bool:
    """Whether commits in `at` would have an author that somebody chose, rather than one that git guessed."""
    try:
        git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", at=at)
        git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", at=at)
    except ProcessError:
        return False
    return True


def config_values(*keys: str) -> dict[str, str]:
    """The values of `keys` in the user's git configuration, those that have one, in one question."""
    named = "|".join(re.escape(key) for key in keys)
    said = git("config", "--null", "--get-regexp", f"^({named})$", codes=(0, 1)).text
    return dict(line.split("\n", 1) for line in said.split("\0") if "\n" in line)


def config_boolean(at: Path, key: str) -> str:
    """The value of the boolean `key` as it holds in the repository `at`: true, false or ''."""
    try:
        return git("config", "--type=bool", "--get", key, at=at).text
    except ProcessError:
        return ""


def toplevel(folder: Path) -> Path | None:
    """The root of the repository that `folder` is in, if it is in one."""
    if not any(os.path.lexists(above / ".git") for above in (folder.absolute(), *folder.absolute().parents)):
        return None  # as git would say, without asking it
    try:
        return Path(git("rev-parse", "--show-toplevel", at=folder).text)
    except ProcessError:
        return None


def is_repository(path: Path) -> bool:
    """Whether `path` itself is the root of a repository, bare or not (as copier decides it)."""
    if (path / ".git").exists():
        return True
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def resolve(repository: Path, ref: str) -> str | None:
    """The commit id (40 hex digits) that `ref` names, if it names one."""
    try:
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", at=repository).text
    except ProcessError:
        return None


def resolve_object(repository: Path, name: str) -> str:
    """The id of the object that `name` (gitrevisions(7)) names; raises ProcessError when there is none."""
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", name, at=repository).text


def describe(repository: Path, commit: str) -> str:
    """What copier records as `_commit`: the tag, or the nearest tag and distance, or the short id."""
    return git("describe", "--tags", "--always", commit, at=repository).text


def tags(repository: Path) -> dict[str, str]:
    """Every tag of the repository that names a commit, with the commit's id."""
    shape = "%(refname:short)%09%(objecttype)%09%(objectname)%09%(*objecttype)%09%(*objectname)"
    listed = git("for-each-ref", f"--format={shape}", "refs/tags", at=repository).stdout.decode().splitlines()
    found = {}
    for tag, kind, plain, peeled_kind, peeled in (line.split("\t") for line in listed):
        if "commit" in {kind, peeled_kind}:
            found[tag] = plain if kind == "commit" else peeled
    return found


def extract(repository: Path, ref: str, into: Path, *paths: str) -> None:
    """Write the files of `ref` (only `paths`, if given) below the existing folder `into`.

    A checkout with an index of its own rather than `git archive`, whose export attributes would change files.
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
    """The URL of a remote, or ''."""
    try:
        return git("remote", "get-url", name, at=repository).text
    except ProcessError:
        return ""


def ignored(folder: Path, paths: list[str], *options: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Those of `paths` (from `folder`) that the ignore rules there keep out."""
    asked = b"\0".join(map(os.fsencode, paths))
    command = (*options, "check-ignore", "-z", "--stdin", "--no-index")
    said = git(*command, at=folder, env=env, stdin=asked, codes=(0, 1)).stdout
    return [os.fsdecode(path) for path in said.split(b"\0") if path]


def worktree_of(repository: Path, branch: str) -> str:
    """The work tree in which `branch` is checked out, of all that share the repository, or ''."""
    ref = f"refs/heads/{branch}"
    return git("for-each-ref", "--format=%(worktreepath)", ref, at=repository).text.partition("\n")[0]


def is_ancestor(repository: Path, older: str, newer: str) -> bool:
    """Whether the commit `older` is `newer` or one of those before it."""
    return not git("merge-base", "--is-ancestor", older, newer, at=repository, codes=(0, 1)).code


def commit_subjects(repository: Path, span: str) -> list[str]:
    """The first line of each commit message in `span` (gitrevisions(7)), newest first, at most twenty."""
    return git(
        "log", "--no-show-signature", "--no-merges", "--max-count=20", "--format=%s", span, at=repository
    ).text.splitlines()


def stage(repository: Path, paths: list[str]) -> None:
    """Stage `paths` (from the root) as they are in the work tree, removed ones and those out of sight too."""
    names = b"\0".join(map(os.fsencode, paths))
    git("update-index", "--add", "--remove", "-z", "--stdin", at=repository, stdin=names)
