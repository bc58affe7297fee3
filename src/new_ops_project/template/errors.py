"""What evaluating and rendering a template raises."""

from new_ops_project.base.errors import ToolError


class EvaluationError(ToolError):
    """A text of copier.yml cannot be evaluated here; copier may know more (`_external_data`, for example)."""


class LimitError(ToolError):
    """Evaluating or rendering a template took more than it may; it is not tried in another way."""


class UnsupportedError(Exception):
    """Only copier can render this; the message is a clause about the template, such as "has tasks"."""


class UnsetError(EvaluationError):
    """A default evaluates copier's UNSET, which means that the question has none."""
