"""templates/locks.yml as rules need it: what each requirement needs, in which versions, and the modules of each.

It is read by its lines, which scripts/lock.py writes: 143 KB of YAML take a quarter of a second.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from new_ops_project import unpacked

NAME = "locks.yml"

_SHIPPED = Path(__file__).parents[1] / NAME
_CLOSURE = re.compile(r"^      ([\w.-]+): \{(.*)\}$", re.MULTILINE)
_NEEDED = re.compile(r"([\w.-]+): (?:'|\")")
_PACKAGE = re.compile(r'^      ([\w.-]+):\n        version: "([^"]+)"\n        modules: ?(.*)$', re.MULTILINE)


@dataclass(frozen=True)
class Locks:
    """By name as in PEP 503: all that a requirement needs, itself included; the version and the modules of each."""

    closures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def shipped() -> Locks:
    """Those of the template that this tool came with; empty where they did not come with it."""
    checkout = unpacked.editable_checkout()
    path = checkout / "templates" / NAME if checkout else _SHIPPED
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return Locks()


def parse(text: str) -> Locks:
    """The locks in the text of that file; of another text, what looks like them."""
    closures = {name: frozenset(_NEEDED.findall(needed)) for name, needed in _CLOSURE.findall(text)}
    packages = _PACKAGE.findall(text)
    return Locks(
        closures,
        {name: version for name, version, _ in packages},
        {name: tuple(modules.strip("'\"").split()) for name, _, modules in packages},
    )
