"""Runs of uv, with the package index that pip is configured for."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError, ToolError

SECONDS = 300  # for one run of uv, which has limits of its own for each request

_TREE_LINES = re.compile(r"^\W+")
_PIP_INDEX = re.compile(r"^(?:global|install|:env:)\.index-url='(.+)'$", re.MULTILINE)


def command() -> tuple[str, ...]:
    """The command that starts uv: this interpreter's own, else the one on PATH; raises ToolError if there is none."""
    if find_spec("uv"):
        return (sys.executable, "-m", "uv")
    if program := shutil.which("uv"):
        return (program,)
    raise ToolError("uv was not found.", "Run `python -m pip install uv`, or `pipx install uv`, and try again.")


def run(verb: str, *arguments: str, text: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run `uv pip` with `text` as its input and return its output.

    It uses wheels only, because building a source distribution runs code of its authors. Raises ToolError with uv's
    own reason.
    """
    options = ("--python", sys.executable, "--no-build", "--no-progress", *arguments)
    try:
        full = (*command(), "pip", verb, *options)
        return process.run(*full, stdin=text.encode(), env={**index(), **(env or {})}, seconds=SECONDS).text
    except ProcessError as error:
        hint = "Check pins.yml, and that uv can reach the package index."
        raise ToolError(f"`uv pip {verb}`: {reason(error.stderr)}", hint) from error


def resolve(requirements: Iterable[str], *options: str, python: str, env: Mapping[str, str] | None = None) -> str:
    """The output of `uv pip compile` for every platform and every Python from `python` up."""
    settings = ("--universal", "--python-version", python, "--fork-strategy", "fewest", "--no-header", "--no-annotate")
    return run("compile", *settings, *options, "-", text="".join(f"{line}\n" for line in requirements), env=env)


def reason(stderr: str) -> str:
    """Why uv failed, on one line: its error, and the first and last cause. Older releases draw a tree of them."""
    lines = [_TREE_LINES.sub("", line) for line in stderr.splitlines() if not line.startswith("warning:")]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    errors = errors or [" ".join(lines).strip()]
    return ": ".join(filter(None, dict.fromkeys((*errors, *causes[:1], *causes[-1:])))) or "no reason given"


def index() -> dict[str, str]:
    """The index that pip is configured for, as an environment variable of uv; {} if uv has its own settings."""
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")) or _has_settings():
        return {}
    url = os.environ.get("PIP_INDEX_URL") or pip_index()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _has_settings() -> bool:
    """Whether a configuration file of uv names an index."""
    config_file = os.environ.get("UV_CONFIG_FILE")
    user, site = platformdirs.user_config_path("uv", appauthor=False), platformdirs.site_config_path("uv")
    folders = (Path(), Path.home() / ".config" / "uv", user, site, Path("/etc/uv"))
    files = [Path(config_file)] if config_file else [folder / "uv.toml" for folder in folders]
    return any("index" in file.read_text(encoding="utf-8") for file in files if file.is_file())


@cache
def pip_index() -> str:
    """The `index-url` of pip's configuration files, or ''."""
    if not find_spec("pip"):
        return ""
    try:
        output = process.run(sys.executable, "-m", "pip", "config", "list", seconds=30).text
    except ProcessError:
        return ""
    match = _PIP_INDEX.search(output)
    return match[1] if match else ""
