"""The evaluation of a compiled template's texts with the answers of one project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from new_ops_project.template.native.model import CompiledVersion, is_plain
from new_ops_project.template.native.unsupported import UnsupportedError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment


@dataclass(frozen=True)
class Engine:
    """Evaluates the texts and files of one version; code becomes a template of jinja2 at its first use."""

    version: CompiledVersion
    environment: "SandboxedEnvironment"
    _templates: dict[str, "Template"] = field(default_factory=dict, repr=False)

    def text(self, text: str, context: Mapping[str, Any]) -> str:
        """Evaluate a text of copier.yml, or a part of a file name, with the values in `context`.

        Raises UnsupportedError for a text that was not compiled.
        """
        if is_plain(text, self.version.settings):
            return text
        if text not in self._templates:
            self._templates[text] = self._template(text)
        return self._templates[text].render(context)

    def _template(self, text: str) -> "Template":
        code = self.version.text_codes.get(text)
        if code is None:
            raise UnsupportedError(f"evaluates {text!r}")
        return self.environment.template_class.from_code(self.environment, code, self.environment.make_globals(None))

    def value(self, value: Any, context: Mapping[str, Any]) -> Any:
        """Evaluate a text, or each item of a list; every other value is returned as it is."""
        if isinstance(value, str):
            return self.text(value, context)
        return [self.value(item, context) for item in value] if isinstance(value, list) else value

    def file(self, path: str, context: Mapping[str, Any]) -> str:
        """Evaluate a file of the template."""
        return self.environment.get_template(path).render(context)


def engine(version: CompiledVersion) -> Engine:
    """The engine of this version."""
    from new_ops_project.template.native.sandbox import environment  # noqa: PLC0415 - imports jinja2, see there

    return Engine(version, environment(version.settings, version.file_codes))
