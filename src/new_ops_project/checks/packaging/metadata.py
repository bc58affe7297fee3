"""Rules about what pyproject.toml says of a distribution: that it parses, is valid, and names files that are there."""

import fnmatch
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import validate_pyproject
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.document import Keys, decoded
from new_ops_project.formats.toml import places

_PLACE = re.compile(r"at line (\d+), column (\d+)")
_LICENSE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE|NOTICE)\b.*|LICENSES/.*", re.IGNORECASE)
_BACKSLASH = "\\"


def unparsable(repo: Repo) -> Iterator[Breach]:
    """A pyproject.toml that is no TOML, or no UTF-8."""
    if not repo.pyproject.problem:
        return
    content = repo.files[PYPROJECT]
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(decoded(before.rpartition(b"\n")[2])) + 1
        yield Breach(f"{PYPROJECT} is not UTF-8.", PYPROJECT, line, column)
        return
    found = _PLACE.search(repo.pyproject.problem)
    reason = repo.pyproject.problem.partition(": ")[2]
    lines = repo.pyproject.split
    line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
    yield Breach(f"{PYPROJECT} does not parse: {_PLACE.sub('', reason).strip(' ()')}.", PYPROJECT, line, column)


def invalid(repo: Repo, error: validate_pyproject.Invalid | None) -> Iterator[Breach]:
    """The first value that breaks a schema."""
    if error:
        place = places.place(repo.pyproject, *error.keys)
        yield Breach(f"{error.message}.", PYPROJECT, place.line, place.column)


def no_python(repo: Repo) -> Iterator[Breach]:
    """A distribution that says nothing of the Python that it needs."""
    if repo.tier == "script":
        return
    project = repo.pyproject.table("project")
    version = f">={repo.python}" if repo.python else ">=3.12"
    if project:
        if repo.pyproject.get("tool", "poetry", "dependencies", "python") is not None:
            return
        if "requires-python" not in project and "requires-python" not in repo.pyproject.strings("project", "dynamic"):
            line = places.place(repo.pyproject, "project").line
            yield Breach(
                "[project] does not say which Python it needs.",
                PYPROJECT,
                line,
                1,
                remedy=f'Write requires-python = "{version}", with the oldest that is tested.',
            )
    elif repo.setup.names and not repo.pyproject.table("tool", "poetry") and not _mentions_python(repo):
        source = repo.setup.cfg if repo.setup.cfg.data else repo.setup.py
        yield Breach(
            "Nothing says which Python it needs.",
            source.path,
            1,
            1,
            remedy=f"Write python_requires, such as {version!r}, with the oldest that is tested.",
        )


def _mentions_python(repo: Repo) -> bool:
    """Whether setup() may be told; what `**` adds cannot be read."""
    text = repo.setup.py.text + repo.setup.cfg.text
    return "python_requires" in text or "python-requires" in text or "**" in repo.setup.py.text


def missing_files(repo: Repo) -> Iterator[Breach]:
    """A readme or a license file that is named and not there, and a license without its text."""
    for keys in _named(repo):
        name = repo.pyproject.string(*keys)
        if name and not _is_there(repo, name):
            place = places.place(repo.pyproject, *keys)
            yield Breach(f"{name} is not there.", PYPROJECT, place.line, place.column)
    yield from _unlicensed(repo)


def _named(repo: Repo) -> Iterator[Keys]:
    """The keys of all that names a file, or files, that must be there."""
    project = ("project", "readme"), ("project", "license")
    yield ("tool", "poetry", "readme")
    for keys in project:
        yield (*keys, "file")
    yield project[0]
    for listed in (("project", "license-files"), ("tool", "poetry", "readme")):
        found = repo.pyproject.get(*listed)
        yield from ((*listed, at) for at, _ in enumerate(found if isinstance(found, list) else ()))


def _is_there(repo: Repo, name: str) -> bool:
    """Whether a path or a pattern names a file; what is above the project cannot be seen."""
    path = name.replace(_BACKSLASH, "/").removeprefix("./")
    if path.startswith(("..", "/")) or path in repo.paths:
        return True
    return any(fnmatch.fnmatchcase(one, path.replace("**/", "*")) for one in repo.paths)


def _unlicensed(repo: Repo) -> Iterator[Breach]:
    """Most licenses ask for their text to be passed on. A folder of a larger repository may have it above."""
    for keys in (("project", "license"), ("project", "license", "text"), ("tool", "poetry", "license")):
        name = repo.pyproject.string(*keys)
        is_open = name and "\n" not in name and not name.startswith(("LicenseRef-", "Proprietary"))
        if is_open and repo.tier != "script" and not any(_LICENSE.fullmatch(path) for path in repo.paths):
            place = places.place(repo.pyproject, *keys)
            yield Breach(
                f"The license is {name}, and its text is not there.",
                PYPROJECT,
                place.line,
                place.column,
                remedy="Add it as LICENSE.",
                severity=Severity.INFO,
            )
