"""What a clone lacks on this machine: each topic is looked at, nothing is changed."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.clones import hooks, installed_packages, interpreters, variables
from new_ops_project.clones import venv as venvs
from new_ops_project.clones.needs import Needs, read_needs
from new_ops_project.clones.topics import Diagnosis, Topic
from new_ops_project.clones.venv import Venv, VenvState
from new_ops_project.git import remotes, urls
from new_ops_project.template import answers_file, sources

_SHOWN = 6
_MIB = 1024**2
_TIGHT, _FULL = 1024, 200  # MiB; an environment of a generated project takes about 200


@dataclass(frozen=True)
class _Clone:
    """What is looked at. `why`: of each remote that was asked, why it does not answer."""

    needs: Needs
    venv: Venv
    is_repository: bool
    addresses: Mapping[str, str]
    template: str
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.needs.folder

    @property
    def onboard(self) -> str:
        """The command that mends most of it, as one would type it here."""
        place = "" if self.folder == Path.cwd() else f" {shlex.quote(str(self.folder))}"
        return f"new-ops-project onboard{place}"


def diagnose(folder: Path) -> Diagnosis:
    """Look at the clone in `folder`; the remotes are asked while the rest is looked at.

    Raises ToolError for a folder that is no Python project, or one whose pyproject.toml cannot be read.
    """
    try:
        return _diagnosed(read_needs(folder))
    except OSError as error:
        message = f"{error.filename or folder} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Mend that, then run this again.") from error


def _diagnosed(needs: Needs) -> Diagnosis:
    folder = needs.folder
    version = _git_version()
    has_git = version.severity is not Severity.ERROR
    is_repository = has_git and git.toplevel(folder) is not None
    addresses, template = _addresses(folder, is_repository=is_repository, has_git=has_git)
    clone = _Clone(needs, venvs.read_venv(folder), is_repository, addresses, template)
    with remotes.probing(folder, addresses) as wait:
        rest = [
            check
            for look in (_python, _environment, _lock, _packages, _project, _hooks, _variables, _disk)
            for check in look(clone)
        ]
        identity = [_identity(clone)] if has_git else []
        why = wait()
    asked = [_remote(clone, why), *_template(clone, why)] if has_git else []
    return Diagnosis(folder, (version, *identity, *asked, *rest))


def _git_version() -> Topic:
    try:
        found = git.require()
    except ToolError as error:
        return Topic("git", error.message, Severity.ERROR, error.hint)
    return Topic("git", ".".join(map(str, found)))


def _identity(clone: _Clone) -> Topic:
    at = clone.folder
    if git.has_identity(at):
        said = git.git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", at=at).text
        return Topic("identity", said.rpartition("> ")[0] + ">")
    remedy = "git config --global user.name 'Your Name' && git config --global user.email you@example.org"
    return Topic("identity", "git knows no name and e-mail address to commit with", Severity.WARNING, remedy)


def _addresses(folder: Path, *, is_repository: bool, has_git: bool) -> tuple[dict[str, str], str]:
    """What to ask: the repository's remote, and its template's where that is at a URL; and what the template is."""
    found = {}
    if is_repository and git.remote_url(folder):
        found["remote"] = git.remote_url(folder)
    files = answers_file.answers_files(folder)
    location = answers_file.source(folder / files[0]) if files else ""
    is_url = "://" in location or urls.is_short_address(location)
    if has_git and location and is_url and not sources.is_embedded(location):
        found["template"] = urls.full_address(location)
    return found, location


def _remote(clone: _Clone, why: Mapping[str, str]) -> Topic:
    if not clone.is_repository:
        return Topic("remote", f"{clone.folder} is in no git repository", Severity.INFO, "git init, or clone it")
    if "remote" not in clone.addresses:
        return Topic("remote", "there is no remote `origin` yet")
    shown = urls.without_secrets(clone.addresses["remote"])
    if why["remote"]:
        remedy = f"Check the network and your access: git -C {shlex.quote(str(clone.folder))} ls-remote origin"
        return Topic("remote", f"{shown}: {why['remote']}", Severity.WARNING, remedy)
    return Topic("remote", f"{shown} answers")


def _template(clone: _Clone, why: Mapping[str, str]) -> Iterator[Topic]:
    if not clone.template:
        return
    shown = urls.without_secrets(clone.template)
    if "template" in clone.addresses:
        if why["template"]:
            remedy = f"Check the network and your access: git ls-remote {shown.removeprefix('git+')}"
            yield Topic("template", f"{shown}: {why['template']}", Severity.WARNING, remedy)
        else:
            yield Topic("template", f"{shown} answers")
    elif sources.is_embedded(clone.template):
        yield Topic("template", "embedded; it comes with the tool")
    elif paths.expanded(clone.template.removeprefix("git+file://")).exists():
        yield Topic("template", f"{shown} is there")
    else:
        remedy = "new-ops-project update --template SOURCE, with the place where it is now"
        yield Topic("template", f"{shown} is not on this machine", Severity.WARNING, remedy)


def _python(clone: _Clone) -> Iterator[Topic]:
    python = clone.needs.python
    found = interpreters.first_available(
        [python.minor] if python.minor else interpreters.minors_within(python.specifier)
    )
    asked = f", as {python.where} asks" if python.where else "; nothing names a version"
    if found is None:
        message = f"{python.name} was not found on PATH, in pyenv, in uv or in the system's places{asked}"
        minor = python.minor or next(iter(interpreters.minors_within(python.specifier)), "3")
        yield Topic("python", message, Severity.ERROR, interpreters.install_hint(minor))
    elif not found.makes_environments and not shutil.which("uv"):
        remedy = f"On Debian and Ubuntu: apt install python{found.minor}-venv. Or install uv."
        yield Topic("python", f"{found.path} has no venv module with ensurepip", Severity.ERROR, remedy)
    else:
        yield Topic("python", f"{found.version}, {found.path}{asked}")


def _environment(clone: _Clone) -> Iterator[Topic]:
    venv, python = clone.venv, clone.needs.python
    if venv.state is VenvState.ABSENT:
        yield _bad("environment", "there is no .venv", clone.onboard)
    elif venv.state is VenvState.UNFINISHED:
        yield _bad("environment", ".venv is not finished: a run that filled it was interrupted", clone.onboard)
    elif venv.state is VenvState.FILE:
        yield _bad(
            "environment", ".venv is a file, where the environment belongs", f"Move it away, then {clone.onboard}"
        )
    elif venv.state is not VenvState.READY:
        yield _bad("environment", f".venv cannot be used: {venv.why}", f"{clone.onboard} --recreate")
    elif not python.is_met_by(venv.version):
        message = f".venv has Python {venv.version}, and {python.where} asks for {python.name}"
        yield _bad("environment", message, f"{clone.onboard} --recreate")
    else:
        yield Topic("environment", f".venv has Python {venv.version}", path=venvs.NAME)


def _bad(name: str, message: str, remedy: str) -> Topic:
    return Topic(name, message, Severity.ERROR, remedy, venvs.NAME)


def _lock(clone: _Clone) -> Iterator[Topic]:
    needs = clone.needs
    pins = len(needs.pins(clone.venv.environment))
    if not needs.has_lock:
        what = f"{needs.foreign_lock} is not read here" if needs.foreign_lock else "nothing pins the packages"
        remedy = "uv pip compile --universal --generate-hashes pyproject.toml --output-file requirements.txt"
        yield Topic("lock", f"{what}; they come from {needs.lock}", Severity.INFO, remedy, "pyproject.toml")
    elif not needs.is_hashed:
        remedy = "Write it with hashes: uv pip compile --generate-hashes, or pip-compile --generate-hashes"
        yield Topic(
            "lock", f"{needs.lock} has no hash for every package", Severity.INFO, remedy, needs.requirements[0].path
        )
    else:
        yield Topic("lock", f"{needs.lock}: {pins} packages for this machine, with hashes")


def _packages(clone: _Clone) -> Iterator[Topic]:
    if not clone.venv.minor or clone.venv.state not in {VenvState.READY, VenvState.UNFINISHED}:
        return
    found = installed_packages.compare(clone.needs, clone.venv)
    if found.missing:
        yield _bad("packages", f"{len(found.missing)} not installed: {_some(found.missing)}", clone.onboard)
    if found.different:
        message = f"{len(found.different)} of another version: {_some(found.different)}"
        yield Topic("packages", message, Severity.WARNING, clone.onboard, venvs.NAME)
    if found.is_same:
        yield Topic("packages", f"all {found.right} of {clone.needs.lock} are installed")
    if found.extra:
        message = f"{len(found.extra)} that nothing asks for: {_some(found.extra)}"
        yield Topic("packages", message, Severity.INFO, ".venv/bin/python -m pip uninstall, if they may go", venvs.NAME)


def _project(clone: _Clone) -> Iterator[Topic]:
    if clone.venv.state is not VenvState.READY or not clone.needs.is_package:
        return
    if installed_packages.is_project_installed(clone.needs, clone.venv):
        yield Topic("project", "installed in place")
    else:
        yield _bad("project", "the project itself is not installed from this folder", clone.onboard)


def _hooks(clone: _Clone) -> Iterator[Topic]:
    if not clone.is_repository or not (found := hooks.read_hooks(clone.folder)).is_configured:
        return
    config = hooks.CONFIG
    if found.missing and found.path:
        message = f"core.hooksPath is {found.path}, so pre-commit's hooks do not run"
        yield Topic("hooks", message, Severity.WARNING, "git config --unset core.hooksPath, if it may go", config)
    elif found.missing:
        kept = "; a hook of somebody's own is there, which pre-commit keeps and runs" if found.others else ""
        message = f"pre-commit's {', '.join(found.missing)} hook is not in place{kept}"
        yield Topic("hooks", message, Severity.WARNING, ".venv/bin/pre-commit install", config)
    else:
        yield Topic("hooks", "pre-commit runs before each commit")


def _variables(clone: _Clone) -> Iterator[Topic]:
    if not variables.has_example(clone.folder):
        return
    names = variables.missing_variables(clone.folder)
    if names:
        message = f"not set, here or in .env: {', '.join(names)}"
        remedy = f"Copy {variables.EXAMPLE} to .env, fill it in, and load it: set -a; . ./.env; set +a"
        yield Topic("variables", message, Severity.WARNING, remedy, variables.EXAMPLE)
    else:
        yield Topic("variables", f"all of {variables.EXAMPLE} are set")


def _disk(clone: _Clone) -> Iterator[Topic]:
    """The fullest of the file systems that an installation writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    free = [(_free(place), place) for place in (clone.folder, cache, Path(tempfile.gettempdir()))]
    least, place = min(free, key=lambda pair: pair[0])
    message = f"{least / 1024:.1f} GiB free at {place}" if least >= _TIGHT else f"{least} MiB free at {place}"
    if least >= _TIGHT:
        yield Topic("disk", message)
    else:
        severity = Severity.ERROR if least < _FULL else Severity.WARNING
        remedy = "Free some: an environment takes about 200 MiB, and its downloads as much"
        yield Topic("disk", message, severity, remedy)


def _free(place: Path) -> int:
    """MiB that are free where `place` is or would be."""
    there = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(there).free // _MIB


def _some(clauses: tuple[str, ...]) -> str:
    more = len(clauses) - _SHOWN
    return ", ".join(clauses[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
