"""Text files, each read when a rule first asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LazyFiles(Mapping[str, bytes]):
    """The text files among `paths`, each read at most once; `over` replaces the content of some.

    `load(path)` returns the content, or None for what is no text file. `names_text(path)`, if given, tells by the name
    whether it is one, since to read it would cost a request. `refused` has a sentence for each file that
    `load` could not read.
    """

    paths: frozenset[str]
    load: Callable[[str], bytes | None]
    names_text: Callable[[str], bool] | None = None
    over: Mapping[str, bytes] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    _read: dict[str, bytes | None] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, path: str) -> bytes:
        """The content of the file; raises KeyError if there is no such text file, and whatever `load` raises."""
        content = self._content(path)
        if content is None:
            raise KeyError(path)
        return content

    def __contains__(self, path: object) -> bool:
        """Whether there is such a text file, which may read it."""
        if self.names_text and path in self.paths:
            return self.names_text(str(path))
        return isinstance(path, str) and self._content(path) is not None

    def __iter__(self) -> Iterator[str]:
        """The path of every text file, in order."""
        yield from sorted(path for path in self.paths | self.over.keys() if path in self)

    def __len__(self) -> int:
        """The number of text files, which may read them all."""
        return sum(1 for _ in self)

    def _content(self, path: str) -> bytes | None:
        if path in self.over or path not in self.paths:
            return self.over.get(path)
        if path not in self._read:
            self._read[path] = self.load(path)
        return self._read[path]
