"""The filters that copier adds to those of jinja2 (jinja2-ansible-filters), as far as templates are rendered here.

Each does what its namesake does where it succeeds; where it fails, copier is asked.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any


def to_yaml(value: Any, *args: Any, **more: Any) -> str:
    """YAML in the shape that PyYAML chooses."""
    import yaml

    del args  # they are ignored there, too
    flow = more.pop("default_flow_style", None)
    return str(yaml.dump(value, allow_unicode=True, default_flow_style=flow, **more))


def to_nice_yaml(value: Any, indent: int = 4, *args: Any, **more: Any) -> str:
    """YAML with one item a line."""
    del args
    if indent == 4 and not more and is_simple(value):  # noqa: PLR2004 - the usual indent
        return "".join(_line(name, repr(value[name])) for name in sorted(value))
    return _nice(value, indent, **more)


def _nice(value: Any, indent: int = 4, **more: Any) -> str:
    import yaml

    return str(yaml.dump(value, indent=indent, allow_unicode=True, default_flow_style=False, **more))


def is_simple(value: Any) -> bool:
    """Whether it is a mapping whose lines do not depend on each other, and that is the same when it is read again."""
    if type(value) is not dict or not value or not all(type(key) is str and _is_plain(key) for key in value):
        return False
    lists = [one for one in value.values() if type(one) is list]
    scalars = [one for one in value.values() if type(one) is not list] + [item for one in lists for item in one]
    return all(_is_plain(one) for one in scalars) and len({id(one) for one in lists}) == len(lists)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {bool, int} or (type(value) is str and value.isprintable())


@lru_cache(maxsize=4096)
def _line(name: str, shown: str) -> str:
    """One entry; `shown` is Python's own way to write the value, of one of the plain types."""
    import ast

    return _nice({name: ast.literal_eval(shown)})


def to_json(value: Any, *args: Any, **more: Any) -> str:
    """JSON; copier also knows types of its own, for which this fails."""
    return json.dumps(value, *args, **more)


def _regex_replace(value: str, pattern: str = "", replacement: str = "", ignorecase: Any = False) -> str:  # noqa: FBT002
    return re.sub(pattern, replacement, value, flags=re.IGNORECASE if ignorecase else 0)


def _flags(*, multiline: Any, ignorecase: Any) -> int:
    return (re.MULTILINE if multiline else 0) | (re.IGNORECASE if ignorecase else 0)


def _regex_findall(value: str, regex: str, multiline: Any = False, ignorecase: Any = False) -> list[Any]:  # noqa: FBT002
    return re.findall(regex, value, _flags(multiline=multiline, ignorecase=ignorecase))


def _regex_search(value: str, regex: str, **more: Any) -> str | None:
    found = re.search(regex, value, _flags(multiline=more.get("multiline"), ignorecase=more.get("ignorecase")))
    return found.group() if found else None


FILTERS: Mapping[str, Callable[..., Any]] = {
    "from_json": json.loads,
    "regex_findall": _regex_findall,
    "regex_replace": _regex_replace,
    "regex_search": _regex_search,
    "to_json": to_json,
    "to_nice_yaml": to_nice_yaml,
    "to_yaml": to_yaml,
}
