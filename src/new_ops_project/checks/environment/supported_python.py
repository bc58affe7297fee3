"""Rules about the Python version that files name: a single one, supported, the same everywhere."""

import re
from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.formats import python_version
from new_ops_project.formats.document import decoded
from new_ops_project.formats.python_version import PINNED, PythonVersion
from new_ops_project.git.tree import PLAIN, Entry
from new_ops_project.template.pins import pins_yml, python_support
from new_ops_project.template.pins.python_support import Support

_REQUIRED = ("project", "requires-python")
# Where tests may run that we do not read.
_OTHER_CI = re.compile(r"\.circleci/.*|\.(?:gitlab-ci|travis|cirrus|drone)\.ya?ml|azure-pipelines.*|Jenkinsfile")
_WORKFLOWS = ".github/"


def versions_in_use(repo: Repo) -> Iterator[PythonVersion]:
    """Each exact version that something runs with: pins of the interpreter, images, requires-python, workflows."""
    yield from python_version.pinned(repo.files)
    yield from python_version.docker_images(repo.files)
    bound = repo.pyproject.string(*_REQUIRED)
    if minor := python_version.only_minor(bound):
        yield PythonVersion(minor, bound, repo.pyproject.where(*_REQUIRED))
    yield from python_version.in_workflows(repo.automation)


def _breach(
    repo: Repo, named: PythonVersion, message: str, remedy: str = "", severity: Severity | None = None
) -> Breach:
    """A breach at the version's own place on its line."""
    path, number = named.place
    line = "".join(decoded(repo.files.get(path, b"")).split("\n")[number - 1 : number])
    columns = [index for index in (line.find(named.minor), line.find(named.text)) if index >= 0]
    return Breach(message, path, number, columns[0] + 1 if columns else 1, remedy=remedy, severity=severity)


