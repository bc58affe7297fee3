"""The embedded template, unpacked into a git repository in the user's data folder."""

import hashlib
import shutil
from pathlib import Path

from new_ops_project import __version__, git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.template import embedded, installation
from new_ops_project.template.installation import DATA
from new_ops_project.template.shared_folders import cache_folder, data_folder, locked

_BUNDLE = DATA / "template.bundle"


def repository() -> Path:
    """The git repository of the embedded template, which is unpacked if it is missing or old.

    Raises ToolError when the user's data folder cannot be written.
    """
    checkout = installation.editable_checkout()
    target = data_folder() / ("template-checkout" if checkout else "template")
    if checkout is None and is_unpacked(_BUNDLE, target):
        return target
    with locked(target):
        unpack(_pack_checkout(checkout) if checkout else _BUNDLE, target, anew=checkout is not None)
    return target


def is_unpacked(bundle: Path, target: Path) -> bool:
    """Whether `target` already has everything that is in the bundle."""
    listing = _listing(target)
    return listing.is_file() and bundle.is_file() and _digest(bundle) in listing.read_text().split()


def _listing(target: Path) -> Path:
    """The file with the digests of the bundles that were unpacked into `target`."""
    return target / ".git" / "new-ops-project-bundles"


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
    if target.exists() and (anew or not (target / ".git").is_dir()):
        shutil.rmtree(target)
    if target.exists():
        refs = ("+refs/tags/*:refs/tags/*", "+refs/heads/main:refs/embedded/main")
        git.git(*git.TEMPORARY, "fetch", "--quiet", str(bundle), *refs, at=target)
        # Another build of the same version is not a fast-forward, so merging would fail. The folder belongs to the tool
        # alone, so a hard reset loses nobody's work.
        git.git(*git.TEMPORARY, "reset", "--hard", "--quiet", "refs/embedded/main", at=target)
    else:
        _clone(bundle, target)
    with _listing(target).open("a") as file:
        file.write(f"{_digest(bundle)}\n")


def _clone(bundle: Path, target: Path) -> None:
    with whole_folder(target) as fresh:
        git.git(*git.TEMPORARY, "clone", "--quiet", "--branch=main", str(bundle), str(fresh), at=target.parent)
        git.git("remote", "remove", "origin", at=fresh)
