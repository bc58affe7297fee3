"""Shell scripts are read as commands of words with offsets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats import shell


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b; c && d || e | f", ["a b", "c", "d", "e", "f"]),
        ("a \\\n  b # c\nd", ["a b", "d"]),
        ("a 'b c' \"d $e\" f\\ g", ["a|b c|d $e|f g"]),
        ("X=1 sudo -E env Y=2 a", ["a"]),
        ("if ! a; then b; else c; fi", ["a", "b", "c", "fi"]),
        ("a > b 2>&1 < c\nd >>e", ["a", "d"]),
        ("a <<'X' <<-Y\nno\nX\nno\n\tY\nb", ["a", "b"]),
        ("a <<X\nno end", ["a"]),
        ("a <<< 'x y'\nb", ["a|x y", "b"]),
        ("poetry run a b", ["a b"]),
        ("a ${{ b c }} $(d e) ${f g}", ["a|${{ b c }}|$(d e)|${f g}"]),
        ("(a)\n{ b; }", ["a", "b", "}"]),
        ("a 'b", ["a b"]),
        ("a `\n  b", ["a b"]),
        ("", []),
    ],
)
def test_a_script_is_its_commands(script: str, commands: list[str]) -> None:
    """The words are those of the shell, without what stands before the program."""
    actual = ["|".join(word.text for word in words) for words in shell.commands(script)]
    assert actual == [command if "|" in command else command.replace(" ", "|") for command in commands]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab'\"\\`$(){}<>&|;# \n-=EOF", max_size=60))
def test_words_have_offsets(script: str) -> None:
    """Any script is read, and each offset is in the script."""
    for words in shell.commands(script):
        for word in words:
            assert word.offset < len(script)
