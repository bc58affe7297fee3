"""The packages that a repository's code requires."""

import ast
from collections.abc import Iterator
from itertools import chain

from new_ops_project.formats import code_layout, document, python
from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.requirements import pep508, reader
from new_ops_project.formats.setuptools.keywords import Setup

_MODULES = {"yaml": "pyyaml"}


def listed(files: Files, pyproject: Document, setup: Setup, place: str = "") -> dict[str, str]:
    """The packages that files list as required at run time: their names (PEP 503), each with its first place.

    `place` is the path of the program, whose comments may list some too (PEP 723). A plain requirements.txt may be the
    result of `pip freeze`, so it only counts if nothing else lists anything.
    """
    script, poetry = document.script_metadata(files, place), ("tool", "poetry", "dependencies")
    pipfile = document.toml(files, "Pipfile")
    declared = chain(
        _placed(pyproject, "project", "dependencies"),
        ((text, pyproject.where(*poetry, text)) for text in pyproject.table(*poetry) if text != "python"),
        ((text, setup.where("install_requires", text)) for text in setup.strings("install_requires")),
        ((text, pipfile.where("packages", text)) for text in pipfile.table("packages")),
        _placed(script, "dependencies"),
        _lines(files, "requirements.in"),
    )
    places = dict[str, str]()
    for text, where in declared:
        places.setdefault(pep508.requirement_name(text), where)
    for text, where in _lines(files, "requirements.txt", only_generated=bool(places)):
        places.setdefault(pep508.requirement_name(text), where)
    return {name: where for name, where in places.items() if name}


def _placed(listing: Document, *keys: str) -> Iterator[tuple[str, str]]:
    return ((text, listing.where(*keys, holding=text)) for text in listing.strings(*keys))


def imported(files: Files, place: str) -> dict[str, str]:
    """What the code at `place` imports: names of packages or modules, each with its first place."""
    places: dict[str, str] = {}
    for path in code_layout.program_files(files, place):
        for node in ast.walk(python.parse_file(files, path)):
            for module in _modules(node):
                places.setdefault(_MODULES.get(module, module), f"{path}:{getattr(node, 'lineno', 1)}")
    return places


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) and not node.level else []


def _lines(files: Files, path: str, *, only_generated: bool = False) -> Iterator[tuple[str, str]]:
    """The requirements in a file and in those that it includes; of a generated file, only the direct ones."""
    for file in reader.with_included(files.get, path):
        for entry in file.entries if file.is_annotated or not only_generated else ():
            if entry.is_direct:
                yield entry.text, f"{entry.path}:{entry.line}"
