"""The template as a git bundle: made when the wheel is built, unpacked where the tool runs.

Commit ids are the same on every machine: each released version becomes one commit with a fixed author and the date
of its tag, in the order of their release, so that a later build only adds to what an earlier one made.
Standard library only, and nothing of the package: the build hook loads this file by itself.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTENT = ("copier.yml", "templates")
CHANGELOG = "CHANGELOG.md"  # what `update` quotes; a template may do without
UNDATED = "946684800 +0000"  # 2000-01-01, for a version that no tag dates

_AUTHOR = {"NAME": "new-ops-project", "EMAIL": "new-ops-project@localhost"}
_QUIET = (
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


@dataclass(frozen=True)
class EmbeddedRelease:
    """One version to embed: `ref` is a commit of the checkout, or None for the files as they lie there."""

    tag: str
    ref: str | None
    date: str


def pack(checkout: Path, version: str, bundle: Path) -> list[str]:
    """Write every released version of the template in `checkout` to `bundle`; return their tags.

    A checkout without release tags yields its files as they are, as `v` + `version`.
    Raises subprocess.CalledProcessError when git fails.
    """
    releases = _tagged(checkout) or [EmbeddedRelease(f"v{version}", None, UNDATED)]
    bundle.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "repository")
        _git("init", "--quiet", "--initial-branch=main", str(repository), at=checkout)
        for release in releases:
            _commit(checkout, release, repository)
        made = Path(folder, "bundle")
        _git("bundle", "create", "--quiet", str(made), "HEAD", "main", "--tags", at=repository)
        shutil.copyfile(made, bundle)
    return [release.tag for release in releases]


def _tagged(checkout: Path) -> list[EmbeddedRelease]:
    """The tags vX.Y.Z of the checkout whose commits hold a template, oldest first."""
    if not (checkout / ".git").exists():
        return []
    shape = "%(refname:short)%09%(creatordate:raw)"  # the tag's own date, or its commit's where it has none
    listed = _git("for-each-ref", f"--format={shape}", "refs/tags/v[0-9]*", at=checkout).splitlines()
    found = [EmbeddedRelease(tag, tag, date) for tag, date in (line.split("\t") for line in listed)]
    found = [release for release in found if _holds_template(checkout, release.tag)]
    return sorted(found, key=lambda release: (int(release.date.split()[0]), _numbers(release.tag)))


def _holds_template(checkout: Path, tag: str) -> bool:
    return set(_held(checkout, tag)) >= set(CONTENT)


def _held(checkout: Path, ref: str) -> list[str]:
    """What there is to embed of a commit."""
    return _git("ls-tree", "--name-only", ref, "--", *CONTENT, CHANGELOG, at=checkout).split()


def _numbers(tag: str) -> list[int]:
    return [int(part) for part in tag[1:].split(".") if part.isdigit()]


def _commit(checkout: Path, release: EmbeddedRelease, repository: Path) -> None:
    """Make the files of one release the next commit of `repository`, with its tag."""
    for name in (*CONTENT, CHANGELOG):
        _remove(repository / name)
    if release.ref is None:
        _copy(checkout, repository)
    else:
        where = {"GIT_WORK_TREE": str(repository), "GIT_INDEX_FILE": str(repository.with_name("index"))}
        names = _held(checkout, release.ref)
        _git("checkout", "--force", "--quiet", release.ref, "--", *names, at=checkout, env=where)
    dated = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _AUTHOR.items()}
    dated |= {f"GIT_{who}_DATE": release.date for who in ("AUTHOR", "COMMITTER")}
    _git("add", "--all", "--force", at=repository)
    _git("commit", "--quiet", "--allow-empty", f"--message={release.tag}", at=repository, env=dated)
    _git("tag", release.tag, at=repository)


def _copy(checkout: Path, into: Path) -> None:
    shutil.copy2(checkout / "copier.yml", into / "copier.yml")
    if (checkout / CHANGELOG).is_file():
        shutil.copy2(checkout / CHANGELOG, into / CHANGELOG)
    shutil.copytree(checkout / "templates", into / "templates", ignore=shutil.ignore_patterns("__pycache__", ".*.sw?"))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _git(*args: str, at: Path, env: Mapping[str, str] | None = None) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", *_QUIET, *args)
    done = subprocess.run(command, cwd=at, env={**kept, **(env or {})}, check=True, capture_output=True, text=True)
    return done.stdout
