"""What an update derives: the news, and conflicts of files that no longer parse."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.command import Run
from support.small import LINES, NEWER, Small, make, release, resolved, signs, update

CHANGELOG = """# Changelog

## Unreleased

Not yet.

## [1.2.0] - 2026-03-01

Twelve.

### Added

Deep.

## v1.1.0

Eleven.

## 1.0.0

Ten.
"""


@pytest.mark.parametrize(
    ("to", "told", "untold"),
    [
        ("v1.2.0", ["## [1.2.0]", "Twelve.", "Deep.", "Eleven."], ["Ten.", "Not yet."]),
        ("v1.1.0", ["Eleven."], ["Ten.", "Twelve.", "Deep.", "Not yet."]),
    ],
)
def test_the_changelog(run: Run, tmp_path: Path, to: str, told: list[str], untold: list[str]) -> None:
    """The sections of the versions in between are shown as they are, newest first, and no others."""
    config = "_subdirectory: files\ncolour: blue\n"
    old = {
        "copier.yml": config,
        "files/a": "a\n",
        "files/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml -}}\n",
    }
    small = make(tmp_path, old, {"files/a": "b\n", "CHANGELOG.md": CHANGELOG}, {"a": "a\n"}, questions=(config, None))
    release(small.template, "v1.2.0", {"files/a": "c\n"})
    shown = update(run, small, "--to", to).out
    assert [words for words in (*told, *untold) if words in shown] == told
    update(run, small, "--abort")
    assert told[-1] in update(run, small, "--to", to, "--json").json["changelog"]


def test_the_news_without_a_changelog(run: Run, tmp_path: Path) -> None:
    """Without a changelog the subjects of the commits in between are shown."""
    small = make(tmp_path, {"a": "a\n"}, {"a": "b\n"})
    assert update(run, small, "--json").json["changelog"] == "- Release v1.1.0"


def test_there_is_no_news_of_answers(run: Run, tmp_path: Path) -> None:
    """At the same version there is nothing to tell."""
    small = make(tmp_path, {"a": "a\n"}, {"a": "b\n"})
    update(run, small, "--commit")
    assert update(run, small, "--set", "colour=red", "--json").json["changelog"] == ""


# ---- conflicts of form ----------------------------------------------------------------------------------------

TOML = "[first]\na = 1\n" + "".join(f"x{at} = {at}\n" for at in range(20)) + "\n[last]\nb = 1\n"
YAML = "a: 1\n" + "".join(f"x{at}: {at}\n" for at in range(20)) + "z: 1\n"
JSON = '{\n  "a": 1,\n' + "".join(f'  "x{at}": {at},\n' for at in range(20)) + '  "z": 1\n}\n'
KEYS: dict[str, tuple[str, str, str, str, Callable[[str], object], str]] = {
    "a.toml": (TOML, "x2 = 2\n", "new = 1\n", "x18 = 18\n", tomllib.loads, "TOML"),
    "a.yml": (YAML, "x2: 2\n", "new: 1\n", "x18: 18\n", yaml.safe_load, "YAML"),
    "a.json": (JSON, '  "x2": 2,\n', '  "new": 1,\n', '  "x18": 18,\n', json.loads, "JSON"),
}


def twice(path: str, tmp_path: Path) -> Small:
    """Both sides add the same key in different places; the template changes another line, too."""
    text, early, key, late, _, _ = KEYS[path]
    theirs = (
        text.replace(late, late + key).replace("a = 1", "a = 7").replace("a: 1", "a: 7").replace('"a": 1', '"a": 7')
    )
    return make(tmp_path, {path: text}, {path: theirs}, {path: text.replace(early, early + key)})


@pytest.mark.parametrize("path", KEYS)
def test_a_key_twice(run: Run, tmp_path: Path, path: str) -> None:
    """A key that both add in different places is a conflict, with markers around what breaks the file only."""
    small = twice(path, tmp_path)
    (conflict,) = update(run, small, "--json", code=3).json["conflicts"]
    text = small.text(path)
    assert (conflict["path"], KEYS[path][5] in conflict["reason"]) == (path, True)
    assert len(signs(text)) in {4, 8}
    assert "7" in text.split("<<<<<<<")[0]
    assert small.unmerged() == {path}


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("path", KEYS)
def test_taking_a_side_of_a_key_twice(run: Run, tmp_path: Path, path: str, side: str) -> None:
    """Taking one side of every marker makes a file that parses, has the key once, and is fine for --continue."""
    small = twice(path, tmp_path)
    update(run, small, code=3)
    taken = resolved(small.text(path), side)
    (small.project / path).write_text(taken)
    assert KEYS[path][4](taken)
    assert taken.count(KEYS[path][2]) == 1
    update(run, small, "--continue")


def test_two_hunks_that_break_it(run: Run, tmp_path: Path) -> None:
    """Where no single hunk is to blame all of the template's are marked, and the user's side of all parses."""
    mine = TOML.replace("x2 = 2\n", "x2 = 2\nnew = 1\nmore = 1\n")
    theirs = TOML.replace("x10 = 10\n", "x10 = 10\nnew = 1\n").replace("x18 = 18\n", "x18 = 18\nmore = 1\n")
    small = make(tmp_path, {"a.toml": TOML}, {"a.toml": theirs}, {"a.toml": mine})
    update(run, small, code=3)
    assert len(signs(small.text("a.toml"))) >= 8
    assert resolved(small.text("a.toml"), "ours") == mine


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_git_takes_a_side_of_a_conflict_of_form(run: Run, tmp_path: Path, side: str) -> None:
    """`git checkout --ours` gives the user's file, `--theirs` one that parses, too; --continue takes either."""
    small = twice("a.toml", tmp_path)
    mine = small.text("a.toml")
    update(run, small, code=3)
    small.git("checkout", side, "a.toml")
    assert (small.text("a.toml") == mine) == (side == "--ours")
    update(run, small, "--continue")


