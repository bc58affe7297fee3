"""The place of each value of a TOML document."""

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats import document
from new_ops_project.formats.toml import places
from new_ops_project.formats.toml.places import TomlPlace

TEXT = '''\
a = 1 # one
b.c = [ "x", # hi ]
  'y', ["z"], {k = """
"long" ]""", l = 2}]
[t."q.r"]
d = 1979-05-27 07:32:00
[[u]]
e = true
[[u]]
f = {}
[[u.v]]
g = "é", # not read as such
'''.replace('"é",', '"é"')


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        (("a",), TomlPlace(1, 5, "1")),
        (("b", "c"), TomlPlace(2, 7, "[")),
        (("b", "c", 0), TomlPlace(2, 9, '"x"')),
        (("b", "c", 1), TomlPlace(3, 3, "'y'")),
        (("b", "c", 2, 0), TomlPlace(3, 9, '"z"')),
        (("b", "c", 3, "k"), TomlPlace(3, 20, '"""\n"long" ]"""')),
        (("b", "c", 3, "l"), TomlPlace(4, 18, "2")),
        (("t", "q.r"), TomlPlace(5, 1, "[")),
        (("t", "q.r", "d"), TomlPlace(6, 5, "1979-05-27 07:32:00")),
        (("u", 1, "f"), TomlPlace(10, 5, "{")),
        (("u", 1, "v", 0, "g"), TomlPlace(12, 5, '"é"')),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_place(keys: tuple[str | int, ...], place: TomlPlace, ending: str) -> None:
    """Line, column and text of values in lists, inline tables, tables and arrays of tables."""
    actual = places.places(TEXT.replace("\n", ending))[keys]
    assert (actual.line, actual.column, actual.raw.replace("\r\n", "\n")) == (place.line, place.column, place.raw)


def test_the_closest_above() -> None:
    """A missing value has the place of its table; in a file without tables, that of the first line."""
    files = {"a.toml": b"\n[x.y]\nz = 1\n", "b.toml": b"# none\n", "c.toml": b"x = ["}
    closest = [document.toml(files, path).place("x", "y", "q") for path in (*files, "d.toml")]
    assert [(place.line, place.column) for place in closest] == [(2, 1), (1, 1), (1, 1), (0, 0)]


@pytest.mark.parametrize(
    ("raw", "quoted"), [('"a"', '"n"'), ("'a'", "'n'"), ('"\\u0061"', ""), ('"""a"""', ""), ("1", "")]
)
def test_a_text_in_its_quotes(raw: str, quoted: str) -> None:
    """A new text gets the quotes of the old one, unless those could change its meaning."""
    assert TomlPlace(1, 1, raw).quoted("n") == quoted


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers(0, 9) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def leaves(value: Any, keys: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Each scalar by its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return {keys: value}
    return {path: leaf for key, inner in items for path, leaf in leaves(inner, (*keys, key)).items()}


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_value_is_found(data: dict[str, Any], multiline: bool) -> None:  # noqa: FBT001
    """In any document, the text at the place of each value reads as that value."""
    text = tomli_w.dumps(data, multiline_strings=multiline)
    by_keys = places.places(text)
    lines = text.split("\n")
    for keys, value in leaves(tomllib.loads(text)).items():
        place = by_keys[keys]
        assert "\n".join(lines[place.line - 1 :])[place.column - 1 :].startswith(place.raw)
        assert tomllib.loads(f"x = {place.raw}")["x"] == value


@given(st.text(alphabet="[]{}=.,\"'#\n ab1", max_size=40))
@settings(max_examples=200, deadline=None)
def test_anything_is_survived(text: str) -> None:
    """Any text is read without an error."""
    places.places(text)
