"""Compiled texts run in copier's sandbox: jinja2's, with the template's settings and copier's filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from new_ops_project.template.native.filters import FILTERS
from new_ops_project.template.native.model import CompiledVersion, is_plain
from new_ops_project.template.native.unsupported import UnsupportedError

if TYPE_CHECKING:
    from types import CodeType

    from jinja2 import BaseLoader, Environment, Template
    from jinja2.sandbox import SandboxedEnvironment


def environment(settings: Mapping[str, Any], named: Mapping[str, "CodeType"]) -> "SandboxedEnvironment":
    """The environment of a template with these settings, which finds the compiled files in `named`."""
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    options = {"keep_trailing_newline": True, **(settings.get("envops") or {})}
    strict = options.pop("undefined", "") == "jinja2.StrictUndefined"
    undefined = jinja2.StrictUndefined if strict else jinja2.Undefined
    made = SandboxedEnvironment(loader=loader(named), undefined=undefined, cache_size=-1, **options)
    made.globals["pathjoin"] = _pathjoin
    made.filters |= FILTERS
    return made


def loader(named: Mapping[str, "CodeType"]) -> "BaseLoader":
    """What finds a file that another includes: among those that were judged, where all are that it can include."""
    from jinja2 import BaseLoader, Template, TemplateNotFound

    class Loader(BaseLoader):
        def load(self, environment: "Environment", name: str, globals: Any = None) -> Template:  # noqa: A002 - jinja2's
            if name in named:
                return Template.from_code(environment, named[name], environment.make_globals(globals))
            if any(part in {"", ".", ".."} for part in name.split("/")):
                raise UnsupportedError(f"includes {name!r}")
            raise TemplateNotFound(name)

    return Loader()


@dataclass(frozen=True)
class Engine:
    """Evaluates the texts and files of one version; each becomes a template of jinja2's when it is first wanted."""

    version: CompiledVersion
    environment: "SandboxedEnvironment"
    _templates: dict[str, "Template"] = field(default_factory=dict, repr=False)

    def text(self, text: str, context: Mapping[str, Any]) -> str:
        """A text of copier.yml, or part of a file's name, with these values."""
        if is_plain(text, self.version.settings):
            return text
        if text not in self._templates:
            self._templates[text] = self._made(text)
        return self._templates[text].render(context)

    def _made(self, text: str) -> "Template":
        from jinja2 import Template

        code = self.version.strings.get(text)
        if code is None:
            raise UnsupportedError(f"evaluates {text!r}")
        return Template.from_code(self.environment, code, self.environment.make_globals(None))

    def value(self, value: Any, context: Mapping[str, Any]) -> Any:
        """The same of a value: of a list each item, and what is no text stands for itself."""
        if isinstance(value, str):
            return self.text(value, context)
        return [self.value(item, context) for item in value] if isinstance(value, list) else value

    def file(self, path: str, context: Mapping[str, Any]) -> str:
        """A file of the template."""
        return self.environment.get_template(path).render(context)


def engine(version: CompiledVersion) -> Engine:
    """What evaluates this version."""
    return Engine(version, environment(version.settings, version.named))


_PATHS: Mapping[str, Callable[..., PurePath]] = {
    "posix": PurePosixPath,
    "windows": PureWindowsPath,
    "native": PurePath,
}


def _pathjoin(*parts: str, mode: str = "posix") -> str:
    return str(_PATHS[mode](*parts))
