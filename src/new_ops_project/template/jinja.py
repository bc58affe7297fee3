"""The Jinja environment in which a template is evaluated: copier's.

Importing this module imports jinja2, which a check of a current project does not need.
"""

import ast
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from types import CodeType
from typing import Any, TypeVar

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Template, TemplateNotFound
from jinja2 import Undefined as LenientUndefined
from jinja2.sandbox import SandboxedEnvironment

from new_ops_project.base import confined
from new_ops_project.base.errors import ToolError
from new_ops_project.template.errors import EvaluationError, UnsetError, UnsupportedError

T = TypeVar("T")

# What only copier knows. A text that uses one of them cannot be evaluated here. `_copier_operation` is not among them:
# only excludes and commands have it, and elsewhere it is undefined for copier too.
UNKNOWN: Mapping[str, Any] = {
    name: StrictUndefined(name=name)
    for name in (
        "_copier_answers",
        "_copier_conf",
        "_copier_phase",
        "_copier_python",
        "_external_data",
        "_folder_name",
        "make_secret",
        "now",
    )
}
_SHOWN = 60  # letters of a text in a message
# What only a default may use: that there is none.
UNSET: Mapping[str, Any] = {"UNSET": StrictUndefined(name="UNSET", exc=UnsetError)}  # type: ignore[arg-type]


# What `_envops` may set. Other options of jinja2 would load code, and copier refuses them.
_OPTIONS = frozenset(
    f"{kind}_{end}_string" for kind in ("block", "variable", "comment") for end in ("start", "end")
) | {
    "autoescape",
    "enable_async",
    "keep_trailing_newline",
    "line_comment_prefix",
    "line_statement_prefix",
    "lstrip_blocks",
    "newline_sequence",
    "optimized",
    "trim_blocks",
}


