"""A report as one HTML file: no request leaves it, and no text of a repository ever runs in it."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from new_ops_project.fleet.names import cut, natural, shown
from new_ops_project.fleet.python_support import Support
from new_ops_project.fleet.reports import advice, charts
from new_ops_project.fleet.reports.facts import UNKNOWN, Facts
from new_ops_project.fleet.reports.rows import as_values
from new_ops_project.fleet.reports.state import RepositoryState

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent
# A shape for each standing, because color alone tells nothing to many.
GLYPHS = {
    RepositoryState.FAILED: "✕",
    RepositoryState.CONFLICT: "≠",
    RepositoryState.HELD: "‖",
    RepositoryState.DEFERRED: "○",
    RepositoryState.UPDATED: "▲",
    RepositoryState.DELIVERED: "→",
    RepositoryState.CURRENT: "✓",
}

_MARKS = {Support.ENDED: "✕", Support.SOON: "!", Support.LASTS: "✓", Support.UNKNOWN: "?"}


def document(facts: Facts, title: str) -> str:
    """The page."""
    style, script = (_text(f"page.{kind}") for kind in ("css", "js"))
    return _template().render(
        facts=facts,
        title=title,
        style=style,
        script=script,
        policy=_policy(style, script),
        charts=charts,
        glyphs=GLYPHS,
        marks=_MARKS,
        todo=_todo(facts),
        data=_data(facts),
        owners=_choices(row.result.owner for row in facts.rows),
        versions=_choices(row.after or UNKNOWN for row in facts.rows),
    )


def _todo(facts: Facts) -> list[tuple[RepositoryState, int, str]]:
    """What is left to do, how often, and the command for it."""
    return [
        (standing, facts.standings[standing], advice.for_all(standing, facts))
        for standing in advice.NEEDS_PERSON
        if facts.standings[standing]
    ]


def _policy(style: str, script: str) -> str:
    """A content security policy (W3C, CSP level 3) that lets this one script and this one style sheet in only."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(facts: Facts) -> str:
    """The rows as JSON that can stand in a script element: nothing in it ends the element, or begins a comment."""
    rows = [
        {key: value for key, value in as_values(row, facts).items() if value not in ("", [], 0, 0.0)}
        for row in facts.rows
    ]
    known = {"glyphs": GLYPHS, "standings": [*RepositoryState], "rows": rows}
    text = json.dumps(known, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _choices(found: Iterable[str]) -> list[str]:
    return sorted({shown(name) for name in found if name}, key=natural)


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"shown": shown, "cut": cut, "number": "{:,}".format}
    return made.get_template("page.html.jinja")
