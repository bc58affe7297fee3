"""The steps of a clone's environment: Python, `.venv`, the lock, the packages, the project itself."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.base.text import list_first
from new_ops_project.clones import installed_packages, venv, venv_marker
from new_ops_project.clones.clone import Clone
from new_ops_project.clones.run import Run
from new_ops_project.clones.step import Seen
from new_ops_project.clones.venv import Venv, VenvState

_SHOWN = 6  # packages in a message


def look_python(clone: Clone) -> Iterator[Seen]:
    """There is a Python to make the environment with."""
    try:
        interpreter = clone.interpreter
    except ToolError as error:
        yield Seen(error.message.rstrip("."), Severity.ERROR, error.hint)
    else:
        yield Seen(f"{interpreter.version}, {interpreter.path}{_cause(clone)}")


def _cause(clone: Clone) -> str:
    where = clone.needs.python.where
    return f", as {where} asks" if where else "; nothing names a version"


def look_environment(clone: Clone) -> Iterator[Seen]:
    """The environment is complete, and has the right Python."""
    present, python = clone.venv, clone.needs.python
    replaced = f"{clone.onboard} --recreate"
    if present.state is VenvState.ABSENT:
        yield _bad("there is no .venv", clone.onboard)
    elif present.state is VenvState.FILE:
        yield _bad(".venv is a file, where the environment belongs", f"Move it away, then {clone.onboard}")
    elif _is_usable(present) and not python.is_met_by(present.version):
        yield _bad(f".venv has Python {present.version}, and {python.where} asks for {python.name}", replaced)
    elif present.state is VenvState.UNFINISHED:
        remedy = clone.onboard if _is_usable(present) or venv_marker.is_ours(present.path) else replaced
        yield _bad(".venv is not finished: the run that made it was stopped, or failed", remedy)
    elif present.state is not VenvState.READY:
        yield _bad(f".venv cannot be used: {present.why}", replaced)
    else:
        yield Seen(f".venv has Python {present.version}", path=venv.NAME)


def _bad(message: str, remedy: str) -> Seen:
    return Seen(message, Severity.ERROR, remedy, venv.NAME)


def _is_usable(present: Venv) -> bool:
    """Whether the environment can be used, or completed: an unfinished one must at least have pip."""
    if present.state is VenvState.UNFINISHED:
        return not present.why and "pip" in present.packages and present.packages["pip"].is_whole
    return present.state is VenvState.READY


def make_environment(run: Run) -> str:
    """Make .venv with the right Python; one that somebody else made is replaced only with --recreate."""
    present, clone = run.clone.venv, run.clone
    is_unfinished, is_usable = present.state is VenvState.UNFINISHED, _is_usable(present)
    if is_unfinished and is_usable and clone.needs.python.is_met_by(present.version) and not run.recreate:
        for info in present.infos:
            if not (info / "INSTALLER").is_file() or not (info / "METADATA").is_file():
                shutil.rmtree(info)  # so that the package is installed again
        return f".venv has Python {present.version}"
    is_our_rest = is_unfinished and not is_usable and venv_marker.is_ours(present.path)
    is_replaced = run.recreate and present.state is not VenvState.FILE
    if present.state is not VenvState.ABSENT and not is_our_rest and not is_replaced:
        problem = next(look_environment(clone))
        raise ToolError(f"{problem.message}.", problem.remedy)
    base = clone.interpreter
    if present.state is not VenvState.ABSENT:
        if present.path.resolve() == Path(sys.prefix).resolve():
            message = f"{present.path} cannot be replaced by a new-ops-project that is installed in it."
            raise ToolError(message, "Run one that is installed elsewhere.")
        venv_marker.empty(present.path)
    if clone.uv:
        options = ("--quiet", "--allow-existing", "--seed", "--python", str(base.path))
        run.install(clone.uv, "venv", *options, str(present.path))
    else:
        run.install(str(base.path), "-m", "venv", str(present.path))
    return f".venv created with Python {base.version}{_cause(clone)}"


def look_lock(clone: Clone) -> Iterator[Seen]:
    """Something pins the packages, with hashes."""
    needs = clone.needs
    if needs.is_hashed:
        count = len(needs.pins(clone.venv.environment))
        yield Seen(f"{needs.lock}: {count} packages for this machine, with hashes")
        return
    message = f"Nothing pins the packages: they come from {needs.lock}"
    source = next((name for name in ("pyproject.toml", "setup.py", "setup.cfg") if name in needs.files), "")
    remedy = f"uv pip compile --universal --generate-hashes {source} --output-file requirements.txt"
    if needs.foreign_lock:
        message = f"{needs.foreign_lock} is not used here: the packages come from {needs.lock}, unpinned"
    elif needs.has_lock:
        message = f"{needs.lock} has no hash for every package, so nothing verifies the downloads"
        remedy = "Write it with hashes: uv pip compile --generate-hashes, or pip-compile --generate-hashes"
    yield Seen(message, Severity.INFO, remedy, next(iter(needs.requirements), "pyproject.toml"))


def look_packages(clone: Clone) -> Iterator[Seen]:
    """The installed packages are those of the lock for this machine."""
    if not clone.venv.minor or clone.venv.state not in {VenvState.READY, VenvState.UNFINISHED}:
        return
    packages = clone.packages
    if missing := packages.missing:
        yield _bad(f"{len(missing)} not installed: {list_first(missing, _SHOWN)}", clone.onboard)
    if different := packages.different:
        message = f"{len(different)} of another version: {list_first(different, _SHOWN)}"
        yield Seen(message, Severity.WARNING, clone.onboard, venv.NAME)
    if packages.is_same:
        yield Seen(f"all {packages.right} of {clone.needs.lock} are installed")
    if extra := packages.extra:
        remedy = ".venv/bin/python -m pip uninstall, if you do not need them"
        message = f"{len(extra)} that nothing requires: {list_first(extra, _SHOWN)}"
        yield Seen(message, Severity.INFO, remedy, venv.NAME)


def install_packages(run: Run) -> str:
    """Install what the lock pins; without a lock, what does not come with the project."""
    needs, uv = run.clone.needs, run.clone.uv
    if needs.uv_lock and uv:
        options = ("--locked", "--inexact", *(() if needs.is_package else ("--no-install-project",)))
        run.install(uv, "sync", *options, env={"UV_PROJECT_ENVIRONMENT": venv.NAME})
    else:
        hashes = ("--require-hashes",) if needs.is_hashed and needs.requirements else ()
        files = [part for path in needs.requirements for part in ("-r", path)]
        _pip_install(run, *hashes, *(files or needs.loose))
    return f"{replace(run.clone).packages.right} from {needs.lock}"


def look_project(clone: Clone) -> Iterator[Seen]:
    """The project itself is installed in place, without a lock together with its dependencies."""
    if clone.venv.state not in {VenvState.READY, VenvState.UNFINISHED} or not clone.needs.is_package:
        return
    if not installed_packages.is_project_installed(clone.needs, clone.venv):
        yield _bad("the project itself is not installed from this folder", clone.onboard)
    elif not clone.needs.has_lock and not clone.packages.is_same:
        yield _bad("the project is installed without its dependencies", clone.onboard)
    else:
        yield Seen("installed in place")


def install_project(run: Run) -> str:
    """Install the project in place; without a lock, with its dependencies."""
    needs, present = run.clone.needs, run.clone.venv
    locked = {pin.name for pin in needs.pins(present.environment)}
    declared = {pin.name for pin in needs.declared if pin.applies(present.environment)}
    # If the lock covers every dependency, the installer must not resolve them again: it could take other versions,
    # and would need an index. The same holds for the build backend if it is installed.
    is_covered = needs.has_lock and needs.pyproject.get("project") is not None and declared <= locked
    has_backend = {pin.name for pin in needs.backend if pin.applies(present.environment)} <= present.packages.keys()
    options = [*(["--no-deps"] if is_covered else []), *(["--no-build-isolation"] if has_backend else [])]
    extras = f"[{','.join(needs.extras)}]" if needs.extras and not needs.has_lock else ""
    _pip_install(run, *options, "--editable", f".{extras}")
    return "installed in place"


def _pip_install(run: Run, *arguments: str) -> None:
    python, uv = str(run.clone.venv.python), run.clone.uv
    if not uv and "pip" not in run.clone.venv.packages:  # uv makes environments without it
        run.install(python, "-m", "ensurepip")
    command = (
        (uv, "pip", "install", "--python", python) if uv else (python, "-m", "pip", "install", "--progress-bar=off")
    )
    run.install(*command, *arguments)
