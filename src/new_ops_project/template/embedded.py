"""The git bundle of the template that the wheel carries.

Commit ids are the same on every machine: each released version becomes one commit with a fixed author and the date
of its tag, in the order of release, so that a later build only adds commits to those of an earlier one.
This file imports nothing but the standard library, because the build hook loads it without the package.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTENT = ("copier.yml", "templates")
CHANGELOG = "CHANGELOG.md"  # `update` quotes it; a template can do without
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
    """One version to embed: `ref` is a commit of the checkout, or None for the files in its work tree."""

    tag: str
    ref: str | None
    date: str


def pack(checkout: Path, version: str, bundle: Path) -> list[str]:
    """Write every released version of the template in `checkout` to `bundle`; return their tags.

    In a checkout without release tags, the files in the work tree become the version `v` + `version`.
    Raises subprocess.CalledProcessError when git fails.
    """
    releases = _tagged(checkout) or [EmbeddedRelease(f"v{version}", None, UNDATED)]
    bundle.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "repository")
        _git("init", "--quiet", "--initial-branch=main", str(repository), at=checkout)
        for release in releases:
            _commit(checkout, release, repository)
        complete = Path(folder, "bundle")
        _git("bundle", "create", "--quiet", str(complete), "HEAD", "main", "--tags", at=repository)
        shutil.copyfile(complete, bundle)
    return [release.tag for release in releases]


def _tagged(checkout: Path) -> list[EmbeddedRelease]:
    """The tags vX.Y.Z of the checkout whose commits have a template, oldest first."""
    if not (checkout / ".git").exists():
        return []
    fields = "%(refname:short)%09%(creatordate:raw)"  # the date of an annotated tag, otherwise that of its commit
    lines = _git("for-each-ref", f"--format={fields}", "refs/tags/v[0-9]*", at=checkout).splitlines()
    releases = [EmbeddedRelease(tag, tag, date) for tag, date in (line.split("\t") for line in lines)]
    releases = [release for release in releases if _has_template(checkout, release.tag)]
    return sorted(releases, key=lambda release: (int(release.date.split()[0]), _numbers(release.tag)))


def _has_template(checkout: Path, tag: str) -> bool:
    return set(_embeddable(checkout, tag)) >= set(CONTENT)


def _embeddable(checkout: Path, ref: str) -> list[str]:
    """The names of the files and folders of a commit that are embedded."""
    return _git("ls-tree", "--name-only", ref, "--", *CONTENT, CHANGELOG, at=checkout).split()


def _numbers(tag: str) -> list[int]:
    return [int(part) for part in tag[1:].split(".") if part.isdigit()]


def _commit(checkout: Path, release: EmbeddedRelease, repository: Path) -> None:
    """Commit the files of one release to `repository`, and tag the commit."""
    for name in (*CONTENT, CHANGELOG):
        _remove(repository / name)
    if release.ref is None:
        _copy(checkout, repository)
    else:
        # With an index and a work tree of their own, git writes the files elsewhere and leaves the checkout alone.
        elsewhere = {"GIT_WORK_TREE": str(repository), "GIT_INDEX_FILE": str(repository.with_name("index"))}
        names = _embeddable(checkout, release.ref)
        _git("checkout", "--force", "--quiet", release.ref, "--", *names, at=checkout, env=elsewhere)
    identity = {f"GIT_{role}_{name}": text for role in ("AUTHOR", "COMMITTER") for name, text in _AUTHOR.items()}
    identity |= {f"GIT_{role}_DATE": release.date for role in ("AUTHOR", "COMMITTER")}
    _git("add", "--all", "--force", at=repository)
    _git("commit", "--quiet", "--allow-empty", f"--message={release.tag}", at=repository, env=identity)
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
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", *_QUIET, *args)
    result = subprocess.run(command, cwd=at, env={**clean, **(env or {})}, check=True, capture_output=True, text=True)
    return result.stdout
