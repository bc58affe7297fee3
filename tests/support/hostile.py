"""Text that would do something to a terminal, in repositories and templates."""

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

# What would write the clipboard, link, clear, colour, ring, delete, go back to the start of the line, reorder, hide.
SEQUENCES = (
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;mailto:x\x1b\\",
    "\x1b[2J\x1b[35;1;4m",
    "\x9b2J\x9d0;t\x9c",
    "\x08\x07\x7f\r",
    "\u202e\u2066\u200b\ufeff\u2060",
    "\u2028\u2029\x85\u115f\ufff9",
)
ALL = "".join(SEQUENCES)
IN_REF = "\x9b35m\x9d0;t\x9c\u202e\u2066\u200b"  # what git allows in the name of a branch or a tag
BYTES = b"\x9b2J\xff"  # no UTF-8
OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78=>]|\x1b\([0B]")  # what rich, prompt_toolkit and we send


def bad(name: str) -> str:
    """A text that begins with a name, which a test finds again in the output."""
    return f"{name}{ALL}"


def path(name: str) -> str:
    """The same as the name of a file; with bytes that are no UTF-8."""
    return bad(name) + "\n::error::forged" + os.fsdecode(BYTES)


def quoted(text: str) -> str:
    """A text as a string of YAML, TOML or JSON."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def leaks(output: str, *, on_terminal: bool = False) -> list[str]:
    """What in an output a person cannot see, apart from line ends, tabs and, on a terminal, what we send ourselves."""
    parts = [text for text in SEQUENCES[:3] if text in output]
    rest = OURS.sub("", output).translate({8: "", 13: ""}) if on_terminal else output.replace("\r\n", "\n")
    unseen = {char for char in rest if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or char == "\u115f"}
    return parts + sorted(unseen - {"\n", "\t"})


def lay(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files of any name below a folder."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
