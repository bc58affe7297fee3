"""YAML as nodes with their place, their quotes, their trailing comment; the one door to PyYAML.

Whoever wrote a text may have made it to hurt whoever reads it: aliases that stand for billions of values, or for what
they are in, and levels without end. So each text is measured, by the parser's events, before anything is built from it.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

_DEPTH = 200  # levels; more than people write, and few enough for whatever walks the nodes recursively
_MOST = 100_000  # nodes; what renders or writes so many takes seconds
_LONG = 100  # characters of a scalar that count as one more node
_TOO_DEEP = f"it has more than {_DEPTH} levels"
_TOO_LARGE = f"it has more than {_MOST:,} values, with those that its aliases repeat"
_CIRCULAR = "an alias is inside of what it repeats"
LIMITS = (_TOO_DEEP, _TOO_LARGE, _CIRCULAR)
"""The problems of a text that is YAML, and more of it than can be read."""
_LIBYAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML's constructors of numbers, dates and the like raise for a text that is none, besides its own errors.
_MISFITS = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
_SURROGATES = re.compile(r"\\u[dD][89a-fA-F]")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
# How the source writes one non-space character (the group) or, between quotes, an escaped space (no group).
_CHARACTERS = {
    "": re.compile(r"(\S)"),
    "'": re.compile(r"(''|\S)"),
    '"': re.compile(r"\\(?:\r?\n|[ \tntr])|(\\.|\S)"),
}
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_COMMENT = re.compile(r"[\]},]*(?:[ \t][\]}, \t]*)#[ \t]*(.*)")


@dataclass(frozen=True, eq=False)
class YamlText:
    """The text of a file; places in it are offsets in characters, or lines and columns from 1."""

    path: str
    text: str

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, offset: int) -> tuple[str, int, int]:
        """Path, line and column, as findings have them."""
        line = bisect_right(self.starts, offset)
        return self.path, line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of the line with this number; '' for 0."""
        return self.text[self.starts[number - 1] : self.line_end(self.starts[number - 1])] if number > 0 else ""

    def line_end(self, offset: int) -> int:
        """The end of the line around `offset`: before its line feed and carriage return."""
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end] == "\r" and end > offset else end


@dataclass(frozen=True, eq=False)
class Node:
    """A scalar, mapping or sequence, or no node (kind ''), which is false. An alias is the node that it refers to.

    `style` of a scalar: '' plain, ' or " quoted, | or > block. `style` of a collection: '{' in brackets, else ''.
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
        """Whether this is a node at all."""
        return bool(self.kind)

    def get(self, *keys: str) -> "Node":
        """The value at these nested keys; no node where one is missing."""
        node = self
        for name in keys:
            node = next((value for key, value in node.entries() if key.text == name), Node(self.source))
        return node

    def key(self, name: str) -> "Node":
        """The key itself, as a node; no node where it is missing."""
        return next((key for key, _ in self.pairs if key.text == name), Node(self.source))

    def entries(self) -> Iterator[tuple["Node", "Node"]]:
        """Each scalar key with its value. Keys merged by `<<` come last, and may repeat earlier ones."""
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
        """The text of a scalar without surrounding space; '' for other nodes."""
        return self.text.strip()

    @property
    def raw(self) -> str:
        """The node as the file has it."""
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> tuple[str, int, int]:
        """Path, line and column, as findings have them."""
        return self.source.place(self.start)

    @property
    def where(self) -> str:
        """`path:line`."""
        return f"{self.source.path}:{self.line}"

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.place[1]

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.place[2]

    @cached_property
    def comment(self) -> str:
        """The text of the comment after it, on the same line; '' without one."""
        match = _COMMENT.match(self.source.text[self.end : self.source.line_end(self.end)])
        return match[1].strip() if match else ""

    def place_at(self, offset: int) -> tuple[str, int, int]:
        """The place in the file of the character at `offset` of a scalar's text.

        The text is not a slice of the file: YAML removes indentation, folds lines and resolves escapes. But it only
        ever adds or removes space, so the count of non-space characters before the place is the same in both.
        """
        count = len("".join(self.text[:offset].split()))
        head = re.match(r"[|>][^\n]*", self.raw) if self.style in "|>" else None
        start = self.start + (head.end() if head else len(self.style))
        for match in _CHARACTERS.get(self.style, _CHARACTERS[""]).finditer(self.source.text, start, self.end):
            if match[1] and not count:
                return self.source.place(match.start())
            count -= bool(match[1])
        return self.place


@dataclass(frozen=True, eq=False)
class YamlTree:
    """A YAML file: the root of its first document.

    `duplicate_keys`: those that a mapping of any of its documents repeats.
    `problem` says why the file does not parse, at path, line and column `where`; '' if it does.
    """

    root: Node
    problem: str = ""
    where: tuple[str, int, int] = ("", 0, 0)
    duplicate_keys: tuple[Node, ...] = ()

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.root.source.path


def read(path: str, content: bytes) -> YamlTree:
    """Parse the file at `path`; a file that does not parse gives a tree with a problem."""
    source = YamlText(path, content.decode("utf-8-sig", errors="replace"))
    try:
        content.decode("utf-8-sig")
        return _built(source)
    except UnicodeDecodeError as error:
        return YamlTree(Node(source), "is not UTF-8", source.place(error.start))
    except yaml.YAMLError as error:
        problem, offset = _explained(error)
        return YamlTree(Node(source), problem, source.place(offset))


def plain(node: Node) -> Any:
    """The value of a node by YAML's core schema, which GitHub uses (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if node.kind == "sequence":
        return [plain(item) for item in node.items]
    if node.kind == "mapping":
        return {key.text: plain(value) for key, value in reversed([*node.entries()])}
    return node.text if node.style else _scalar(node.text)


