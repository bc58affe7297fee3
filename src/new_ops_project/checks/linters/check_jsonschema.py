"""check-jsonschema's schemas of what GitHub reads: workflows, actions, Dependabot's configuration.

The schemas are SchemaStore's, as check-jsonschema carries them. A child process compares them with the files as they
are parsed already: the program itself would read each file again, take three runs, and know no places.
"""

import importlib.util
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from new_ops_project import __version__
from new_ops_project.base import files, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.formats import yaml
from new_ops_project.formats.yaml import Node
from new_ops_project.template import shared_folders

NAME = "check-jsonschema"
_CHILD = "new_ops_project.checks.linters.schema_process"


@dataclass(frozen=True)
class SchemaError:
    """A value that the schema does not allow; `line` and `column` count from 1.

    `schema` is `workflow`, `action` or `dependabot`, `keyword` that of JSON Schema (`required`, `type`, ...). `keys`
    lead to the value; where a key is not allowed (`additionalProperties`) or missing (`required`), they end with it.
    """

    schema: str
    keyword: str
    keys: tuple[str | int, ...]
    path: str
    line: int
    column: int
    message: str


def report(repo: Repo) -> tuple[SchemaError, ...]:
    """What the schemas do not allow, file by file; what is not YAML is left out.

    Raises UncheckedError if check-jsonschema is not installed, or fails.
    """
    roots = [(kind, tree.root) for kind, tree in repo.automation.documents]
    if not roots:
        return ()
    values = json.dumps([[schema, yaml.plain(root)] for schema, root in roots]).encode()
    try:
        each = zip(roots, _answers(repo, values), strict=True)
        return tuple(_error(schema, root, **item) for (schema, root), items in each for item in items)
    except (ValueError, TypeError, KeyError) as error:
        raise program.unreadable(NAME) from error


def _answers(repo: Repo, values: bytes) -> list[list[dict[str, Any]]]:
    """What the process answers; the last answer about each project is kept, since workflows seldom change.

    Raises ValueError if it is no JSON.
    """
    spec = importlib.util.find_spec("check_jsonschema")
    if spec is None or spec.origin is None:
        raise program.missing(NAME)
    installed = sorted(info.name for info in Path(spec.origin).parent.parent.glob("*jsonschema*.dist-info"))
    asked = sha256("\0".join([__version__, *installed]).encode() + values).digest()
    file = shared_folders.cache_folder() / "schemas" / sha256(os.fsencode(repo.folder.resolve())).hexdigest()
    with suppress(ToolError, ValueError):
        if (kept := reading.read_if_there(file) or b"").startswith(asked):
            return _parsed(kept.removeprefix(asked))
    answer = program.run_module(NAME, _CHILD, stdin=values).stdout
    answers = _parsed(answer)
    with suppress(OSError):
        files.write_whole(file, asked + answer)
    return answers


def _parsed(answer: bytes) -> list[list[dict[str, Any]]]:
    answers: list[list[dict[str, Any]]] = json.loads(answer)
    return answers


def _error(schema: str, root: Node, *, keyword: str, keys: Sequence[str | int], message: str) -> SchemaError:
    is_key = keyword in {"additionalProperties", "required"}
    return SchemaError(schema, keyword, tuple(keys), *_place(root, keys, is_key=is_key), message)


def _place(root: Node, keys: Sequence[str | int], *, is_key: bool) -> tuple[str, int, int]:
    """The place of a key if it `is_key` or its value has several lines, else of the value; the last one that exists."""
    node = place = root
    for key in keys:
        if isinstance(key, int):
            node = place = node.items[key]
            continue
        name, value = next(((name, value) for name, value in node.entries() if name.text == key), (place, node))
        is_short = value.kind == "scalar" and value.start < value.end
        node, place = value, value if is_short and not is_key else name
    return place.place
