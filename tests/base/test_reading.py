"""How files that somebody else owns are read; see also tests/commands/test_special_files.py."""

import os
import socket
import threading
from pathlib import Path

import pytest

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.reading import LARGEST, read, read_if_there


def test_a_regular_file(tmp_path: Path) -> None:
    """Its bytes, of whatever length, also through a link."""
    for size in (0, 1, 8192, 8193, 300_000):
        (tmp_path / "file").write_bytes(b"x" * size)
        assert read(tmp_path / "file") == b"x" * size
    (tmp_path / "link").symlink_to("file")
    assert read(tmp_path / "link") == b"x" * 300_000
    with pytest.raises(ToolError, match="cannot be read"):
        read(tmp_path / "link", follow=False)


def test_where_there_is_none(tmp_path: Path) -> None:
    """A missing file and a folder are errors of Python, or None."""
    (tmp_path / "file").touch()
    cases = {
        tmp_path: IsADirectoryError,
        tmp_path / "x": FileNotFoundError,
        tmp_path / "file" / "x": NotADirectoryError,
    }
    for path, error in {**cases, tmp_path / "a\0b": FileNotFoundError}.items():
        assert read_if_there(path) is None
        with pytest.raises(error):
            read(path)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/dev/zero", "is a device, not a regular file."),
        ("/dev/tty", "is a device, not a regular file."),
        ("pipe", "is a named pipe, not a regular file."),
        ("socket", "is a socket, not a regular file."),
        ("link", "cannot be read: Too many levels of symbolic links."),
        ("large", "has 51.0 MB; files are read up to 50 MB."),
        ("/proc/self/mem", "is a file of /proc, not a regular file."),
        ("n" * 300, "cannot be read: File name too long."),
    ],
)
def test_what_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, words: str) -> None:
    """The sentence has the path and what is wrong with it; nothing waits."""
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    with Path("large").open("wb") as file:
        file.truncate(51_000_000)
    Path("link").symlink_to(target)
    with pytest.raises(ToolError) as raised:
        read(tmp_path / "link")
    assert raised.value.message == f"{tmp_path / 'link'} {words}"
    assert raised.value.hint


def test_the_null_device_is_an_empty_file() -> None:
    """As people use it to say that there is nothing."""
    assert read(Path(os.devnull)) == b""


def test_the_limit_counts_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be exactly as long; one that grows is measured by what comes."""
    (tmp_path / "file").write_bytes(b"x" * 10)
    assert len(read(tmp_path / "file", largest=10)) == 10
    with pytest.raises(ToolError, match=r"has 0\.0 MB; files are read up to 0 MB"):
        read(tmp_path / "file", largest=9)
    parts = iter([b"x" * 10, b"x"])
    monkeypatch.setattr(os, "read", lambda *_: next(parts))
    with pytest.raises(ToolError, match="files are read up to 0 MB"):
        read(tmp_path / "file", largest=10)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own words say why."""
    (tmp_path / "file").touch()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root may open everything
    with pytest.raises(ToolError, match="file cannot be read: Permission denied"):
        read(tmp_path / "file")


def test_no_race_between_a_look_and_the_opening(tmp_path: Path) -> None:
    """What is replaced all the time is read whole or refused, never waited for."""
    target, ends = tmp_path / "file", threading.Event()

    def replace() -> None:
        number = 0
        while not ends.is_set():
            fresh = tmp_path / f"fresh{number % 2}"
            os.mkfifo(fresh) if number % 2 else fresh.write_bytes(b"text")
            fresh.replace(target)
            number += 1

    target.write_bytes(b"text")
    thread = threading.Thread(target=replace)
    thread.start()
    results = set[bytes | str]()
    for _ in range(300):
        try:
            results.add(read(target))
        except ToolError as error:
            results.add(error.message)
    ends.set()
    thread.join()
    assert results <= {b"text", f"{target} is a named pipe, not a regular file."}


def test_a_look_at_many(tmp_path: Path) -> None:
    """The first that would not be read is named; what is absent or a folder does not count."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ToolError, match=r"pipe is a named pipe"):
        reading.require_regular([tmp_path, tmp_path / "x", tmp_path / "a\0b", Path(os.devnull), tmp_path / "pipe"])
    assert LARGEST == 50_000_000
