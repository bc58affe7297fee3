"""The commands of a shell script: their words, each with its offset."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile

_LONGEST = 200_000  # characters; whatever is longer was not written by a person
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
# Words that can stand before the program without being it.
_BEFORE = {"!", "{", "command", "do", "elif", "else", "env", "exec", "if", "sudo", "then", "time", "until", "while"}
# Programs whose `run` runs another program.
_RUNNERS = {"hatch", "pdm", "pipenv", "poetry", "uv"}


@dataclass(frozen=True)
class Word:
    """One word without its quotes, and its offset in the script."""

    text: str
    offset: int

    @property
    def program(self) -> str:
        """The name of the program: the last part of a path, without .exe."""
        return re.split(r"[/\\]", self.text)[-1].removesuffix(".exe")


def commands(script: str) -> Iterator[tuple[Word, ...]]:
    """The words of each command, starting with the program; the text of here-documents is skipped.

    Reads POSIX shell well enough to find commands, and enough of PowerShell (its backtick at the end of a line).
    """
    words: list[Word] = []
    delimiters: list[str] = []  # of the here-documents that begin after this line
    offset = 0
    while offset < min(len(script), _LONGEST) and (token := _TOKEN.match(script, offset)):
        offset = token.end()
        if token["word"]:
            words.append(Word(_QUOTES.sub(lambda quoted: quoted[quoted.lastindex or 0], token[0]), token.start()))
        elif token["here"]:
            delimiters.append(token["name"])
        elif token["end"]:
            yield from _command(words)
            words = []
            offset = _skip_here_documents(script, offset, delimiters) if token[0] == "\n" else offset
    yield from _command(words)


def _skip_here_documents(script: str, offset: int, delimiters: list[str]) -> int:
    """The offset after the here-documents that begin at `offset`; empties `delimiters`."""
    while delimiters:
        end = re.compile(rf"^[ \t]*{delimiters.pop(0)}[ \t\r]*$", re.MULTILINE).search(script, offset)
        offset = end.end() if end else len(script)
    return offset


def _command(words: list[Word]) -> Iterator[tuple[Word, ...]]:
    """The command without what comes before its program: assignments, keywords, sudo and its options, `poetry run`."""
    rest = [*dropwhile(lambda word: word.text in _BEFORE or re.match(r"\w+=|-\w$", word.text), words)]
    if len(rest) > 1 and rest[0].program in _RUNNERS and rest[1].text == "run":
        rest = rest[2:]
    if rest:
        yield tuple(rest)
