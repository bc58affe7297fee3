"""Which file of a template plays which role, as the tables `files` and `promoted` of its copier.yml say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from new_ops_project.base import reading
from new_ops_project.template.answers import file_table
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire

_PLACEHOLDERS = {"NAME": "{{ import_name }}", "PREFIX": "{{ workflow_prefix }}"}  # in names of the template's files


def paths(values: Mapping[str, Any]) -> dict[str, str]:
    """The path in a project with these answers of each file that has a role, by the role."""
    return {row["role"]: row["path"] for row in file_table(values) if "role" in row}


def text(answers: Answers, role: str) -> str:
    """The template's file with this role, unrendered; '' if the template has none."""
    rows = [*_rows(answers, "files"), *_rows(answers, "promoted")]
    row = next((row for row in rows if row.get("role") == role), {})
    root = answers.questionnaire.root
    return _read(root / row["source"]) if "source" in row else text_of(answers.questionnaire, row.get("path", ""))


def text_of(questionnaire: Questionnaire, path: str) -> str:
    """The template's file for `path` in a project, unrendered; '' if the template has none."""
    for placeholder, name in _PLACEHOLDERS.items():
        path = path.replace(placeholder, name)
    suffix = questionnaire.config.get("templates_suffix", ".jinja")
    return _read(questionnaire.root / str(questionnaire.config.get("subdirectory", ".")) / f"{path}{suffix}")


def _rows(answers: Answers, table: str) -> list[dict[str, Any]]:
    rows = answers.values.get(table)
    return rows if isinstance(rows, list) else []


def _read(file: Path) -> str:
    return (reading.read_if_there(file) or b"").decode()
