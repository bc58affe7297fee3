"""A group of verbs, each in a file of its name that is imported when it is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Verbs(click.Group):
    """The verbs of a package with what --help says of each; so --help and the first prompt come at once."""

    def __init__(self, *args: Any, package: str, verbs: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self._package, self._verbs = package, verbs

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Their names, in order."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """The verb of a name, from its file; None for one that there is not."""
        if cmd_name not in self._verbs:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """Write what --help says of each."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))
