"""A template that does nothing but render is rendered in this process, to the very tree that copier makes of it."""

from new_ops_project.pure.kept import questionnaire
from new_ops_project.pure.rendering import reason, tree
from new_ops_project.pure.unsure import Unsure

__all__ = ["Unsure", "questionnaire", "reason", "tree"]
