"""One version of a template in the form in which it is rendered."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from new_ops_project.template.questions import Questionnaire

if TYPE_CHECKING:
    from new_ops_project.template.jinja import Templates


@dataclass(frozen=True)
class TemplateFile:
    """A file of the template: its path below the template's root, its mode in git, and whether it is evaluated."""

    path: str
    mode: str
    is_template: bool


@dataclass(frozen=True)
class CompiledVersion:
    """A compiled version: `questionnaire` with the codes of all texts, `files` that can become files of a project.

    `paths` are those of everything in the rendered folder, folders included.
    """

    questionnaire: Questionnaire
    files: tuple[TemplateFile, ...] = ()
    paths: frozenset[str] = frozenset()

    @cached_property
    def templates(self) -> "Templates":
        """The compiled texts and files, and no others."""
        from new_ops_project.template.jinja import Templates  # noqa: PLC0415 - a check of a current project has none

        return Templates(self.questionnaire.config, self.questionnaire.codes, self.questionnaire.file_codes)

    @property
    def subdirectory(self) -> str:
        """The folder that is rendered, a text to evaluate; '' for all."""
        return str(self.questionnaire.config.get("subdirectory", ""))

    @property
    def suffix(self) -> str:
        """The suffix of the names of files that are evaluated."""
        suffix = self.questionnaire.config.get("templates_suffix")
        return ".jinja" if suffix is None else str(suffix)

    def parts(self, path: str) -> tuple[str, ...]:
        """The parts of a file's path, each evaluated; without the suffix of an evaluated file."""
        source = PurePosixPath(path)
        return (source.with_suffix("") if self.suffix and path.endswith(self.suffix) else source).parts
