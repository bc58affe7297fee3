"""Rules about the metadata of a distribution: syntax, schemas, the Python it needs, the files it names."""

import fnmatch
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import validate_pyproject
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import python_version
from new_ops_project.formats.document import Keys

_PLACE = re.compile(r"at line (\d+), column (\d+)")
_LICENSE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE|NOTICE)\b.*|LICENSES/.*", re.IGNORECASE)
_BACKSLASH = "\\"
_PYTHON = "Programming Language :: Python :: "


def unparsable(repo: Repo) -> Iterator[Breach]:
    """A pyproject.toml that is not TOML, or not UTF-8."""
    if not repo.pyproject.problem:
        return
    text, problem = repo.pyproject.text, repo.pyproject.problem
    is_binary = "codec can't decode" in problem
    offset = text.find("\ufffd") if is_binary else len(text)
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    if match := _PLACE.search(problem):
        line, column = int(match[1]), int(match[2])
    reason = _PLACE.sub("", problem.partition(": ")[2]).strip(" ()")
    yield Breach(
        f"{PYPROJECT} {'is not UTF-8' if is_binary else f'does not parse: {reason}'}.", PYPROJECT, line, column
    )


def invalid(repo: Repo, error: validate_pyproject.Invalid | None) -> Iterator[Breach]:
    """The first value that breaks a schema."""
    if error:
        yield Breach(f"{error.message}.", *repo.in_pyproject(*error.keys))


def no_python(repo: Repo) -> Iterator[Breach]:
    """A distribution that does not say which Python it needs."""
    project, poetry = repo.pyproject.table("project"), repo.pyproject.table("tool", "poetry")
    version = _oldest(repo)
    if repo.tier == "script" or repo.pyproject.get("tool", "poetry", "dependencies", "python") is not None:
        return
    if project and "requires-python" not in {*project, *repo.pyproject.strings("project", "dynamic")}:
        remedy = (
            f'Write requires-python = ">={version}", if that is the oldest Python that you test.' if version else ""
        )
        yield Breach("[project] does not say which Python it needs.", *repo.in_pyproject("project"), remedy=remedy)
    text = repo.setup.py.text + repo.setup.cfg.text
    is_given = any(mark in text for mark in ("python_requires", "python-requires", "**"))  # `**more` may hold it
    if not project and repo.setup.names and not poetry and not is_given:
        path = (repo.setup.cfg if repo.setup.cfg.data else repo.setup.py).path
        remedy = f'Write python_requires=">={version}", if that is the oldest Python that you test.'
        remedy = remedy if version else "Write python_requires with the oldest Python that you test."
        yield Breach("Nothing says which Python it needs.", path, 1, 1, remedy=remedy)


def _oldest(repo: Repo) -> str:
    """The oldest Python that the workflows test, else that the classifiers name, else the pinned one; '' if unknown."""
    classified = [text.removeprefix(_PYTHON) for text, _ in python_version.classifiers(repo.pyproject, repo.setup)]
    tested = {each.minor for each in python_version.in_workflows(repo.automation)}
    minors = tested or {each for each in classified if re.fullmatch(r"3\.\d+", each)} or {repo.python} - {""}
    return "" if "2" in classified else min(minors, key=lambda minor: int(minor.partition(".")[2]), default="")


def missing_files(repo: Repo) -> Iterator[Breach]:
    """Each readme or license file that is named but does not exist; a license without its text."""
    for keys in _file_keys(repo):
        name = repo.pyproject.string(*keys)
        if name and not _exists(repo, name):
            yield Breach(f"{name} does not exist.", *repo.in_pyproject(*keys))
    yield from _unlicensed(repo)


def _file_keys(repo: Repo) -> Iterator[Keys]:
    """The keys of all values that name files."""
    readme, license_ = ("project", "readme"), ("project", "license")
    yield from (("tool", "poetry", "readme"), (*readme, "file"), (*license_, "file"), readme)
    for listed in (("project", "license-files"), ("tool", "poetry", "readme")):
        yield from ((*listed, index) for index, _ in enumerate(repo.pyproject.strings(*listed)))


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
            yield Breach(
                f"The license is {name}, but its text is missing.",
                *repo.in_pyproject(*keys),
                remedy="Add it as LICENSE.",
                severity=Severity.INFO,
            )
