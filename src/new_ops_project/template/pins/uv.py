"""uv: found, told which package index to ask, and run."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import run_within

SECONDS = 300  # for one run of uv, which has limits of its own for each request

_DRAWN = re.compile(r"^\W+")
_PIP_INDEX = re.compile(r"^(?:global|install|:env:)\.index-url='(.+)'$", re.MULTILINE)


def command() -> tuple[str, ...]:
    """How to start uv: this interpreter's own, else the one on PATH; raises ToolError when there is none."""
    if find_spec("uv"):
        return (sys.executable, "-m", "uv")
    if program := shutil.which("uv"):
        return (program,)
    raise ToolError("uv was not found.", "Run `python -m pip install uv`, or `pipx install uv`, and try again.")


def run(verb: str, *arguments: str, text: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run `uv pip` with `text` as its input and return what it printed; wheels only, so that nothing foreign runs.

    Raises ToolError with uv's own reason.
    """
    options = ("--python", sys.executable, "--no-build", "--no-progress", *arguments)
    try:
        return run_within(
            SECONDS, *command(), "pip", verb, *options, stdin=text.encode(), env={**index(), **(env or {})}
        ).text
    except ProcessError as error:
        hint = "Check pins.yml, and that uv reaches the package index."
        raise ToolError(f"`uv pip {verb}`: {reason(error.stderr)}", hint) from error


def reason(stderr: str) -> str:
    """What uv says of its failure, on one line: error, first and last cause; an older uv draws a tree of them."""
    lines = [_DRAWN.sub("", line) for line in stderr.splitlines() if not line.startswith("warning:")]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")] or [" ".join(lines).strip()]
    return ": ".join(filter(None, dict.fromkeys((*said, *causes[:1], *causes[-1:])))) or "no reason given"


def index() -> dict[str, str]:
    """The index that pip is configured for, as a setting of uv, unless uv has its own."""
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")) or _has_settings():
        return {}
    url = os.environ.get("PIP_INDEX_URL") or pip_index()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _has_settings() -> bool:
    """Whether a settings file of uv names an index."""
    import platformdirs

    named = os.environ.get("UV_CONFIG_FILE")
    user, site = platformdirs.user_config_path("uv", appauthor=False), platformdirs.site_config_path("uv")
    places = (Path(), Path.home() / ".config" / "uv", user, site, Path("/etc/uv"))
    files = [Path(named)] if named else [place / "uv.toml" for place in places]
    return any("index" in file.read_text(encoding="utf-8") for file in files if file.is_file())


@cache
def pip_index() -> str:
    """The `index-url` of pip's configuration files, or ''."""
    if not find_spec("pip"):
        return ""
    try:
        said = run_within(30, sys.executable, "-m", "pip", "config", "list").text
    except ProcessError:
        return ""
    found = _PIP_INDEX.search(said)
    return found[1] if found else ""
