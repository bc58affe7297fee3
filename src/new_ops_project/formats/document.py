"""Configuration files as values that know the line where they stand."""

import ast
import configparser
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

Files = Mapping[str, bytes]
Keys = tuple[str | int, ...]

# Composing YAML that is nested more deeply by far ends the process: the C library has no limit of its own.
_DEPTH = 200
_BARE = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"({_BARE}(?:[ \t]*\.[ \t]*{_BARE})*)"
_TABLE = re.compile(rf"[ \t]*\[\[?[ \t]*{_DOTTED}[ \t]*\]")
_PAIR = re.compile(rf"[ \t]*{_DOTTED}[ \t]*=")
_SECTION = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([^\s#;=:\[][^=:]*)[=:]")


@dataclass(frozen=True)
class Document:
    """One file that was read: its data, and the 1-based lines of their keys. `problem`: why it could not be, or ''."""

    path: str
    text: str = ""
    data: Any = field(default_factory=dict)
    lines: Mapping[Keys, int] = field(default_factory=dict)
    problem: str = ""

    @cached_property
    def text_lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.text.split("\n")

    def get(self, *keys: str | int) -> Any:
        """What stands at these keys, None where nothing does."""
        found = self.data
        for key in keys:
            is_there = key in found if isinstance(found, dict) else isinstance(found, list) and key in range(len(found))
            if not is_there:
                return None
            found = found[key]
        return found

    def table(self, *keys: str | int) -> dict[str, Any]:
        """The mapping at these keys; {} for anything else."""
        found = self.get(*keys)
        items = found.items() if isinstance(found, dict) else ()
        return {name: value for name, value in items if isinstance(name, str)}

    def string(self, *keys: str | int) -> str:
        """The text at these keys without the space around it; '' for anything else."""
        found = self.get(*keys)
        return str(found).strip() if isinstance(found, str) else ""

    def strings(self, *keys: str | int) -> list[str]:
        """The texts of the list at these keys; [] for anything else."""
        found = self.get(*keys)
        return [str(item) for item in found if isinstance(item, str)] if isinstance(found, list | tuple) else []

    def where(self, *keys: str | int, holding: str = "") -> str:
        """`path:line` of these keys, or of the first line from there on that holds a text; the path if unknown."""
        line = self.line(*keys)
        if holding:
            numbers = range(max(line, 1), len(self.text_lines) + 1)
            line = next((number for number in numbers if holding in self.text_lines[number - 1]), line)
        return f"{self.path}:{line}" if line else self.path

    def line(self, *keys: str | int) -> int:
        """The line of these keys, or of the closest above them; 0 where none is known."""
        return next((self.lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), 0)


def toml(files: Files, path: str) -> Document:
    """The TOML file at `path`; an empty document where there is none."""
    return _read(files, path, "TOML", lambda text: (tomllib.loads(text), dict(_toml_lines(text))))


def ini(files: Files, path: str) -> Document:
    """The INI file at `path` as {section: {option: text}}; an empty document where there is none."""
    return _read(files, path, "INI", lambda text: (_sections(text), dict(_ini_lines(text))))


def yaml_file(files: Files, path: str) -> Document:
    """The YAML file at `path`, every scalar as the text that stands there; an empty document where there is none."""
    return _read(files, path, "YAML", _yaml)


def script_metadata(files: Files, path: str) -> Document:
    """The metadata in the comments of a Python file (PEP 723); an empty document where it has none."""
    lines = decoded(files.get(path, b"")).split("\n")
    start = next((at for at, line in enumerate(lines) if line.rstrip() == "# /// script"), len(lines))
    end = next((at for at in range(start, len(lines)) if lines[at].rstrip() == "# ///"), start)
    block = [line[2:] if start < at < end else "" for at, line in enumerate(lines)]
    return toml({path: "\n".join(block).encode()} if end > start else {}, path)


def parse_python(content: bytes) -> ast.Module:
    """The syntax of Python code; raises SyntaxError for what has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings, which are the author's business
        try:
            return ast.parse(content)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def decoded(content: bytes) -> str:
    """The text of a file, whatever its bytes."""
    return content.decode("utf-8-sig", errors="replace")


def _read(files: Files, path: str, kind: str, parse: Callable[[str], tuple[Any, Mapping[Keys, int]]]) -> Document:
    if path not in files:
        return Document(path)
    text = decoded(files[path])
    try:
        files[path].decode("utf-8-sig")
        data, lines = parse(text)
    except (ValueError, configparser.Error, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        return Document(path, text, problem=f"{path} does not parse as {kind}: {reason}")
    return Document(path, text, data, lines)


def _toml_lines(text: str) -> Iterator[tuple[Keys, int]]:
    """Each table and key with its line. What is in a string of several lines is passed over."""
    table: Keys = ()
    inside = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not inside:
            if found := _TABLE.match(line):
                table = _names(found[1])
                yield table, number
            elif found := _PAIR.match(line):
                yield (*table, *_names(found[1])), number
        inside = _open(line, inside)


def _names(dotted: str) -> Keys:
    return tuple(name.strip("\"'") for name in re.findall(_BARE, dotted))


def _open(line: str, inside: str) -> str:
    """The quotes of the string that goes on in the next line, or ''."""
    for quotes in re.findall(r'"""|\'\'\'', line):
        inside = quotes if not inside else "" if quotes == inside else inside
    return inside


def _sections(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return {name: {key: str(value) for key, value in parser.items(name)} for name in parser.sections()}


def _ini_lines(text: str) -> Iterator[tuple[Keys, int]]:
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _SECTION.match(line):
            section = found[1]
            yield (section,), number
        elif found := _OPTION.match(line):
            yield (section, found[1].strip()), number


def _yaml(text: str) -> tuple[Any, Mapping[Keys, int]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH:
                raise ValueError("nested too deeply")
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    lines: dict[Keys, int] = {}
    return (_plain(node, (), lines, {}) if node else {}), lines


def _plain(node: "yaml.Node", keys: Keys, lines: dict[Keys, int], seen: dict[int, Any]) -> Any:
    """The node as dict, list and str. Each is built once: an anchor can be used many times, also below itself."""
    import yaml

    if id(node) in seen:
        return seen[id(node)]
    lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        table: dict[str, Any] = seen.setdefault(id(node), {})
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                lines[*keys, key.value] = key.start_mark.line + 1
                table[key.value] = _plain(value, (*keys, key.value), lines, seen)
        return table
    if isinstance(node, yaml.SequenceNode):
        items: list[Any] = seen.setdefault(id(node), [])
        items.extend(_plain(item, (*keys, at), lines, seen) for at, item in enumerate(node.value))
        return items
    return node.value
