"""The compiler of a template version, which refuses whatever might not do the same here as in copier.

It reads copier.yml, the folder that is rendered and what they include: nothing else of the checkout counts.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import Any

from jinja2 import TemplateSyntaxError

from new_ops_project.base import confined, reading
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN
from new_ops_project.template import copier_yml
from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.jinja import environment
from new_ops_project.template.native import config_whitelist, jinja_whitelist
from new_ops_project.template.native.excludes import matcher
from new_ops_project.template.native.model import CompiledVersion, TemplateFile

# What jinja2 raises for a text, or Python for the code that jinja2 makes of one with too many levels or numbers.
_UNREADABLE = (TemplateSyntaxError, SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)


def compile_version(root: Path) -> CompiledVersion:
    """Compile the version whose files are in `root`.

    Raises UnsupportedError if only copier can render it, ToolError if there is no copier.yml that can be read.
    """
    config_whitelist.require_one_config(root)
    questionnaire = copier_yml.read(root)
    config_whitelist.require_settings(questionnaire.config)
    for question in questionnaire.questions:
        config_whitelist.require_question(question.name, question.details)
    return _Compiler(CompiledVersion(questionnaire)).compiled()


class _Compiler:
    def __init__(self, version: CompiledVersion) -> None:
        self._version, self._root = version, version.questionnaire.root
        self._environment = environment(version.questionnaire.config)
        self._codes: dict[str, CodeType] = {}
        self._file_codes: dict[str, CodeType] = {}
        self._seen: set[tuple[str, str]] = set()

    def compiled(self) -> CompiledVersion:
        """The version, with every text and file in it compiled."""
        for question in self._version.questionnaire.questions:
            for text in _texts(question.details):
                self._compile_text(text, "question")
        for text in self._version.questionnaire.exclude:
            self._compile_text(text, "exclude")
        self._compile_text(self._version.subdirectory, "name")
        files, paths = self._read_folder()
        questionnaire = replace(self._version.questionnaire, codes=self._codes, file_codes=self._file_codes)
        return CompiledVersion(questionnaire, tuple(files), frozenset(paths))

    def _read_folder(self) -> tuple[list[TemplateFile], set[str]]:
        """Compile the files of the folder that is rendered; return them, and all paths in it."""
        folder = self._version.subdirectory
        is_known = self._is_plain(folder)
        top = self._root / folder if is_known else self._root
        is_inside = not PurePosixPath(folder).is_absolute()
        if is_known and not (is_inside and top.resolve() == self._root.resolve() / PurePosixPath(folder)):
            raise UnsupportedError(f"has no folder {folder!r}")
        is_excluded = matcher(tuple(filter(self._is_plain, self._version.questionnaire.exclude)) if is_known else ())
        suffix = self._version.suffix
        files, paths = [], set()
        for here, folders, names in os.walk(top):
            for path in sorted(Path(here, name) for name in (*folders, *names)):
                relative = _relative(path, self._root)
                if path.exists():
                    paths.add(relative)
                parts = self._version.parts(_relative(path, top))
                is_excluded_always = self._is_plain("/".join(parts)) and is_excluded("/".join(parts))
                if path.is_symlink() and not is_excluded_always and not self._keeps_links:
                    raise UnsupportedError(f"has the symbolic link {relative}, to be followed")
                if path.is_dir() and not path.is_symlink():
                    if suffix and path.name.endswith(suffix):
                        raise UnsupportedError(f"has a folder whose name ends with {suffix}")
                    continue
                files.append(_template_file(path, relative, suffix))
                if not is_excluded_always:
                    self._compile_file(files[-1], parts)
        return files, paths

    @property
    def _keeps_links(self) -> bool:
        return bool(self._version.questionnaire.config.get("preserve_symlinks"))

    def _is_plain(self, text: str) -> bool:
        return self._version.questionnaire.is_plain(text)

    def _compile_file(self, file: TemplateFile, parts: tuple[str, ...]) -> None:
        for part in parts:
            self._compile_text(part, "name")
        if file.mode == LINK and file.is_template:
            self._compile_text(os.readlink(self._root / file.path), "name")  # noqa: PTH115 - a text, not a path
        elif file.is_template:
            self._compile_content(file.path, "file")

    def _compile_text(self, text: str, kind: str) -> None:
        if not self._is_plain(text) and (text, kind) not in self._seen:
            self._seen.add((text, kind))
            self._codes[text] = self._code(text, None, kind)

    def _compile_content(self, path: str, kind: str) -> None:
        """Compile a file that is a text of this kind, or that such a text includes.

        What a text may use depends on its kind, so a file that texts of two kinds include is checked for both.
        """
        if (path, f"in {kind}") in self._seen:
            return
        self._seen.add((path, f"in {kind}"))
        try:
            text = reading.read(self._root / path).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsupportedError(f"has {path}, which cannot be read as text") from error
        self._file_codes[path] = self._code(text, path, kind)

    def _code(self, text: str, name: str | None, kind: str) -> CodeType:
        where = name or repr(text)
        confined.note(where)
        try:
            tree = self._environment.parse(text)
            jinja_whitelist.require(tree, kind)
            for parts in jinja_whitelist.included(tree):
                for path in self._matching(parts):
                    self._compile_content(path, kind)
            confined.note(where)  # constants are computed now
            code = self._environment.compile(tree, name=name, filename=name or "<template>")
            confined.note("")
        except _UNREADABLE as error:
            raise UnsupportedError(f"has {where}, which jinja2 cannot read: {error}") from error
        except UnsupportedError as error:
            raise UnsupportedError(f"{error}" if " (in " in str(error) else f"{error} (in {where})") from error
        return code

    def _matching(self, parts: tuple[str | None, ...]) -> Iterator[str]:
        """The paths of the files whose names consist of these parts, of which None stands for any text."""
        start = "".join(takewhile(lambda part: part is not None, parts))  # type: ignore[arg-type]
        folder = start.rpartition("/")[0]
        if None in parts and not folder:
            raise UnsupportedError("includes files whose names are known only at run time")
        wanted = re.compile("".join(".*" if part is None else re.escape(part) for part in parts), re.DOTALL)
        candidates = sorted((self._root / folder).rglob("*")) if None in parts else [self._root / start]
        for path in candidates:
            if path.is_file() and wanted.fullmatch(relative := path.relative_to(self._root).as_posix()):
                if path.resolve() != self._root.resolve() / relative:
                    raise UnsupportedError(f"includes the symbolic link {relative}")
                yield relative


def _texts(details: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a question that are evaluated even if the user is not asked."""
    yield from _nested_texts([details.get(key) for key in ("default", "type", "validator", "when")])
    choices = details.get("choices", [])
    pairs = choices.items() if isinstance(choices, dict) else [choices] if isinstance(choices, str) else choices
    for pair in pairs:
        for part in pair if isinstance(pair, (list, tuple)) else (pair,):
            yield from _nested_texts([part.get("value"), part.get("validator")] if isinstance(part, dict) else [part])


def _nested_texts(value: Any) -> Iterator[str]:
    """The texts in a list, and in the lists in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _nested_texts(item)


def _template_file(path: Path, relative: str, suffix: str) -> TemplateFile:
    mode = LINK if path.is_symlink() else EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
    is_template = path.name.endswith(suffix) and bool(suffix or mode == LINK or _is_text(path))
    return TemplateFile(relative, mode, is_template)


def _is_text(path: Path) -> bool:
    try:
        reading.read(path).decode()
    except UnicodeDecodeError:
        return False
    return True


def _relative(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"has a file whose name is not UTF-8: {relative!r}") from error
    return relative
