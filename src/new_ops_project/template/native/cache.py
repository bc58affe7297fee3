"""What was compiled of a version is kept on disk, so that one run of the tool does not compile."""

import hashlib
import marshal
import os
import sys
import tempfile
from contextlib import suppress
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from new_ops_project import __version__
from new_ops_project.template import copier_yml, shared_folders
from new_ops_project.template.native import engine
from new_ops_project.template.native.model import CompiledVersion, TemplateFile
from new_ops_project.template.questions import Question, Questionnaire
from new_ops_project.template.releases import Checkout

_versions: dict[tuple[str | None, Path], CompiledVersion] = {}


def version(checkout: Checkout) -> CompiledVersion:
    """What is known of this version of a template, found out once."""
    if checkout.commit is None:
        return CompiledVersion("is a plain folder, which can change at any time")
    key = checkout.commit, checkout.root
    if key not in _versions:
        file = _file(checkout.commit)
        _versions[key] = _read(file) or _written(file, _judged(checkout.root))
    return _versions[key]


def questionnaire(checkout: Checkout) -> Questionnaire:
    """The questions of this version, compiled where that was kept; raises what reading them raises."""
    found = version(checkout)
    if found.why:
        return copier_yml.read(checkout.root)
    asked = tuple(Question(name, details) for name, details in found.questions)
    return Questionnaire(checkout.root, found.config, asked, found.strings, partial(engine.loader, found.named))


def _judged(root: Path) -> CompiledVersion:
    from new_ops_project.template.native.compiler import compile_version

    return compile_version(root)


def _file(commit: str) -> Path:
    """Where it is kept: apart for each release of Python, of jinja2 and of this code, which make the code objects."""
    here = sorted((path.name, path.stat().st_mtime_ns) for path in Path(__file__).parent.glob("*.py"))
    made_by = hashlib.sha256(repr((sys.version, _jinja(), __version__, here)).encode()).hexdigest()
    return shared_folders.cache_folder() / "compiled" / f"{commit}-{made_by[:16]}"


def _jinja() -> tuple[Any, ...]:
    """Which jinja2 is installed, without importing it: its first file names the release."""
    found = PathFinder.find_spec("jinja2")
    init = Path(str(found and found.origin))
    stats = [(name, init.with_name(name).stat()) for name in ("compiler.py", "runtime.py")]
    return init.read_bytes(), *((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _read(file: Path) -> CompiledVersion | None:
    """What was kept; None where nothing was, or it is damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest:
        return None
    why, config, settings, asked, strings, named, sources, names = marshal.loads(data)  # noqa: S302 - ours, and whole
    return CompiledVersion(
        why, config, settings, asked, strings, named, tuple(TemplateFile(*one) for one in sources), names
    )


def _written(file: Path, version: CompiledVersion) -> CompiledVersion:
    """Keep it, where that can be done: a date in copier.yml cannot be kept, a full disk keeps nothing."""
    with suppress(OSError, ValueError):
        data = marshal.dumps(_plain(version))
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as fresh:
                fresh.write(hashlib.sha256(data).digest() + data)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
    return version


def _plain(version: CompiledVersion) -> tuple[Any, ...]:
    sources = tuple((one.path, one.mode, one.is_template) for one in version.sources)
    config, settings = dict(version.config), dict(version.settings)
    compiled = dict(version.strings), dict(version.named)
    return version.why, config, settings, version.questions, *compiled, sources, version.names
