"""What a text does to Python's parsers is a ValueError."""

from collections.abc import Callable
from typing import Any

import pytest

from new_ops_project.base.parsers import NestingError, read_json, read_toml


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_json, "[" * 100_000),
        (read_toml, "x = " + "[" * 10_000),
        (read_toml, f"{'a.' * 20_000}a = 1"),
        (read_toml, "x = 1\n['b'" + '. "a"' * 200 + "]"),
        (read_toml, f"x = {{ {'a-b . ' * 200}a = 1 }}"),
    ],
)
def test_levels_without_end(read: Callable[[str], Any], text: str) -> None:
    """Too many levels are told from other mistakes, since such a text may be right."""
    with pytest.raises(NestingError):
        read(text)


def test_long_texts_with_dots() -> None:
    """They are no keys with many parts."""
    text = "'" + "a b. " * 1_000 + "'"
    assert read_toml(f"x = {text} # {'.' * 1_000}") == {"x": text[1:-1]}


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_json, "{"), (read_toml, "x ="), (read_json, "9" * 5_000), (read_toml, f"x = {'9' * 5_000}")],
)
def test_mistakes(read: Callable[[str], Any], text: str) -> None:
    """So is a number with more digits than Python converts."""
    with pytest.raises(ValueError, match=r"."):
        read(text)
