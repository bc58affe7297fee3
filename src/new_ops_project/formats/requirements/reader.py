"""Reads requirements files as pip does, each entry with its place and the comments that belong to it.

The format is pip's (pip.pypa.io/en/stable/reference/requirements-file-format). A rule of our own: comments that are
indented below a requirement belong to it, as uv and pip-compile write them.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from new_ops_project.formats.document import decoded
from new_ops_project.formats.requirements.pep508 import canonical_name

_BLOCK_NAME = re.compile(rb"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*(?:[\[=<>!~;@#\\(]|[ \t]\\?$|$)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_OWN_OPTIONS = re.compile(r"\s--(?:hash|global-option|config-settings?|build-option)\b.*")
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint|-e|--editable)(?:[= ]\s*|(?=[^-\s]))(\S.*)")
_NAMED = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^]]*\])?\s*(@)?\s*")
_PIN = re.compile(r"={2,3} *([^\s;,*]+) *(?:;.*)?")
_COMMIT = re.compile(r"@[0-9a-f]{40}\b")
_VCS = re.compile(r"(?:git|hg|svn|bzr)\+", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PATH = re.compile(r"[./~]|file:|[\w.-]+/|\S+(?:\.whl|\.zip|\.tar\.gz)\b")
_VIA = re.compile(r"(?:^|\s)#\s*(via\b)?\s*(.*)")
_FROM_FILE = re.compile(r"^-r \S|pyproject\.toml|setup\.(?:py|cfg)")
_COMMAND = re.compile(r"^# +((?:uv pip compile|uv export|pip-compile)\b(.*?))\r?$", re.MULTILINE)
# Options of those commands whose value is a word of its own; without these, the value would count as a source.
_VALUED = re.compile(
    r"-[Pcfiop]|--(?:annotation-style|build-constraint|cache-dir|cert|config-file|constraint|default-index|directory|"
    r"exclude-newer|extra|extra-index-url|find-links|fork-strategy|format|group|index|index-strategy|index-url|"
    r"keyring-provider|link-mode|no-binary|no-emit-package|no-extra|no-group|only-binary|only-group|output-file|override|"
    r"package|pip-args|prerelease|project|python|python-platform|python-version|resolution|resolver|unsafe-package|"
    r"upgrade-package)"
)

# The content of the file at a path with `/`; None where there is none. A mapping's `get` is one.
Load = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Block:
    """A package of a requirements file with its hashes and indented comments; or, with `name` b'', any other line."""

    name: bytes
    text: bytes

    @property
    def is_hashed(self) -> bool:
        """Whether it says which files pip accepts."""
        return b"--hash=" in self.text


@dataclass(frozen=True)
class RequirementEntry:
    """One requirement of a file: `kind` is `name`, `vcs`, `url`, `path` or `editable`.

    `version` is the version after `==`, '' if there is none. `via` has the packages that need it, from the comments.
    """

    path: str
    line: int
    name: str
    text: str
    kind: str
    version: str = ""
    is_hashed: bool = False
    via: tuple[str, ...] = ()

    @property
    def is_pinned(self) -> bool:
        """Whether it always installs the same code; a path counts, as it names code in the repository."""
        if self.kind == "name":
            return bool(self.version)
        return bool(_COMMIT.search(self.text)) or self.is_hashed if self.kind == "vcs" else True

    @property
    def is_direct(self) -> bool:
        """Whether no comment says what needs it, or one names a file that lists it."""
        return not self.via or any(_FROM_FILE.search(text) for text in self.via)


@dataclass(frozen=True)
class Command:
    """The command that wrote a file. `options` has the values of each option; those of one without a value are ''."""

    text: str
    sources: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]

    @property
    def is_of_pyproject(self) -> bool:
        """Whether it resolves the dependencies of pyproject.toml in the same folder."""
        if self.text.startswith("uv export"):
            return not {"--package", "--all-packages", "--only-group", "--only-dev", "--script"} & self.options.keys()
        return "pyproject.toml" in self.sources

    def values(self, *names: str) -> tuple[str, ...]:
        """The values that the option of these names is given, one for each time."""
        return tuple(value for name in names for value in self.options.get(name, ()))


@dataclass(frozen=True)
class RequirementsFile:
    """One requirements file, with the command that its head names and the paths that it includes or is limited by."""

    path: str
    text: str
    entries: tuple[RequirementEntry, ...]
    command: Command | None = None
    includes: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    @property
    def is_hashed(self) -> bool:
        """Whether any entry has a hash, in which case pip requires one for every entry."""
        return any(entry.is_hashed for entry in self.entries)

    @property
    def is_annotated(self) -> bool:
        """Whether comments say which package needs an entry."""
        return any(entry.via for entry in self.entries)

    def line(self, name: str) -> int:
        """The line of a package; 0 if it has none."""
        return next((entry.line for entry in self.named(name)), 0)

    def named(self, name: str) -> tuple[RequirementEntry, ...]:
        """The entries of a package; markers can make them several."""
        return tuple(entry for entry in self.entries if entry.name == name)


def is_requirements_path(path: str) -> bool:
    """Whether the path is that of a requirements file in the root, by its name."""
    return path.startswith("requirements") and bool(re.fullmatch(r"requirements[\w.-]*\.txt", path))


def with_included(load: Load, path: str, *, constraints: bool = False) -> tuple[RequirementsFile, ...]:
    """The file at `path` and those that it includes, directly or through others, each once; missing ones are left out.

    With `constraints`, the files that constrain these too.
    """
    waiting, files = [path], dict[str, RequirementsFile]()
    while waiting:
        path = waiting.pop(0)
        if path not in files and (content := load(path)) is not None:
            files[path] = parse(path, content)
            waiting += [*files[path].includes, *(files[path].constraints if constraints else ())]
    return tuple(files.values())


@lru_cache(maxsize=64)
def parse(path: str, content: bytes) -> RequirementsFile:
    """Parse a requirements file; lines that are no requirement, include or constraint are left out."""
    entries: list[RequirementEntry] = []
    targets: dict[str, list[str]] = {"r": [], "c": []}
    line, here = 1, posixpath.dirname(path)
    for block in split_blocks(content):
        lines = [decoded(each).rstrip() for each in block.text.splitlines()]
        whole = _COMMENT.sub("", " ".join(text.removesuffix("\\").strip() for text in lines)).strip()
        text = _OWN_OPTIONS.sub("", whole).strip()
        option = _INCLUDE.match(text)
        kind, text = (option[1].lstrip("-")[0], option[2].strip()) if option else ("", text)
        if kind in targets:
            targets[kind].append(posixpath.normpath(posixpath.join(here, text)))
        elif kind or (text and text[0] not in "-<"):  # "<" begins a marker of a conflict
            identity = _identify(text, is_editable=bool(kind))
            entries.append(RequirementEntry(path, line, *identity, "--hash" in whole, _via(lines)))
        line += len(lines)
    text = decoded(content)
    return RequirementsFile(path, text, tuple(entries), command(text), tuple(targets["r"]), tuple(targets["c"]))


def _identify(text: str, *, is_editable: bool) -> tuple[str, str, str, str]:
    """The name of a requirement, its text, its kind and the version that it is pinned to."""
    named = _NAMED.match(text)
    is_at = bool(named and named[2])
    target = text[named.end() :] if named and is_at else text
    kind = "editable" if is_editable else "path" if is_at or _PATH.match(target) else "name"
    kind = "vcs" if _VCS.match(target) else "url" if _URL.match(target) else kind
    if not named or not (is_at or kind == "name"):
        return "", text, kind, ""
    pin = _PIN.fullmatch(text, named.end()) if kind == "name" else None
    return canonical_name(named[1]), text, kind, pin[1] if pin else ""


def _via(lines: list[str]) -> tuple[str, ...]:
    """The names after `# via`, on that line or on the comment lines below it."""
    comments = [match for text in lines if (match := _VIA.search(text))]
    start = next((index for index, match in enumerate(comments) if match[1]), len(comments))
    return tuple(part.strip() for match in comments[start:] for part in match[2].split(",") if part.strip())


def command(text: str) -> Command | None:
    """The call of `uv pip compile`, `uv export` or pip-compile that the comment at the top of a file shows."""
    match = _COMMAND.search(text[:2000])
    if not match:
        return None
    rest = iter(match[2].split())
    sources: list[str] = []
    options: dict[str, tuple[str, ...]] = {}
    for word in rest:
        name, is_given, value = word.partition("=")
        if word.startswith("-"):
            value = next(rest, "") if _VALUED.fullmatch(name) and not is_given else value
            options[name] = (*options.get(name, ()), value)
        else:
            sources.append(word)
    return Command(match[1], tuple(sources), options)


def split_blocks(content: bytes) -> list[Block]:
    """Split a requirements file into blocks; joined, they are the file again."""
    blocks, continues = list[Block](), False
    for line in content.splitlines(keepends=True):
        is_comment = line.lstrip().startswith(b"#")
        if continues or (is_comment and line[:1] in b" \t" and blocks and blocks[-1].name):
            blocks[-1] = replace(blocks[-1], text=blocks[-1].text + line)
        else:
            name = _BLOCK_NAME.match(line.strip().removeprefix(b"\xef\xbb\xbf"))
            blocks.append(Block(canonical_name(name[1].decode()).encode() if name else b"", line))
        continues = line.rstrip().endswith(b"\\") and not is_comment
    return blocks
