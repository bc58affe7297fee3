"""The answers file, in which a project records how it was rendered."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from new_ops_project.base.errors import ToolError

ANSWERS_FILE = ".copier-answers.yml"

# Comments, document starts and blank lines, which may come before the answers.
HEAD = re.compile(r"(?:(?:#.*|---|[ \t]*)\n)*")
_SOURCE_ENTRY = re.compile(rb"^_src_path:", re.MULTILINE)


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


def _yaml() -> ModuleType:
    import yaml  # noqa: PLC0415 - the first prompt does not need it

    return yaml


def _load(text: str) -> dict[str, Any]:
    content = _yaml().safe_load(text)
    return content if isinstance(content, dict) else {}


def _dump(answers: Mapping[str, Any]) -> str:
    return str(_yaml().dump(dict(answers), allow_unicode=True, default_flow_style=False, indent=4))


def answers_files(folder: Path) -> list[str]:
    """The files below `folder` that name a template, relative to it.

    A template may keep them elsewhere than in `.copier-answers.yml` (its `_answers_file`), so that one is tried first.
    """
    if (folder / ANSWERS_FILE).is_file():
        return [ANSWERS_FILE]
    patterns = ("*.y*ml", ".*.y*ml", ".*/*.y*ml", "*/.*.y*ml")
    paths = [path for pattern in patterns for path in folder.glob(pattern)]
    return sorted({path.relative_to(folder).as_posix() for path in paths if path.is_file() and _has_source(path)})


def source(file: Path) -> str:
    """The template that an answers file names; '' if it names none or cannot be read."""
    try:
        answers = parse_answers(file.name, file.read_bytes())
    except ToolError:
        return ""
    return str(answers.get("_src_path") or "")


def _has_source(path: Path) -> bool:
    return bool(_SOURCE_ENTRY.search(path.read_bytes()))


def parse_answers(name: str, content: bytes) -> dict[str, Any]:
    """The mapping in the answers file `name`; raises ToolError if its content is anything else."""
    yaml = _yaml()
    try:
        answers = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ToolError(f"{name} is not YAML: {error}", "Fix that line; `git log -p` has its history.") from error
    if not isinstance(answers, dict):
        raise ToolError(f"{name} has no answers.", "Restore it from its history: git log -p.")
    return {str(key): value for key, value in answers.items()}