@pytest.mark.parametrize(
    ("path", "old", "mine"),
    [
        ("a.toml", "", "a = \n"),
        ("a.yml", "", "a: [\n"),
        ("a.json", "// comments\n", ""),
        ("a.yaml", "x: {{ y }}\n", ""),
        ("a.yml", "a: !Ref x\nb: !Sub [y]\n", ""),
        ("a.yml", "a: 1\n---\nb: 1\n---\na: 2\n", ""),
        ("a.yml", "", "same: 1\nsame: 2\n"),
    ],
)
def test_what_did_not_parse_before(run: Run, tmp_path: Path, path: str, old: str, mine: str) -> None:
    """A file that did not parse on a side before the merge is nobody's conflict, nor is one in a dialect."""
    comment = LINES.replace("line", "# line")
    small = make(
        tmp_path,
        {path: comment + old},
        {path: comment.replace("18", "18, newer") + old},
        {path: mine + comment.replace("# line 2\n", "# line 2\n# mine\n") + old},
    )
    update(run, small)
    assert "# mine\n" in small.text(path)
    assert "18, newer" in small.text(path)


def test_a_file_of_no_known_form(run: Run, tmp_path: Path) -> None:
    """What has another ending is only text."""
    small = make(tmp_path, {"a.ini": LINES}, {"a.ini": NEWER + "x = 1\n"}, {"a.ini": "x = 1\n" + LINES})
    update(run, small)
    assert small.text("a.ini") == "x = 1\n" + NEWER + "x = 1\n"


def test_a_conflict_of_form_in_crlf(run: Run, tmp_path: Path) -> None:
    """Its markers have the file's line ends."""
    text, early, key, late, _, _ = KEYS["a.toml"]
    story = [text, text.replace(late, late + key), text.replace(early, early + key)]
    old, new, mine = ({"a.toml": version.replace("\n", "\r\n")} for version in story)
    small = make(tmp_path, old, new, mine)
    update(run, small, code=3)
    assert small.text("a.toml").count("\n") == small.text("a.toml").count("\r\n")
    update(run, small, "--abort")


def test_no_branch_with_a_conflict_of_form(run: Run, tmp_path: Path) -> None:
    """A file that no longer parses stops a branch and a preview as any conflict does."""
    small = twice("a.toml", tmp_path)
    assert update(run, small, "--branch", "--json", code=3).json["state"] == "conflicts"
    assert update(run, small, "--preview", "--json", code=3).json["state"] == "previewed"
    assert small.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/trunk"
