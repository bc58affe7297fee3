"""Edits of pins.yml, which change nothing else in it."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import ROOT
from support.upstreams import PINS, changed

from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins.comparison import Edit, End, Replace
from new_ops_project.template.pins.edits import apply_edits
from new_ops_project.template.pins.files import replace_all

REAL = (ROOT / "templates" / "pins.yml").read_bytes().decode()
COMMENTS = (
    "# plain",
    "#",
    "# 'quoted\" {",
    "# } ] , : &a *a !x | > %",
    "# Größe ✓ 版",
    "#no space",
    "# # two",
    "#\ttab\t",
    "# ops/a0: {version: v1.2.3, sha: 0}",
    '# "3.12": {newest_patch: 3.12.1}',
    "# Checked 2020-02-02.",
)
QUOTES = ("{}", '"{}"', "'{}'")
shas = st.text("0123456789abcdef", min_size=40, max_size=40) | st.text("0123456789", min_size=40, max_size=40)
versions = st.builds("v{}.{}.{}".format, *[st.integers(0, 99)] * 3)
bounds = st.builds("{}.{}".format, *[st.integers(0, 99)] * 2)


@dataclass
class Pair:
    """A file before and after some edits, written side by side."""

    draw: st.DrawFn
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def odd(self, *, own_line: bool = False) -> str:
        """A comment, or nothing."""
        comment = self.draw(st.sampled_from(("", "", *COMMENTS)))
        return comment if own_line else f"{self.draw(st.sampled_from((' ', '   ')))}{comment}" if comment else ""

    def line(self, text: str, after: str | None = "") -> None:
        """A line, its other self ('' for the same, None for none), and perhaps comments or nothing between lines."""
        self.before.append(text)
        self.after += [after or text] if after is not None else []
        for _ in range(self.draw(st.integers(0, 1))):
            between = " " * self.draw(st.integers(0, 9)) + self.odd(own_line=True)
            self.before.append(between)
            self.after.append(between)

    def value(self, path: tuple[str, ...], old: str, new: st.SearchStrategy[str]) -> tuple[str, str]:
        """A scalar in some quotes, and its new value, which is often the same."""
        quotes = self.draw(st.sampled_from(QUOTES))
        if quotes == "{}" and yaml.safe_load(old) != old:
            quotes = '"{}"'
        if self.draw(st.booleans()):
            return quotes.format(old), quotes.format(old)
        value = self.draw(new)
        self.edits.append(Replace(path, value))
        is_odd = quotes == "{}" and yaml.safe_load(value) != value
        return quotes.format(old), json.dumps(value) if is_odd else quotes.format(value)

    def mapping(self, key: str, indent: int, values: dict[str, tuple[str, str]]) -> None:
        """A mapping of scalars as a block, on one line, or in braces over several lines."""
        pad, style = " " * indent, self.draw(st.sampled_from(("flow", "block", "long")))
        if style == "flow":
            tail = self.odd()
            old, new = (", ".join(f"{name}: {pair[side]}" for name, pair in values.items()) for side in (0, 1))
            self.line(f"{pad}{key}: {{{old}}}{tail}", f"{pad}{key}: {{{new}}}{tail}")
            return
        comma, brace = (",", " {") if style == "long" else ("", "")
        self.line(f"{pad}{key}:{brace}{self.odd()}")
        for name, (old, new) in values.items():
            tail = self.odd()
            self.line(f"{pad}  {name}: {old}{comma}{tail}", f"{pad}  {name}: {new}{comma}{tail}")
        if brace:
            self.line(f"{pad}  }}{self.odd()}")


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, list[Edit]]:
    """A pins.yml before and after some edits, with the edits."""
    pair = Pair(draw)
    for text in ("# head", "pins:", "  type: yaml", "  default:", "    actions:"):
        pair.line(text)
    for number in range(draw(st.integers(1, 3))):
        at: tuple[str, ...] = ("actions", f"ops/a{number}")
        old = {
            "version": pair.value((*at, "version"), draw(versions), versions),
            "sha": pair.value((*at, "sha"), draw(shas), shas),
        }
        pair.mapping(at[1], 6, dict(reversed(old.items())) if draw(st.booleans()) else old)
    pair.line("    tools:")
    for name in ("build", "Types_PyYAML"):
        at = ("tools", name.lower().replace("_", "-"), "at_least")
        pair.mapping(name, 6, {"at_least": pair.value(at, draw(bounds), bounds), "stubs": ("x", "x")})
    end = draw(st.sampled_from(("\n", "\r\n")))
    tail = draw(st.sampled_from(("", end)))
    return end.join(pair.before) + tail, end.join(pair.after) + tail, pair.edits


@given(files())
def test_only_the_wanted_scalars_change(case: tuple[str, str, list[Edit]]) -> None:
    """Whatever the comments, quotes, styles and line ends are, every other byte stays."""
    before, after, edits = case
    assert apply_edits(before, edits) == after


@settings(deadline=None)  # it parses with PyYAML's slow loader, which knows positions
@given(st.lists(st.sampled_from(("3.11", "3.12", "3.13")), unique=True), st.sampled_from((*COMMENTS, "")))
def test_ended_pythons_move_and_comments_stay(minors: list[str], comment: str) -> None:
    """Ended minors move from `versions` to `ended`, newest first; comments between lines stay."""
    before = REAL.replace('        "3.12"', f'        {comment}\n\n        "3.12"')
    after = apply_edits(before, [End(minor) for minor in minors])
    gone = [line for line in before.splitlines() if line.lstrip().startswith(tuple(f'"{each}"' for each in minors))]
    entries = "".join(f'"{minor}": {2016 + int(minor[2:])}-10, ' for minor in sorted(minors, reverse=True))
    kept = "\n".join(line for line in before.splitlines() if line not in gone) + "\n"
    assert after == kept.replace('ended: {"3.10"', f'ended: {{{entries}"3.10"')


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("{}", '{"3.12": 2028-10}'),
        ("{'3.10': 2026-10}", "{'3.12': 2028-10, '3.10': 2026-10}"),
        ("{3.13: '2029-10'}", "{3.13: '2029-10', \"3.12\": '2028-10'}"),
        ('\n        "3.10": 2026-10  # old', '\n        "3.12": 2028-10\n        "3.10": 2026-10  # old'),
        ('\n        "3.14": 2026-10  # new', '\n        "3.14": 2026-10\n        "3.12": 2028-10  # new'),
    ],
)
def test_ended_is_written_in_its_own_style(ended: str, expected: str) -> None:
    """A block stays a block, quotes stay as they are, and an empty mapping gets its first entry."""
    before = PINS.replace('{"3.10": 2026-10, "3.9": 2025-10}', ended)
    assert f"ended: {expected}\n".replace(": \n", ":\n") in apply_edits(before, [End("3.12")]).replace(": \n", ":\n")


BLOCK = """\
        "3.12":
          # Long.
          newest_patch: 3.12.9

          end_of_life: "2028-10"  # PEP 693
        # Debian 13 has this one.
