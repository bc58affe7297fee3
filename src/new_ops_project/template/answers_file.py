"""The answers file, in which a project records how it was rendered."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError

ANSWERS_FILE = ".copier-answers.yml"

# Comments, document starts and blank lines, which may come before the answers.
HEAD = re.compile(r"(?:(?:#.*|---|[ \t]*)\n)*")
_SOURCE_ENTRY = re.compile(rb"^_src_path:", re.MULTILINE)
# A folder, and a YAML file in it or in a hidden folder of it. A hidden file in a hidden folder belongs to that folder.
_PLACE = re.compile(r"((?:.*?/)??)((?:\.[^/]+/(?!\.))?[^/]+\.ya?ml)", re.DOTALL)


def set_entries(text: str, entries: Mapping[str, str]) -> str:
    """The text of an answers file with `entries` (`_commit`, `_src_path`) set, otherwise as the template wrote it.

    Copier's own dump (the filter to_nice_yaml) is dumped again, so that the bytes are those of a plain `copier copy`;
    in any other form only the lines of the entries change.
    """
    head = HEAD.match(text)
    start = head.end() if head else 0
    answers = _load(text[start:])
    if _dump(answers) == text[start:]:
        return text[:start] + _dump({**answers, **entries})
    if text[start:].lstrip().startswith("{"):  # JSON, which is YAML too
        end = text[start:][len(text[start:].rstrip()) :]
        return text[:start] + json.dumps({**entries, **answers, **entries}, ensure_ascii=False) + end
    body = re.sub(r"^(_commit|_src_path):.*\n(?:[ \t].*\n)*", "", text[start:], flags=re.MULTILINE)
    return text[:start] + _dump(entries) + body


def _load(text: str) -> dict[str, Any]:
    from new_ops_project.formats import yaml  # noqa: PLC0415 - the first prompt does not need it

    content = yaml.value(text)
    return content if isinstance(content, dict) else {}


def _dump(answers: Mapping[str, Any]) -> str:
    import yaml  # noqa: PLC0415 - the first prompt does not need it

    return str(yaml.dump(dict(answers), allow_unicode=True, default_flow_style=False, indent=4))


def answers_files(folder: Path) -> list[str]:
    """The answers files of the project in `folder`, relative to it: one for each of its templates, the usual one first.

    A template may keep them elsewhere than in `.copier-answers.yml` (its `_answers_file`). Where nothing else is found,
    a hidden file in a subfolder counts, which would otherwise belong to a project there.
    """
    usual = [ANSWERS_FILE] if (folder / ANSWERS_FILE).is_file() else []
    near = [*folder.glob("*.y*ml"), *folder.glob(".*/*.y*ml")]
    own = [path for path in near if is_answers_path(path.relative_to(folder).as_posix())]
    others = _naming_template(folder, own) - {*usual}
    return [*usual, *sorted(others)] or sorted(_naming_template(folder, folder.glob("*/.*.y*ml")))


def project_of(path: str) -> tuple[str, str]:
    """The folder ('' or with a final slash) whose project may have `path` for an answers file, and the file from there.

    The file is '' for a path that is that of no answers file.
    """
    match = _PLACE.fullmatch(path)
    return (match[1], match[2]) if match else ("", "")


def is_answers_path(path: str) -> bool:
    """Whether a template of the project may keep its answers at `path`, relative to the project's folder."""
    return project_of(path)[1] == path


def _naming_template(folder: Path, paths: Iterable[Path]) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in paths if path.is_file() and _has_source(path)}


def source(file: Path) -> str:
    """The template that an answers file names; '' if it names none or cannot be read."""
    return recorded(file, "_src_path")


def recorded(file: Path, key: str) -> str:
    """An entry of an answers file as text; '' if there is none or the file cannot be read."""
    try:
        answers = parse_answers(file.name, reading.read(file))
    except (ToolError, OSError):
        return ""
    return str(answers.get(key) or "")


def may_name_template(path: Path) -> bool:
    """Whether the file has the entry that names a template, in YAML that may be broken, or in JSON."""
    return _has_source(path) or bool(source(path))


def _has_source(path: Path) -> bool:
    try:
        return names_template(reading.read(path))
    except (ToolError, OSError):
        return False


def names_template(content: bytes) -> bool:
    """Whether a YAML file with this content has the entry that names a template."""
    return _SOURCE_ENTRY.search(content) is not None


def parse_answers(name: str, content: bytes) -> dict[str, Any]:
    """The mapping in the answers file `name`; raises ToolError if its content is anything else."""
    from new_ops_project.formats import yaml  # noqa: PLC0415 - the first prompt does not need it

    try:
        answers = yaml.value(content)
    except ValueError as error:
        raise ToolError(f"{name} is not YAML: {error}.", "Fix that line; `git log -p` has its history.") from error
    if not isinstance(answers, dict):
        raise ToolError(f"{name} has no answers.", "Restore it from its history: git log -p.")
    return {str(key): value for key, value in answers.items()}
