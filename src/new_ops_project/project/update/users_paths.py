"""Which of the template's paths an update leaves to the project."""

import re
from collections.abc import Iterable

from new_ops_project.template.errors import EvaluationError
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.native import excludes

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def rendered(answers: Answers, text: str, **more: str) -> str:
    """`text` rendered with the answers; '' where it uses a variable that only copier sets."""
    try:
        return str(answers.render(text, **more))
    except EvaluationError:
        return ""


def skipped_if_exist(answers: Answers, paths: Iterable[str]) -> frozenset[str]:
    """The paths that match `_skip_if_exists`: the template writes them where they are absent, and only there."""
    texts = answers.questionnaire.config.get("skip_if_exists") or []
    return _matching(answers, [rendered(answers, str(text)) for text in texts], paths)


def written_once(answers: Answers, paths: Iterable[str]) -> frozenset[str]:
    """The paths that match a pattern of `_exclude` for updates only: the template writes them once."""
    return _matching(answers, sorted(_excludes(answers, "update") - _excludes(answers, "copy")), paths)


def newly_excluded(answers: Answers, operation: str, keep: Iterable[str], paths: Iterable[str]) -> frozenset[str]:
    """The paths that a version of the template excludes with these answers, and those that the project keeps its own.

    In the old render they would look like files that the template has dropped, and be removed from the project.
    """
    return _matching(answers, [*_excludes(answers, operation), *(f"/{path}" for path in keep)], paths)


def _excludes(answers: Answers, operation: str) -> set[str]:
    texts = map(str, answers.questionnaire.exclude)
    return {rendered(answers, text, _copier_operation=operation) for text in texts}


def _matching(answers: Answers, patterns: list[str], paths: Iterable[str]) -> frozenset[str]:
    lines = tuple(line for pattern in patterns for line in _LINE_BREAK.split(pattern))
    if excludes.are_literal(lines):
        return excludes.matching(lines, paths)
    return answers.questionnaire.templates.call(excludes.matching, lines, tuple(paths))