"""
LONG = """\
        "3.12": {
          newest_patch: 3.12.9, end_of_life: "2028-10"
        }  # PEP 693
        # Debian 13 has this one.
"""


@pytest.mark.parametrize("entry", [BLOCK, LONG], ids=["block", "long"])
def test_ended_python_goes_with_its_lines_only(entry: str) -> None:
    """All lines of an entry are removed, and the comment after it stays."""
    start, end = PINS.index('        "3.12"'), PINS.index('        "3.13": {')
    after = apply_edits(PINS[:start] + entry + PINS[end:], [End("3.12")])
    expected = PINS[:start] + "        # Debian 13 has this one.\n" + PINS[end:]
    assert after == expected.replace("ended: {", 'ended: {"3.12": 2028-10, ')


def test_versions_in_braces_lose_one() -> None:
    """An entry is removed from a mapping in braces together with its comma."""
    start, end = PINS.index("versions:"), PINS.index("      ended:")
    flow = 'versions: {"3.12": {newest_patch: 3.12.9, end_of_life: "2028-10"},  # old\n        "3.13": {}}\n'
    after = apply_edits(PINS[:start] + flow + PINS[end:], [End("3.12")])
    assert "versions: {# old\n" not in after  # "#" needs a space before it
    assert '# old\n        "3.13": {}}\n' in after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ended: {", "other: {"),
        ("v7.0.1, sha", "&v v7.0.1, other: *v, sha"),
        ("version: v7.0.1,", "version: !!binary djc=,"),
        ("{version: v7.0.1, sha: CHECKOUT}", "\n        version: |\n          v7\n        sha: 1"),
        ("actions:", "other:"),
    ],
)
def test_what_cannot_be_rewritten_is_refused(old: str, new: str) -> None:
    """An anchored value, a block of text, a tag and a missing key are left to the user."""
    before = PINS.replace(old, new)
    assert before != PINS
    with pytest.raises(ToolError) as raised:
        apply_edits(before, [Replace(("actions", "ops/checkout", "version"), "v8.0.0"), End("3.12")])
    assert raised.value.hint


def test_anchor_that_nobody_uses_stays() -> None:
    """An anchor or a tag before a value stays."""
    before = PINS.replace("version: v7.0.1", "version: &v !!str v7.0.1")
    after = apply_edits(before, [Replace(("actions", "ops/checkout", "version"), "v8.0.0")])
    assert after == before.replace("v7.0.1", "v8.0.0")


def test_date_of_the_head_only() -> None:
    """Only the date in the first comment is that of the check."""
    before = PINS.replace("  type: yaml", "# Checked 2025-05-05 by Ada.\n  type: yaml")
    after = apply_edits(before, [], date(2026, 3, 4))
    assert changed(before, after) == [("# PEP 719, 745. Checked 2026-01-02.", "# PEP 719, 745. Checked 2026-03-04.")]


def test_both_files_or_none(work: Path) -> None:
    """If the second file cannot be replaced, the first is restored and no other file is left behind."""
    (work / "pins.yml").write_text("old")
    (work / "locks.yml").mkdir()
    with pytest.raises(ToolError, match=r"locks\.yml.* cannot be written"):
        replace_all({work / "pins.yml": "new", work / "locks.yml": "new"})
    assert (work / "pins.yml").read_text() == "old"
    assert {path.name for path in work.iterdir()} == {"pins.yml", "locks.yml"}


def test_new_file_goes_again_when_the_other_fails(work: Path) -> None:
    """If another file cannot be replaced, a new file is removed again."""
    (work / "locks.yml").mkdir()
    with pytest.raises(ToolError):
        replace_all({work / "pins.yml": "new", work / "locks.yml": "new"})
    assert {path.name for path in work.iterdir()} == {"locks.yml"}
