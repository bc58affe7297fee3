"""Rules about the metadata of a distribution: syntax, schemas, the Python it needs, the files it names."""

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
    """A pyproject.toml that is not TOML, or not UTF-8."""
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
    match = _PLACE.search(repo.pyproject.problem)
    reason = repo.pyproject.problem.partition(": ")[2]
    lines = repo.pyproject.text_lines
    line, column = (int(match[1]), int(match[2])) if match else (len(lines), len(lines[-1]) + 1)
    yield Breach(f"{PYPROJECT} does not parse: {_PLACE.sub('', reason).strip(' ()')}.", PYPROJECT, line, column)


def invalid(repo: Repo, error: validate_pyproject.Invalid | None) -> Iterator[Breach]:
    """The first value that breaks a schema."""
    if error:
        place = places.place(repo.pyproject, *error.keys)
        yield Breach(f"{error.message}.", PYPROJECT, place.line, place.column)


def no_python(repo: Repo) -> Iterator[Breach]:
    """A distribution that does not say which Python it needs."""
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
                remedy=f'Write requires-python = "{version}", with the oldest Python that you test.',
            )
    elif repo.setup.names and not repo.pyproject.table("tool", "poetry") and not _mentions_python(repo):
        source = repo.setup.cfg if repo.setup.cfg.data else repo.setup.py
        yield Breach(
            "Nothing says which Python it needs.",
            source.path,
            1,
            1,
            remedy=f"Write python_requires, such as {version!r}, with the oldest Python that you test.",
        )


def _mentions_python(repo: Repo) -> bool:
    """Whether setup() may get the version; what `**` adds is unknown."""
    text = repo.setup.py.text + repo.setup.cfg.text
    return "python_requires" in text or "python-requires" in text or "**" in repo.setup.py.text


def missing_files(repo: Repo) -> Iterator[Breach]:
    """Each readme or license file that is named but does not exist; a license without its text."""
    for keys in _file_keys(repo):
        name = repo.pyproject.string(*keys)
        if name and not _exists(repo, name):
            place = places.place(repo.pyproject, *keys)
            yield Breach(f"{name} does not exist.", PYPROJECT, place.line, place.column)
    yield from _unlicensed(repo)


def _file_keys(repo: Repo) -> Iterator[Keys]:
    """The keys of all values that name files."""
    project = ("project", "readme"), ("project", "license")
    yield ("tool", "poetry", "readme")
    for keys in project:
        yield (*keys, "file")
    yield project[0]
    for listed in (("project", "license-files"), ("tool", "poetry", "readme")):
        value = repo.pyproject.get(*listed)
        yield from ((*listed, index) for index, _ in enumerate(value if isinstance(value, list) else ()))


def _exists(repo: Repo, name: str) -> bool:
    """Whether a path or a pattern matches a file; files above the project are unknown, and count as existing."""
    path = name.replace(_BACKSLASH, "/").removeprefix("./")
    if path.startswith(("..", "/")) or path in repo.paths:
        return True
    return any(fnmatch.fnmatchcase(each, path.replace("**/", "*")) for each in repo.paths)


def _unlicensed(repo: Repo) -> Iterator[Breach]:
    """A license without its text: only a note, since a larger repository may have the text above the project."""
    for keys in (("project", "license"), ("project", "license", "text"), ("tool", "poetry", "license")):
        name = repo.pyproject.string(*keys)
        is_open = name and "\n" not in name and not name.startswith(("LicenseRef-", "Proprietary"))
        if is_open and repo.tier != "script" and not any(_LICENSE.fullmatch(path) for path in repo.paths):
            place = places.place(repo.pyproject, *keys)
            yield Breach(
                f"The license is {name}, but its text is missing.",
                PYPROJECT,
                place.line,
                place.column,
                remedy="Add it as LICENSE.",
                severity=Severity.INFO,
            )
