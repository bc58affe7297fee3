"""The conversion of setuptools metadata (setup.py, setup.cfg) to the [project] table of PEP 621, without running it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from new_ops_project.formats.document import Files
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools import entry_points, keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.setup_py import Computed
from new_ops_project.project.adoption.evidence import backend
from new_ops_project.project.adoption.evidence.licenses import spdx_expression

# Keywords without a key in [project] that lose nothing with hatchling: no index and no installer uses them today.
_OBSOLETE = frozenset({"platforms", "provides", "obsoletes", "requires", "tests_require"})


@dataclass(frozen=True)
class Metadata:
    """The metadata of setup.py and setup.cfg as `tables` of pyproject.toml: project, build-system, tool.

    `problems`: a clause about each keyword that is not carried over, with its line. `needs_setuptools`: the files have
    to stay, since setuptools takes from them what the tables lack. Without `project` they stay as they are.
    """

    tables: Mapping[str, Any]
    problems: tuple[str, ...]
    needs_setuptools: bool


class _OddError(Exception):
    """The name of a keyword whose value cannot be converted, and the reason as a clause."""


def read(files: Files) -> Metadata | None:
    """Convert setup.py and setup.cfg at the root of `files`; None when neither describes a project.

    What is no literal stays where it is: its key is `dynamic`, so that setuptools goes on computing it.
    """
    setup = keywords.read(files)
    if not setup.names and not _is_unread(setup):
        return None
    computed = {name: value for name in setup.names if isinstance(value := setup.get(name), Computed)}
    if _readme_file(setup) in files:  # setup.cfg only names it
        del computed["long_description"]
    problems = [
        f"{setup.where(name)} {name} is computed, not carried over: {value.text}" for name, value in computed.items()
    ]
    project: dict[str, Any] = {"name": setup.string("name")}
    dynamic: set[str] = set()
    for keys, convert in _PARTS:
        given = [name for name in keys if name in setup.names]
        try:
            if computed.keys().isdisjoint(given):
                project = _combined(project, convert(setup) if given else {})
                continue
        except _OddError as odd:
            problems.append(f"{setup.where(odd.args[0])} {' '.join(odd.args)}")
        dynamic.update(key for name in given for key in keys[name])
    beyond = [name for name in setup.names if name not in _PLACED and name not in computed]
    problems += [f"{setup.where(name)} {name} has no place in pyproject.toml" for name in beyond]
    is_beyond_hatch = bool(computed or dynamic or set(beyond) - _OBSOLETE or _is_unread(setup))
    tables = backend.tables(setup, files, needs_setuptools=is_beyond_hatch)
    needs_setuptools = "tool" not in tables
    if obstacle := _obstacle(setup, backend.declared(files) if needs_setuptools else "hatchling"):
        return Metadata(tables, (*problems, f"pyproject.toml gets no [project]: {obstacle}"), needs_setuptools)
    project = {key: value for key, value in project.items() if value and key not in dynamic}
    project |= {"dynamic": sorted(dynamic)} if dynamic else {}
    return Metadata({"project": project, **tables}, tuple(problems), needs_setuptools)


def _is_unread(setup: Setup) -> bool:
    return any("does not parse" in problem for problem in setup.problems)


def _obstacle(setup: Setup, builder: str) -> str:
    """Why nothing can be carried over, as a clause; '' if something can. `builder` is '' for setuptools."""
    if _is_unread(setup):
        return "a file does not parse"
    if not setup.string("name") or not all(name.isidentifier() for name in setup.names):
        return "it needs a literal name, and all keywords of setup()"
    if builder and not builder.startswith(("setuptools", "hatchling")):
        return f"{builder} builds the project"
    is_text = not isinstance(setup.py.get("entry_points") or {}, dict)
    # A build by setuptools fails where [project] stands beside entry points in the form of text.
    return "beside it, entry_points must be a literal table" if is_text and not builder.startswith("hatch") else ""


def _combined(first: Any, second: Any) -> Any:
    """Both values, with what tables and lists of the same key hold."""
    if isinstance(first, dict) and isinstance(second, dict):
        shared = {key: _combined(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **shared}
    return [*first, *(item for item in second if item not in first)] if isinstance(first, list) else second


# ---- what keywords hold ------------------------------------------------------------------------------------------


def _text(setup: Setup, name: str) -> str:
    """The value of a keyword that has to be text; '' where there is none."""
    if not isinstance(setup.get(name) or "", str):
        raise _OddError(name, "is not a string")
    return setup.string(name)


def _texts(value: Any, name: str) -> list[str]:
    """The strings of a list; a single string has one in each line, as setuptools takes it."""
    texts = re.sub(r"(?:^|\s)#.*", "", value, flags=re.MULTILINE).split("\n") if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(item, str) for item in texts):
        raise _OddError(name, "is not a list of strings")
    return [item.strip() for item in texts if item.strip()]


def _table(setup: Setup, name: str) -> dict[str, Any]:
    """The value of a keyword that has to be a table; {} where there is none."""
    if not isinstance(setup.get(name) or {}, dict):
        raise _OddError(name, "is not a table")
    return {str(key): item for key, item in (setup.get(name) or {}).items()}


# ---- the keys of [project] ---------------------------------------------------------------------------------------


def _version(setup: Setup) -> dict[str, Any]:
    if source := next((name for name in ("use_scm_version", "pbr") if setup.get(name)), ""):
        raise _OddError(source, "gives the version")
    text = str(setup.get("version")).strip()
    try:
        return {"version": str(Version(text)) and text}
    except ValueError as error:
        raise _OddError("version", f"{text[:60]!r} is not valid (PEP 440)") from error


def _readme_file(setup: Setup) -> str:
    """The one file that setup.cfg names as the long description; '' without one."""
    value = setup.get("long_description")
    text = value.text if isinstance(value, Computed) else ""
    return text.removeprefix("file:").strip() if text.startswith("file:") else ""


def _readme(setup: Setup) -> dict[str, Any]:
    kind, path = _text(setup, "long_description_content_type").partition(";")[0], _readme_file(setup)
    if path:
        usual = {"md": "text/markdown", "rst": "text/x-rst"}.get(path.rpartition(".")[2].lower(), "text/plain")
        return {"readme": {"file": path, "content-type": kind} if kind not in {"", usual} else path}
    text = _text(setup, "long_description")
    return {"readme": {"text": text, "content-type": kind or "text/x-rst"}} if text else {}


def _people(setup: Setup, role: str) -> dict[str, Any]:
    """Names and addresses, either of them perhaps several with commas between them."""
    listed = (_text(setup, keyword).split(",") for keyword in (role, f"{role}_email"))
    names, emails = ([text.strip() for text in texts if text.strip()] for texts in listed)
    if len(names) == len(emails):
        return {f"{role}s": [{"name": name, "email": email} for name, email in zip(names, emails, strict=True)]}
    return {f"{role}s": [*({"name": name} for name in names), *({"email": email} for email in emails)]}


def _urls(setup: Setup) -> dict[str, Any]:
    urls = {"Homepage": _text(setup, "url"), "Download": _text(setup, "download_url")}
    urls |= {label: str(url) for label, url in _table(setup, "project_urls").items()}
    return {"urls": {label: url for label, url in urls.items() if url}}


def _keywords(setup: Setup) -> dict[str, Any]:
    value = setup.get("keywords")
    words = value.split("," if "," in value else None) if isinstance(value, str) else value
    return {"keywords": _texts(words, "keywords")}


def _python(setup: Setup) -> dict[str, Any]:
    text = _text(setup, "python_requires")
    try:
        return {"requires-python": text if SpecifierSet(text) else ""}
    except ValueError as error:
        raise _OddError("python_requires", f"{text[:60]!r} is not a version specifier") from error


def _requirements(value: Any, name: str, marker: str = "") -> list[str]:
    """The requirements in the form of PEP 508, each with the marker; raises _OddError for one that only pip takes."""
    texts = _texts(value, name)
    if marker:
        texts = [f"{text} and ({marker})" if ";" in text else f"{text}; {marker}" for text in texts]
    if odd := next((text for text in texts if not pep508.parse(text)), ""):
        raise _OddError(name, f"holds {odd[:60]!r}, which is not a requirement")
    return texts


def _extras(setup: Setup) -> dict[str, Any]:
    """Extras; a key `name:marker` adds the marker to each of its requirements, `:marker` makes them dependencies."""
    result: dict[str, Any] = {}
    for key, value in _table(setup, "extras_require").items():
        name, _, marker = (part.strip() for part in key.partition(":"))
        listed = _requirements(value, "extras_require", marker)
        result = _combined(result, {"optional-dependencies": {name: listed}} if name else {"dependencies": listed})
    return result


def _entry_points(setup: Setup) -> dict[str, Any]:
    try:
        groups = entry_points.groups(setup.get("entry_points"))
    except ValueError as error:
        raise _OddError("entry_points", str(error)) from error
    scripts = {"scripts": groups.pop("console_scripts", {}), "gui-scripts": groups.pop("gui_scripts", {})}
    return {**scripts, "entry-points": {group: entries for group, entries in groups.items() if entries}}


def _license(setup: Setup) -> dict[str, Any]:
    """The license and the classifiers; PEP 639 does not allow an expression beside classifiers for licenses."""
    listed, text = _texts(setup.get("classifiers"), "classifiers"), _text(setup, "license")
    naming = [name for name in listed if name.startswith("License ::")]
    known = spdx_expression(text or (naming[0] if len(naming) == 1 else ""))
    classifiers = [name for name in listed if not known or name not in naming]
    files = [path for name in ("license_files", "license_file") for path in _texts(setup.get(name), name)]
    if text and files and not known:  # PEP 639 does not allow text beside files
        raise _OddError("license", f"{text[:60]!r} is not an SPDX expression, which license_files needs")
    stated = known or ({"text": text} if text else "")
    return {"license": stated, "license-files": files, "classifiers": classifiers}


# Keywords that are converted together, each with the keys of [project] that it gives.
_PARTS: tuple[tuple[Mapping[str, tuple[str, ...]], Callable[[Setup], dict[str, Any]]], ...] = (
    (dict.fromkeys(("version", "use_scm_version", "pbr"), ("version",)), _version),
    ({"description": ("description",)}, lambda setup: {"description": " ".join(_text(setup, "description").split())}),
    (dict.fromkeys(("long_description", "long_description_content_type"), ("readme",)), _readme),
    (dict.fromkeys(("author", "author_email"), ("authors",)), lambda setup: _people(setup, "author")),
    (dict.fromkeys(("maintainer", "maintainer_email"), ("maintainers",)), lambda setup: _people(setup, "maintainer")),
    (dict.fromkeys(("url", "download_url", "project_urls"), ("urls",)), _urls),
    ({"keywords": ("keywords",)}, _keywords),
    ({"python_requires": ("requires-python",)}, _python),
    (
        {"install_requires": ("dependencies",)},
        lambda setup: {"dependencies": _requirements(setup.get("install_requires"), "install_requires")},
    ),
    ({"extras_require": ("optional-dependencies", "dependencies")}, _extras),
    ({"entry_points": ("scripts", "gui-scripts", "entry-points")}, _entry_points),
    ({"license": ("license",), "classifiers": ("classifiers",), "license_files": (), "license_file": ()}, _license),
)
_PLACED = frozenset({"name", *(name for keys, _ in _PARTS for name in keys), *backend.WITHIN_HATCH})
