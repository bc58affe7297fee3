"""The conversion of setuptools metadata (setup.py, setup.cfg) to the [project] table of PEP 621, without running it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from new_ops_project.formats.document import Files
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools import entry_points, keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.values import Computed, Contents, Lines
from new_ops_project.project.adoption.evidence import backend
from new_ops_project.project.adoption.evidence.licenses import spdx_expression

# Keywords that the table of converters leaves out: some have a function of their own, `_REPORTED` of these report
# their problems themselves; zip_safe and test_suite have no meaning today.
_PEOPLE = {"author", "author_email", "maintainer", "maintainer_email"}
_TEXTS = {"license", "long_description", "long_description_content_type", *_PEOPLE}
_REPORTED = {"version", "long_description"}
_LISTS = {"license_file", "license_files", "classifiers", "tests_require"}
_HANDLED = {"zip_safe", "test_suite", *backend.KEYWORDS, *_REPORTED, *_LISTS, *_TEXTS}
# Keywords that setuptools may continue to compute, with their names in [project] (`dynamic`).
_DYNAMIC = {
    "description": "description",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "python_requires": "requires-python",
    "keywords": "keywords",
}


@dataclass(frozen=True)
class Metadata:
    """The metadata of setup.py and setup.cfg as tables of pyproject.toml.

    `project`: the keys of PEP 621. `tool`: what [tool] needs with it (hatch, or setuptools where `needs_setuptools`).
    `build`: the [build-system] table where `needs_setuptools`, else {}. `problems`: clauses that begin with path:line,
    about what could not be converted. `version`: the version if it is known, also where it is dynamic. `dev`: the
    requirements of tests_require.
    """

    project: dict[str, Any] = field(default_factory=dict)
    tool: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    needs_setuptools: bool = False
    build: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    dev: tuple[str, ...] = ()


class _OddError(Exception):
    """A value that cannot be converted; the message is a clause that says why."""


@dataclass(frozen=True)
class _Part:
    """A part of the result: keys of [project], keys that stay computed, and clauses about problems."""

    project: dict[str, Any] = field(default_factory=dict)
    dynamic: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __or__(self, other: "_Part") -> "_Part":
        """Both parts, with tables and lists of the same key combined."""
        project = dict(self.project)
        for key, value in other.project.items():
            project[key] = _combined(project[key], value) if key in project else value
        return _Part(project, (*self.dynamic, *other.dynamic), (*self.problems, *other.problems))


def _combined(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            key: _combined(first[key], second[key]) if key in first and key in second else (first | second)[key]
            for key in first | second
        }
    return [*first, *(item for item in second if item not in first)] if isinstance(first, list) else second


def read(files: Files) -> Metadata | None:
    """Convert setup.py and setup.cfg at the root of `files`; None when neither describes a project."""
    setup = keywords.read(files)
    if "setup.py" not in files and not setup.cfg.data and not setup.cfg.problem:
        return None
    parts = _Part(problems=setup.problems)
    for name in setup.names:
        parts |= _convert(setup, name)
    version = backend.declared_version(setup)
    people = _Part(_people(setup, "author") | _people(setup, "maintainer"))
    parts = parts | people | _license(setup) | _readme(setup) | _version(setup, version)
    computed = set(parts.dynamic) - ({"version"} if version.path else set())
    built = backend.choose_backend(setup, version, needs_setuptools=bool(computed))
    project = parts.project | ({"dynamic": sorted(set(parts.dynamic))} if parts.dynamic else {})
    dev = tuple(text for text in _several(setup.get("tests_require")) if pep508.parse(text))
    problems = (*parts.problems, *built.problems)
    return Metadata(project, built.tool, problems, built.needs_setuptools, built.build, version.text, dev)


def _convert(setup: Setup, name: str) -> _Part:
    """Convert one keyword of setup()."""
    value = setup.get(name)
    if isinstance(value, Computed) and name not in _REPORTED:
        clause = f"{setup.where(name)} {name} is computed: {value.text}"
        return _Part(dynamic=(_DYNAMIC[name],) if name in _DYNAMIC else (), problems=(clause,))
    if name in _HANDLED:
        is_odd = name in _TEXTS and not isinstance(value, str | Computed)
        return _Part(problems=(f"{setup.where(name)} {name} is not a string",) if is_odd else ())
    try:
        return _Part(_CONVERTERS.get(name, _nowhere)(setup, value))
    except _OddError as error:
        return _Part(problems=(f"{setup.where(name)} {name} {error}",))


def _nowhere(_: Setup, __: Any) -> dict[str, Any]:
    raise _OddError("has no place in pyproject.toml")


def _text(_: Setup, value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, str):
        raise _OddError("is not a string")
    return {key: " ".join(value.split())}


def _readme(setup: Setup) -> _Part:
    """The file that the long description is read from; where it is computed otherwise, the README."""
    value = setup.get("long_description")
    kind = setup.string("long_description_content_type").partition(";")[0]
    if isinstance(value, Contents):
        is_different = kind and kind != _kind(value.path)
        readme = {"file": value.path, "content-type": kind} if is_different else value.path
        clause = f"{setup.where('long_description')} long_description joins {value.path} with more, which is lost"
        return _Part({"readme": readme}, problems=() if value.whole else (clause,))
    if isinstance(value, str) and value.strip():
        return _Part({"readme": {"text": value, "content-type": kind or "text/x-rst"}})
    if not value:
        return _Part()
    readmes = sorted(path for path in setup.files if re.fullmatch(r"README(?:\.(?:md|rst|txt))?", path, re.IGNORECASE))
    clause = f"{setup.where('long_description')} long_description is computed"
    return _Part(
        {"readme": readmes[0]} if readmes else {}, problems=(f"{clause}; {readmes[0]} is taken" if readmes else clause,)
    )


def _kind(path: str) -> str:
    return {"md": "text/markdown", "rst": "text/x-rst"}.get(path.rpartition(".")[2].lower(), "text/plain")


def _people(setup: Setup, name: str) -> dict[str, Any]:
    """Names and addresses, either of them perhaps several with commas between them."""
    names, emails = _split(setup.string(name)), _split(setup.string(f"{name}_email"))
    if len(names) == len(emails):
        people = [{"name": person, "email": email} for person, email in zip(names, emails, strict=True)]
    else:
        people = [*({"name": person} for person in names), *({"email": email} for email in emails)]
    return {f"{name}s": people} if people else {}


def _split(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


def _url(_: Setup, value: Any, label: str) -> dict[str, Any]:
    if not isinstance(value, str):
        raise _OddError("is not a string")
    return {"urls": {label: value.strip()}}


def _urls(_: Setup, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _OddError("is not a table")
    return {"urls": {str(key): str(item) for key, item in value.items() if isinstance(item, str)}}


def _keywords(_: Setup, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = _split(value) if "," in value else value.split()
    return {"keywords": _texts(value)}


def _python(_: Setup, value: Any) -> dict[str, Any]:
    try:
        return {"requires-python": str(value).strip()} if SpecifierSet(str(value)) else {}
    except InvalidSpecifier as error:
        raise _OddError(f"{str(value)[:60]!r} is not a version specifier") from error


def _dependencies(_: Setup, value: Any) -> dict[str, Any]:
    return {"dependencies": [*_requirements(value)]}


def _requirements(value: Any) -> Iterator[str]:
    """The requirements in the form of PEP 508; raises _OddError for one that only pip understands."""
    if isinstance(value, Lines):
        value = [text for _, text in pep508.requirement_lines(value)]
    for text in _texts(value):
        if not pep508.parse(text):
            raise _OddError(f"holds {text[:60]!r}, which is not a requirement")
        yield text


def _extras(_: Setup, value: Any) -> dict[str, Any]:
    """Extras; a key `name:marker` adds the marker to each of its requirements."""
    if not isinstance(value, dict):
        raise _OddError("is not a table")
    parts = _Part()
    for key, items in value.items():
        name, _colon, marker = str(key).partition(":")
        listed = [_marked(text, marker.strip()) for text in _requirements(items)]
        parts |= _Part({"optional-dependencies": {name.strip(): listed}} if name.strip() else {"dependencies": listed})
    return parts.project


def _marked(text: str, marker: str) -> str:
    marked = f"{text} and ({marker})" if ";" in text else f"{text}; {marker}"
    if marker and not pep508.parse(marked):
        raise _OddError(f"holds {marker[:60]!r}, which is not a marker")
    return marked if marker else text


def _entry_points(_: Setup, value: Any) -> dict[str, Any]:
    try:
        groups = entry_points.groups(value)
    except ValueError as error:
        raise _OddError(str(error)) from error
    plain = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}
    others = {group: entries for group, entries in groups.items() if group not in plain and entries}
    scripts = {key: groups[group] for group, key in plain.items() if groups.get(group)}
    return scripts | ({"entry-points": others} if others else {})


def _several(value: Any) -> list[str]:
    """The lines of a string, or the strings of a list; [] for any other value."""
    lines = value.split("\n") if isinstance(value, str) else value if isinstance(value, list) else []
    return [line.strip() for line in lines if isinstance(line, str) and line.strip()]


def _license(setup: Setup) -> _Part:
    """The license and the classifiers; PEP 639 does not allow an expression beside classifiers for licenses."""
    classifiers = setup.get("classifiers")
    listed = _several(classifiers)
    naming = [text for text in listed if text.startswith("License ::")]
    text = setup.string("license")
    known = spdx_expression(text) if text else next(filter(None, map(spdx_expression, naming)), "")
    problems = (
        [f"{setup.where('license')} license {text[:60]!r} is not an SPDX expression"] if text and not known else []
    )
    if not text and not known:
        problems += [
            f"{setup.where('classifiers', name)} classifier {name!r} does not name a single SPDX license"
            for name in naming
        ]
    others = [name for name in listed if name not in naming]
    files = [*_several(setup.get("license_files")), *_several(setup.get("license_file"))]
    project = {"license": known, "license-files": files, "classifiers": others}
    return _Part({key: value for key, value in project.items() if value}, problems=tuple(problems))


def _version(setup: Setup, version: backend.DeclaredVersion) -> _Part:
    if version.path or setup.get("use_scm_version") or setup.get("pbr"):
        return _Part(dynamic=("version",))
    if isinstance(value := setup.get("version"), Computed):
        return _Part(dynamic=("version",), problems=(f"{setup.where('version')} version is computed: {value.text}",))
    try:
        return _Part({"version": str(Version(version.text)) and version.text} if version.text else {})
    except InvalidVersion:
        return _Part(problems=(f"{setup.where('version')} version {version.text[:60]!r} is not valid (PEP 440)",))


def _texts(value: Any) -> list[str]:
    """A list of strings as setuptools takes it: a single string has one in each line; raises _OddError for others."""
    if value is None:
        return []
    if isinstance(value, str):
        return [line for _, line in pep508.requirement_lines(value.split("\n"))] if "\n" in value else [value.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value if item.strip()]
    raise _OddError("is not a list of strings")


def _as(convert: Callable[[Setup, Any, str], dict[str, Any]], key: str) -> Callable[[Setup, Any], dict[str, Any]]:
    return lambda setup, value: convert(setup, value, key)


_CONVERTERS: Mapping[str, Callable[[Setup, Any], dict[str, Any]]] = {
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
