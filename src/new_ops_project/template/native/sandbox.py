"""The Jinja environment in which compiled templates run: copier's, without its extensions.

Importing this module imports jinja2, which a check of a current project does not need.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound, Undefined
from jinja2.sandbox import SandboxedEnvironment

from new_ops_project.template.native.filters import FILTERS
from new_ops_project.template.native.unsupported import UnsupportedError


def environment(settings: Mapping[str, Any], file_codes: Mapping[str, CodeType]) -> SandboxedEnvironment:
    """The environment of a template with these settings, whose includes come from `file_codes`."""
    options = {"keep_trailing_newline": True, **(settings.get("envops") or {})}
    undefined = StrictUndefined if options.pop("undefined", "") == "jinja2.StrictUndefined" else Undefined
    result = SandboxedEnvironment(loader=loader(file_codes), undefined=undefined, cache_size=-1, **options)
    result.globals["pathjoin"] = _pathjoin
    result.filters |= FILTERS
    return result


def loader(file_codes: Mapping[str, CodeType]) -> BaseLoader:
    """A loader of the compiled files, which are all that the template's texts can include."""

    class Loader(BaseLoader):
        def load(self, environment: Environment, name: str, globals: Any = None) -> Template:  # noqa: A002 - jinja2's
            if name in file_codes:
                return Template.from_code(environment, file_codes[name], environment.make_globals(globals))
            if any(part in {"", ".", ".."} for part in name.split("/")):
                raise UnsupportedError(f"includes {name!r}")
            raise TemplateNotFound(name)

    return Loader()


_PATHS: Mapping[str, Callable[..., PurePath]] = {
    "posix": PurePosixPath,
    "windows": PureWindowsPath,
    "native": PurePath,
}


def _pathjoin(*parts: str, mode: str = "posix") -> str:
    return str(_PATHS[mode](*parts))
