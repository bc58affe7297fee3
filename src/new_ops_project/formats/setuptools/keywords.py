"""The keywords of setup(), combined from the two files that can give them."""

from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.setuptools import entry_points, setup_cfg, setup_py


@dataclass(frozen=True)
class Setup:
    """The keywords of both files. Where both give one, setup.py wins, as it does in setuptools."""

    py: Document
    cfg: Document

    @property
    def names(self) -> list[str]:
        """The keywords that have a value, each once."""
        names = dict.fromkeys([*self.py.table(), *self.cfg.table()])
        return [name for name in names if self.get(name) not in (None, "", [], {}, False)]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why a file could not be read, one message a file."""
        return tuple(source.problem for source in (self.py, self.cfg) if source.problem)

    def get(self, name: str) -> Any:
        """The value of a keyword; None where there is none."""
        return self._source(name).get(name)

    def string(self, name: str) -> str:
        """The value of a keyword that is text; '' for anything else."""
        return self._source(name).string(name)

    def strings(self, name: str) -> list[str]:
        """The strings of a list, or the lines of a text; [] for anything else."""
        return self._source(name).strings(name) or [
            text for text in map(str.strip, self.string(name).split("\n")) if text
        ]

    @property
    def entry_points(self) -> dict[str, dict[str, str]]:
        """The entry points as {group: {name: target}}; {} where they are unclear."""
        try:
            return entry_points.groups(self.get("entry_points") or {})
        except ValueError:
            return {}

    def where(self, name: str, holding: str = "") -> str:
        """The place of a keyword as `path:line`, or of the text `holding` in its value."""
        return self._source(name).where(name, holding=holding)

    def _source(self, name: str) -> Document:
        return self.py if self.py.get(name) or not self.cfg.get(name) else self.cfg


def read(files: Files) -> Setup:
    """Read the keywords of setup.py and setup.cfg in the root of `files`."""
    return Setup(setup_py.keywords(files), setup_cfg.keywords(files))
