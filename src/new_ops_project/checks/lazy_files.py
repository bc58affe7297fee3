"""Text files, each read when a rule first asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST = 32_000_000  # bytes that are kept; what is asked for again later is read again


@dataclass(frozen=True)
class LazyFiles(Mapping[str, bytes]):
    """The text files among `paths`, kept in memory while there are few; `over` replaces the content of some.

    `load(path)` returns the content, or None for what is no text file. `names_text(path)`, if given, tells by the name
    whether it is one, since to read it would cost a request. `probable` are paths that are text files unless what is in
    them is binary. `refused` has a sentence for each file that `load` could
    not read.
    """

    paths: frozenset[str]
    load: Callable[[str], bytes | None]
    names_text: Callable[[str], bool] | None = None
    over: Mapping[str, bytes] = field(default_factory=dict)
    probable: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    _are_text: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    _sizes: list[int] = field(default_factory=list, repr=False, compare=False)

    def __getitem__(self, path: str) -> bytes:
        """The content of the file; raises KeyError if there is no such text file, and whatever `load` raises."""
        content = self._content(path)
        if content is None:
            raise KeyError(path)
        return content

    def get(self, path: str, default: Any = None) -> Any:
        """The content of the file; the default if there is no such text file. Raises whatever `load` raises."""
        content = self._content(path)
        return default if content is None else content

    def __contains__(self, path: object) -> bool:
        """Whether there is such a text file, which may read it."""
        if self.names_text and path in self.paths:
            return self.names_text(str(path))
        known = self._are_text.get(path) if isinstance(path, str) and path not in self.over else None
        return isinstance(path, str) and self._content(path) is not None if known is None else known

    def __iter__(self) -> Iterator[str]:
        """The path of every text file, in order."""
        yield from sorted(path for path in self.paths | self.over.keys() if path in self)

    def __len__(self) -> int:
        """The number of text files, which may read them all."""
        return sum(1 for _ in self)

    def _content(self, path: str) -> bytes | None:
        if path in self.over or path not in self.paths:
            return self.over.get(path)
        if (kept := self._kept.get(path)) is not None:
            return kept
        if self._are_text.get(path) is False:
            return None
        content = self.load(path)
        if content is None and self._are_text.get(path):  # it has gone since
            return b""
        self._are_text[path] = content is not None
        if content is not None:
            self._keep(path, content)
        return content

    def _keep(self, path: str, content: bytes) -> None:
        if sum(self._sizes) + len(content) > _MOST:
            self._kept.clear()
            self._sizes.clear()
        self._sizes[:] = [sum(self._sizes) + len(content)]
        self._kept[path] = content
