"""A report as one HTML file that sends no request.

Text of repositories never runs in it: see `_policy`, `_data` and page.js.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.names import cut, natural_key
from new_ops_project.fleet.reports import advice, charts
from new_ops_project.fleet.reports.facts import UNKNOWN, Facts
from new_ops_project.fleet.reports.json_report import as_values
from new_ops_project.fleet.reports.state import RepositoryState
from new_ops_project.template.pins.python_support import Support

_HERE = Path(__file__).parent
# A shape for each state, because many people cannot tell states apart by color alone.
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
        python_counts=[(use.name, use.count) for use in facts.python_versions],
        todo=_unfinished(facts),
        data=_data(facts),
        owners=_options(row.result.owner for row in facts.rows),
        versions=_options(row.after or UNKNOWN for row in facts.rows),
    )


def _unfinished(facts: Facts) -> list[tuple[RepositoryState, int, str]]:
    """Each unfinished state with the number of its repositories and the command for them."""
    return [
        (state, facts.by_state[state], advice.command_for_state(state, facts))
        for state in advice.UNFINISHED
        if facts.by_state[state]
    ]


def _policy(style: str, script: str) -> str:
    """A content security policy (W3C, CSP level 3) that allows only this script and this style sheet.

    Even if a name became markup in spite of the escaping, it could neither run nor load anything.
    """
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
    """The rows as JSON for a script element: without `<` nothing in it can end the element or begin a comment."""
    rows = [
        {key: value for key, value in as_values(row, facts).items() if value not in ("", [], 0, 0.0)}
        for row in facts.rows
    ]
    data = {"glyphs": GLYPHS, "states": [*RepositoryState], "rows": rows}
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _options(names: Iterable[str]) -> list[str]:
    """The choices of a filter."""
    return sorted({escape_invisible(name) for name in names if name}, key=natural_key)


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": escape_invisible, "cut": cut, "number": "{:,}".format}
    return environment.get_template("page.html.jinja")
