"""The calls of copier, for templates that only copier can render.

Importing this module imports copier, which takes longer than most commands: only `render` imports it.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import copier
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
        message = f"The template {name} cannot be rendered: it includes {error}, which does not exist."
        raise ToolError(message, "Fix it there.") from error
    except TemplateSyntaxError as error:
        file = (error.filename or error.name or "a text of copier.yml").removeprefix(f"{checkout.root}{os.sep}")
        place = f"{file}, line {error.lineno}"
        raise ToolError(
            f"The template {name} cannot be rendered: {error.message} ({place}).", "Fix it there."
        ) from error
    except ForbiddenPathError as error:
        message = f"The template {name} cannot be rendered: its path {str(error).splitlines()[0]}."
        raise ToolError(message, "A template may only read files of the project and its own.") from error
    except OSError as error:
        if error.filename and Path(os.fsdecode(error.filename)).is_relative_to(checkout.root):
            path = Path(os.fsdecode(error.filename)).relative_to(checkout.root)
            message = f"The template {name} cannot be rendered: {path}: {error.strerror}."
            raise ToolError(message, "Fix it there.") from error
        raise ToolError(f"The project cannot be written: {error.strerror or error}.", "Nothing was kept.") from error
    except Exception as error:
        raise _other(name, error) from error


def _other(name: str, error: Exception) -> Exception:
    """The sentence for any other error; a lack of memory stays one, since whoever set the limit has its sentence."""
    if isinstance(error, MemoryError | ToolError):
        return error
    nameless = "a path of it leads out of the project." if isinstance(error, AssertionError) else type(error).__name__
    lines = str(error).strip().splitlines() or [nameless]  # all that copier asserts is that paths are relative
    hint = " ".join(lines[1:3]) or "Fix it there."
    return ToolError(f"The template {name} cannot be rendered: {lines[0]}", hint)
