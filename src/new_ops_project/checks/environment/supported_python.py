"""Rules about the Python version that files name: a single one, supported, the same everywhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.formats import document, python_version
from new_ops_project.formats.document import Document, Keys, decoded
from new_ops_project.formats.github import workflow_values
from new_ops_project.git.tree import PLAIN, Entry
from new_ops_project.template.pins import pins_yml

PINNED = ".python-version"
_SOON = 6  # months
_MINOR = re.compile(r"3\.\d{1,2}(?!\d)")
_COMPACT = re.compile(r"py3(\d{1,2})")
_PATHS = (PINNED, ".tool-versions", "runtime.txt", "Dockerfile")


@dataclass(frozen=True)
class NamedVersion:
    """A minor version that a file names: its text and its place. `among`: how many versions are tried there."""

    minor: str
    text: str
    path: str
    line: int
    among: int = 1


def versions_in_use(repo: Repo) -> Iterator[NamedVersion]:
    """Each exact version that something runs with: pins of the interpreter, images, workflows."""
    files = {path: repo.files[path] for path in _PATHS if path in repo.files}
    for pin in (*python_version.pinned(files), *python_version.docker_images(files)):
        yield _named(pin.minor, pin.text, pin.where)
    yield from _required(repo)
    for flow in repo.workflows:
        for step in workflow_values.python_versions(flow):
            if match := _MINOR.match(step.text):
                yield _named(match[0], step.text, step.where, step.matrix_size)


def _required(repo: Repo) -> Iterator[NamedVersion]:
    """The minor version of requires-python, if it allows only one."""
    keys = ("project", "requires-python")
    text = repo.pyproject.string(*keys)
    if match := re.fullmatch(r"(?:==|~=)\s*(3\.\d{1,2})\.(?:\d+|\*)", text):
        yield NamedVersion(match[1], text, PYPROJECT, repo.pyproject.line(*keys))


def _named(minor: str, text: str, where: str, among: int = 1) -> NamedVersion:
    path, _, line = where.rpartition(":")
    return (
        NamedVersion(minor, text, path, int(line), among)
        if line.isdigit()
        else NamedVersion(minor, text, where, 1, among)
    )


def _breach(repo: Repo, named: NamedVersion, message: str, remedy: str = "") -> Breach:
    """A breach at the version's own place on its line."""
    lines = decoded(repo.files.get(named.path, b"")).split("\n")
    line = lines[named.line - 1] if named.line <= len(lines) else ""
    columns = [index for index in (line.find(named.minor), line.find(named.text)) if index >= 0]
    column = columns[0] + 1 if columns else 1
    return Breach(message, named.path, named.line, column, remedy=remedy)


