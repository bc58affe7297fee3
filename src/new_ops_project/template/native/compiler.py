"""A version of a template is read, and compiled if everything in it is known to do the same here as in copier."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN
from new_ops_project.template import copier_yml
from new_ops_project.template.native import config_whitelist, jinja_whitelist
from new_ops_project.template.native.engine import environment
from new_ops_project.template.native.excludes import matcher
from new_ops_project.template.native.model import CompiledVersion, TemplateFile, is_plain
from new_ops_project.template.native.unsupported import UnsupportedError
from new_ops_project.template.questions import Questionnaire

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

# What copier leaves out where the template says nothing and is no subfolder.
_USUALLY_EXCLUDED = ["copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__", ".git", ".DS_Store", ".svn"]


def compile_version(root: Path) -> CompiledVersion:
    """The version whose files are in `root`; `why` is set where only copier can render it."""
    try:
        return _Compiler.of(root).compiled()
    except UnsupportedError as unsure:
        return CompiledVersion(str(unsure))
    except ToolError as error:
        return CompiledVersion(f"cannot be read: {error.message}")


@dataclass(frozen=True)
class _Compiler:
    root: Path
    questionnaire: Questionnaire
    settings: Mapping[str, Any]
    strings: dict[str, CodeType] = field(default_factory=dict)
    named: dict[str, CodeType] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    @staticmethod
    def of(root: Path) -> "_Compiler":
        """Read copier.yml; raise Unsure for a setting or a shape that is not known."""
        config_whitelist.require_one_config(root)
        found = copier_yml.read(root)
        config_whitelist.require_settings(found.config)
        for question in found.questions:
            config_whitelist.require_question(question.name, question.details)
        return _Compiler(root, found, _settled(found.config))

    @cached_property
    def environment(self) -> "SandboxedEnvironment":
        """What reads and compiles a text."""
        return environment(self.settings, {})

    def compiled(self) -> CompiledVersion:
        """The version, with every text and file in it compiled."""
        sources, names = _sources(self.root, self.settings)
        asked = tuple((one.name, dict(one.details)) for one in self.questionnaire.questions)
        config = dict(self.questionnaire.config)
        made = CompiledVersion("", config, self.settings, asked, self.strings, self.named, sources, names)
        for question in self.questionnaire.questions:
            for text in _texts(question.details):
                self._text(text, "question", names)
        for text in self.settings["exclude"]:
            self._text(text, "exclude", names)
        self._text(str(self.settings.get("subdirectory", "")), "name", names)
        for source in self._copied(made):
            for part in made.parts(source.path):
                self._text(part, "name", names)
            self._source(source, names)
        return made

    def _copied(self, made: CompiledVersion) -> list[TemplateFile]:
        """What can become a file of a project, whatever the answers are."""
        folder = str(self.settings.get("subdirectory", ""))
        if not is_plain(folder, self.settings):
            return list(made.sources)
        prefix = "" if Path(folder) == Path() else f"{Path(folder).as_posix()}/"
        is_excluded = matcher(tuple(text for text in self.settings["exclude"] if is_plain(text, self.settings)))
        inside = [
            (one, "/".join(made.parts(one.path[len(prefix) :]))) for one in made.sources if one.path.startswith(prefix)
        ]
        return [one for one, path in inside if not (is_plain(path, self.settings) and is_excluded(path))]

    def _source(self, source: TemplateFile, names: frozenset[str]) -> None:
        if source.mode == LINK and source.is_template:
            self._text(os.readlink(self.root / source.path), "name", names)  # noqa: PTH115 - a text, not a path
        elif source.is_template:
            self._file(source.path, "file", names)

    def _text(self, text: str, kind: str, names: frozenset[str]) -> None:
        if not is_plain(text, self.settings) and (text, kind) not in self.seen:
            self.seen.add((text, kind))
            self.strings[text] = self._code(text, None, kind, names)

    def _file(self, name: str, kind: str, names: frozenset[str]) -> None:
        """Compile a file, as one that a text of this kind is or includes."""
        if (name, f"in {kind}") in self.seen:
            return
        self.seen.add((name, f"in {kind}"))
        try:
            text = (self.root / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsupportedError(f"has {name}, which cannot be read as text") from error
        self.named[name] = self._code(text, name, kind, names)

    def _code(self, text: str, name: str | None, kind: str, names: frozenset[str]) -> CodeType:
        from jinja2 import TemplateSyntaxError

        made, where = self.environment, name or repr(text)
        try:
            tree = made.parse(text)
            jinja_whitelist.require(tree, kind)
            for pattern in jinja_whitelist.referenced(tree):
                self._files(pattern, kind, names)
            return made.compile(tree, name=name, filename=name or "<template>")
        except TemplateSyntaxError as error:
            raise UnsupportedError(f"has {where}, which jinja2 cannot read: {error.message}") from error
        except UnsupportedError as unsure:
            raise UnsupportedError(f"{unsure}" if " (in " in str(unsure) else f"{unsure} (in {where})") from unsure

    def _files(self, pattern: str, kind: str, names: frozenset[str]) -> None:
        for name in sorted(names):
            if fnmatchcase(name, pattern) and (self.root / name).is_file():
                if (self.root / name).is_symlink():
                    raise UnsupportedError(f"includes the symbolic link {name}")
                self._file(name, kind, names)


def _is_text(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _texts(details: Mapping[str, Any]) -> Iterator[str]:
    """What of a question is evaluated without a person being asked."""
    yield from _within([details.get(key) for key in ("default", "validator", "when")])
    choices = details.get("choices", [])
    pairs = choices.items() if isinstance(choices, dict) else [choices] if isinstance(choices, str) else choices
    for pair in pairs:
        for part in pair if isinstance(pair, (list, tuple)) else (pair,):
            yield from _within([part.get("value"), part.get("validator")] if isinstance(part, dict) else [part])


def _within(value: Any) -> Iterator[str]:
    """The texts of a list, and of the lists in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)


def _settled(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that rendering looks at."""
    folder = Path(str(config.get("subdirectory", "")))
    usual = _USUALLY_EXCLUDED if folder == Path() else []
    names = ("answers_file", "envops", "preserve_symlinks", "subdirectory", "templates_suffix")
    return {**{name: config[name] for name in names if name in config}, "exclude": config.get("exclude", usual)}


def _sources(root: Path, settings: Mapping[str, Any]) -> tuple[tuple[TemplateFile, ...], frozenset[str]]:
    """Every file and link, and the names of all that is there, folders too."""
    found, names = [], set()
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
                names.add(_named(path, root))
        found += [_source(path, root, suffix) for path in paths]
    return tuple(found), frozenset(names)


def _source(path: Path, root: Path, suffix: str) -> TemplateFile:
    mode = LINK if path.is_symlink() else EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
    is_template = path.name.endswith(suffix) and bool(suffix or mode == LINK or _is_text(path))
    return TemplateFile(_named(path, root), mode, is_template)


def _named(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"has a file whose name is no text: {name!r}") from error
    return name