class Templates:
    """The texts and files of one version of a template, each compiled once.

    `codes` are texts that are compiled already, `file_codes` files by their paths. With `root`, other texts, and the
    files below it, are compiled when they are needed; without it they raise UnsupportedError and TemplateNotFound.
    `extensions` are loaded, which runs their code. Raises ToolError for one that cannot be.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        codes: Mapping[str, CodeType],
        file_codes: Mapping[str, CodeType],
        root: Path | None = None,
        extensions: Iterable[str] = (),
    ) -> None:
        compiled = _CompiledFiles(file_codes)
        files = FileSystemLoader(root) if root else None
        # An extension may look for the template's folder in the loader, and nothing of such a template is compiled.
        loader = files if extensions and files else ChoiceLoader([compiled, files]) if files else compiled
        self.environment = environment(config, loader)
        for name in extensions:
            _load_extension(self.environment, name)
        self._codes, self._can_compile = codes, root is not None
        self._templates: dict[str, Template] = {}

    def text(self, text: str, context: Mapping[str, Any]) -> str:
        """Evaluate a text of copier.yml, or a part of a file name."""
        if text not in self._templates:
            self._templates[text] = self._template(text)
        return self._templates[text].render(context)

    def evaluate(self, text: str, values: Mapping[str, Any], *, is_default: bool = False) -> str:
        """Evaluate a text of copier.yml where what only copier knows is unknown; a default may use UNSET."""
        confined.note(f"{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}...'!r}")
        result = self.text(text, {**UNKNOWN, **(UNSET if is_default else {}), **values})
        confined.note("")
        return result

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """What a function returns: `ForeignTemplates` calls it in its child."""
        return function(*args)

    def file(self, path: str, context: Mapping[str, Any]) -> str:
        """Evaluate a file of the template."""
        confined.note(path)
        result = self.environment.get_template(path).render(context)
        confined.note("")
        return result

    def _template(self, text: str) -> Template:
        if text in self._codes:
            return Template.from_code(self.environment, self._codes[text], self.environment.make_globals(None))
        if self._can_compile:
            return self.environment.from_string(text)
        raise UnsupportedError(f"evaluates {text!r}")


class _CompiledFiles(BaseLoader):
    def __init__(self, codes: Mapping[str, CodeType]) -> None:
        self._codes = codes

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:  # noqa: A002 - jinja2's
        if name in self._codes:
            return Template.from_code(environment, self._codes[name], environment.make_globals(globals))
        if any(part in {"", ".", ".."} for part in name.split("/")):
            raise UnsupportedError(f"includes {name!r}")
        raise TemplateNotFound(name)


def environment(config: Mapping[str, Any], loader: BaseLoader | None = None) -> SandboxedEnvironment:
    """The environment of a template with these settings (those of copier.yml, without their underscores).

    Raises ToolError for options that Jinja cannot use.
    """
    given = config.get("envops") or {}
    undefined = StrictUndefined if given.get("undefined") == "jinja2.StrictUndefined" else LenientUndefined
    options = {"keep_trailing_newline": True, **{name: given[name] for name in given.keys() & _OPTIONS}}
    try:
        result = SandboxedEnvironment(loader=loader, undefined=undefined, cache_size=-1, **options)
        result.lexer  # noqa: B018 - is made of the delimiters, which may be no texts
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise ToolError(f"_envops in copier.yml of the template cannot be used: {reason}.", "Fix it there.") from error
    result.globals["pathjoin"] = _pathjoin
    result.filters = _Filters({**result.filters, **FILTERS})
    return result


def _load_extension(environment: Environment, name: str) -> None:
    try:
        environment.add_extension(name)
    except ModuleNotFoundError as error:
        package = (error.name or name).partition(".")[0].replace("_", "-")
        python = shlex.quote(sys.executable)
        hint = f"{python} -m pip install {package}, or uv pip install --python {python} {package}"
        raise ToolError(f"The template's Jinja extension {name} is not installed: {error}.", hint) from error
    except Exception as error:
        message = f"The template's Jinja extension {name} cannot be loaded: {type(error).__name__}: {error}."
        raise ToolError(message, "Fix _jinja_extensions in copier.yml of the template.") from error


_PATHS: Mapping[str, Callable[..., PurePath]] = {
    "posix": PurePosixPath,
    "windows": PureWindowsPath,
    "native": PurePath,
}


def _pathjoin(*parts: str, mode: str = "posix") -> str:
    return str(_PATHS[mode](*parts))


# ---- filters --------------------------------------------------------------------------------------------------------
# copier adds those of the package jinja2-ansible-filters. The ones that templates use most are here, because importing
# that package takes as long as rendering a project; each returns what its namesake returns, or leaves it to that.


# What filters of that package tell about this machine: only copier evaluates them, and only for a template with trust.
READING: Mapping[str, str] = {"expandvars": "environment variables", "fileglob": "names of files"}


class _Filters(dict[str, Callable[..., Any]]):
    """Filters by name; those that are not here come from the package, which is imported then."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        if name in READING:
            reason = f"its filter {name} reads {READING[name]} of this machine"
            hint = "Use it in a file of the template, which needs --trust then."
            raise EvaluationError(f"copier.yml of the template cannot be evaluated: {reason}.", hint)
        return _packaged()[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in _packaged()

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


@lru_cache(maxsize=1)
def _packaged() -> Mapping[str, Callable[..., Any]]:
    # As slow to import as a project is to render.
    from jinja2_ansible_filters import AnsibleCoreFiltersExtension  # type: ignore[import-untyped]  # noqa: PLC0415

    packaged = Environment(extensions=[AnsibleCoreFiltersExtension])  # noqa: S701 - evaluates nothing
    return packaged.filters


def to_nice_yaml(value: Any, indent: int = 4, *args: Any, **more: Any) -> str:
    """YAML with one item on each line."""
    del args  # the original ignores them too
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
    return all(map(_is_plain, _scalars(value))) and len({id(items) for items in lists}) == len(lists)


def _scalars(value: Mapping[str, Any]) -> Iterator[Any]:
    for entry in value.values():
        yield from entry if type(entry) is list else (entry,)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {bool, int} or (type(value) is str and value.isprintable())


@lru_cache(maxsize=4096)
def _line(name: str, literal: str) -> str:
    """One entry of a mapping, whose value is given as a Python literal so that it can be the key of the cache."""
    return _dump({name: ast.literal_eval(literal)}, default_flow_style=False, indent=4)


def _regex_replace(value: Any, pattern: str = "", replacement: str = "", ignorecase: Any = False) -> str:  # noqa: FBT002
    if not isinstance(value, str):
        return str(_packaged()["regex_replace"](value, pattern, replacement, ignorecase))
    return re.sub(pattern, replacement, value, flags=re.IGNORECASE if ignorecase else 0)


def _flags(*, multiline: Any, ignorecase: Any) -> int:
    return (re.MULTILINE if multiline else 0) | (re.IGNORECASE if ignorecase else 0)


def _regex_findall(value: str, regex: str, multiline: Any = False, ignorecase: Any = False) -> list[Any]:  # noqa: FBT002
    return re.findall(regex, value, _flags(multiline=multiline, ignorecase=ignorecase))


def _regex_search(value: str, regex: str, *args: str, **more: Any) -> Any:
    if args:
        return _packaged()["regex_search"](value, regex, *args, **more)
    match = re.search(regex, value, _flags(multiline=more.get("multiline"), ignorecase=more.get("ignorecase")))
    return match.group() if match else None


def _text_of_path(value: Any) -> str:
    """A path in `_copier_conf` as copier's `to_json` writes it; raises TypeError for anything else."""
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "from_json": json.loads,
    "regex_findall": _regex_findall,
    "regex_replace": _regex_replace,
    "regex_search": _regex_search,
    "to_json": partial(json.dumps, default=_text_of_path),
    "to_nice_yaml": to_nice_yaml,
}
