"""The git bundle of the template that the wheel carries.

Commit ids are the same on every machine: each released version becomes one commit with a fixed author and the date
of its tag, in the order of release, so that a later build only adds commits to those of an earlier one.
The build hook loads this file where the package's dependencies are missing, so it imports none of them.
"""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.scratch import temporary_folder

CONTENT = ("copier.yml", "templates")
CHANGELOG = "CHANGELOG.md"  # `update` quotes it; a template can do without
UNDATED = "946684800 +0000"  # 2000-01-01, for a version that no tag dates

_IDENTITY = {
    f"GIT_{role}_{name}": text
    for role in ("AUTHOR", "COMMITTER")
    for name, text in (("NAME", "new-ops-project"), ("EMAIL", "new-ops-project@localhost"))
}

# Whatever decides the bytes of a pack: two builds of the same tags are the same file wherever git is the same.
_SETTINGS = {
    "i18n.commitEncoding": "UTF-8",
    "pack.threads": "1",
    "pack.window": "10",
    "pack.depth": "50",
    "pack.compression": "9",
    "core.bigFileThreshold": "512m",
}

_git = partial(git.git, *git.TEMPORARY, *(word for item in _SETTINGS.items() for word in ("-c", "=".join(item))))


@dataclass(frozen=True)
class EmbeddedRelease:
    """One version to embed: `ref` is a commit of the checkout, or None for the files in its work tree."""

    tag: str
    ref: str | None
    date: str


def pack(checkout: Path, version: str, bundle: Path) -> list[str]:
    """Write every released version of the template in `checkout` to `bundle`; return their tags.

    In a checkout without release tags, the files in the work tree become the version `v` + `version`.
    Raises ProcessError when git fails.
    """
    releases = _tagged(checkout) or [EmbeddedRelease(f"v{version}", None, UNDATED)]
    bundle.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder() as folder:
        repository = folder / "repository"
        _git("init", "--quiet", "--initial-branch=main", "--object-format=sha1", str(repository))
        for release in releases:
            _commit(checkout, release, repository)
        complete = folder / "bundle"
        _git("bundle", "create", "--quiet", str(complete), "HEAD", "main", "--tags", at=repository)
        shutil.copyfile(complete, bundle)
    return [release.tag for release in releases]


def _tagged(checkout: Path) -> list[EmbeddedRelease]:
    """The tags vX.Y.Z of the checkout whose commits have a template, oldest first."""
    if not (checkout / ".git").exists():
        return []
    fields = "%(refname:short)%09%(creatordate:raw)"  # the date of an annotated tag, otherwise that of its commit
    lines = _git("for-each-ref", f"--format={fields}", "refs/tags/v[0-9]*", at=checkout).text.splitlines()
    releases = [EmbeddedRelease(tag, tag, date) for tag, date in (line.split("\t") for line in lines)]
    releases = [release for release in releases if {*_embeddable(checkout, release.tag)} >= {*CONTENT}]
    return sorted(releases, key=lambda release: (int(release.date.split()[0]), _numbers(release.tag)))


def _embeddable(checkout: Path, ref: str) -> list[str]:
    """The names of the files and folders of a commit that are embedded."""
    return _git("ls-tree", "--name-only", ref, "--", *CONTENT, CHANGELOG, at=checkout).text.split()


def _numbers(tag: str) -> list[int]:
    return [int(part) for part in tag[1:].split(".") if part.isdigit()]


def _commit(checkout: Path, release: EmbeddedRelease, repository: Path) -> None:
    """Commit the files of one release to `repository`, and tag the commit."""
    _git("rm", "--quiet", "-r", "--ignore-unmatch", ".", at=repository)
    if release.ref is None:
        for name in (*CONTENT, CHANGELOG):
            _copy(checkout / name, repository / name)
    else:
        git.extract(checkout, release.ref, repository, *_embeddable(checkout, release.ref))
    dates = {f"GIT_{role}_DATE": release.date for role in ("AUTHOR", "COMMITTER")}
    _git("add", "--all", "--force", at=repository)
    _git("commit", "--quiet", "--allow-empty", f"--message={release.tag}", at=repository, env={**_IDENTITY, **dates})
    _git("tag", release.tag, at=repository)


def _copy(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__", ".*.sw?"))
    elif path.is_file():
        shutil.copy2(path, to)
