"""Compiled versions of templates on disk, so that most runs of the tool compile nothing."""

import hashlib
import marshal
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from new_ops_project import __version__
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import write_whole
from new_ops_project.template import copier_yml, limits, shared_folders
from new_ops_project.template.errors import LimitError, UnsupportedError
from new_ops_project.template.native.model import CompiledVersion, TemplateFile
from new_ops_project.template.questions import Question, Questionnaire
from new_ops_project.template.releases import Checkout

_versions: dict[tuple[str, Path], CompiledVersion | str | LimitError] = {}


def version(checkout: Checkout) -> CompiledVersion | str:
    """This version of a template, compiled: from memory, from disk, or now. A text is why only copier can render it.

    Raises LimitError, at once where it was raised before.
    """
    if checkout.commit is None:
        return "is a plain folder, which can change at any time"
    key = checkout.commit, checkout.root
    if key not in _versions:
        _versions[key] = _made(checkout, _file(checkout.commit))
    result = _versions[key]
    if isinstance(result, LimitError):
        raise result
    return result


def _made(checkout: Checkout, file: Path) -> CompiledVersion | str | LimitError:
    try:
        result = _read(file, checkout.root) or limits.rendering(checkout, lambda: _write(file, _compile(checkout.root)))
    except LimitError as error:
        return error
    if isinstance(result, str):
        return result
    return replace(result, questionnaire=replace(result.questionnaire, is_ours=checkout.is_ours))


def questionnaire(checkout: Checkout) -> Questionnaire:
    """The questions of this version, with their compiled texts if there are any.

    Raises what `copier_yml.read` raises.
    """
    compiled = version(checkout)
    if isinstance(compiled, str):
        return replace(copier_yml.read(checkout.root), is_ours=checkout.is_ours)
    return compiled.questionnaire


def _compile(root: Path) -> CompiledVersion | str:
    from new_ops_project.template.native.compiler import compile_version  # noqa: PLC0415 - needed once per version

    try:
        return compile_version(root)
    except UnsupportedError as error:
        return str(error)
    except ToolError as error:
        return f"cannot be read: {error.message}"


def _file(commit: str) -> Path:
    """The file of a version: another one for each release of Python, of jinja2 and of this code.

    They make the code objects, which only fit the release that made them.
    """
    folders = (Path(__file__).parent, Path(__file__).parents[1])
    sources = sorted((path.name, path.stat().st_mtime_ns) for folder in folders for path in folder.glob("*.py"))
    made_by = hashlib.sha256(repr((sys.version, _jinja(), __version__, sources)).encode()).hexdigest()
    return shared_folders.cache_folder() / "compiled" / f"{commit}-{made_by[:16]}"


def _jinja() -> tuple[Any, ...]:
    """Which jinja2 is installed, found out without importing it: its `__init__.py` has its version."""
    spec = PathFinder.find_spec("jinja2")
    init = Path(str(spec and spec.origin))
    stats = [(name, init.with_name(name).stat()) for name in ("compiler.py", "runtime.py")]
    return init.read_bytes(), *((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _read(file: Path, root: Path) -> CompiledVersion | str | None:
    """What the file says of the version in `root`; None if there is no file or it is damaged.

    The digest is checked first, because `marshal` is not safe against damaged data.
    """
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest:
        return None
    reason, config, questions, codes, file_codes, files, paths = marshal.loads(data)  # noqa: S302 - ours, and whole
    questionnaire = Questionnaire(root, config, tuple(Question(*row) for row in questions), codes, file_codes)
    return reason or CompiledVersion(questionnaire, tuple(TemplateFile(*row) for row in files), paths)


def _write(file: Path, version: CompiledVersion | str) -> CompiledVersion | str:
    """Write the version to the file, if that is possible.

    `marshal` cannot write a date from copier.yml, and a full disk takes nothing; the version is returned all the same.
    """
    with suppress(OSError, ValueError):
        data = marshal.dumps((version, {}, (), {}, {}, (), ()) if isinstance(version, str) else _as_tuple(version))
        write_whole(file, hashlib.sha256(data).digest() + data)
    return version


def _as_tuple(version: CompiledVersion) -> tuple[Any, ...]:
    """The version in types that `marshal` can write, after the place for a reason."""
    asked = version.questionnaire
    questions = tuple((question.name, question.details) for question in asked.questions)
    files = tuple((file.path, file.mode, file.is_template) for file in version.files)
    return "", asked.config, questions, asked.codes, asked.file_codes, files, version.paths
