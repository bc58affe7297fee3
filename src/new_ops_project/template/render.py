"""The only door to rendering, which chooses the renderer."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git.tree import Tree, read, write
from new_ops_project.template import command_runner, limits, native
from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.releases import Checkout

# "copier" has copier render everything; "pure" refuses templates that only copier can render.
_VARIABLE = "NEW_OPS_PROJECT_RENDERER"
# Why copier rendered what looked renderable here, by the commit of the template.
_fallback_reasons: dict[str | None, str] = {}
_used: dict[str, None] = {}

# Runs a template's tasks in the folder that was rendered; only `tasks` knows how.
Tasks = Callable[[Path], object]


def preload(checkout: Checkout | None = None) -> None:
    """Prepare to render this version, which can take longer than rendering; prompts do it while the user types.

    Without a version, import copier.
    """
    if checkout and renderer_for(checkout) == "pure":
        return
    _copier_renderer()


def _copier_renderer() -> ModuleType:
    """The module that calls copier. An import that Ctrl-C stops half-way breaks every later one, so Ctrl-C waits."""
    with interrupts.deferred():
        from new_ops_project.template import copier_renderer  # noqa: PLC0415 - copier imports slower than we render
    return copier_renderer


def renderer_for(*checkouts: Checkout) -> str:
    """What renders these versions of a template: "pure", or "copier: " and the reason if one of them needs copier."""
    renderers = map(_renderer_for, checkouts)
    return next((renderer for renderer in renderers if renderer != "pure"), "pure")


def _renderer_for(checkout: Checkout) -> str:
    if os.environ.get(_VARIABLE) == "copier":
        return f"copier: {_VARIABLE} says so"
    reason = native.unsupported_reason(checkout) or _fallback_reasons.get(checkout.commit, "")
    return f"copier: the template {reason}" if reason else "pure"


def renderers_used() -> str:
    """What rendered since the last call, as `renderer_for` puts it, separated by semicolons; '' if nothing did."""
    used = "; ".join(_used)
    _used.clear()
    return used


def _render_natively(
    checkout: Checkout, answers: Answers | Mapping[str, Any], answers_file: str | None, operation: str = "copy"
) -> Tree | None:
    """The project as rendered without copier; None if copier has to render it."""
    forced = os.environ.get(_VARIABLE, "")
    if forced not in {"", "copier", "pure"}:
        raise ToolError(f"{_VARIABLE} is {forced!r}.", "Set it to copier or pure, or not at all.")
    if not checkout.is_ours and not forced:
        native.prepare(checkout)
    if isinstance(answers, Answers) and not checkout.is_ours:
        answers = answers.recorded  # the child answers the other questions itself
    work = partial(native.tree, checkout, answers, answers_file=answers_file, operation=operation)
    try:
        tree = None if forced == "copier" else limits.rendering(checkout, work)
    except UnsupportedError as error:
        if forced == "pure":
            message = f"Only copier can render the template {checkout.source.name}: it {error}."
            raise ToolError(message, f"Unset {_VARIABLE}.") from error
        _fallback_reasons[checkout.commit] = str(error)
        _used[f"copier: the template {error}"] = None
        return None
    _used["pure" if tree is not None else f"copier: {_VARIABLE} says so"] = None
    return tree


def _render_by_copier(
    checkout: Checkout,
    answers: Mapping[str, Any],
    into: Path,
    how: Mapping[str, Any],
    *,
    folder: Path | None,
    asks: bool = False,
) -> None:
    copiers = _copier_renderer()
    work = partial(copiers.render, checkout, answers, into, **how)
    compiled = limits.rendering(checkout, work, folder=folder, trusted=how["trusted"], asks=asks)
    copiers.keep_compiled(compiled)


def render(
    checkout: Checkout,
    answers: Answers | Mapping[str, Any],
    into: Path,
    *,
    answers_file: str | None = None,
    trusted: bool = False,
    ask: bool = False,
    run: Tasks | None = None,
) -> None:
    """Write the project to the folder `into`, which must be empty or absent; then `run`, if given, runs the tasks.

    `answers_file` is where the answers go, if not where the template says. With `ask`, copier asks for the answers
    that are missing, and runs the tasks itself; without it, it takes defaults. Raises ToolError for everything that a
    template or an answer can do wrong, KeyboardInterrupt when the user stops at one of copier's questions.
    """
    native_tree = None if ask else _render_natively(checkout, answers, answers_file)
    if native_tree is None:
        data = answers.recorded if isinstance(answers, Answers) else answers
        skips = not (ask and run)
        how = {"answers_file": answers_file, "trusted": trusted, "ask": ask, "skip_tasks": skips}
        folder = into if skips else None  # the tasks of a trusted template may write what they like
        _render_by_copier(checkout, data, into, how, folder=folder, asks=ask)
    else:
        with _readable_disk_errors():
            write(into, native_tree)
    if run and not (native_tree is None and ask):
        run(into)


@contextmanager
def _readable_disk_errors() -> Iterator[None]:
    """Turn a refusal of the disk into one sentence."""
    try:
        yield
    except OSError as error:
        raise ToolError(f"The project cannot be written: {error.strerror or error}.", "Nothing was kept.") from error


def tree(
    checkout: Checkout,
    answers: Mapping[str, Any],
    folder: Path,
    *,
    answers_file: str,
    trusted: bool = False,
    beside: Mapping[str, bytes] | None = None,
    operation: str = "copy",
    run: Tasks | None = None,
) -> Tree:
    """The project in `folder` as it would be rendered; that folder is neither read nor written.

    `beside` are files of the project, by path, that the template reads. `operation`: what the template takes this for,
    "copy" or "update". The tasks run in a scratch folder, if `run` is given. Raises what `render` raises.
    """
    native_tree = None if beside else _render_natively(checkout, answers, answers_file, operation)
    if native_tree is not None and run is None:
        return native_tree
    beside = beside or {}
    with temporary_folder() as holder:
        into = holder / (folder.name or "project")  # a template may write its folder's name (_folder_name)
        if native_tree is not None:
            write(into, native_tree)
        else:
            for path, content in beside.items():
                (into / path).parent.mkdir(parents=True, exist_ok=True)
                (into / path).write_bytes(content)
            how = {"answers_file": answers_file, "trusted": trusted, "operation": operation}
            _render_by_copier(checkout, answers, into, how, folder=into)
        rendered = native_tree or read(into)
        if run:
            run(into)
            rendered = command_runner.read_result(into, rendered)
        rendered = {path: entry for path, entry in rendered.items() if entry.content != beside.get(path)}
    # A template may also write the whole path of its folder (_copier_conf.dst_path), and then means the project's.
    names = [(os.fsencode(path), os.fsencode(folder)) for path in {into.resolve(), into}]
    for name, real in names:
        rendered = {path: replace(entry, content=entry.content.replace(name, real)) for path, entry in rendered.items()}
    return rendered