def _scalar(text: str) -> str | float | bool | None:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if re.fullmatch(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}", text):
        return int(text, 0 if text[:2] in {"0o", "0x"} else 10)
    return float(text) if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text) else text


def values(content: bytes | str, tags: Mapping[str, Callable[[str], Any]] | None = None) -> list[Any]:
    """The documents of a text as plain values; `tags` make a value of a scalar that has one of them.

    Raises ValueError, with line and column.
    """
    with _readable(content):
        for _ in _events(content):
            pass
        return list(yaml.load_all(content, Loader=_loader(_parser(content), tags or {})))


def value(text: bytes | str) -> Any:
    """The only document of a text as a plain value; None for an empty text. Raises ValueError, with line and column."""
    documents = values(text)
    if len(documents) > 1:
        raise ValueError("it has several documents")
    return documents[0] if documents else None


def composed(text: str) -> Any:
    """The only document of a text as PyYAML's node; None for an empty text. Raises ValueError, with line and column."""
    with _readable(text):
        for _ in _events(text):
            pass
        return yaml.compose(text, Loader=_parser(text))


def _parser(content: bytes | str) -> Any:
    """PyYAML's class for this text: libyaml refuses a surrogate pair in escapes, which copier's own loader reads."""
    return yaml.SafeLoader if isinstance(content, str) and _SURROGATES.search(content) else _LIBYAML


def _loader(parser: Any, tags: Mapping[str, Callable[[str], Any]]) -> Any:
    """A class that makes values of nodes, and says where one is that fits no type."""

    def construct(self: Any, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - as PyYAML calls it
        try:
            return parser.construct_object(self, node, deep)
        except _MISFITS as error:
            problem = f"a value is no {node.tag.rpartition(':')[2]}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

    loader: Any = type("Loader", (parser,), {"construct_object": construct})
    for tag, make in tags.items():
        loader.add_constructor(tag, lambda self, node, make=make: make(self.construct_scalar(node)))
    return loader


@contextmanager
def _readable(content: bytes | str) -> Iterator[None]:
    """Raise ValueError, with line and column, for whatever PyYAML raises."""
    try:
        yield
    except yaml.YAMLError as error:
        problem, offset = _explained(error)
        text = content if isinstance(content, str) else content.decode(errors="replace")
        _, line, column = YamlText("", text).place(offset)
        raise ValueError(f"{problem}, at line {line}, column {column}") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def _explained(error: yaml.YAMLError) -> tuple[str, int]:
    """The problem, on one line, and its offset: an error with marks has a problem, one about characters a reason."""
    problem = getattr(error, "problem", "") or getattr(error, "reason", "") or "is not YAML"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return " ".join(str(problem).split()), mark.index if mark else getattr(error, "position", 0)


def _built(source: YamlText) -> YamlTree:
    """The tree of a text; raises yaml.YAMLError where it does not parse."""
    roots, above, keys = list[Node](), list[Node](), list[Node]()
    anchors = dict[Any, Node]()
    for event in _events(source.text):
        if isinstance(event, yaml.CollectionEndEvent):
            keys += _paired(above.pop())
        elif isinstance(event, yaml.NodeEvent):
            node = anchors[event.anchor] if isinstance(event, yaml.AliasEvent) else _node(source, event)
            anchors |= {event.anchor: node} if event.anchor else {}
            (above[-1].items if above else roots).append(node)
            above += [node] if isinstance(event, yaml.CollectionStartEvent) else []
    return YamlTree(next(iter(roots), Node(source)), duplicate_keys=tuple(keys))


def _events(content: bytes | str) -> Iterator[Any]:
    """The events of the parser; raises yaml.YAMLError where the text does not parse or is too much.

    There is no recursion here: libyaml's own composer dies on a deep file.
    """
    sizes, above, count = dict[Any, int](), list[tuple[Any, int]](), 0
    for event in yaml.parse(content, Loader=_parser(content)):
        if isinstance(event, yaml.DocumentStartEvent):
            sizes = {}
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                is_inside = any(event.anchor == anchor for anchor, _ in above)
                raise _error(event, _CIRCULAR if is_inside else f"an alias has no anchor: *{event.anchor}")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, start = above.pop()
            sizes[anchor] = count - start
        elif isinstance(event, yaml.ScalarEvent):
            sizes[event.anchor] = 1 + len(event.value) // _LONG
            count += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            sizes.pop(event.anchor, None)
            above.append((event.anchor, count))
            count += 1
        if len(above) > _DEPTH or count > _MOST:
            raise _error(event, _TOO_DEEP if len(above) > _DEPTH else _TOO_LARGE)
        yield event


def _error(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _node(source: YamlText, event: Any) -> Node:
    """A node that has nothing in it yet."""
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.ScalarEvent):
        properties = _PROPERTIES.match(source.text, start) if event.anchor or event.tag else None
        start = min(properties.end(), end) if properties else start
        return Node(source, "scalar", start, end, event.value, event.style or "")
    kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
    return Node(source, kind, start, end, style="{" if event.flow_style else "")


def _paired(node: Node) -> list[Node]:
    """Turn the items of a whole mapping into its pairs; return the keys that it repeats."""
    if node.kind == "sequence":
        return []
    node.pairs.extend(zip(node.items[::2], node.items[1::2], strict=True))
    node.items.clear()
    keys = [key for key, _ in node.pairs if key.kind == "scalar" and key.text != "<<"]
    first = {key.text: key for key in reversed(keys)}
    return [key for key in keys if first[key.text] is not key]
