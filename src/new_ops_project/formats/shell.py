"""The commands of a shell script, as words that know where they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST = 200_000  # characters; a script that is longer is no script
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|\\\r?\n|`\r?\n|<<<)
  | (?P<here><<-?[ \t]*['"]?(?P<name>\w+)['"]?)
  | (?P<redirect>\d?(?:>>?|<)&?[ \t]*(?:[^\s;|&()<>]+)?)
  | (?P<comment>\#[^\n]*)
  | (?P<end>\n|&&?|\|\|?|;;?|[()`])
  | (?P<word>(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|\$\{\{[^\n]{0,300}?\}\}|\$\{[^}\n]{0,300}\}|\$\([^()\n]{0,300}\)
              |[^\s\\'"`;|&()])+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""", re.DOTALL)
_BEFORE = {"!", "{", "command", "do", "elif", "else", "env", "exec", "if", "sudo", "then", "time", "until", "while"}
_RUNNERS = {"hatch", "pdm", "pipenv", "poetry", "uv"}


@dataclass(frozen=True)
class Word:
    """One word without its quotes, and its offset in the script."""

    text: str
    offset: int

    @property
    def is_known(self) -> bool:
        """Whether it says all of what the shell will make of it."""
        return "$" not in self.text and "`" not in self.text

    @property
    def program(self) -> str:
        """The last part of a path, without .exe."""
        return re.split(r"[/\\]", self.text)[-1].removesuffix(".exe")


def commands(script: str) -> Iterator[tuple[Word, ...]]:
    """The words of each command, from the program on; what a here-document holds is none."""
    words: list[Word] = []
    heres: list[str] = []
    at = 0
    while at < min(len(script), _LONGEST) and (found := _TOKEN.match(script, at)):
        at = found.end()
        if found["word"]:
            words.append(Word(_QUOTES.sub(_bare, found[0]), found.start()))
        elif found["here"]:
            heres.append(found["name"])
        elif found["end"]:
            yield from _command(words)
            words = []
            at = _behind(script, at, heres) if found[0] == "\n" else at
    yield from _command(words)


def _bare(found: re.Match[str]) -> str:
    return next((part for part in found.groups() if part is not None), "")


def _behind(script: str, at: int, heres: list[str]) -> int:
    """The offset behind the here-documents that start in this line."""
    while heres:
        end = re.compile(rf"^[ \t]*{heres.pop(0)}[ \t\r]*$", re.MULTILINE).search(script, at)
        at = end.end() if end else len(script)
    return at


def _command(words: list[Word]) -> Iterator[tuple[Word, ...]]:
    """Without what stands before the program: assignments, keywords, sudo and its options, `poetry run`."""
    left = list(words)
    while left and (left[0].text in _BEFORE or re.match(r"\w+=|-\w$", left[0].text)):
        left.pop(0)
    if len(left) > 1 and left[0].program in _RUNNERS and left[1].text == "run":
        left = left[2:]
    if left:
        yield tuple(left)
