"""The texts of the copier.yml of a stranger, evaluated in a child process with limits."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar

from new_ops_project.base import confined
from new_ops_project.template import jinja, limits
from new_ops_project.template.errors import LimitError

T = TypeVar("T")


class ForeignTemplates:
    """What `jinja.Templates` is for our own template; the arguments are the same.

    Extensions are loaded in the child too. Raises ToolError for one that cannot be, and LimitError; once one was
    raised, all that follows raises it too.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        codes: Mapping[str, CodeType],
        file_codes: Mapping[str, CodeType],
        root: Path,
        extensions: Iterable[str] = (),
    ) -> None:
        self._given = (config, codes, file_codes, root, extensions)
        self._templates: jinja.Templates | None = None  # the child's
        self._child = confined.Child(self._serve, limits.of(is_trusted=bool(extensions)))
        self._error: LimitError | None = None
        if extensions:
            self.call(str)

    def evaluate(self, text: str, values: Mapping[str, Any], *, is_default: bool = False) -> str:
        """Evaluate a text as `Templates.evaluate` does."""
        return str(self._ask((None, (text, dict(values), is_default))))

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """What a function of a module returns for these arguments in the child."""
        result: T = self._ask((function, args))
        return result

    def _ask(self, request: tuple[Any, ...]) -> Any:
        if self._error:
            raise self._error
        try:
            with limits.readable("copier.yml of the template cannot be evaluated"):
                return self._child.ask(request)
        except LimitError as error:
            self._error = error
            raise

    def _serve(self, request: tuple[Any, ...]) -> Any:
        function, args = request
        self._templates = self._templates or jinja.Templates(*self._given)
        if function:
            return function(*args)
        text, values, is_default = args
        return self._templates.evaluate(text, values, is_default=is_default)
