"""Text of others as people see it."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import ALL, bad, leaks

from new_ops_project.base import streams
from new_ops_project.base.styled import styled
from new_ops_project.base.text import Drawn, drawn, escape_invisible, shown


@given(st.text() | st.text("ab\x1b\x07\r\n\t\x9b\u202e\u200b\u2028\u3164\ufe0f☎\ud800\udc9b"))
def test_nothing_is_invisible(text: str) -> None:
    """Neither in a line nor in lines, and what is made visible stays as it is."""
    for visible in (escape_invisible(text), shown(text)):
        assert not leaks(visible)
        assert shown(visible) == visible
    assert "\n" not in escape_invisible(text)
    assert shown(text.replace("\r", "")).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("Größe · 日本 ✓", "Größe · 日本 ✓"),
        ("⚙️ Name", "⚙️ Name"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\ufe0f", "\\ufe0f"),
        ("a\r\nb\tc\rd", "a\r\nb\tc\\rd"),
        ("\udc9b2J", "\\x9b2J"),
        ("\x9b2J\u202e\u2800", "\\x9b2J\\u202e\\u2800"),
    ],
)
def test_shown(text: str, visible: str) -> None:
    """Letters of all languages and emoji stay; what is no character is its byte."""
    assert shown(text) == visible


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a\n  ::set-env::x", "a\n  \\x3a:set-env::x"),
        ("x ##[add-mask]y", "x \\x23#[add-mask]y"),
        ("a::b ## c", "a::b ## c"),
    ],
)
def test_commands_of_a_runner(text: str, visible: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are escaped on a runner of GitHub, and only there."""
    assert shown(text) == text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert shown(text) == visible


def test_drawn() -> None:
    """What is computed from a drawn text is text of others again."""
    red = styled(ALL, fg="red")
    assert red == f"\x1b[31m{shown(ALL)}\x1b[0m"
    assert shown(red) == red
    assert not isinstance(f"{red}", Drawn)
    assert not leaks(shown(f"{red} and"))
    assert drawn(red, "\x1b[2J") == f"{red}\\x1b[2J"


def test_the_stream_is_the_last_door(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever prints: a library, a warning, a message that thinks of nothing."""
    with streams.guarded():
        sys.stdout.write(bad("printed") + "\n")
        sys.stderr.write(bad("complained") + "\n")
        sys.stdout.write(Drawn("\x1b[1mbold\x1b[0m\n"))
    out, err = capfd.readouterr()
    assert out == f"{shown(bad('printed'))}\n\x1b[1mbold\x1b[0m\n"
    assert err == f"{shown(bad('complained'))}\n"
