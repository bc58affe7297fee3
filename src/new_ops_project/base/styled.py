"""Colours of our own, around text of others."""

from typing import Any

import click

from new_ops_project.base.text import Drawn, shown


def styled(text: str, **style: Any) -> Drawn:
    """The text as a terminal gets it, in a style as click.style takes it."""
    return Drawn(click.style(shown(text), **style))
