"""The answers file says where the template is and which version it was: what copier cannot know of a plain folder."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError

# What may stand before the answers.
HEAD = re.compile(r"(?:(?:#.*|---|[ \t]*)\n)*")


def set_entries(text: str, marks: Mapping[str, str]) -> str:
    """The answers file with `marks` in it, and else as the template wrote it.

    Where it is copier's own dump (the filter to_nice_yaml), it is dumped anew, so that the bytes are those of a plain
    `copier copy`; in any other form only the lines of the marks change.
    """
    head = HEAD.match(text)
    start = head.end() if head else 0
    answers = _load(text[start:])
    if _dump(answers) == text[start:]:
        return text[:start] + _dump({**answers, **marks})
    if text[start:].lstrip().startswith("{"):  # JSON, which is YAML, too
        end = text[start:][len(text[start:].rstrip()) :]
        return text[:start] + json.dumps({**marks, **answers, **marks}, ensure_ascii=False) + end
    body = re.sub(r"^(_commit|_src_path):.*\n(?:[ \t].*\n)*", "", text[start:], flags=re.MULTILINE)
    return text[:start] + _dump(marks) + body


def _load(text: str) -> dict[str, Any]:
    import yaml

    found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}


def _dump(answers: Mapping[str, Any]) -> str:
    import yaml

    return str(yaml.dump(dict(answers), allow_unicode=True, default_flow_style=False, indent=4))


ANSWERS_FILE = ".copier-answers.yml"


_RECORD = re.compile(rb"^_src_path:", re.MULTILINE)


def answers_files(folder: Path) -> list[str]:
    """The files below `folder` that name a template, wherever the template keeps them (its `_answers_file`)."""
    if (folder / ANSWERS_FILE).is_file():
        return [ANSWERS_FILE]
    near = [*folder.glob("*.y*ml"), *folder.glob(".*.y*ml"), *folder.glob(".*/*.y*ml"), *folder.glob("*/.*.y*ml")]
    return sorted({path.relative_to(folder).as_posix() for path in near if path.is_file() and _is_record(path)})


def source(file: Path) -> str:
    """The template that an answers file names; '' where it names none, or cannot be read."""
    try:
        found = parse_answers(file.name, file.read_bytes())
    except ToolError:
        return ""
    return str(found.get("_src_path") or "")


def _is_record(path: Path) -> bool:
    return bool(_RECORD.search(path.read_bytes()))


def parse_answers(name: str, content: bytes) -> dict[str, Any]:
    """The mapping that the answers file `name` holds; raises ToolError for one that holds none."""
    import yaml

    try:
        found = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ToolError(f"{name} is not YAML: {error}", "Mend that line; `git log -p` has its history.") from error
    if not isinstance(found, dict):
        raise ToolError(f"{name} holds no answers.", "Restore it from its history: git log -p.")
    return {str(key): value for key, value in found.items()}
