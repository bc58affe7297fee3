"""The answers file says where the template is and which version it was: what copier cannot know of a plain folder."""

import json
import re
from collections.abc import Mapping
from typing import Any

# What may stand before the answers.
HEAD = re.compile(r"(?:(?:#.*|---|[ \t]*)\n)*")


def resigned(text: str, marks: Mapping[str, str]) -> str:
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
