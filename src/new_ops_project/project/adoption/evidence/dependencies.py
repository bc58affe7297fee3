"""The packages that a repository's code requires."""

import ast
import posixpath
import re
from collections.abc import Iterator
from itertools import chain

from new_ops_project.formats import document, python
from new_ops_project.formats.document import Document, Files, decoded
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.values import Lines

_INCLUDE = re.compile(r"(?:-r|--requirement)[= ]*(\S+)")
_MODULES = {"yaml": "pyyaml"}


def listed(files: Files, pyproject: Document, setup: Setup, place: str = "") -> dict[str, str]:
    """The packages that files list as required at run time: their names (PEP 503), each with its first place.

    `place` is the path of the program, whose comments may list some too (PEP 723). A plain requirements.txt may be the
    result of `pip freeze`, so it only counts if nothing else lists anything.
    """
    declared = chain(
        _declared(pyproject),
        _of_setup(setup),
        _pipfile(files),
        _inline(document.script_metadata(files, place)),
        _lines(files, "requirements.in"),
    )
    places: dict[str, str] = {}
    for name, where in declared:
        places.setdefault(name, where)
    generated = dict(_lines(files, "requirements.txt", only_generated=bool(places)))
    return {**generated, **places}


def imported(files: Files, place: str) -> dict[str, str]:
    """What the code at `place` imports: names of packages or modules, each with its first place."""
    places: dict[str, str] = {}
    for path in sorted(files):
        if place and path.endswith(".py") and (path == place or path.startswith(f"{place}/")):
            for node in ast.walk(python.parse_file(files, path)):
                for module in _modules(node):
                    places.setdefault(_MODULES.get(module, module), f"{path}:{getattr(node, 'lineno', 1)}")
    return places


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) and not node.level else []


def _declared(pyproject: Document) -> Iterator[tuple[str, str]]:
    for text in pyproject.strings("project", "dependencies"):
        yield pep508.requirement_name(text), pyproject.where("project", "dependencies", holding=text)
    poetry = ("tool", "poetry", "dependencies")
    for text in pyproject.table(*poetry):
        if text != "python":
            yield pep508.requirement_name(text), pyproject.where(*poetry, text)


def _of_setup(setup: Setup) -> Iterator[tuple[str, str]]:
    value = setup.get("install_requires")
    if isinstance(value, Lines):
        yield from (
            (pep508.requirement_name(text), f"{value.path}:{line}") for line, text in pep508.requirement_lines(value)
        )
        return
    texts = value.split("\n") if isinstance(value, str) else value if isinstance(value, list) else []
    for text in (text.strip() for text in texts if isinstance(text, str)):
        yield pep508.requirement_name(text), setup.where("install_requires", text)


def _inline(script: Document) -> Iterator[tuple[str, str]]:
    for text in script.strings("dependencies"):
        yield pep508.requirement_name(text), script.where("dependencies", holding=text)


def _pipfile(files: Files) -> Iterator[tuple[str, str]]:
    pipfile = document.toml(files, "Pipfile")
    yield from ((pep508.requirement_name(text), pipfile.where("packages", text)) for text in pipfile.table("packages"))


def _lines(
    files: Files, path: str, seen: frozenset[str] = frozenset(), *, only_generated: bool = False
) -> Iterator[tuple[str, str]]:
    """The requirements in a file and in those that it includes; of a generated file, only the direct ones."""
    if path not in files or path in seen:
        return
    text = decoded(files[path])
    lines = text.split("\n")
    is_generated = bool(re.search(r"#\s+via\b", text))
    for line, wanted in pep508.requirement_lines(lines):
        if _is_direct(lines, line) if is_generated else not only_generated:
            yield pep508.requirement_name(wanted), f"{path}:{line}"
    for include in filter(None, map(_INCLUDE.match, lines)):
        inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
        yield from _lines(files, inner, seen | {path}, only_generated=only_generated)


def _is_direct(lines: list[str], line: int) -> bool:
    """Whether the `# via` comments that pip-compile and uv write name a file, so that this is a direct requirement."""
    end = next((number for number in range(line, len(lines)) if not lines[number][:1].isspace()), len(lines))
    comments = (text for text in lines[line:end] if text.lstrip().startswith("#"))
    via = " ".join([lines[line - 1].partition(" #")[2], *comments])
    return "via" not in via or bool(re.search(r"(?:^|\s)-r \S|pyproject\.toml|setup\.(?:py|cfg)", via))
