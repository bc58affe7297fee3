"""Requirements files, parsed into entries with their places."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from new_ops_project.checks.repo import Repo
from new_ops_project.formats.requirements.merge import split_blocks
from new_ops_project.formats.requirements.pep508 import canonical_name

_COMMAND = re.compile(r"^# +((?:uv pip compile|uv export|pip-compile)\b.*?)\r?$", re.MULTILINE)
_HASH = re.compile(r"--hash[= ]\s*\S+")
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint|-e|--editable)(?:[= ]\s*|(?=[^-\s]))(\S.*)")
_PIN = re.compile(r"[A-Za-z0-9._-]+ *(?:\[[^]]*\])? *={2,3} *([^\s;,*]+) *(?:;.*)?")
_COMMIT = re.compile(r"@[0-9a-f]{40}\b")
_VCS = re.compile(r"(?:[\w.-]+(?:\[[^]]*\])? *@ *)?(?:git|hg|svn|bzr)\+", re.IGNORECASE)
_URL = re.compile(r"(?:[\w.-]+(?:\[[^]]*\])? *@ *)?[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_AT = re.compile(r"[\w.-]+(?:\[.*?\])? *@")
_NAMED = re.compile(r"[A-Za-z0-9][\w.-]*")
_PATH = re.compile(r"[./~]|file:|[\w.-]+/|\S+(?:\.whl|\.zip|\.tar\.gz)\b")
_VIA = re.compile(r"#\s*(?:via\b)?\s*(.*)")
# Options whose value a rule needs, with the key that it is kept under.
_READ_OPTIONS = {
    "--extra": "extra",
    "--group": "group",
    "--constraint": "constraint",
    "-c": "constraint",
    "--python-version": "python",
    "--only-group": "only-group",
}
# Other options whose value is a word of its own; without them the value would count as a source.
_OTHER_OPTIONS = {
    "-o",
    "--output-file",
    "--python",
    "-p",
    "--index-url",
    "-i",
    "--extra-index-url",
    "--override",
    "--find-links",
    "-f",
    "--resolver",
    "--annotation-style",
    "--format",
    "--index",
    "--default-index",
    "--python-platform",
    "--no-binary",
    "--only-binary",
    "--exclude-newer",
    "--prerelease",
    "--resolution",
    "--fork-strategy",
    "--upgrade-package",
    "-P",
    "--no-emit-package",
    "--unsafe-package",
    "--pip-args",
    "--build-constraint",
    "--cert",
    "--keyring-provider",
    "--index-strategy",
    "--link-mode",
    "--cache-dir",
    "--config-file",
    "--no-group",
    "--no-extra",
    "--directory",
    "--project",
}


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


@dataclass(frozen=True)
class RequirementsFile:
    """One requirements file, with the paths of the files that it includes or uses as constraints."""

    path: str
    text: str
    entries: tuple[RequirementEntry, ...]
    includes: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    @cached_property
    def command(self) -> "Command | None":
        """The command that the comment at the top says wrote the file."""
        match = _COMMAND.search(self.text[:2000])
        return parse_command(match[1]) if match else None

    @property
    def is_hashed(self) -> bool:
        """Whether any entry has a hash, in which case pip requires one for every entry."""
        return any(entry.is_hashed for entry in self.entries)

    @property
    def is_annotated(self) -> bool:
        """Whether comments say which package needs an entry."""
        return any(entry.via for entry in self.entries)

    def named(self, name: str) -> tuple[RequirementEntry, ...]:
        """The entries of a package; markers can make them several."""
        return tuple(entry for entry in self.entries if entry.name == name)


@dataclass(frozen=True)
class Command:
    """The command that wrote a requirements file, such as `uv pip compile`."""

    text: str
    sources: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]
    flags: frozenset[str]

    @property
    def is_of_pyproject(self) -> bool:
        """Whether it resolves the dependencies of pyproject.toml in the same folder."""
        if self.text.startswith("uv export"):
            return not {"--package", "--all-packages", "--only-group", "--only-dev", "--script"} & self.flags
        return "pyproject.toml" in self.sources

    def values(self, option: str) -> tuple[str, ...]:
        """The values that the option is given, one for each time."""
        return self.options.get(option, ())


def parse_command(text: str) -> Command:
    """Parse a command line; `flags` gets the name of every option, with a value or without."""
    words = text.replace("=", " ").split()
    words = words[3:] if text.startswith("uv pip") else words[2:] if text.startswith("uv ") else words[1:]
    sources: list[str] = []
    options: dict[str, tuple[str, ...]] = {}
    flags: set[str] = set()
    rest = iter(words)
    for word in rest:
        if word in _READ_OPTIONS or word in _OTHER_OPTIONS:
            given = next(rest, "")
            options[_READ_OPTIONS.get(word, word)] = (*options.get(_READ_OPTIONS.get(word, word), ()), given)
        if word.startswith("-"):
            flags.add(word)
        else:
            sources.append(word)
    return Command(text, tuple(sources), options, frozenset(flags))


def read(repo: Repo, path: str) -> RequirementsFile:
    """The requirements file at `path`; an empty one if there is none."""
    return _parse(path, repo.files.get(path, b""))


def in_root(repo: Repo) -> tuple[RequirementsFile, ...]:
    """The requirements files in the root."""
    return tuple(read(repo, path) for path in repo.requirements)


def with_included(repo: Repo, path: str, seen: frozenset[str] = frozenset()) -> Iterator[RequirementsFile]:
    """The file at `path` and the files that it includes, directly or through others."""
    if path in seen or path not in repo.files:
        return
    file = read(repo, path)
    yield file
    for include in file.includes:
        yield from with_included(repo, include, seen | {path})


@lru_cache(maxsize=64)
def _parse(path: str, content: bytes) -> RequirementsFile:
    entries: list[RequirementEntry] = []
    targets: dict[str, list[str]] = {"r": [], "c": []}
    line = 1
    for block in split_blocks(content):
        lines = block.text.decode("utf-8-sig", errors="replace").splitlines()
        _add(path, line, lines, entries, targets)
        line += len(lines)
    here = posixpath.dirname(path)
    includes, constraints = (
        tuple(posixpath.normpath(posixpath.join(here, target)) for target in targets[kind]) for kind in "rc"
    )
    return RequirementsFile(path, content.decode("utf-8-sig", errors="replace"), tuple(entries), includes, constraints)


def _add(
    path: str, line: int, lines: Sequence[str], entries: list[RequirementEntry], targets: Mapping[str, list[str]]
) -> None:
    """Add the entry or the include of one block of lines to `entries` or `targets`."""
    whole = " ".join(re.sub(r"(?:^|\s)#.*", "", text).rstrip().removesuffix("\\") for text in lines).strip()
    text = re.sub(r"\s--(?:hash|global-option|config-settings|build-option)\b.*", "", whole).strip()
    if not text or text.startswith("<"):
        return
    option = _INCLUDE.match(text)
    if text.startswith("-") and not option:
        return
    kind = option[1].lstrip("-")[0] if option else ""
    if option and kind in targets:
        targets[kind].append(option[2].strip())
        return
    text = option[2].strip() if option else text
    kind = _kind(text, is_editable=bool(option))
    entry = RequirementEntry(
        path, line, _name(text, kind), text, kind, is_hashed=bool(_HASH.search(whole)), via=_via(lines)
    )
    entries.append(_versioned(entry) if kind == "name" else entry)


def _name(text: str, kind: str) -> str:
    match = _NAMED.match(text) if kind == "name" or _AT.match(text) else None
    return canonical_name(match[0].rstrip(".-_")) if match else ""


def _versioned(entry: RequirementEntry) -> RequirementEntry:
    """The entry with the version that it is pinned to."""
    pin = _PIN.fullmatch(entry.text)
    return replace(entry, version=pin[1] if pin else "")


def _kind(text: str, *, is_editable: bool) -> str:
    if _VCS.match(text):
        return "vcs"
    if _URL.match(text):
        return "url"
    if is_editable:
        return "editable"
    return "path" if _PATH.match(text) or _AT.match(text) else "name"


def _via(lines: Sequence[str]) -> tuple[str, ...]:
    """The names after `# via`, on that line or on the comment lines below it."""
    comments = [text[text.index("#") :] for text in lines if re.search(r"(?:^|\s)#", text)]
    start = next((index for index, text in enumerate(comments) if re.match(r"#\s*via\b", text)), len(comments))
    names = [match[1].strip() for text in comments[start:] if (match := _VIA.match(text))]
    return tuple(part.strip() for text in names for part in text.split(",") if part.strip())
