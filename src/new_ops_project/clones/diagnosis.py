"""What a clone lacks on this machine, found out without changing anything."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.base.text import list_first
from new_ops_project.clones import hooks, installed_packages, interpreters, variables, venv
from new_ops_project.clones.needs import Needs, read_needs
from new_ops_project.clones.topics import Diagnosis, Topic
from new_ops_project.clones.venv import Venv, VenvState, read_venv
from new_ops_project.git import remotes, urls
from new_ops_project.template import answers_file, sources

_SHOWN = 6  # packages in a message
_MIB = 1024**2
_TIGHT, _FULL = 1024, 200  # MiB; the environment of a generated project takes about 200


@dataclass(frozen=True)
class _Clone:
    """What the topics are about. `addresses`: of the remotes to ask; `template`: the recorded source, or ''."""

    needs: Needs
    venv: Venv
    is_repository: bool
    addresses: Mapping[str, str]
    template: str

    @property
    def folder(self) -> Path:
        return self.needs.folder

    @property
    def onboard(self) -> str:
        """The command that fixes most problems, as a person would type it here."""
        place = "" if self.folder == Path.cwd() else f" {shlex.quote(str(self.folder))}"
        return f"new-ops-project onboard{place}"


def diagnose(folder: Path) -> Diagnosis:
    """Diagnose the clone in `folder`.

    Raises ToolError if the folder is not a Python project or its pyproject.toml cannot be read.
    """
    try:
        return _diagnosed(read_needs(folder))
    except OSError as error:
        message = f"{error.filename or folder} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error


def _diagnosed(needs: Needs) -> Diagnosis:
    folder = needs.folder
    version = _git_version()
    has_git = version.severity is not Severity.ERROR
    is_repository = has_git and git.toplevel(folder) is not None
    addresses, template = _addresses(folder, is_repository=is_repository, has_git=has_git)
    clone = _Clone(needs, read_venv(folder), is_repository, addresses, template)
    with ThreadPoolExecutor() as pool:  # the remotes are asked while everything else is examined
        waiting = {name: pool.submit(remotes.why_silent, folder, address) for name, address in addresses.items()}
        local = [
            topic
            for examine in (_python, _environment, _lock, _packages, _project, _hooks, _variables, _disk)
            for topic in examine(clone)
        ]
        identity = [_identity(clone)] if has_git else []
        failures = {name: future.result() for name, future in waiting.items()}
    remote = [_remote(clone, failures), *_template(clone, failures)] if has_git else []
    return Diagnosis(folder, (version, *identity, *remote, *local))


def _git_version() -> Topic:
    try:
        version = git.require()
    except ToolError as error:
        return Topic("git", error.message, Severity.ERROR, error.hint)
    return Topic("git", ".".join(map(str, version)))


def _identity(clone: _Clone) -> Topic:
    if git.has_identity(clone.folder):
        author = git.git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", at=clone.folder).text
        return Topic("identity", author.rpartition("> ")[0] + ">")
    remedy = "git config --global user.name 'Your Name' && git config --global user.email you@example.org"
    return Topic("identity", "git has no name and e-mail address to commit with", Severity.WARNING, remedy)


def _addresses(folder: Path, *, is_repository: bool, has_git: bool) -> tuple[dict[str, str], str]:
    """The addresses to ask, of the remote and of a template at a URL; and the source of the template, or ''."""
    addresses = {}
    if is_repository and git.remote_url(folder):
        addresses["remote"] = git.remote_url(folder)
    files = answers_file.answers_files(folder)
    location = answers_file.source(folder / files[0]) if files else ""
    is_url = "://" in location or urls.is_short_address(location)
    if has_git and location and is_url and not sources.is_embedded(location):
        addresses["template"] = urls.full_address(location)
    return addresses, location


def _remote(clone: _Clone, failures: Mapping[str, str]) -> Topic:
    """The remote; `failures` says why each address does not answer, '' if it does."""
    if not clone.is_repository:
        return Topic("remote", f"{clone.folder} is not in a git repository", Severity.INFO, "git init, or clone it")
    if "remote" not in clone.addresses:
        return Topic("remote", "there is no remote `origin` yet")
    address = urls.without_secrets(clone.addresses["remote"])
    if failures["remote"]:
        remedy = f"Check the network and your access: git -C {shlex.quote(str(clone.folder))} ls-remote origin"
        return Topic("remote", f"{address}: {failures['remote']}", Severity.WARNING, remedy)
    return Topic("remote", f"{address} answers")


def _template(clone: _Clone, failures: Mapping[str, str]) -> Iterator[Topic]:
    if not clone.template:
        return
    address = urls.without_secrets(clone.template)
    if "template" in clone.addresses:
        if failures["template"]:
            remedy = f"Check the network and your access: git ls-remote {address.removeprefix('git+')}"
            yield Topic("template", f"{address}: {failures['template']}", Severity.WARNING, remedy)
        else:
            yield Topic("template", f"{address} answers")
    elif sources.is_embedded(clone.template):
        yield Topic("template", "embedded; it comes with the tool")
    elif paths.expanded(clone.template.removeprefix("git+file://")).exists():
        yield Topic("template", f"{address} is there")
    else:
        remedy = "new-ops-project update --template SOURCE, with its current location"
        yield Topic("template", f"{address} is not on this machine", Severity.WARNING, remedy)


def _python(clone: _Clone) -> Iterator[Topic]:
    python = clone.needs.python
    interpreter = interpreters.first_available(
        [python.minor] if python.minor else interpreters.minors_within(python.specifier)
    )
    cause = f", as {python.where} asks" if python.where else "; nothing names a version"
    if interpreter is None:
        message = f"{python.name} was not found on PATH, in pyenv, in uv or in the system's places{cause}"
        minor = python.minor or next(iter(interpreters.minors_within(python.specifier)), "3")
        yield Topic("python", message, Severity.ERROR, interpreters.install_hint(minor))
    elif not interpreter.makes_environments and not shutil.which("uv"):
        remedy = f"On Debian and Ubuntu: apt install python{interpreter.minor}-venv. Or install uv."
        yield Topic("python", f"{interpreter.path} has no venv module with ensurepip", Severity.ERROR, remedy)
    else:
        yield Topic("python", f"{interpreter.version}, {interpreter.path}{cause}")


def _environment(clone: _Clone) -> Iterator[Topic]:
    present, python = clone.venv, clone.needs.python
    if present.state is VenvState.ABSENT:
        yield _bad("environment", "there is no .venv", clone.onboard)
    elif present.state is VenvState.UNFINISHED:
        yield _bad("environment", ".venv is not finished: the run that made it was interrupted", clone.onboard)
    elif present.state is VenvState.FILE:
        yield _bad(
            "environment", ".venv is a file, where the environment belongs", f"Move it away, then {clone.onboard}"
        )
    elif present.state is not VenvState.READY:
        yield _bad("environment", f".venv cannot be used: {present.why}", f"{clone.onboard} --recreate")
    elif not python.is_met_by(present.version):
        message = f".venv has Python {present.version}, and {python.where} asks for {python.name}"
        yield _bad("environment", message, f"{clone.onboard} --recreate")
    else:
        yield Topic("environment", f".venv has Python {present.version}", path=venv.NAME)


def _bad(name: str, message: str, remedy: str) -> Topic:
    return Topic(name, message, Severity.ERROR, remedy, venv.NAME)


def _lock(clone: _Clone) -> Iterator[Topic]:
    needs = clone.needs
    pins = len(needs.pins(clone.venv.environment))
    if not needs.has_lock:
        cause = f"{needs.foreign_lock} is not read here" if needs.foreign_lock else "nothing pins the packages"
        remedy = "uv pip compile --universal --generate-hashes pyproject.toml --output-file requirements.txt"
        yield Topic("lock", f"{cause}; they come from {needs.lock}", Severity.INFO, remedy, "pyproject.toml")
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
    comparison = installed_packages.compare(clone.needs, clone.venv)
    if missing := comparison.missing:
        yield _bad("packages", f"{len(missing)} not installed: {list_first(missing, _SHOWN)}", clone.onboard)
    if different := comparison.different:
        message = f"{len(different)} of another version: {list_first(different, _SHOWN)}"
        yield Topic("packages", message, Severity.WARNING, clone.onboard, venv.NAME)
    if comparison.is_same:
        yield Topic("packages", f"all {comparison.right} of {clone.needs.lock} are installed")
    if extra := comparison.extra:
        message = f"{len(extra)} that nothing requires: {list_first(extra, _SHOWN)}"
        yield Topic(
            "packages", message, Severity.INFO, ".venv/bin/python -m pip uninstall, if you do not need them", venv.NAME
        )


def _project(clone: _Clone) -> Iterator[Topic]:
    if clone.venv.state is not VenvState.READY or not clone.needs.is_package:
        return
    if installed_packages.is_project_installed(clone.needs, clone.venv):
        yield Topic("project", "installed in place")
    else:
        yield _bad("project", "the project itself is not installed from this folder", clone.onboard)


def _hooks(clone: _Clone) -> Iterator[Topic]:
    if not clone.is_repository or not (present := hooks.read_hooks(clone.folder)).is_configured:
        return
    config = hooks.CONFIG
    if present.missing and present.path:
        message = f"core.hooksPath is {present.path}, so pre-commit's hooks do not run"
        yield Topic(
            "hooks", message, Severity.WARNING, "git config --unset core.hooksPath, if you do not need it", config
        )
    elif present.missing:
        others = "; another hook is there, which pre-commit keeps and runs" if present.others else ""
        message = f"pre-commit's {', '.join(present.missing)} hook is not installed{others}"
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
    """The file system with the least space of those that an installation writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    free = [(_free(place), place) for place in (clone.folder, cache, Path(tempfile.gettempdir()))]
    least, place = min(free, key=lambda pair: pair[0])
    message = f"{least / 1024:.1f} GiB free at {place}" if least >= _TIGHT else f"{least} MiB free at {place}"
    if least >= _TIGHT:
        yield Topic("disk", message)
    else:
        severity = Severity.ERROR if least < _FULL else Severity.WARNING
        remedy = "Free some space: an environment takes about 200 MiB, and its downloads as much"
        yield Topic("disk", message, severity, remedy)


def _free(place: Path) -> int:
    """The free space, in MiB, of the file system where `place` is or would be."""
    existing = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(existing).free // _MIB
