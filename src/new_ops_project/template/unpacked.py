"""The embedded template, unpacked into a git repository in the user's data folder."""

import hashlib
import os
from contextlib import suppress
from functools import cache
from itertools import takewhile
from pathlib import Path

from new_ops_project import __version__, git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.template import embedded, installation
from new_ops_project.template.checkouts import attributes_digest
from new_ops_project.template.installation import DATA
from new_ops_project.template.shared_folders import cache_folder, data_folder, locked

_BUNDLE = DATA / "template.bundle"
_LISTING = "new-ops-project-bundles"
# What git writes itself when somebody works in the repository, as `git status` does.
_OF_GIT = ("index", "logs", "hooks", "FETCH_HEAD", "ORIG_HEAD", "__pycache__")


def repository() -> Path:
    """The git repository of the embedded template, which is unpacked if it is missing or old.

    Raises ToolError when the user's data folder cannot be written.
    """
    checkout = installation.editable_checkout()
    target = data_folder() / ("template-checkout" if checkout else "template")
    if checkout is None and is_unpacked(_BUNDLE, target):
        return target
    with locked(target):
        if checkout is None:
            unpack(_BUNDLE, target, anew=False)
            return target
        bundle = _pack_checkout(checkout)
        try:
            unpack(bundle, target, anew=True)
        except ProcessError:  # the bundle is in a cache, where it may have been damaged
            bundle.unlink(missing_ok=True)
            unpack(_pack_checkout(checkout), target, anew=True)
    return target


@cache
def released_commits() -> frozenset[str]:
    """The commits of the versions that the tool carries, from the head of its bundle (gitformat-bundle(5)).

    None in an editable install, which has no bundle.
    """
    with suppress(OSError), _BUNDLE.open("rb") as lines:
        head = takewhile(bytes.strip, lines)
        return frozenset(line.split()[0].decode("ascii") for line in head if line[:1] not in b"#@-")
    return frozenset()


def is_unpacked(bundle: Path, target: Path) -> bool:
    """Whether `target` already has everything that is in the bundle, and nobody has changed a file of it since."""
    try:
        listed = _listing(target).read_text("ascii").split()
        return listed[-1:] == [_state(target)] and _digest(bundle) in listed
    except (OSError, ValueError):
        return False


def _state(target: Path) -> str:
    """A digest of what must not change in `target`; whoever clones it makes hard links to its objects."""
    return attributes_digest(target, (_LISTING, *_OF_GIT), exact=False)


def _listing(target: Path) -> Path:
    """The file with the digests of the bundles that were unpacked into `target`, and last that of its files."""
    return target / ".git" / _LISTING


def _digest(bundle: Path) -> str:
    return hashlib.sha256(bundle.read_bytes()).hexdigest()


def _pack_checkout(checkout: Path) -> Path:
    """A bundle of the checkout; a file or a tag that changed gives another one, so the name is a digest of them all."""
    state = hashlib.sha256(git.git("for-each-ref", "refs/tags", at=checkout).stdout if _has_git(checkout) else b"")
    single_files = [checkout / "copier.yml", checkout / embedded.CHANGELOG]
    for path in sorted([*single_files, *(checkout / "templates").rglob("*")]):
        if path.is_file():
            state.update(f"{path.relative_to(checkout)}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    bundle = cache_folder() / "checkout" / f"{state.hexdigest()[:16]}.bundle"
    if not bundle.exists():
        embedded.pack(checkout, __version__, bundle)
    return bundle


def _has_git(checkout: Path) -> bool:
    return (checkout / ".git").exists()


def unpack(bundle: Path, target: Path, *, anew: bool) -> None:
    """Unpack the bundle into the repository `target`, which keeps the versions of other releases unless `anew`.

    Raises ToolError when there is no bundle.
    """
    if not bundle.is_file():
        raise ToolError("This installation contains no template.", "Reinstall new-ops-project, or give --template.")
    if is_unpacked(bundle, target):
        return
    listed = [] if anew else _bundles(target)
    if not listed:
        _clone(bundle, target)
    else:
        refs = ("+refs/tags/*:refs/tags/*", "+refs/heads/main:refs/embedded/main")
        git.git(*git.TEMPORARY, "fetch", "--quiet", str(bundle), *refs, at=target)
        # Another build of the same version is not a fast-forward, so merging would fail. The folder belongs to the tool
        # alone, so a hard reset loses nobody's work.
        git.git(*git.TEMPORARY, "reset", "--hard", "--quiet", "refs/embedded/main", at=target)
    _listing(target).write_text("\n".join([*listed, _digest(bundle), _state(target)]))


def _bundles(target: Path) -> list[str]:
    """The digests of the bundles that were unpacked into `target`; none where it is absent or cannot be repaired."""
    try:
        return _listing(target).read_text("ascii").split()[:-1] if git.is_sound(target) else []
    except (OSError, ValueError):
        return []


def _clone(bundle: Path, target: Path) -> None:
    with whole_folder(target) as fresh:
        git.git(*git.TEMPORARY, "clone", "--quiet", "--branch=main", str(bundle), str(fresh), at=target.parent)
        git.git("remote", "remove", "origin", at=fresh)
        if os.path.lexists(target):
            target.rename(fresh.with_name("old"))  # which goes with the temporary folder
