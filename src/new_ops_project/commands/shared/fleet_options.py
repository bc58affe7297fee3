"""The options that several verbs of `fleet` share."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

_PERCENT = click.FloatRange(0, 100)
_OFFERS = {
    "sources": click.argument("source", nargs=-1, metavar="[SOURCE]..."),
    "folders": click.argument("folders", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="DIR..."),
    "to": click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]"),
    "wave": click.option(
        "--wave",
        metavar="WAVE",
        default="all",
        show_default=True,
        help="canary, a percentage, all, or a wave of fleet.toml.",
    ),
    "plan-file": click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        default="plan.json",
        show_default=True,
        help="The file for the plan.",
    ),
    "max-failed": click.option(
        "--max-failed", type=_PERCENT, metavar="PERCENT", help="Stop if more than this fails.  [default: 5]"
    ),
    "max-conflicts": click.option(
        "--max-conflicts", type=_PERCENT, metavar="PERCENT", help="The same for conflicts.  [default: 20]"
    ),
    "offline": click.option("--offline", is_flag=True, help="Do not fetch the template."),
    "json": click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr."),
}


def offered(*names: str) -> Callable[[Any], Any]:
    """A decorator that gives a command these of the options."""
    return lambda command: reduce(lambda decorated, name: _OFFERS[name](decorated), reversed(names), command)
