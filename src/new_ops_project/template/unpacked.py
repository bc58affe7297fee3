"""The embedded template as a git repository in the user's data folder, and the folders that runs share."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project import __version__, git
from new_ops_project.base import config
from new_ops_project.base.errors import ToolError
from new_ops_project.template import embedded

DATA = Path(__file__).parents[1] / "data"  # what the wheel carries beside its code
_BUNDLE = DATA / "template.bundle"


def editable_checkout() -> Path | None:
    """The checkout that an editable install runs from: its files, not the stale ones of site-packages."""
    root = Path(__file__).parents[3]
    return root if (root / "copier.yml").is_file() and (root / "templates").is_dir() else None


def repository() -> Path:
    """The embedded template as a git repository in the user's data folder, made when it is not there yet.

    Raises ToolError when that folder cannot be written.
    """
    import platformdirs

    data = platformdirs.user_data_path(config.NAME, appauthor=False)
    checkout = editable_checkout()
    target = data / ("template-checkout" if checkout else "template")
    if checkout is None and is_unpacked(_BUNDLE, target):
        return target
    with guarded(target):
        unpack(_pack_checkout(checkout) if checkout else _BUNDLE, target, anew=checkout is not None)
    return target


def is_unpacked(bundle: Path, target: Path) -> bool:
    """Whether `target` already holds what the bundle holds."""
    stamp = _stamp(target)
    return stamp.is_file() and bundle.is_file() and _mark(bundle) in stamp.read_text().split()


def _stamp(target: Path) -> Path:
    """The file that lists the bundles which `target` was made of."""
    return target / ".git" / "new-ops-project-bundles"


def _mark(bundle: Path) -> str:
    return hashlib.sha256(bundle.read_bytes()).hexdigest()


def _pack_checkout(checkout: Path) -> Path:
    """A bundle of the checkout, made again when a file or a tag of it has changed."""
    state = hashlib.sha256(git.git("for-each-ref", "refs/tags", at=checkout).stdout if _has_git(checkout) else b"")
    named = [checkout / "copier.yml", checkout / embedded.CHANGELOG]
    for path in sorted([*named, *(checkout / "templates").rglob("*")]):
        if path.is_file():
            state.update(f"{path.relative_to(checkout)}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    bundle = cache_folder() / "checkout" / f"{state.hexdigest()[:16]}.bundle"
    if not bundle.exists():
        embedded.pack(checkout, __version__, bundle)
    return bundle


def _has_git(checkout: Path) -> bool:
    return (checkout / ".git").exists()


def unpack(bundle: Path, target: Path, *, anew: bool) -> None:
    """Make `target` hold what the bundle holds; versions of another release of the tool stay, unless `anew`."""
    if not bundle.is_file():
        raise ToolError("This installation carries no template.", "Reinstall new-ops-project, or give --template.")
    if is_unpacked(bundle, target):
        return
    if target.exists() and (anew or not (target / ".git").is_dir()):
        shutil.rmtree(target)
    if target.exists():
        refs = ("+refs/tags/*:refs/tags/*", "+refs/heads/main:refs/embedded/main")
        git.git(*git.TEMPORARY, "fetch", "--quiet", str(bundle), *refs, at=target)
        # Usually a fast-forward; another build of the same version is not, and the folder is nobody's but ours.
        git.git(*git.TEMPORARY, "reset", "--hard", "--quiet", "refs/embedded/main", at=target)
    else:
        _clone(bundle, target)
    with _stamp(target).open("a") as file:
        file.write(f"{_mark(bundle)}\n")


def _clone(bundle: Path, target: Path) -> None:
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    git.git(*git.TEMPORARY, "clone", "--quiet", "--branch=main", str(bundle), str(fresh), at=target.parent)
    git.git("remote", "remove", "origin", at=fresh)
    fresh.rename(target)


def cache_folder() -> Path:
    """Where checkouts and mirrors are kept; everything in it can be made again."""
    import platformdirs

    return platformdirs.user_cache_path(config.NAME, appauthor=False)


@contextmanager
def guarded(target: Path) -> Iterator[None]:
    """Only one process at a time makes `target`; raises ToolError when its folder cannot be written."""
    from filelock import FileLock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock")):
            yield
    except OSError as error:
        message = f"{error.filename or target} cannot be written: {error.strerror or error}."
        raise ToolError(message, "The template is kept there; free or unlock it.") from error
