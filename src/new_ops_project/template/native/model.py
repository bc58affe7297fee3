"""One version of a template, read, judged and compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import CodeType
from typing import Any

# Settings with which a text is told from one that is to be evaluated, with jinja2's values.
_SIGNS = {"variable_start_string": "{{", "block_start_string": "{%", "comment_start_string": "{#"}


@dataclass(frozen=True)
class TemplateFile:
    """A file of the template: its path below the template's root, git's mode of it, and whether it is evaluated."""

    path: str
    mode: str
    is_template: bool


@dataclass(frozen=True)
class CompiledVersion:
    """What renders it; `why` says why only copier can, and then there is nothing else.

    `strings` has the code of each text of copier.yml and of each file name, `named` that of each file.
    """

    why: str
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    strings: Mapping[str, CodeType] = field(default_factory=dict)
    named: Mapping[str, CodeType] = field(default_factory=dict)
    sources: tuple[TemplateFile, ...] = ()
    names: frozenset[str] = frozenset()

    @property
    def suffix(self) -> str:
        """What the name of a file to be rendered ends with."""
        found = self.settings.get("templates_suffix")
        return ".jinja" if found is None else str(found)

    def parts(self, path: str) -> tuple[str, ...]:
        """The parts of a file's path that are evaluated, without the suffix of a file to be rendered."""
        source = PurePosixPath(path)
        return (source.with_suffix("") if self.suffix and path.endswith(self.suffix) else source).parts


def is_plain(text: str, settings: Mapping[str, Any]) -> bool:
    """Whether evaluating `text` gives `text`."""
    options = settings.get("envops") or {}
    if any(str(options.get(name, usual)) in text for name, usual in _SIGNS.items()):
        return False
    return "\r" not in text and (options.get("keep_trailing_newline", True) or not text.endswith("\n"))
