"""YAML as nodes that know where they stand, how they are quoted, and the comment behind them."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from new_ops_project.formats.document import decoded

if TYPE_CHECKING:
    import yaml

_DEPTH = 200
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
# What one character that is no space is written as; between quotes, escapes can stand for it, or for space.
_CHARACTERS = {
    "": re.compile(r"(\S)"),
    "'": re.compile(r"(''|\S)"),
    '"': re.compile(r"\\(?:\r?\n|[ \tntr])|(\\.|\S)"),
}
_COMMENT = re.compile(r"[\]},]*(?:[ \t][\]}, \t]*)#[ \t]*(.*)")


@dataclass(frozen=True, eq=False)
class YamlText:
    """One file as text; places in it are offsets in characters, or lines and columns from 1."""

    path: str
    text: str

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> tuple[str, int, int]:
        """Path, line and column."""
        line = bisect_right(self.starts, offset)
        return self.path, line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of that line; '' where there is none."""
        return self.text[self.starts[number - 1] : self.line_end(self.starts[number - 1])] if number > 0 else ""

    def line_end(self, offset: int) -> int:
        """Where the line ends that `offset` is in: before its line feed and carriage return."""
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end] == "\r" and end > offset else end


@dataclass(frozen=True, eq=False)
class Node:
    """A scalar, mapping or sequence, or nothing (kind ''), which is false. An alias is the node that it names.

    `style` is that of a scalar: '' plain, ' or " quoted, | or > block; of a collection, '{' where it is in brackets.
    """

    source: YamlText
    kind: str = ""
    start: int = 0
    end: int = 0
    text: str = ""
    style: str = ""
    pairs: list[tuple["Node", "Node"]] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is such a node."""
        return bool(self.kind)

    def get(self, *keys: str) -> "Node":
        """The value at these keys, one below the other; nothing where one is missing."""
        found = self
        for name in keys:
            found = next((value for key, value in found.entries() if key.text == name), Node(self.source))
        return found

    def key(self, name: str) -> "Node":
        """The key itself; nothing where there is none."""
        return next((key for key, _ in self.pairs if key.text == name), Node(self.source))

    def entries(self) -> Iterator[tuple["Node", "Node"]]:
        """Each key that is a text, with its value; those of mappings that `<<` merges are last, and may come twice."""
        waiting, seen = [self], set[int]()
        while waiting:
            node = waiting.pop(0)
            if id(node) in seen:
                continue
            seen.add(id(node))
            for key, value in node.pairs:
                if key.text == "<<":
                    waiting += value.items or [value]
                elif key.kind == "scalar":
                    yield key, value

    @property
    def scalar(self) -> str:
        """Its text without the space around it; '' for what is no scalar."""
        return self.text.strip()

    @property
    def is_plain(self) -> bool:
        """Whether it is a scalar without quotes, which YAML may read as a number."""
        return self.kind == "scalar" and not self.style

    @property
    def raw(self) -> str:
        """What stands in the file."""
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> tuple[str, int, int]:
        """Path, line and column."""
        return self.source.place(self.start)

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return self.place[1]

    @property
    def column(self) -> int:
        """Its column, from 1."""
        return self.place[2]

    @cached_property
    def comment(self) -> str:
        """What the comment behind it says, '' without one."""
        found = _COMMENT.match(self.source.text[self.end : self.source.line_end(self.end)])
        return found[1].strip() if found else ""

    def place_at(self, offset: int) -> tuple[str, int, int]:
        """Where the character at that offset of a scalar's text stands in the file."""
        wanted = len("".join(self.text[:offset].split()))
        return self.source.place(self._after(wanted))

    def _after(self, wanted: int) -> int:
        """The offset behind so many characters that are no space: folding and indentation only touch space."""
        head = re.match(r"[|>][^\n]*", self.raw) if self.style in "|>" else None
        start = self.start + (head.end() if head else len(self.style))
        for found in _CHARACTERS.get(self.style, _CHARACTERS[""]).finditer(self.source.text, start, self.end):
            if found[1] and not wanted:
                return found.start()
            wanted -= bool(found[1])
        return self.start


@dataclass(frozen=True, eq=False)
class YamlTree:
    """One YAML file: its first document, why it does not parse, or '', and where; keys that a mapping has twice."""

    root: Node
    problem: str = ""
    where: tuple[str, int, int] = ("", 0, 0)
    duplicate_keys: tuple[Node, ...] = ()

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.root.source.path


def read(path: str, content: bytes) -> YamlTree:
    """The file at `path`, parsed."""
    import yaml

    source = YamlText(path, decoded(content))
    builder = _Builder(source)
    try:
        content.decode("utf-8-sig")
        builder.build(yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except UnicodeDecodeError as error:
        return YamlTree(Node(source), "is no UTF-8", source.place(error.start))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return YamlTree(Node(source), _said(error.problem), source.place(mark.index if mark else 0))
    except yaml.YAMLError as error:
        return YamlTree(Node(source), _said(getattr(error, "reason", "")), source.place(getattr(error, "position", 0)))
    except _TooDeepError as error:
        return YamlTree(Node(source), "is nested too deeply", source.place(error.offset))
    return YamlTree(builder.root, duplicate_keys=tuple(builder.duplicate_keys))


def _said(problem: Any) -> str:
    return " ".join(str(problem or "is no YAML").split())


class _TooDeepError(Exception):
    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@dataclass
class _Builder:
    """Builds nodes from events, without recursion: the depth of a file must not end the process."""

    source: YamlText
    duplicate_keys: list[Node] = field(default_factory=list)
    _root: Node | None = None
    _open: list[Node] = field(default_factory=list)
    _keys: list[Node | None] = field(default_factory=list)
    _names: list[set[str]] = field(default_factory=list)
    _anchors: dict[Any, Node] = field(default_factory=dict)

    @property
    def root(self) -> Node:
        """The first document, or nothing."""
        return self._root or Node(self.source)

    def build(self, events: Iterable["yaml.Event"]) -> None:
        """Build the first document; the rest is only parsed."""
        import yaml

        is_first = True
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                is_first = False
            elif is_first and isinstance(event, yaml.CollectionEndEvent):
                self._close()
            elif is_first and isinstance(event, yaml.NodeEvent):
                self._take(event)

    def _close(self) -> None:
        self._open.pop()
        self._keys.pop()
        self._names.pop()

    def _take(self, event: Any) -> None:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            self._add(self._anchors.get(event.anchor) or Node(self.source))
            return
        node = self._node(event)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)
        if node.kind != "scalar":
            self._open.append(node)
            self._keys.append(None)
            self._names.append(set())
        if len(self._open) > _DEPTH:
            raise _TooDeepError(node.start)

    def _node(self, event: Any) -> Node:
        import yaml

        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            found = _PROPERTIES.match(self.source.text, start) if event.anchor or event.tag else None
            start = min(found.end(), end) if found else start
            return Node(self.source, "scalar", start, end, event.value, event.style or "")
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        return Node(self.source, kind, start, end, style="{" if event.flow_style else "")

    def _add(self, node: Node) -> None:
        """Put the node where it belongs in what is open."""
        if not self._open:
            self._root = node
        elif self._open[-1].kind == "sequence":
            self._open[-1].items.append(node)
        elif (key := self._keys[-1]) is None:
            self._keys[-1] = node
            self._note(node)
        else:
            self._open[-1].pairs.append((key, node))
            self._keys[-1] = None

    def _note(self, key: Node) -> None:
        if key.kind == "scalar" and key.text != "<<":
            if key.text in self._names[-1]:
                self.duplicate_keys.append(key)
            self._names[-1].add(key.text)
