"""The lock files of Python projects: their names, and the packages in them."""

import pytest

from new_ops_project.formats import locks

PACKAGES = {
    "uv.lock": '[[package]]\nname = "A_b"\nversion = "1"\nsource = { editable = "." }\n'
    'dependencies = [{ name = "c", version = "2", marker = "os_name == \'nt\'", extra = ["x"] }]\n'
    '[package.optional-dependencies]\ne = [{ name = "d" }]\n[package.dev-dependencies]\ndev = [{ name = "f" }]\n',
    "poetry.lock": '[[package]]\nname = "A_b"\nversion = "1"\n[package.dependencies]\nC = ">=1"\n'
    'd = { version = ">=1", optional = true }\n[package.extras]\ne = ["F (>=1)"]\n',
    "pdm.lock": '[[package]]\nname = "A_b"\nversion = "1"\ndependencies = ["c>=1", "D; os_name", "f[x]"]\n',
    "pylock.toml": '[[packages]]\nname = "A_b"\nversion = "1"\ndependencies = [{name="c"}, {name="d"}, {name="f"}]\n',
}


@pytest.mark.parametrize("kind", locks.FORMATS, ids=lambda kind: kind.path)
def test_a_lock(kind: locks.LockFormat) -> None:
    """Each format is known by its file; what a package may need is read from those in TOML."""
    assert locks.is_lock(kind.path)
    assert locks.present(["a.py", kind.path]) == (kind,)
    lock = locks.read({kind.path: PACKAGES.get(kind.path, "{}").encode()}, kind)
    listed = [(package.name, package.version, package.may_need) for package in lock.packages]
    assert listed == ([("a-b", "1", {"c", "d", "f"})] if kind.path in PACKAGES else [])
    assert lock.line("a-b") == (2 if kind.path in PACKAGES else 0)


def test_needs_of_uv() -> None:
    """The lock of uv says where a package is, and for which version, marker, extra and group it needs another."""
    (package,) = locks.read({"uv.lock": PACKAGES["uv.lock"].encode()}, locks.UV).packages
    assert (package.folder, package.extras, package.groups) == (
        ".",
        {"e": (locks.Need("d"),)},
        {"dev": (locks.Need("f"),)},
    )
    assert package.needs == (locks.Need("c", "2", "os_name == 'nt'", ("x",)),)


def test_locks_of_any_language() -> None:
    """A lock is known by its name; code with a similar name is none."""
    assert [*map(locks.is_lock, ("package-lock.json", "Cargo.lock", "pylock.dev.toml", "file-lock.py"))] == [
        True,
        True,
        True,
        False,
    ]