# ---- one version ------------------------------------------------------------------------------------------------


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Python code without .python-version; the fix writes the version that all files agree on, if it is supported."""
    if repo.python or not (repo.python_files or PYPROJECT in repo.files):
        return
    if PINNED in repo.paths:
        yield Breach(f"{PINNED} names no minor version of Python.", PINNED, 1, 1)
        return
    agreed = {named.minor for named in versions_in_use(repo)}
    minor = next(iter(agreed)) if len(agreed) == 1 and agreed & pins_yml.shipped().pythons.keys() else ""
    fix = (Write(PINNED, Entry(PLAIN, f"{minor}\n".encode())),) if minor else ()
    remedy = f"Write {minor} into {PINNED}." if minor else ""
    yield Breach(f"There is no {PINNED}.", PINNED, fix=fix, remedy=remedy)


def disagreeing(repo: Repo) -> Iterator[Breach]:
    """Each disagreement of what runs, what requires-python allows and what tools are set to."""
    runs, keys = _reference(repo), ("project", "requires-python")
    bound = repo.pyproject.string(*keys)
    if runs:
        yield from _other_runs(repo, runs)
        if bound and _allows(bound, runs.minor) is False:
            named = NamedVersion(bound, bound, PYPROJECT, repo.pyproject.line(*keys))
            yield _breach(repo, named, f"requires-python {bound} does not allow the {runs.minor} of {runs.path}.")
    yield from _other_targets(repo, runs, _lowest(bound))


def _reference(repo: Repo) -> NamedVersion | None:
    """What all others must agree with: .python-version, else the first workflow or image that names one Python."""
    versions = [named for named in versions_in_use(repo) if named.among == 1 and named.path != PYPROJECT]
    order = {PINNED: 0, "Dockerfile": 2}
    return min(versions, key=lambda named: order.get(named.path, 1), default=None)


def _other_runs(repo: Repo, runs: NamedVersion) -> Iterator[Breach]:
    """Each workflow or image that runs another minor version; a matrix that tries `runs` may try others, too.

    Where only a workflow says what runs, another workflow may try several versions without it.
    """
    versions = [named for named in versions_in_use(repo) if named.path not in {runs.path, PYPROJECT}]
    tried = {(named.path, named.line) for named in versions if named.minor == runs.minor and named.among > 1}
    last = [named for named in versions if named.path == "Dockerfile"][:1]
    for named in versions:
        is_tried = named.among > 1 and (runs.path.startswith(".github/") or (named.path, named.line) in tried)
        is_build = named.path == "Dockerfile" and named not in last
        if named.minor != runs.minor and not is_tried and not is_build:
            yield _breach(repo, named, f"Python {named.minor} is named here, but {runs.minor} in {runs.path}.")


def _other_targets(repo: Repo, runs: NamedVersion | None, lowest: str) -> Iterator[Breach]:
    """Each linter that is not set to the lowest Python that is allowed; mypy may also take the one that runs."""
    minor, where = (runs.minor, runs.path) if runs else ("", "")
    wanted, source = (lowest, "requires-python") if lowest else (minor, where)
    for tool, text, settings, line in _targets(repo):
        compact = _COMPACT.fullmatch(text)
        meant = f"3.{compact[1]}" if compact else text
        is_fine = not wanted or meant == wanted or (tool == "mypy" and meant == minor)
        if _MINOR.fullmatch(meant) and not is_fine:
            yield _breach(
                repo,
                NamedVersion(meant, text, settings.path, line),
                f"{tool} is set to Python {meant}, but {source} says {wanted}.",
            )


def _targets(repo: Repo) -> Iterator[tuple[str, str, Document, int]]:
    """The Python that ruff and mypy are set to, wherever their settings are: tool, text, file, line."""
    ruff, mypy, cfg = "target-version", "python_version", document.ini(repo.files, "setup.cfg")
    places: list[tuple[str, Document, Keys]] = [
        ("ruff", repo.pyproject, ("tool", "ruff", ruff)),
        ("mypy", repo.pyproject, ("tool", "mypy", mypy)),
        ("ruff", document.toml(repo.files, "ruff.toml"), (ruff,)),
        ("ruff", document.toml(repo.files, ".ruff.toml"), (ruff,)),
        ("mypy", document.ini(repo.files, "mypy.ini"), ("mypy", mypy)),
        ("mypy", cfg, ("mypy", mypy)),
    ]
    for tool, source, keys in places:
        value = source.get(*keys)
        if isinstance(value, str | float):  # a number where it has no quotes, which mypy accepts
            yield tool, str(value).strip(), source, source.line(*keys)


def _allows(bound: str, minor: str) -> bool | None:
    """Whether the specifier (PEP 440) allows some patch of the minor version; None if it is invalid."""
    try:
        allowed = SpecifierSet(bound)
    except InvalidSpecifier:
        return None
    return any(allowed.contains(f"{minor}.{patch}", prereleases=True) for patch in range(60))


def _lowest(bound: str) -> str:
    """The lowest minor version that a specifier states; '' if it states none."""
    match = re.search(r"(?:>=|~=|==)\s*(3\.\d{1,2})(?!\d)", bound)
    return match[1] if match else ""


# ---- support ----------------------------------------------------------------------------------------------------


def unsupported(repo: Repo) -> Iterator[Breach]:
    """Each version in use that is past its end of life."""
    for named, month in _ending(repo):
        if _months(month, repo.today) < 0:
            yield _breach(repo, named, f"Support for Python {named.minor} ended in {month}.", _newer(repo))


def ending_soon(repo: Repo) -> Iterator[Breach]:
    """Each version in use that reaches its end of life within six months."""
    for named, month in _ending(repo):
        if 0 <= _months(month, repo.today) <= _SOON:
            yield _breach(repo, named, f"Support for Python {named.minor} ends in {month}.", _newer(repo))


def _ending(repo: Repo) -> Iterator[tuple[NamedVersion, str]]:
    """Each version in use, with the month its support ends; not versions that are tried among others."""
    table = pins_yml.shipped()
    ends = {**table.ended, **{minor: pin.end_of_life for minor, pin in table.pythons.items()}}
    for named in versions_in_use(repo):
        if named.minor in ends and named.among == 1:
            yield named, ends[named.minor]
        elif _minor_number(named.minor) < min(map(_minor_number, ends), default=0) and named.among == 1:
            yield named, min(ends.values())


def _minor_number(minor: str) -> int:
    return int(minor.partition(".")[2] or 0)


def _months(month: str, today: date) -> int:
    """The months from this one to `month` (YYYY-MM), the last with support; negative if it is past."""
    year, number = (int(part) for part in month.split("-")[:2])
    return (year - today.year) * 12 + number - today.month


def _newer(repo: Repo) -> str:
    table, recorded = pins_yml.shipped(), repo.answers.get("python_version")
    newest = table.default_python
    command = f": new-ops-project update --set python_version={newest}" if recorded else "."
    return f"Move to Python {newest}, supported until {table.pythons[newest].end_of_life}{command}"