# ---- one version ------------------------------------------------------------------------------------------------


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Python code without .python-version; the fix writes the version that all files agree on, if it is supported.

    It is a note unless the repository has an environment of its own to recreate. A distribution that is tested on
    several versions needs none.
    """
    if repo.python or not (repo.python_files or PYPROJECT in repo.files):
        return
    if PINNED in repo.paths:
        yield Breach(f"{PINNED} names no minor version of Python.", PINNED, 1, 1)
        return
    versions = [*versions_in_use(repo)]
    agreed = {named.minor for named in versions}
    if repo.tier != "script" and len(agreed) > 1:
        return
    minor = next(iter(agreed)) if len(agreed) == 1 and agreed & pins_yml.shipped().pythons.keys() else ""
    fix = (Write(PINNED, Entry(PLAIN, f"{minor}\n".encode())),) if minor else ()
    remedy = f"Write {minor} into {PINNED}." if minor else ""
    has_environment = repo.tier == "script" and not repo.is_hosted and (repo.requirements or repo.locks)
    severity = None if has_environment else Severity.INFO
    yield Breach(f"There is no {PINNED}.", PINNED, fix=fix, remedy=remedy, severity=severity)


def disagreeing(repo: Repo) -> Iterator[Breach]:
    """Each disagreement of what runs, what is tested, what requires-python allows and what tools are set to."""
    runs, bound = _reference(repo), _bound(repo)
    if runs:
        yield from _untested(repo, runs)
        if bound and not _allows(bound.text, runs.minor):
            message = f"{bound.text} does not allow the Python {runs.minor} of {runs.place[0]}."
            remedy = f"Allow {runs.minor}, or name a version in {runs.place[0]} that is allowed."
            yield _breach(repo, bound, message, remedy, Severity.ERROR)
    yield from _other_targets(repo, runs, bound)


def _bound(repo: Repo) -> PythonVersion | None:
    """What the project allows, in pyproject.toml (also in Poetry's form), setup.py or setup.cfg."""
    stated = python_version.required(repo.pyproject, repo.setup)
    return next((PythonVersion(python_version.lowest(text), text, where) for text, where in stated if text), None)


def _reference(repo: Repo) -> PythonVersion | None:
    """What runs: the pinned interpreter, else the last image, else the first workflow that names one Python."""
    versions = [*python_version.pinned(repo.files), *python_version.docker_images(repo.files)]
    versions += [named for named in python_version.in_workflows(repo.automation) if named.among == 1]
    return next(iter(versions), None)


def _untested(repo: Repo, runs: PythonVersion) -> Iterator[Breach]:
    """Each workflow that runs another version, and an image that is another, where nothing tests what runs.

    A workflow that tries versions beside the one that runs does so on purpose. What only workflows name, they may vary.
    """
    tried = [*python_version.in_workflows(repo.automation)]
    minors, source = {named.minor for named in tried}, runs.place[0]
    image = next(python_version.docker_images(repo.files), None)
    if image and source != image.place[0] and image.minor not in {runs.minor, *minors}:
        message = f"Python {image.minor} is named here, but {runs.minor} in {source}."
        yield _breach(repo, image, message, f"Test {image.minor} too, or name {runs.minor} here.")
    if runs.minor in minors or any(map(_OTHER_CI.fullmatch, repo.paths)):
        return
    if image and source == image.place[0] and tried:
        other = f"{tried[0].minor} in {tried[0].place[0]}"
        message = f"Python {image.minor} is named here, but {other}."
        yield _breach(repo, image, message, f"Test {image.minor} too, or name {tried[0].minor} here.")
    else:
        for named in {named.where: named for named in reversed(tried)}.values():
            message = f"Python {named.minor} is named here, but {runs.minor} in {source}."
            yield _breach(repo, named, message, f"Test {runs.minor} too, or name {named.minor} in {source}.")


def _other_targets(repo: Repo, runs: PythonVersion | None, bound: PythonVersion | None) -> Iterator[Breach]:
    """Each linter that is not set to the lowest Python that is allowed; mypy may also take a newer one.

    Without a bound, it is compared with the pinned Python. A newer one lets ruff write what the lowest cannot run; an
    older one is harmless.
    """
    is_pinned = runs and runs.place[0] != "Dockerfile" and not runs.place[0].startswith(_WORKFLOWS)
    lowest, states = (bound.minor, f"{bound.place[0]} allows") if bound else ("", "")
    if not lowest and runs and is_pinned:
        lowest, states = runs.minor, f"{runs.place[0]} says"
    for tool, named in python_version.targets(repo.files, repo.pyproject) if lowest else ():
        is_newer = _number(named.minor) > _number(lowest)
        if named.minor != lowest and not (is_newer and tool == "mypy" and bound):
            severity = Severity.INFO if not is_newer else Severity.ERROR if tool == "ruff" else None
            message = f"{tool} is set to Python {named.minor}, but {states} {lowest}."
            yield _breach(repo, named, message, _set_to(tool, lowest), severity)


def _set_to(tool: str, minor: str) -> str:
    """The remedy for a linter; each has its own name and form for the setting."""
    value = f'target-version = "py{minor.replace(".", "")}"' if tool == "ruff" else f'python_version = "{minor}"'
    return f"Write {value}, the lowest that has to work."


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])


def _allows(bound: str, minor: str) -> bool:
    """Whether the specifier (PEP 440, or Poetry's `^` and `~`) allows a patch of the minor version, or is invalid."""
    text = re.sub(r"\^\s*(\d[\d.]*)", r">=\1,<4", re.sub(r"(?<!=)~\s*(3\.\d+)(?:\.\d+)?", r"==\1.*", bound))
    try:
        allowed = SpecifierSet(text)
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
        if use.support == support and named.among == 1 and not _is_tried(repo, named):
            when = f" in {use.ends}" if use.ends else ""
            yield _breach(repo, named, f"Support for Python {named.minor} {verb}{when}.", remedy)


def _is_tried(repo: Repo, named: PythonVersion) -> bool:
    """Whether a workflow tests a distribution on a Python that it still supports: it says so, or tries others, too."""
    bound, classifiers = _bound(repo), python_version.classifiers(repo.pyproject, repo.setup)
    is_said = any(text == f"Programming Language :: Python :: {named.minor}" for text, _ in classifiers)
    is_said |= bound is not None and _allows(bound.text, named.minor)
    tried = {other.minor for other in python_version.in_workflows(repo.automation) if other.among > 1}
    is_supported = is_said or named.minor in tried
    return is_supported and repo.tier != "script" and named.place[0].startswith(_WORKFLOWS)
