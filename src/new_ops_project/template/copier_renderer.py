"""The calls of copier, for templates that only copier can render.

Importing this module imports copier, which takes longer than most commands: only `render` imports it.
"""

import os
import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePath
from typing import Any

import copier
from copier._vcs import CLONE_PREFIX
from copier.errors import CopierAnswersInterrupt, ForbiddenPathError, UnsafeTemplateError
from jinja2 import TemplateNotFound, TemplateSyntaxError
from plumbum import ProcessExecutionError

from new_ops_project.base import reading
from new_ops_project.base.errors import Exit, ProcessError, ToolError
from new_ops_project.base.masking import masked
from new_ops_project.base.prompting import visible_prompts
from new_ops_project.template import copier_yml, jinja
from new_ops_project.template.answers_file import ANSWERS_FILE, set_entries
from new_ops_project.template.copier_patches import (
    Texts,
    compile_once,
    files_noted,
    isolated,
    keep_compiled,
    recording,
    rendering_as,
    temporary_files,
    without_git,
    without_reading,
)
from new_ops_project.template.releases import Checkout

__all__ = ["keep_compiled", "render"]

# The first part keeps it from beginning anew at each character of a long word.
_CLONE = re.compile(rf"(?<![^\s'\"])[^\s'\"]*{re.escape(CLONE_PREFIX)}[^/\s]*/")
# What copier can only answer when it is given a git repository.
_OF_ITSELF = re.compile(rb"_copier_answers\s*[.\[]|_copier_conf\s*\.\s*(vcs|src)|\b_commit\b|_src_path")


def render(
    checkout: Checkout,
    answers: Mapping[str, Any],
    into: Path,
    *,
    answers_file: str | None,
    trusted: bool,
    ask: bool = False,
    skip_tasks: bool = True,
    operation: str = "copy",
) -> Texts:
    """Write the project to the folder `into`; see `render.render`. Returns what was compiled, for `keep_compiled`."""
    needs_git = (checkout.root / ".gitmodules").is_file() or _refers_to_itself(checkout.root)
    repository = checkout.repository if needs_git else None
    surroundings = isolated() if repository else nullcontext() if trusted else without_git()
    version = recording(checkout.version)
    jinja.environment(copier_yml.read(checkout.root).config)  # copier has neither our limits nor our words
    asked = visible_prompts() if ask else nullcontext()
    with (
        _readable_errors(checkout),
        compile_once() as compiled,
        files_noted(),
        rendering_as(operation),
        version,
        temporary_files(),
        nullcontext() if trusted else without_reading(),
        surroundings,
        asked,
    ):
        copier.run_copy(
            str(repository or checkout.root),
            into,
            data=dict(answers),
            defaults=not ask,
            overwrite=True,
            quiet=True,
            unsafe=trusted,
            settings=copier.Settings(),
            answers_file=answers_file,
            vcs_ref=checkout.commit if repository else None,
            skip_tasks=skip_tasks,
        )
    if repository:
        _replace_address(into, repository, checkout.source.location)
    else:
        _record_template(into, checkout)
    return compiled


def _refers_to_itself(root: Path) -> bool:
    """Whether the template writes its own address or version elsewhere than in copier's dump of the answers.

    Copier then needs the repository, which costs a clone; otherwise it gets the plain folder.
    """
    configs = [path for name in ("copier.yml", "copier.yaml") if (path := root / name).is_file()]
    is_usual = not any(b"_templates_suffix" in reading.read(path) for path in configs)
    files = root.rglob("*.jinja") if is_usual else (path for path in root.rglob("*") if ".git" not in path.parts)
    return any(_OF_ITSELF.search(reading.read(path)) for path in (*configs, *files) if path.is_file())


def _replace_address(project: Path, repository: Path, location: str) -> None:
    """Replace the path of the repository that copier was given by the address of the template."""
    address = re.compile(re.escape(str(repository).encode()) + rb"(?![\w/-]|\.\w)")
    record = _find_answers_file(project, str(repository).encode())  # the only place that may hold credentials
    for path in project.rglob("*"):
        if path.is_file() and not path.is_symlink() and address.search(content := reading.read(path)):
            shown = location if path == record else masked(location)
            path.write_bytes(shown.encode().join(address.split(content)))


def _record_template(project: Path, checkout: Checkout) -> None:
    """Record the address and version of the template, which copier cannot know from a plain folder."""
    file = _find_answers_file(project, str(checkout.root).encode())
    if file:
        entries = {"_commit": checkout.version} if checkout.version else {}
        _set_entries(file, {**entries, "_src_path": checkout.source.location})


