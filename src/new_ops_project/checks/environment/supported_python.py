"""Rules about the version of Python that files name: supported, one, and the same everywhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.formats import document, python_version
from new_ops_project.formats.document import Document, Keys, decoded
from new_ops_project.formats.github import evidence
from new_ops_project.git.tree import PLAIN, Entry

if TYPE_CHECKING:
    from new_ops_project.template.pins.pins_yml import Pins

PINNED = ".python-version"
_SOON = 6  # months
_MINOR = re.compile(r"3\.\d{1,2}(?!\d)")
_COMPACT = re.compile(r"py3(\d{1,2})")
_PATHS = (PINNED, ".tool-versions", "runtime.txt", "Dockerfile")


@dataclass(frozen=True)
class NamedVersion:
    """A minor that a file names: the text as it stands there, and its place. `among`: how many are tried beside it."""

    minor: str
    text: str
    path: str
    line: int
    among: int = 1


def run_with(repo: Repo) -> Iterator[NamedVersion]:
    """Each statement of what runs: pins of the interpreter, workflows and images, exact ones only."""
    files = {path: repo.files[path] for path in _PATHS if path in repo.files}
    for said in (*python_version.pinned(files), *python_version.images(files)):
        yield _named(said.minor, said.text, said.where)
    yield from _required(repo)
    for flow in repo.workflows:
        for step in evidence.pythons(flow):
            if found := _MINOR.match(step.text):
                yield _named(found[0], step.text, step.where, step.among)


def _required(repo: Repo) -> Iterator[NamedVersion]:
    """The one minor that requires-python allows, where it allows no other."""
    keys = ("project", "requires-python")
    text = repo.pyproject.string(*keys)
    if found := re.fullmatch(r"(?:==|~=)\s*(3\.\d{1,2})\.(?:\d+|\*)", text):
        yield NamedVersion(found[1], text, PYPROJECT, repo.pyproject.line(*keys))


def _named(minor: str, text: str, where: str, among: int = 1) -> NamedVersion:
    path, _, line = where.rpartition(":")
    return (
        NamedVersion(minor, text, path, int(line), among)
        if line.isdigit()
        else NamedVersion(minor, text, where, 1, among)
    )


def _breach(repo: Repo, named: NamedVersion, message: str, remedy: str = "") -> Breach:
    """A breach at the minor's own place in its line."""
    lines = decoded(repo.files.get(named.path, b"")).split("\n")
    line = lines[named.line - 1] if named.line <= len(lines) else ""
    found = [at for at in (line.find(named.minor), line.find(named.text)) if at >= 0]
    column = found[0] + 1 if found else 1
    return Breach(message, named.path, named.line, column, remedy=remedy)


# ---- one version ------------------------------------------------------------------------------------------------


def is_not_pinned(repo: Repo) -> Iterator[Breach]:
    """There is Python code and no .python-version; the fix writes what all files agree on, if it is supported."""
    if repo.python or not (repo.python_files or PYPROJECT in repo.files):
        return
    if PINNED in repo.paths:
        yield Breach(f"{PINNED} names no minor of Python.", PINNED, 1, 1)
        return
    agreed = {named.minor for named in run_with(repo)}
    minor = next(iter(agreed)) if len(agreed) == 1 and agreed & _pins().pythons.keys() else ""
    fix = (Write(PINNED, Entry(PLAIN, f"{minor}\n".encode())),) if minor else ()
    remedy = f"Write {minor} into {PINNED}." if minor else ""
    yield Breach(f"There is no {PINNED}.", PINNED, fix=fix, remedy=remedy)


def disagree(repo: Repo) -> Iterator[Breach]:
    """What runs, what is required and what tools are set to are not one and the same."""
    runs, keys = _reference(repo), ("project", "requires-python")
    bound = repo.pyproject.string(*keys)
    if runs:
        yield from _other_runs(repo, runs)
        if bound and _allows(bound, runs.minor) is False:
            named = NamedVersion(bound, bound, PYPROJECT, repo.pyproject.line(*keys))
            yield _breach(repo, named, f"requires-python {bound} leaves out the {runs.minor} of {runs.path}.")
    yield from _other_targets(repo, runs, _lowest(bound))


