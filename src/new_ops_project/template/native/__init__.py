"""A template that does nothing but render is rendered in this process, to the very tree that copier makes of it."""

from new_ops_project.template.native.cache import questionnaire
from new_ops_project.template.native.renderer import tree, unsupported_reason
from new_ops_project.template.native.unsupported import UnsupportedError

__all__ = ["UnsupportedError", "questionnaire", "tree", "unsupported_reason"]
