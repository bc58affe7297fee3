"""The keywords of setup(), from setup.py and setup.cfg together."""

from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.setuptools import entry_points, setup_cfg, setup_py


@dataclass(frozen=True)
class Setup:
    """The keywords of both files; where both have one, setuptools takes that of setup.py."""

    files: Files
    py: Document
    cfg: Document

    @property
    def names(self) -> list[str]:
        """Every keyword that has a value, once."""
        names = dict.fromkeys([*self.py.table(), *self.cfg.table()])
        return [name for name in names if self.get(name) not in (None, "", [], {}, False)]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why a file could not be read."""
        return tuple(source.problem for source in (self.py, self.cfg) if source.problem)

    def get(self, name: str) -> Any:
        """Its value; None where there is none."""
        return self._source(name).get(name)

    def string(self, name: str) -> str:
        """Its value, if it is a text."""
        return self._source(name).string(name)

    def where(self, name: str, holding: str = "") -> str:
        """Where it stands, as path:line."""
        return self._source(name).where(name, holding=holding)

    def _source(self, name: str) -> Document:
        return self.py if self.py.get(name) or not self.cfg.get(name) else self.cfg


def read(files: Files) -> Setup:
    """The keywords of setup.py and setup.cfg in the root of `files`."""
    return Setup(files, setup_py.keywords(files), setup_cfg.keywords(files))


def console_scripts(setup: Setup) -> tuple[str, ...]:
    """The names of the commands that it installs."""
    try:
        return tuple(entry_points.groups(setup.get("entry_points") or {}).get("console_scripts", {}))
    except ValueError:
        return ()
