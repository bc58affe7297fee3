"""The filters that copier adds to those of jinja2 (the package jinja2-ansible-filters).

Each returns what its namesake returns, or fails; then copier renders the template.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any


def to_yaml(value: Any, *args: Any, **more: Any) -> str:
    """YAML in the style that PyYAML chooses."""
    del args  # the original ignores them too
    return _dump(value, default_flow_style=more.pop("default_flow_style", None), **more)


def to_nice_yaml(value: Any, indent: int = 4, *args: Any, **more: Any) -> str:
    """YAML with one item on each line."""
    del args
    if indent == 4 and not more and is_simple(value):  # noqa: PLR2004 - the usual indent
        return "".join(_line(name, repr(value[name])) for name in sorted(value))
    return _dump(value, default_flow_style=False, indent=indent, **more)


def _dump(value: Any, **options: Any) -> str:
    import yaml  # noqa: PLC0415 - the first prompt does not need it

    return str(yaml.dump(value, allow_unicode=True, **options))


def is_simple(value: Any) -> bool:
    """Whether a value is a mapping that can be dumped entry by entry, each from a cache.

    Two entries that share one list depend on each other: PyYAML writes an anchor and an alias for it.
    """
    if type(value) is not dict or not value or not all(type(key) is str and _is_plain(key) for key in value):
        return False
    lists = [entry for entry in value.values() if type(entry) is list]
    scalars = [entry for entry in value.values() if type(entry) is not list] + [
        item for items in lists for item in items
    ]
    return all(_is_plain(scalar) for scalar in scalars) and len({id(items) for items in lists}) == len(lists)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {bool, int} or (type(value) is str and value.isprintable())


@lru_cache(maxsize=4096)
def _line(name: str, literal: str) -> str:
    """One entry of a mapping, whose value is given as a Python literal so that it can be the key of the cache."""
    return _dump({name: ast.literal_eval(literal)}, default_flow_style=False, indent=4)


def to_json(value: Any, *args: Any, **more: Any) -> str:
    """JSON; fails for the types of copier's own that the original knows."""
    return json.dumps(value, *args, **more)


def _regex_replace(value: str, pattern: str = "", replacement: str = "", ignorecase: Any = False) -> str:  # noqa: FBT002
    return re.sub(pattern, replacement, value, flags=re.IGNORECASE if ignorecase else 0)


def _flags(*, multiline: Any, ignorecase: Any) -> int:
    return (re.MULTILINE if multiline else 0) | (re.IGNORECASE if ignorecase else 0)


def _regex_findall(value: str, regex: str, multiline: Any = False, ignorecase: Any = False) -> list[Any]:  # noqa: FBT002
    return re.findall(regex, value, _flags(multiline=multiline, ignorecase=ignorecase))


def _regex_search(value: str, regex: str, **more: Any) -> str | None:
    match = re.search(regex, value, _flags(multiline=more.get("multiline"), ignorecase=more.get("ignorecase")))
    return match.group() if match else None


FILTERS: Mapping[str, Callable[..., Any]] = {
    "from_json": json.loads,
    "regex_findall": _regex_findall,
    "regex_replace": _regex_replace,
    "regex_search": _regex_search,
    "to_json": to_json,
    "to_nice_yaml": to_nice_yaml,
    "to_yaml": to_yaml,
}
