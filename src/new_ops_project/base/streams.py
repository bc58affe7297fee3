"""stdin, stdout and stderr, each of which can be closed, full, or read by nobody."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, BinaryIO

from new_ops_project.base import masking
from new_ops_project.base.text import shown


class Output(FileIO):
    """What is written where nothing takes it is dropped, so that the verb goes on; `failure` is the first error."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write the bytes, or drop them."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            return len(data)

    @property
    def problem(self) -> str:
        """Why something is missing in it; '' for nothing, and for a reader that has gone: it chose to."""
        return "" if self.failure is None or self.failure.errno == errno.EPIPE else str(self.failure.strerror)


@contextmanager
def guarded() -> Iterator[list[Output]]:
    """Open those that are closed on nothing, and keep what cannot be written from stopping the block.

    Yields what stdout writes to: nothing to look at where a caller has replaced it.
    """
    _open_closed()
    before = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    outputs = {}
    sys.stdin = before["stdin"] or open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - it is not ours to close
    for descriptor, name in enumerate(("stdout", "stderr"), 1):
        stream = before[name]
        if stream is getattr(sys, f"__{name}__") and not (os.name == "nt" and stream and stream.isatty()):
            outputs[name] = Output(descriptor, "w", closefd=False)
            writer = BufferedWriter(outputs[name])
            setattr(sys, name, _text(writer, like=stream, by_line=name == "stderr"))
        elif isinstance(stream, TextIOWrapper):
            stream.flush()
            setattr(sys, name, _text(stream.buffer, like=stream, by_line=True))
    try:
        yield [outputs[name] for name in ("stdout",) if name in outputs]
    finally:
        for name, stream in before.items():
            if isinstance(here := getattr(sys, name), _ShownText) and here is not stream:
                here.flush()
                here.detach()  # else it would close what it writes to
            setattr(sys, name, stream)


def _open_closed() -> None:
    """Open closed descriptors on the null device: else the next file that is opened takes their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - the lowest free number, which is this


class _ShownText(TextIOWrapper):
    """The edge at which all text is masked and made visible, whoever prints it; bytes (patches) are not."""

    def write(self, text: str, /) -> int:
        """Write the text without what must not be shown, and with escapes unless it is Drawn."""
        super().write(masking.masked(shown(text)))
        return len(text)


def _text(output: BinaryIO, *, like: Any, by_line: bool) -> TextIOWrapper:
    """A text stream that writes a letter which its encoding does not have as its escape."""
    return _ShownText(
        output,
        encoding=like.encoding if like else "utf-8",
        errors="backslashreplace",
        line_buffering=by_line or output.isatty(),
        write_through=bool(like and like.write_through),
    )
