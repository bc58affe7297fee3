"""Requirements files as pip reads them: what they pin, and the files that they lead to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from new_ops_project.formats.requirements import pep508

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")


@dataclass(frozen=True)
class Pin:
    """One requirement as a lock has it. `version`: PEP 440's specifier; '' for any, or for what has an address.

    `marker`: PEP 508's, '' for always.
    """

    name: str
    version: str = ""
    marker: str = ""
    is_hashed: bool = False

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether it is meant for this environment (the variables of PEP 508)."""
        from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
        from packaging.version import InvalidVersion

        try:
            return not self.marker or Marker(self.marker).evaluate({"extra": "", **environment})
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
            return False

    def allows(self, version: str) -> bool:
        """Whether an installed version is one that is meant."""
        from packaging.specifiers import SpecifierSet
        from packaging.version import InvalidVersion

        try:
            return not self.version or SpecifierSet(self.version).contains(version, prereleases=True)
        except InvalidVersion:
            return False


@dataclass(frozen=True)
class Requirements:
    """One file with all that it includes: texts by path, and its pins."""

    path: str
    texts: Mapping[str, str]

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """What the files list; a constraint is none."""
        found = [pin for path, text in self.texts.items() if not path.startswith("-c ") for pin in _pins(text)]
        return tuple(found)

    def is_held_by(self, other: "Requirements") -> bool:
        """Whether another file installs all of this: includes it, or lists the same packages."""
        lines = [line for path, text in self.texts.items() if not path.startswith("-c ") for line in _joined(text)]
        unnamed = [line for line in lines if line.startswith("-e") or not (line.startswith("-") or parse_pin(line))]
        held = {pin.name for pin in other.pins}
        return self.path in other.texts or (not unnamed and {pin.name for pin in self.pins} <= held)


def read_requirements(folder: Path, path: str) -> Requirements:
    """The requirements file at `path` (from `folder`), with those that it includes."""
    texts: dict[str, str] = {}
    _follow(folder, Path(path), texts)
    return Requirements(path, texts)


def _follow(folder: Path, path: Path, texts: dict[str, str], mark: str = "") -> None:
    """Add the file and those that it includes, each once; those that are not there are pip's to complain about."""
    key = f"{mark}{path.as_posix()}"
    file = folder / path
    if key in texts or not file.is_file():
        return
    texts[key] = file.read_text(encoding="utf-8", errors="replace")
    for line in _joined(texts[key]):
        if included := _INCLUDE.match(line):
            _follow(folder, path.parent / included[1], texts, mark or ("-c " if line.startswith(("-c", "--c")) else ""))


def _joined(text: str) -> Iterator[str]:
    """Each line with those that continue it."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if stripped := re.sub(r"(?:^|\s)#.*", "", line).strip():
            yield stripped


def _pins(text: str) -> Iterator[Pin]:
    for line in _joined(text):
        if not line.startswith("-") and (pin := parse_pin(line)):
            yield pin


def parse_pin(line: str) -> Pin | None:
    """The pin of one line of a requirements file, or of one requirement of PEP 508; None for a path or a bare URL."""
    from packaging.utils import canonicalize_name

    found = pep508.parsed(re.split(r"\s--[a-z]", line)[0].strip())
    if found is None:
        return None
    return Pin(canonicalize_name(found.name), str(found.specifier), str(found.marker or ""), "--hash" in line)