def _find_answers_file(project: Path, root: bytes) -> Path | None:
    """The file that names `root`, the folder that copier was given, wherever the template's `_answers_file` puts it."""
    usual = project / ANSWERS_FILE
    if usual.is_file() and b"_src_path:" in reading.read(usual):
        return usual
    others = (path for path in sorted(project.rglob("*.y*ml")) if path.is_file())
    return next((path for path in others if root in reading.read(path)), None)


def _set_entries(file: Path, entries: Mapping[str, str]) -> None:
    file.write_bytes(set_entries(reading.read(file).decode(), entries).encode())


@contextmanager
def _readable_errors(checkout: Checkout) -> Iterator[None]:
    """Turn what copier and its template engine raise into one sentence; drop warnings, which are for authors."""
    name = checkout.source.name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CopierAnswersInterrupt as error:
        raise KeyboardInterrupt from error
    except UnsafeTemplateError as error:
        raise ToolError(
            f"The template {name} needs trust: {error}", "Read it first; then add --trust.", Exit.UNTRUSTED
        ) from error
    except ProcessExecutionError as error:  # of git; it is an OSError too, so this comes first
        reason = ProcessError(("git",), None, str(error.stderr)).reason.removeprefix("fatal: ")
        raise ToolError(f"The template {name} cannot be rendered: git says: {reason}", "Fix it there.") from error
    except TemplateNotFound as error:  # so is this
        files = " or ".join(str(file) for file in error.templates)
        message = f"The template {name} cannot be rendered: it includes {files}, which is no file of it."
        raise ToolError(message, "Include files of the template, by paths from its root.") from error
    except TemplateSyntaxError as error:
        place = f"{error.name or 'a text of copier.yml'}, line {error.lineno}"
        raise ToolError(
            f"The template {name} cannot be rendered: {error.message} ({place}).", "Fix it there."
        ) from error
    except ForbiddenPathError as error:
        message = f"The template {name} cannot be rendered: its path {str(error).splitlines()[0]}."
        raise ToolError(message, "A template may only read files of the project and its own.") from error
    except OSError as error:
        raise _of_file(checkout, error) from error
    except Exception as error:
        raise _other(checkout, error) from error


def _of_file(checkout: Checkout, error: OSError) -> ToolError:
    """The sentence for a file of the template that cannot be read, or one of the project that cannot be written."""
    name, file = checkout.source.name, os.fsdecode(error.filename or "")
    if (path := _with_own_paths(checkout, file)) != file:
        return ToolError(f"The template {name} cannot be rendered: {path}: {error.strerror}.", "Fix it there.")
    if isinstance(error, FileExistsError | NotADirectoryError) and (place := _destination(error)):
        return _overlap(name, place)
    return ToolError(f"The project cannot be written: {error.strerror or error}.", "Nothing was kept.")


def _with_own_paths(checkout: Checkout, text: str) -> str:
    """The text with the template's own paths instead of those in our cache, or in copier's temporary clone."""
    return _CLONE.sub("", text.replace(f"{checkout.root}{os.sep}", ""))


def _destination(error: BaseException) -> PurePath | None:
    """The path in the project that copier was at when it raised this, which its error does not have."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    paths = [frame.f_locals.get("dst_relpath") for frame in frames]
    return next((path for path in reversed(paths) if isinstance(path, PurePath)), None)


def _overlap(name: str, path: PurePath) -> ToolError:
    message = f"The template {name} cannot be rendered: a file and a folder of it have the same place: {path}."
    return ToolError(message, "Give one of them another name there.")


def _other(checkout: Checkout, error: Exception) -> Exception:
    """The sentence for any other error; a lack of memory stays one, since whoever set the limit has its sentence."""
    name = checkout.source.name
    if isinstance(error, MemoryError | ToolError):
        return error
    if isinstance(error, AssertionError) and (path := _destination(error)):  # copier asserts two things of a path
        if not path.is_absolute():
            return _overlap(name, path)
        message = f"The template {name} cannot be rendered: its path {path} leads out of the project."
        return ToolError(message, "Fix it there.")
    lines = _with_own_paths(checkout, str(error)).strip().splitlines() or [type(error).__name__]
    hint = " ".join(lines[1:3]) or "Fix it there."
    return ToolError(f"The template {name} cannot be rendered: {lines[0]}", hint)
