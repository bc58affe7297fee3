"""Temporary folders are removed, by their own run or by the next one, and never while somebody uses them."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from new_ops_project.base import scratch
from new_ops_project.base.errors import ToolError

# A run that has a temporary folder and one beside its destination, with something in both.
_OWNER = """
import sys, time
from pathlib import Path
from new_ops_project.base import scratch
with scratch.temporary_folder() as inside, scratch.folder_beside(Path(sys.argv[1])) as beside:
    for folder in (inside, beside):
        (folder / "locked").mkdir()
        (folder / "locked" / "file").write_text("x")
        (folder / "locked").chmod(0o500)
    print(inside, beside, flush=True)
    time.sleep(60)
"""


def owner(destination: Path) -> tuple[subprocess.Popen[str], list[Path]]:
    """Another process with two folders."""
    child = subprocess.Popen([sys.executable, "-c", _OWNER, str(destination)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    return child, [Path(name) for name in child.stdout.readline().split()]


def end(child: subprocess.Popen[str]) -> None:
    """Kill it, without a chance to remove anything."""
    child.send_signal(signal.SIGKILL)
    child.communicate()


def test_the_end_of_the_block(temporary: Path) -> None:
    """A folder goes with the block, also one with a folder that nobody may write to; then its home goes."""
    with scratch.temporary_folder() as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("x")
        (folder / "sub").chmod(0o500)
        assert oct(folder.parent.stat().st_mode)[-3:] == "700"
    assert not folder.exists()
    scratch.sweep()
    assert [*temporary.iterdir()] == []


def test_in_use(temporary: Path, tmp_path: Path) -> None:
    """What another run uses stays; once that is killed, any later run removes all of it, wherever it is."""
    child, folders = owner(tmp_path / "project")
    scratch.sweep()
    with scratch.temporary_folder(), scratch.folder_beside(tmp_path / "other"):
        assert all(folder.is_dir() for folder in folders)
    end(child)
    scratch.sweep()
    assert not any(folder.exists() for folder in folders)
    assert [*temporary.iterdir()] == []


@pytest.mark.parametrize("makes", [scratch.temporary_folder, lambda: scratch.folder_beside(Path("any"))])
def test_the_next_folder(temporary: Path, work: Path, makes: object) -> None:
    """Making a folder removes what killed runs have left."""
    child, folders = owner(work / "project")
    end(child)
    with makes():  # type: ignore[operator]
        assert not any(folder.exists() for folder in folders)


def test_beside_with_another_home(temporary: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left beside a destination is found there too, where the home is another one now."""
    child, (_, beside) = owner(work / "project")
    end(child)
    (temporary / "other").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary / "other"))
    with scratch.folder_beside(work / "project"):
        assert not beside.exists()


def test_what_is_not_ours(temporary: Path, work: Path) -> None:
    """Folders with other names, links and files stay, also in the home."""
    with scratch.temporary_folder() as folder:
        home = folder.parent
    home.mkdir(mode=0o700, exist_ok=True)
    kept = [home / "other", work / ".new-ops-project", work / ".a.b.new-ops-project"]
    for each in kept:
        each.mkdir()
    link = home / "0123456789ab"
    link.symlink_to(work)
    scratch.sweep()
    with scratch.folder_beside(work / "a"):
        pass
    assert all(each.exists() for each in [*kept, link, work])


def test_a_link_elsewhere_to_something_else(temporary: Path, work: Path) -> None:
    """Only a folder with a name of ours is removed through a link."""
    (work / "mine").mkdir()
    with scratch.temporary_folder() as folder:
        (folder / "elsewhere").symlink_to(work / "mine")
    assert (work / "mine").is_dir()


@pytest.mark.parametrize("kind", ["open to all", "a link", "a file"])
def test_a_home_that_somebody_else_made(temporary: Path, work: Path, kind: str) -> None:
    """A home that another user can write to, or that leads elsewhere, is refused with a remedy."""
    home = temporary / f"new-ops-project-{os.getuid()}"
    if kind == "open to all":
        home.mkdir()
        home.chmod(0o777)
    elif kind == "a link":
        home.symlink_to(work)
    else:
        home.touch()
    with pytest.raises(ToolError) as caught, scratch.temporary_folder():
        pass
    assert "TMPDIR" in caught.value.hint
    scratch.sweep()
    assert home.exists()


def test_removed_under_its_lock(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the owner removes its folder, no other run takes it for one without an owner."""
    remove, removed = shutil.rmtree, []

    def checked(path: Path, **options: Any) -> None:
        with pytest.raises(BlockingIOError):
            fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
        removed.append(path)
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", checked)
    with scratch.temporary_folder() as folder:
        pass
    assert removed == [folder]
    assert not folder.exists()


def test_many_at_once(temporary: Path) -> None:
    """Processes that make and remove folders at the same time do not take the home from each other."""
    program = (
        "from new_ops_project.base import scratch\nfor _ in range(100):\n with scratch.temporary_folder() as a: "
        "(a / 'x').touch()\n scratch.sweep()"
    )
    children = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(4)]
    assert [child.communicate()[1] for child in children] == [b""] * 4
    assert [*temporary.iterdir()] == []
