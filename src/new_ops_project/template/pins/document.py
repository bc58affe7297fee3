"""The form of templates/pins.yml and templates/locks.yml: one computed answer, written whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.template import installation

_Content = TypeVar("_Content")


def shipped(name: str) -> Path:
    """The file `name` of the embedded template; in an editable install, that of the checkout."""
    checkout = installation.editable_checkout()
    return (checkout / "templates" if checkout else installation.DATA) / name


def read(path: Path, parse: Callable[[str], _Content], hint: str) -> _Content:
    """What `parse` makes of the file's text; raises ToolError when it cannot be read or is not as expected."""
    try:
        return parse(reading.read(path).decode())
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ToolError(f"{path} is not as expected ({reason}).", hint) from error


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a literal block."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def dump(data: Any) -> str:
    """The text of a file, in the order of `data`; a mapping or list of scalars is on one line."""
    return str(yaml.dump(data, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=1_000_000))
