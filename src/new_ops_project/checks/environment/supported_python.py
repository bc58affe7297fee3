"""Rules about the Python version that files name: a single one, supported, the same everywhere."""

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.formats import python_version
from new_ops_project.formats.document import decoded
from new_ops_project.formats.python_version import PINNED, PythonVersion
from new_ops_project.git.tree import PLAIN, Entry
from new_ops_project.template.pins import pins_yml, python_support
from new_ops_project.template.pins.python_support import Support

_REQUIRED = ("project", "requires-python")


def versions_in_use(repo: Repo) -> Iterator[PythonVersion]:
    """Each exact version that something runs with: pins of the interpreter, images, requires-python, workflows."""
    yield from python_version.pinned(repo.files)
    yield from python_version.docker_images(repo.files)
    bound = repo.pyproject.string(*_REQUIRED)
    if minor := python_version.only_minor(bound):
        yield PythonVersion(minor, bound, repo.pyproject.where(*_REQUIRED))
    yield from python_version.in_workflows(repo.automation)


def _breach(repo: Repo, named: PythonVersion, message: str, remedy: str = "") -> Breach:
    """A breach at the version's own place on its line."""
    path, number = named.place
    line = "".join(decoded(repo.files.get(path, b"")).split("\n")[number - 1 : number])
    columns = [index for index in (line.find(named.minor), line.find(named.text)) if index >= 0]
    return Breach(message, path, number, columns[0] + 1 if columns else 1, remedy=remedy)


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
    runs, bound = _reference(repo), repo.pyproject.string(*_REQUIRED)
    if runs:
        yield from _other_runs(repo, runs)
        if bound and not _allows(bound, runs.minor):
            named = PythonVersion(bound, bound, repo.pyproject.where(*_REQUIRED))
            yield _breach(repo, named, f"requires-python {bound} does not allow the {runs.minor} of {runs.place[0]}.")
    yield from _other_targets(repo, runs, python_version.lowest(bound))


def _reference(repo: Repo) -> PythonVersion | None:
    """What all others must agree with: .python-version, else the first workflow or image that names one Python."""
    versions = [named for named in versions_in_use(repo) if named.among == 1 and named.place[0] != PYPROJECT]
    order = {PINNED: 0, "Dockerfile": 2}
    return min(versions, key=lambda named: order.get(named.place[0], 1), default=None)


def _other_runs(repo: Repo, runs: PythonVersion) -> Iterator[Breach]:
    """Each workflow or image that runs another minor version; a matrix that tries `runs` may try others, too.

    Where only a workflow says what runs, another workflow may try several versions without it.
    """
    source = runs.place[0]
    versions = [named for named in versions_in_use(repo) if named.place[0] not in {source, PYPROJECT}]
    tried = {named.where for named in versions if named.minor == runs.minor and named.among > 1}
    images = [named for named in versions if named.place[0] == "Dockerfile"]
    for named in versions:
        is_tried = named.among > 1 and (source.startswith(".github/") or named.where in tried)
        is_build = named in images[1:]  # only the last image, which comes first, runs
        if named.minor != runs.minor and not is_tried and not is_build:
            yield _breach(repo, named, f"Python {named.minor} is named here, but {runs.minor} in {source}.")


def _other_targets(repo: Repo, runs: PythonVersion | None, lowest: str) -> Iterator[Breach]:
    """Each linter that is not set to the lowest Python that is allowed; mypy may also take the one that runs."""
    minor, where = (runs.minor, runs.place[0]) if runs else ("", "")
    wanted, source = (lowest, "requires-python") if lowest else (minor, where)
    for tool, named in python_version.targets(repo.files, repo.pyproject):
        if wanted and named.minor not in {wanted, minor if tool == "mypy" else wanted}:
            message = f"{tool} is set to Python {named.minor}, but {source} says {wanted}."
            yield _breach(repo, named, message)


def _allows(bound: str, minor: str) -> bool:
    """Whether the specifier (PEP 440) allows some patch of the minor version, or is invalid."""
    try:
        allowed = SpecifierSet(bound)
        return any(allowed.contains(f"{minor}.{patch}", prereleases=True) for patch in range(60))
    except ValueError:
        return True


# ---- support ----------------------------------------------------------------------------------------------------


def unsupported(repo: Repo) -> Iterator[Breach]:
    """Each version in use that is past its end of life."""
    yield from _ending(repo, Support.ENDED, "ended")


def ending_soon(repo: Repo) -> Iterator[Breach]:
    """Each version in use that reaches its end of life within 180 days."""
    yield from _ending(repo, Support.SOON, "ends")


def _ending(repo: Repo, support: Support, verb: str) -> Iterator[Breach]:
    """Each version in use in this state of support; not versions that are tried among others."""
    table = pins_yml.shipped()
    newest = table.default_python
    command = f": new-ops-project update --set python_version={newest}" if repo.answers.get("python_version") else "."
    remedy = f"Move to Python {newest}, supported until {table.pythons[newest].end_of_life}{command}"
    for named in versions_in_use(repo):
        use = python_support.version_use(named.minor, repo.today)
        if use.support == support and named.among == 1:
            when = f" in {use.ends}" if use.ends else ""
            yield _breach(repo, named, f"Support for Python {named.minor} {verb}{when}.", remedy)
