"""Temporary changes to what copier runs on, each undone when its `with` block ends.

Copier has no option for any of them. They make it faster, or keep parallel runs and the user's settings apart.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jinja2
import yaml
from plumbum import local

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
_compiled: dict[tuple[Any, ...], Any] = {}
_MOST_COMPILED = 20_000


@contextmanager
def private_cache() -> Iterator[None]:
    """Let copier clone into a cache of this run: its usual one has no lock, so parallel runs break each other."""
    with tempfile.TemporaryDirectory() as cache, _environment(COPIER_CACHE_DIR=cache), _without_hooks():
        yield


@contextmanager
def _without_hooks() -> Iterator[None]:
    """Keep the user's git hooks from running on copier's temporary trees."""
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": os.devnull,
        "GIT_TEMPLATE_DIR": "",
    }
    with local.env(**settings):
        yield


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set `values` in the environment of this process."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def without_git() -> Iterator[None]:
    """Hide git from copier, which would ask it about every file that it writes, before there is a repository.

    Nothing is lost: the template is a plain folder here. Measured: a sixth of a render (docs/performance.md).
    """
    with local.env(PATH=os.devnull):
        yield


@contextmanager
def fast_yaml() -> Iterator[None]:
    """Let copier read YAML with libyaml, if PyYAML has it: the same result, for a quarter of a render less.

    Copier subclasses `yaml.SafeLoader` when it reads copier.yml, so that name is what has to change.
    """
    original = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", original)  # type: ignore[misc]
    try:
        yield
    finally:
        yaml.SafeLoader = original  # type: ignore[misc]


@contextmanager
def compile_once() -> Iterator[None]:
    """Let jinja2 compile each text once in this process: a render of copier asks for the same ones hundreds of times.

    The code object is the same either way. Measured: half of a render (docs/performance.md).
    """
    original = jinja2.Environment.compile

    def compile_cached(self: jinja2.Environment, source: Any, *args: Any, **more: Any) -> Any:
        if not _is_cacheable(self, source):
            return original(self, source, *args, **more)
        settings = tuple(getattr(self, name) for name in _SETTINGS)
        key = (type(self), settings, tuple(self.extensions), source, args, tuple(more.items()))
        if key in _compiled:
            self.preprocess(source)  # extensions reset their state for each text, which a cached one must do too
            return _compiled[key]
        code = original(self, source, *args, **more)
        if len(_compiled) < _MOST_COMPILED:
            _compiled[key] = code
        return code

    jinja2.Environment.compile = compile_cached  # type: ignore[method-assign]
    try:
        yield
    finally:
        jinja2.Environment.compile = original  # type: ignore[method-assign]


def _is_cacheable(environment: Any, source: Any) -> bool:
    """Whether compiling a text has no side effect: copier's `yield` tag has one, tags of other extensions may."""
    is_known = all(name.startswith(("copier.", "jinja2_ansible_filters.")) for name in environment.extensions)
    return is_known and isinstance(source, str) and "yield" not in source
