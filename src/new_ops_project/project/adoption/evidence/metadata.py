"""setup.py and setup.cfg, read without running them, as the [project] table of PEP 621."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.formats.document import Files
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools import entry_points, keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.values import Computed, Contents, Lines
from new_ops_project.project.adoption.evidence import backend
from new_ops_project.project.adoption.evidence.licenses import spdx_expression

# Read each by a function of its own, `_TOLD` with what is to be told of them; and what has no meaning today.
_PEOPLE = {"author", "author_email", "maintainer", "maintainer_email"}
_TEXTS = {"license", "long_description", "long_description_content_type", *_PEOPLE}
_TOLD = {"version", "long_description"}
_LISTS = {"license_file", "license_files", "classifiers", "tests_require"}
_SILENT = {"zip_safe", "test_suite", *backend.KEYWORDS, *_TOLD, *_LISTS, *_TEXTS}
# What [project] calls a keyword that setuptools may go on computing (`dynamic`).
_DYNAMIC = {
    "description": "description",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "python_requires": "requires-python",
    "keywords": "keywords",
}


@dataclass(frozen=True)
class Metadata:
    """What setup.py and setup.cfg say.

    `project`: keys of PEP 621. `tool`: what [tool] needs with it (hatch, or setuptools where `needs_setuptools`).
    `build`: the [build-system] table where `needs_setuptools`, else {}. `left`: clauses that begin with path:line, what
    could not be carried. `version`: the version as far as it could be told, also where it is dynamic.
    `dev`: the requirements of tests_require.
    """

    project: dict[str, Any] = field(default_factory=dict)
    tool: dict[str, Any] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    needs_setuptools: bool = False
    build: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    dev: tuple[str, ...] = ()


class _OddError(Exception):
    """A value that has no place in the table; says why."""


@dataclass(frozen=True)
class _Carried:
    """Parts of [project], the keys that stay computed, and clauses of what was left."""

    project: dict[str, Any] = field(default_factory=dict)
    dynamic: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __or__(self, other: "_Carried") -> "_Carried":
        """Both, tables and lists of the same key joined."""
        project = dict(self.project)
        for key, value in other.project.items():
            project[key] = _joined(project[key], value) if key in project else value
        return _Carried(project, (*self.dynamic, *other.dynamic), (*self.left, *other.left))


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _joined(one[key], other[key]) if key in one and key in other else (one | other)[key]
            for key in one | other
        }
    return [*one, *(item for item in other if item not in one)] if isinstance(one, list) else other


def read(files: Files) -> Metadata | None:
    """What setup.py and setup.cfg in the root of `files` say; None when neither describes a project."""
    setup = keywords.read(files)
    if "setup.py" not in files and not setup.cfg.data and not setup.cfg.problem:
        return None
    found = _Carried(left=setup.problems)
    for name in setup.names:
        found |= _carried(setup, name)
    at = backend.declared_version(setup)
    people = _Carried(_people(setup, "author") | _people(setup, "maintainer"))
    found = found | people | _license(setup) | _readme(setup) | _version(setup, at)
    built = backend.choose_backend(setup, at, needs_setuptools=bool(set(found.dynamic) - ({"version"} if at.path else set())))
    project = found.project | ({"dynamic": sorted(set(found.dynamic))} if found.dynamic else {})
    dev = tuple(text for text in _several(setup.get("tests_require")) if pep508.parse(text))
    return Metadata(project, built.tool, (*found.left, *built.left), built.needs_setuptools, built.build, at.text, dev)


def _carried(setup: Setup, name: str) -> _Carried:
    """One keyword."""
    value = setup.get(name)
    if isinstance(value, Computed) and name not in _TOLD:
        clause = f"{setup.where(name)} {name} is computed: {value.text}"
        return _Carried(dynamic=(_DYNAMIC[name],) if name in _DYNAMIC else (), left=(clause,))
    if name in _SILENT:
        is_odd = name in _TEXTS and not isinstance(value, str | Computed)
        return _Carried(left=(f"{setup.where(name)} {name} is no text",) if is_odd else ())
    try:
        return _Carried(_CARRIERS.get(name, _nowhere)(setup, value))
    except _OddError as error:
        return _Carried(left=(f"{setup.where(name)} {name} {error}",))


def _nowhere(_: Setup, __: Any) -> dict[str, Any]:
    raise _OddError("has no place in pyproject.toml")


def _text(_: Setup, value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, str):
        raise _OddError("is no text")
    return {key: " ".join(value.split())}


def _readme(setup: Setup) -> _Carried:
    """The file that the long description is read from; where it is computed, the one that is called README."""
    value = setup.get("long_description")
    kind = setup.string("long_description_content_type").partition(";")[0]
    if isinstance(value, Contents):
        is_said = kind and kind != _kind(value.path)
        readme = {"file": value.path, "content-type": kind} if is_said else value.path
        clause = f"{setup.where('long_description')} long_description joins {value.path} with more, which is lost"
        return _Carried({"readme": readme}, left=() if value.whole else (clause,))
    if isinstance(value, str) and value.strip():
        return _Carried({"readme": {"text": value, "content-type": kind or "text/x-rst"}})
    if not value:
        return _Carried()
    there = sorted(path for path in setup.files if re.fullmatch(r"README(?:\.(?:md|rst|txt))?", path, re.IGNORECASE))
    clause = f"{setup.where('long_description')} long_description is computed"
    return _Carried(
        {"readme": there[0]} if there else {}, left=(f"{clause}; {there[0]} is taken" if there else clause,)
    )


def _kind(path: str) -> str:
    return {"md": "text/markdown", "rst": "text/x-rst"}.get(path.rpartition(".")[2].lower(), "text/plain")


def _people(setup: Setup, name: str) -> dict[str, Any]:
    """Names and addresses, both perhaps several between commas."""
    names, emails = _split(setup.string(name)), _split(setup.string(f"{name}_email"))
    if len(names) == len(emails):
        people = [{"name": one, "email": other} for one, other in zip(names, emails, strict=True)]
    else:
        people = [*({"name": one} for one in names), *({"email": one} for one in emails)]
    return {f"{name}s": people} if people else {}


def _split(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


def _url(_: Setup, value: Any, label: str) -> dict[str, Any]:
    if not isinstance(value, str):
        raise _OddError("is no text")
    return {"urls": {label: value.strip()}}


def _urls(_: Setup, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _OddError("is no table")
    return {"urls": {str(key): str(item) for key, item in value.items() if isinstance(item, str)}}


def _keywords(_: Setup, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = _split(value) if "," in value else value.split()
    return {"keywords": _texts(value)}


def _python(_: Setup, value: Any) -> dict[str, Any]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return {"requires-python": str(value).strip()} if SpecifierSet(str(value)) else {}
    except InvalidSpecifier as error:
        raise _OddError(f"{str(value)[:60]!r} is no version specifier") from error


def _dependencies(_: Setup, value: Any) -> dict[str, Any]:
    return {"dependencies": [*_requirements(value)]}


def _requirements(value: Any) -> Iterator[str]:
    """The requirements as PEP 508 has them; those that pip alone understands are odd."""
    if isinstance(value, Lines):
        value = [text for _, text in pep508.requirement_lines(value)]
    for text in _texts(value):
        if not pep508.parse(text):
            raise _OddError(f"holds {text[:60]!r}, which is no requirement")
        yield text


def _extras(_: Setup, value: Any) -> dict[str, Any]:
    """Extras; a key `name:marker` puts a condition on what it holds."""
    if not isinstance(value, dict):
        raise _OddError("is no table")
    found = _Carried()
    for key, items in value.items():
        name, _colon, marker = str(key).partition(":")
        listed = [_marked(text, marker.strip()) for text in _requirements(items)]
        found |= _Carried(
            {"optional-dependencies": {name.strip(): listed}} if name.strip() else {"dependencies": listed}
        )
    return found.project


def _marked(text: str, marker: str) -> str:
    made = f"{text} and ({marker})" if ";" in text else f"{text}; {marker}"
    if marker and not pep508.parse(made):
        raise _OddError(f"holds {marker[:60]!r}, which is no marker")
    return made if marker else text


def _entry_points(_: Setup, value: Any) -> dict[str, Any]:
    try:
        groups = entry_points.groups(value)
    except ValueError as error:
        raise _OddError(str(error)) from error
    plain = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}
    others = {group: entries for group, entries in groups.items() if group not in plain and entries}
    found = {key: groups[group] for group, key in plain.items() if groups.get(group)}
    return found | ({"entry-points": others} if others else {})


def _several(value: Any) -> list[str]:
    """The texts of a value of any kind."""
    lines = value.split("\n") if isinstance(value, str) else value if isinstance(value, list) else []
    return [line.strip() for line in lines if isinstance(line, str) and line.strip()]


def _license(setup: Setup) -> _Carried:
    """The license and the classifiers: an expression leaves no place for classifiers that name one (PEP 639)."""
    classifiers = setup.get("classifiers")
    listed = _several(classifiers)
    naming = [text for text in listed if text.startswith("License ::")]
    said = setup.string("license")
    known = spdx_expression(said) if said else next(filter(None, map(spdx_expression, naming)), "")
    left = [f"{setup.where('license')} license {said[:60]!r} is no SPDX expression"] if said and not known else []
    if not said and not known:
        left += [f"{setup.where('classifiers', text)} classifier {text!r} names no one SPDX license" for text in naming]
    others = [text for text in listed if text not in naming]
    files = [*_several(setup.get("license_files")), *_several(setup.get("license_file"))]
    project = {"license": known, "license-files": files, "classifiers": others}
    return _Carried({key: value for key, value in project.items() if value}, left=tuple(left))


def _version(setup: Setup, at: backend.DeclaredVersion) -> _Carried:
    from packaging.version import InvalidVersion, Version

    if at.path or setup.get("use_scm_version") or setup.get("pbr"):
        return _Carried(dynamic=("version",))
    if isinstance(found := setup.get("version"), Computed):
        return _Carried(dynamic=("version",), left=(f"{setup.where('version')} version is computed: {found.text}",))
    try:
        return _Carried({"version": str(Version(at.text)) and at.text} if at.text else {})
    except InvalidVersion:
        return _Carried(left=(f"{setup.where('version')} version {at.text[:60]!r} is none that PEP 440 knows",))


def _texts(value: Any) -> list[str]:
    """A list of texts, as setuptools takes it: a text alone holds one in each line. Anything else is odd."""
    if value is None:
        return []
    if isinstance(value, str):
        return [line for _, line in pep508.requirement_lines(value.split("\n"))] if "\n" in value else [value.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value if item.strip()]
    raise _OddError("is no list of texts")


def _as(carry: Callable[[Setup, Any, str], dict[str, Any]], key: str) -> Callable[[Setup, Any], dict[str, Any]]:
    return lambda setup, value: carry(setup, value, key)


_CARRIERS: Mapping[str, Callable[[Setup, Any], dict[str, Any]]] = {
    "name": _as(_text, "name"),
    "description": _as(_text, "description"),
    "url": _as(_url, "Homepage"),
    "download_url": _as(_url, "Download"),
    "project_urls": _urls,
    "keywords": _keywords,
    "python_requires": _python,
    "install_requires": _dependencies,
    "extras_require": _extras,
    "entry_points": _entry_points,
}