def _reference(repo: Repo) -> NamedVersion | None:
    """What all others shall agree with: .python-version, else the first workflow or image that names one Python."""
    found = [named for named in run_with(repo) if named.among == 1 and named.path != PYPROJECT]
    order = {PINNED: 0, "Dockerfile": 2}
    return min(found, key=lambda named: order.get(named.path, 1), default=None)


def _other_runs(repo: Repo, runs: NamedVersion) -> Iterator[Breach]:
    """Each workflow or image that runs another minor; of several that are tried with it, every one is welcome.

    Where only a workflow tells what runs, others may try several without it.
    """
    found = [named for named in run_with(repo) if named.path not in {runs.path, PYPROJECT}]
    tried = {(named.path, named.line) for named in found if named.minor == runs.minor and named.among > 1}
    last = [named for named in found if named.path == "Dockerfile"][:1]
    for named in found:
        is_tried = named.among > 1 and (runs.path.startswith(".github/") or (named.path, named.line) in tried)
        is_build = named.path == "Dockerfile" and named not in last
        if named.minor != runs.minor and not is_tried and not is_build:
            yield _breach(repo, named, f"Python {named.minor} is named here, and {runs.minor} in {runs.path}.")


def _other_targets(repo: Repo, runs: NamedVersion | None, lowest: str) -> Iterator[Breach]:
    """Linters judge for the lowest Python that is allowed (mypy may take the one that runs, too)."""
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
                f"{tool} is set to Python {meant}, and {source} says {wanted}.",
            )


def _targets(repo: Repo) -> Iterator[tuple[str, str, Document, int]]:
    """What ruff and mypy are set to, wherever their settings are: tool, text, file and line."""
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
        found = source.get(*keys)
        if isinstance(found, str | float):  # 3.1 may be meant as 3.10, and mypy takes it as a number
            yield tool, str(found).strip(), source, source.line(*keys)


def _allows(bound: str, minor: str) -> bool | None:
    """Whether some patch of the minor fulfils the specifier (PEP 440); None for what is none."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(bound)
    except InvalidSpecifier:
        return None
    return any(allowed.contains(f"{minor}.{patch}", prereleases=True) for patch in range(60))


def _lowest(bound: str) -> str:
    """The lowest minor that a specifier allows, where it gives one."""
    found = re.search(r"(?:>=|~=|==)\s*(3\.\d{1,2})(?!\d)", bound)
    return found[1] if found else ""


# ---- support ----------------------------------------------------------------------------------------------------


def has_ended(repo: Repo) -> Iterator[Breach]:
    """What runs is past its end of life."""
    for named, month in _ending(repo):
        if _months(month, repo.today) < 0:
            yield _breach(repo, named, f"Support for Python {named.minor} ended in {month}.", _newer(repo))


def ends_soon(repo: Repo) -> Iterator[Breach]:
    """What runs reaches its end of life within six months."""
    for named, month in _ending(repo):
        if 0 <= _months(month, repo.today) <= _SOON:
            yield _breach(repo, named, f"Support for Python {named.minor} ends in {month}.", _newer(repo))


def _ending(repo: Repo) -> Iterator[tuple[NamedVersion, str]]:
    """Each place that names what runs, with the month of its end; one that is tried among others is left out."""
    table = _pins()
    ends = {**table.ended, **{minor: pin.end_of_life for minor, pin in table.pythons.items()}}
    for named in run_with(repo):
        if named.minor in ends and named.among == 1:
            yield named, ends[named.minor]
        elif _order(named.minor) < min(map(_order, ends), default=0) and named.among == 1:
            yield named, min(ends.values())


def _pins() -> "Pins":
    from new_ops_project.template.pins import pins_yml

    return pins_yml.shipped()


def _order(minor: str) -> int:
    return int(minor.partition(".")[2] or 0)


def _months(month: str, today: date) -> int:
    """How many months from this one to `month` (YYYY-MM), in which support still holds."""
    year, number = (int(part) for part in month.split("-")[:2])
    return (year - today.year) * 12 + number - today.month


def _newer(repo: Repo) -> str:
    table, recorded = _pins(), repo.answers.get("python_version")
    newest = table.default_python
    command = f": new-ops-project update --set python_version={newest}" if recorded else "."
    return f"Move to Python {newest}, supported until {table.pythons[newest].end_of_life}{command}"
