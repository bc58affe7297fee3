"""All temporary changes to libraries in this process: copier has no option for what they do.

Each is undone when its `with` block ends. Gains were measured on 2026-11-29, in CPU time of a render by copier of the
template NLeSC/python-template: `without_git` saves 0.05 of 0.24 s, `compile_once` 0.15 s from the second render on.
The others are not for speed. Without `isolated`, a few of a hundred parallel updates fail, and the user's hooks run.
Without `recording`, copier records whatever tag `git describe` finds. It and `rendering_as` change private parts of
copier: `tests/template/test_recorded_version.py` and `tests/template/test_operation.py` notice when these are no more.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jinja2
from copier import _main, _template
from jinja2_ansible_filters import AnsibleCoreFiltersExtension  # type: ignore[import-untyped]
from plumbum import local

from new_ops_project.base import confined
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import remotes
from new_ops_project.template import jinja

# The settings that decide, together with its text, what a template compiles to.
_SETTINGS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
    "optimized",
    "finalize",
    "autoescape",
    "sandboxed",
    "is_async",
)
Texts = dict[tuple[Any, ...], Any]
_compiled: Texts = {}
_MOST_COMPILED = 20_000
_CACHE = "COPIER_CACHE_DIR"


@contextmanager
def isolated() -> Iterator[None]:
    """Let copier clone into a cache of this run, since its usual one has no lock.

    The user's git hooks stay off, and submodules come by allowed protocols only.
    """
    before = os.environ.get(_CACHE)
    with temporary_folder() as cache, local.env(**remotes.for_submodules(), GIT_TEMPLATE_DIR=""):
        os.environ[_CACHE] = str(cache)
        try:
            yield
        finally:
            del os.environ[_CACHE]
            if before is not None:
                os.environ[_CACHE] = before


@contextmanager
def temporary_files() -> Iterator[None]:
    """Let copier, its extensions and its git make their temporary files in a folder of ours, which does not stay."""
    before, usual = os.environ.get("TMPDIR"), tempfile.tempdir
    with temporary_folder() as folder, local.env(TMPDIR=str(folder)):
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = usual
            del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before


@contextmanager
def without_git() -> Iterator[None]:
    """Hide git from copier, which would ask it about every file that it writes, before there is a repository.

    Nothing is lost: the template is a plain folder here.
    """
    with local.env(PATH=os.devnull):
        yield


@contextmanager
def rendering_as(operation: str) -> Iterator[None]:
    """Let copier render for this operation ("copy" or "update"): `run_copy` keeps the one that is set already.

    A template may guard what is to happen only once by `_copier_operation`, and exclude files by it.
    """
    token = _main._operation.set(operation)  # type: ignore[arg-type]  # noqa: SLF001 - copier has no option for it
    try:
        yield
    finally:
        _main._operation.reset(token)  # noqa: SLF001


@contextmanager
def recording(version: str | None) -> Iterator[None]:
    """Let copier take `version` for that of a template in git, in the answers file and in every other text."""
    original = _template.Template.__dict__["commit"]
    _template.Template.commit = property(lambda self: version if self.vcs == "git" else None)  # type: ignore[assignment]
    try:
        yield
    finally:
        _template.Template.commit = original  # type: ignore[method-assign]


@contextmanager
def without_reading() -> Iterator[None]:
    """Refuse the filters that read from this machine: a template could write a token of the environment to a file."""
    original = AnsibleCoreFiltersExtension.__init__

    def refused(name: str, *_args: Any, **_more: Any) -> None:
        message = f"The template needs trust: its filter {name} reads {jinja.READING[name]} of this machine."
        raise ToolError(message, "Read it first; then add --trust.", Exit.UNTRUSTED)

    def with_refusals(self: AnsibleCoreFiltersExtension, environment: jinja2.Environment) -> None:
        original(self, environment)
        environment.filters.update({name: partial(refused, name) for name in jinja.READING})

    AnsibleCoreFiltersExtension.__init__ = with_refusals
    try:
        yield
    finally:
        AnsibleCoreFiltersExtension.__init__ = original


@contextmanager
def compile_once() -> Iterator[Texts]:
    """Let jinja2 compile each text once in this process: a render of copier asks for the same ones hundreds of times.

    The code object is the same either way. Yields what is compiled in the block.
    """
    added: Texts = {}
    original = jinja2.Environment.compile

    def compile_cached(self: jinja2.Environment, source: Any, *args: Any, **more: Any) -> Any:
        confined.note(args[0] if args and isinstance(args[0], str) else "")  # constants are computed now
        if not _is_cacheable(self, source):
            return original(self, source, *args, **more)
        settings = tuple(getattr(self, name) for name in _SETTINGS)
        key = (type(self), settings, tuple(self.extensions), source, args, tuple(more.items()))
        if key in _compiled:
            self.preprocess(source)  # extensions reset their state for each text, which a cached one must do too
            return _compiled[key]
        code = original(self, source, *args, **more)
        if len(_compiled) < _MOST_COMPILED:
            _compiled[key] = added[key] = code
        return code

    jinja2.Environment.compile = compile_cached  # type: ignore[method-assign]
    try:
        yield added
    finally:
        jinja2.Environment.compile = original  # type: ignore[method-assign]


def keep_compiled(texts: Texts) -> None:
    """Keep what a child of this process has compiled, for the next one."""
    _compiled.update(texts)


@contextmanager
def files_noted() -> Iterator[None]:
    """Note each file that jinja2 evaluates, for the message about one that has no end."""
    original = jinja2.Template.render

    def render_noted(self: jinja2.Template, *args: Any, **more: Any) -> str:
        confined.note(self.name or "")
        result = original(self, *args, **more)
        confined.note("")
        return result

    jinja2.Template.render = render_noted  # type: ignore[method-assign]
    try:
        yield
    finally:
        jinja2.Template.render = original  # type: ignore[method-assign]


def _is_cacheable(environment: Any, source: Any) -> bool:
    """Whether compiling a text has no side effect: copier's `yield` tag has one, tags of other extensions may."""
    is_known = all(name.startswith(("copier.", "jinja2_ansible_filters.")) for name in environment.extensions)
    return is_known and isinstance(source, str) and "yield" not in source
