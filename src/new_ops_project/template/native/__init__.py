"""Rendering in this process, for templates that do nothing but render.

The result is exactly the tree that copier makes. Whatever is not known to be the same raises UnsupportedError.
"""

from new_ops_project.template.native.cache import questionnaire
from new_ops_project.template.native.renderer import prepare, tree, unsupported_reason

__all__ = ["prepare", "questionnaire", "tree", "unsupported_reason"]
