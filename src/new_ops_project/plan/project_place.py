"""Which project of a repository a plan, a change or a command is about."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base import paths
from new_ops_project.template.answers_file import ANSWERS_FILE, answers_files, is_answers_path

_TIERS = ("script", "library", "cli")


@dataclass(frozen=True)
class ProjectPlace:
    """The place of a project: the root of its repository, its folder from there, its answers file from that folder.

    `prefix` is '' for the root itself, else it ends with `/`.
    """

    root: Path
    prefix: str
    answers_file: str = ANSWERS_FILE

    @property
    def name(self) -> str:
        """What tells it from the other projects of its repository: its answers file, from the root."""
        return f"{self.prefix}{self.answers_file}"

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.root / self.prefix

    @property
    def _is_sole(self) -> bool:
        """Whether its folder has no answers file of another template; its own need not be there."""
        own = [name for name in answers_files(self.folder) if is_answers_path(name)]
        return own in ([], [self.answers_file])

    def is_meant(self, given: str) -> bool:
        """Whether `given`, a path from the root that need not exist, is this project's folder or answers file."""
        return given == self.name or (given == self.prefix.rstrip("/") and self._is_sole)

    def command(self, verb: str, *options: str) -> str:
        """The command line of a verb for this project, as it is typed in the current folder."""
        path = min(paths.from_here(self.folder), str(self.folder), key=len)
        words = ["new-ops-project", verb]
        if not self._is_sole:
            if verb == "update":
                options = ("--answers-file", self.answers_file, *options)
            else:
                path = os.path.normpath(os.path.join(path, self.answers_file))  # noqa: PTH118 - as it is typed
        # What would look like an option, a home or a tier is still the name of a folder.
        given = [f"./{path}" if path[0] in "-~" or path in _TIERS else path] if path != "." else []
        first = [word for word in options[:1] if word in _TIERS]  # before the path
        return shlex.join([*words, *first, *given, *options[len(first) :]])
