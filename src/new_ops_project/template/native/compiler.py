"""The compiler of a template version, which refuses whatever might not do the same here as in copier."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN
from new_ops_project.template import copier_yml
from new_ops_project.template.native import config_whitelist, jinja_whitelist
from new_ops_project.template.native.excludes import matcher
from new_ops_project.template.native.model import CompiledVersion, TemplateFile, is_plain
from new_ops_project.template.native.sandbox import environment
from new_ops_project.template.native.unsupported import UnsupportedError
from new_ops_project.template.questions import Questionnaire

# What copier excludes if the template has neither `_exclude` nor `_subdirectory`.
_USUALLY_EXCLUDED = ["copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__", ".git", ".DS_Store", ".svn"]


def compile_version(root: Path) -> CompiledVersion:
    """Compile the version whose files are in `root`; `unsupported` is set if only copier can render it."""
    try:
        return _Compiler.of(root).compiled()
    except UnsupportedError as error:
        return CompiledVersion(str(error))
    except ToolError as error:
        return CompiledVersion(f"cannot be read: {error.message}")


@dataclass(frozen=True)
class _Compiler:
    root: Path
    questionnaire: Questionnaire
    settings: Mapping[str, Any]
    text_codes: dict[str, CodeType] = field(default_factory=dict)
    file_codes: dict[str, CodeType] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    @staticmethod
    def of(root: Path) -> "_Compiler":
        """Read copier.yml; raise UnsupportedError for a setting or a question that is not supported."""
        config_whitelist.require_one_config(root)
        questionnaire = copier_yml.read(root)
        config_whitelist.require_settings(questionnaire.config)
        for question in questionnaire.questions:
            config_whitelist.require_question(question.name, question.details)
        return _Compiler(root, questionnaire, _rendering_settings(questionnaire.config))

    @cached_property
    def environment(self) -> SandboxedEnvironment:
        """The environment that parses and compiles texts."""
        return environment(self.settings, {})

    def compiled(self) -> CompiledVersion:
        """The version, with every text and file in it compiled."""
        files, paths = _files(self.root, self.settings)
        questions = tuple((question.name, dict(question.details)) for question in self.questionnaire.questions)
        config = dict(self.questionnaire.config)
        version = CompiledVersion("", config, self.settings, questions, self.text_codes, self.file_codes, files, paths)
        for question in self.questionnaire.questions:
            for text in _texts(question.details):
                self._compile_text(text, "question", paths)
        for text in self.settings["exclude"]:
            self._compile_text(text, "exclude", paths)
        self._compile_text(str(self.settings.get("subdirectory", "")), "name", paths)
        for file in self._rendered(version):
            for part in version.parts(file.path):
                self._compile_text(part, "name", paths)
            self._compile_content(file, paths)
        return version

    def _rendered(self, version: CompiledVersion) -> list[TemplateFile]:
        """The files that can become a file of a project, depending on the answers."""
        folder = str(self.settings.get("subdirectory", ""))
        if not is_plain(folder, self.settings):
            return list(version.files)
        prefix = "" if Path(folder) == Path() else f"{Path(folder).as_posix()}/"
        is_excluded = matcher(tuple(text for text in self.settings["exclude"] if is_plain(text, self.settings)))
        inside = [file for file in version.files if file.path.startswith(prefix)]
        destinations = ["/".join(version.parts(file.path[len(prefix) :])) for file in inside]
        return [
            file
            for file, path in zip(inside, destinations, strict=True)
            if not (is_plain(path, self.settings) and is_excluded(path))
        ]

    def _compile_content(self, file: TemplateFile, paths: frozenset[str]) -> None:
        if file.mode == LINK and file.is_template:
            self._compile_text(os.readlink(self.root / file.path), "name", paths)  # noqa: PTH115 - a text, not a path
        elif file.is_template:
            self._compile_file(file.path, "file", paths)

    def _compile_text(self, text: str, kind: str, paths: frozenset[str]) -> None:
        if not is_plain(text, self.settings) and (text, kind) not in self.seen:
            self.seen.add((text, kind))
            self.text_codes[text] = self._code(text, None, kind, paths)

    def _compile_file(self, path: str, kind: str, paths: frozenset[str]) -> None:
        """Compile a file that is a text of this kind, or that such a text includes.

        What a text may use depends on its kind, so a file that texts of two kinds include is checked for both.
        """
        if (path, f"in {kind}") in self.seen:
            return
        self.seen.add((path, f"in {kind}"))
        try:
            text = (self.root / path).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsupportedError(f"has {path}, which cannot be read as text") from error
        self.file_codes[path] = self._code(text, path, kind, paths)

    def _code(self, text: str, name: str | None, kind: str, paths: frozenset[str]) -> CodeType:
        where = name or repr(text)
        try:
            tree = self.environment.parse(text)
            jinja_whitelist.require(tree, kind)
            for pattern in jinja_whitelist.referenced(tree):
                self._compile_included(pattern, kind, paths)
            return self.environment.compile(tree, name=name, filename=name or "<template>")
        except TemplateSyntaxError as error:
            raise UnsupportedError(f"has {where}, which jinja2 cannot read: {error.message}") from error
        except UnsupportedError as error:
            raise UnsupportedError(f"{error}" if " (in " in str(error) else f"{error} (in {where})") from error

    def _compile_included(self, pattern: str, kind: str, paths: frozenset[str]) -> None:
        for path in sorted(paths):
            if fnmatchcase(path, pattern) and (self.root / path).is_file():
                if (self.root / path).is_symlink():
                    raise UnsupportedError(f"includes the symbolic link {path}")
                self._compile_file(path, kind, paths)


def _is_text(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _texts(details: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a question that are evaluated even if the user is not asked."""
    yield from _nested_texts([details.get(key) for key in ("default", "validator", "when")])
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


def _rendering_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that rendering depends on, with the default of `exclude`."""
    folder = Path(str(config.get("subdirectory", "")))
    usual = _USUALLY_EXCLUDED if folder == Path() else []
    names = ("answers_file", "envops", "preserve_symlinks", "subdirectory", "templates_suffix")
    return {**{name: config[name] for name in names if name in config}, "exclude": config.get("exclude", usual)}


def _files(root: Path, settings: Mapping[str, Any]) -> tuple[tuple[TemplateFile, ...], frozenset[str]]:
    """Every file and link below `root`, and the paths of everything below it, folders included."""
    found_files, found_paths = [], set()
    suffix = CompiledVersion("", settings=settings).suffix
    for here, folders, files in os.walk(root):
        links = [name for name in folders if Path(here, name).is_symlink()]
        if suffix and any(name.endswith(suffix) for name in folders):
            raise UnsupportedError(f"has a folder whose name ends with {suffix}")
        paths = [Path(here, name) for name in (*files, *links)]
        for path in (*paths, *(Path(here, name) for name in folders)):
            if path.is_symlink() and not settings.get("preserve_symlinks"):
                raise UnsupportedError(f"has the symbolic link {path.relative_to(root)}, to be followed")
            if path.exists():
                found_paths.add(_relative(path, root))
        found_files += [_template_file(path, root, suffix) for path in paths]
    return tuple(found_files), frozenset(found_paths)


def _template_file(path: Path, root: Path, suffix: str) -> TemplateFile:
    mode = LINK if path.is_symlink() else EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
    is_template = path.name.endswith(suffix) and bool(suffix or mode == LINK or _is_text(path))
    return TemplateFile(_relative(path, root), mode, is_template)


def _relative(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"has a file whose name is not UTF-8: {relative!r}") from error
    return relative
