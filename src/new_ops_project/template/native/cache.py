"""Compiled versions of templates on disk, so that most runs of the tool compile nothing."""

import hashlib
import marshal
import sys
from contextlib import suppress
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from new_ops_project import __version__
from new_ops_project.base.files import write_whole
from new_ops_project.template import copier_yml, shared_folders
from new_ops_project.template.native.model import CompiledVersion, TemplateFile
from new_ops_project.template.questions import Question, Questionnaire
from new_ops_project.template.releases import Checkout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

    from jinja2 import BaseLoader

_versions: dict[tuple[str | None, Path], CompiledVersion] = {}


def version(checkout: Checkout) -> CompiledVersion:
    """This version of a template, compiled: from memory, from disk, or now."""
    if checkout.commit is None:
        return CompiledVersion("is a plain folder, which can change at any time")
    key = checkout.commit, checkout.root
    if key not in _versions:
        file = _file(checkout.commit)
        _versions[key] = _read(file) or _write(file, _compile(checkout.root))
    return _versions[key]


def questionnaire(checkout: Checkout) -> Questionnaire:
    """The questions of this version, with their compiled texts if there are any.

    Raises what `copier_yml.read` raises.
    """
    compiled = version(checkout)
    if compiled.unsupported:
        return copier_yml.read(checkout.root)
    questions = tuple(Question(name, details) for name, details in compiled.questions)
    loader = partial(_loader, compiled.file_codes)
    return Questionnaire(checkout.root, compiled.config, questions, compiled.text_codes, loader)


def _loader(file_codes: "Mapping[str, CodeType]") -> "BaseLoader":
    from new_ops_project.template.native.sandbox import loader  # noqa: PLC0415 - imports jinja2, see there

    return loader(file_codes)


def _compile(root: Path) -> CompiledVersion:
    from new_ops_project.template.native.compiler import compile_version  # noqa: PLC0415 - needed once per version

    return compile_version(root)


def _file(commit: str) -> Path:
    """The file of a version: another one for each release of Python, of jinja2 and of this code.

    They make the code objects, which only fit the release that made them.
    """
    sources = sorted((path.name, path.stat().st_mtime_ns) for path in Path(__file__).parent.glob("*.py"))
    made_by = hashlib.sha256(repr((sys.version, _jinja(), __version__, sources)).encode()).hexdigest()
    return shared_folders.cache_folder() / "compiled" / f"{commit}-{made_by[:16]}"


def _jinja() -> tuple[Any, ...]:
    """Which jinja2 is installed, found out without importing it: its `__init__.py` has its version."""
    spec = PathFinder.find_spec("jinja2")
    init = Path(str(spec and spec.origin))
    stats = [(name, init.with_name(name).stat()) for name in ("compiler.py", "runtime.py")]
    return init.read_bytes(), *((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _read(file: Path) -> CompiledVersion | None:
    """The version in the file; None if there is none or it is damaged.

    The digest is checked first, because `marshal` is not safe against damaged data.
    """
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest:
        return None
    unsupported, config, settings, asked, texts, codes, rows, paths = marshal.loads(data)  # noqa: S302 - ours, and whole
    files = tuple(TemplateFile(*row) for row in rows)
    return CompiledVersion(unsupported, config, settings, asked, texts, codes, files, paths)


def _write(file: Path, version: CompiledVersion) -> CompiledVersion:
    """Write the version to the file, if that is possible.

    `marshal` cannot write a date from copier.yml, and a full disk takes nothing; the version is returned all the same.
    """
    with suppress(OSError, ValueError):
        data = marshal.dumps(_as_tuple(version))
        write_whole(file, hashlib.sha256(data).digest() + data)
    return version


def _as_tuple(version: CompiledVersion) -> tuple[Any, ...]:
    """The version in types that `marshal` can write, in the order of its fields."""
    files = tuple((file.path, file.mode, file.is_template) for file in version.files)
    config, settings = dict(version.config), dict(version.settings)
    codes = dict(version.text_codes), dict(version.file_codes)
    return version.unsupported, config, settings, version.questions, *codes, files, version.paths
