"""Whom git names as the author of a commit."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git

REMEDY = "git config --global user.name 'Your Name' && git config --global user.email you@example.org"

# A commit with this option fails where name or address would be guessed from the machine.
UNGUESSED = ("-c", "user.useConfigOnly=true")

# The keys that name an author, the ones that count most first (git-config(1)).
KEYS = ("author.name", "user.name", "author.email", "user.email")


@dataclass(frozen=True)
class Identity:
    """A name and an e-mail address, either of them perhaps ''."""

    name: str
    email: str

    def __str__(self) -> str:
        """As git writes it: Name <address>."""
        return f"{self.name} <{self.email}>"


def author(at: Path) -> Identity | None:
    """The author of a commit in `at`; None if git could not commit there, or would have to guess who it is."""
    idents = [git.ask(*UNGUESSED, "var", f"GIT_{role}_IDENT", at=at) for role in ("AUTHOR", "COMMITTER")]
    if not all(idents):
        return None
    name, _, rest = idents[0].partition(" <")
    return Identity(name, rest.rpartition("> ")[0])  # git adds the time after it


def in_settings(values: Mapping[str, str]) -> Identity:
    """The author that these values of KEYS and the environment name; what they do not say is ''."""

    def first(part: str) -> str:
        named = (
            os.environ.get(f"GIT_AUTHOR_{part.upper()}"),
            *(values.get(f"{role}.{part}") for role in ("author", "user")),
        )
        return next(filter(None, named), "")

    return Identity(first("name"), first("email"))
