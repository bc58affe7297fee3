"""One version of a template in the form in which it is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import CodeType
from typing import Any

# The settings that hold the delimiters of Jinja, with jinja2's defaults.
_DELIMITERS = {"variable_start_string": "{{", "block_start_string": "{%", "comment_start_string": "{#"}


@dataclass(frozen=True)
class TemplateFile:
    """A file of the template: its path below the template's root, its mode in git, and whether it is evaluated."""

    path: str
    mode: str
    is_template: bool


@dataclass(frozen=True)
class CompiledVersion:
    """A compiled version. `unsupported` is the reason why only copier can render it; then everything else is empty.

    `text_codes` has the code of each text of copier.yml and of each part of a file name, `file_codes` that of each
    file by its path. `paths` are those of all files and folders, `files` the files and links among them.
    """

    unsupported: str
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    text_codes: Mapping[str, CodeType] = field(default_factory=dict)
    file_codes: Mapping[str, CodeType] = field(default_factory=dict)
    files: tuple[TemplateFile, ...] = ()
    paths: frozenset[str] = frozenset()

    @property
    def suffix(self) -> str:
        """The suffix of the names of files that are evaluated."""
        suffix = self.settings.get("templates_suffix")
        return ".jinja" if suffix is None else str(suffix)

    def parts(self, path: str) -> tuple[str, ...]:
        """The parts of a file's path, each evaluated; without the suffix of an evaluated file."""
        source = PurePosixPath(path)
        return (source.with_suffix("") if self.suffix and path.endswith(self.suffix) else source).parts


def is_plain(text: str, settings: Mapping[str, Any]) -> bool:
    """Whether evaluating `text` returns `text`.

    Without delimiters it does, unless jinja2 changes the ends of its lines or drops the last one.
    """
    options = settings.get("envops") or {}
    if any(str(options.get(name, default)) in text for name, default in _DELIMITERS.items()):
        return False
    return "\r" not in text and (options.get("keep_trailing_newline", True) or not text.endswith("\n"))
