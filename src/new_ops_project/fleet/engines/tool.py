"""The exact version of this tool that a CI job installs: a release, or a commit of its repository."""

import re
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from new_ops_project import __version__, git
from new_ops_project.base import masking
from new_ops_project.base.config import NAME
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.template import installation
from new_ops_project.template.pins.uv import compile_lines, requirement_lines

BUILD = "hatchling"  # pyproject.toml, build-system

_EXACT = re.compile(rf"{NAME}==(?P<version>[A-Za-z0-9.!+_-]+)")
_URL = re.compile(rf"(?:{NAME} ?@ ?)?git\+(?P<url>(?:https|ssh)://[\w.:@/~%+-]+)@(?P<commit>[0-9a-f]{{40}})")


@dataclass(frozen=True)
class Tool:
    """`url` and `commit` of its repository, or its `version` on a package index; `note` is for people."""

    version: str = ""
    url: str = ""
    commit: str = ""
    note: str = ""

    @property
    def requirement(self) -> str:
        """The line of a requirements file for it."""
        return f"git+{self.url}@{self.commit}" if self.url else f"{NAME}=={self.version}"

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the lock contains: the tool, or what building and running it from its repository needs.

        Runners need no extras. pip accepts no hash for a repository, so there the tool itself is installed separately.
        """
        if not self.url:
            return (self.requirement,)
        needs = [line for line in metadata.requires(NAME) or () if "extra" not in str(Requirement(line).marker or "")]
        return tuple(sorted({*needs, BUILD}))


def parse_tool(text: str) -> Tool:
    """The tool that a person names; raises ToolError unless that is an exact version or commit."""
    if match := _EXACT.fullmatch(text):
        return Tool(version=match["version"])
    if match := _URL.fullmatch(text):
        return Tool(url=match["url"], commit=match["commit"])
    raise ToolError(
        f"{text} does not pin this tool.", f"Give {NAME}==VERSION, or git+https://HOST/PATH@COMMIT with all 40 digits."
    )


def installed_tool() -> Tool:
    """The tool as it was installed here (PEP 610); by its version if a runner cannot install it from there."""
    origin = installation.origin()
    if "vcs_info" in origin:
        return _from_repository(str(origin["url"]), str(origin["vcs_info"]["commit_id"])) or _by_version()
    if (checkout := installation.editable_checkout()) and (url := git.remote_url(checkout)):
        with suppress(ProcessError):
            return _from_repository(url, git.git("rev-parse", "HEAD", at=checkout).text.strip()) or _by_version()
    return _by_version() if "url" in origin else Tool(version=__version__)


def _from_repository(url: str, commit: str) -> Tool | None:
    with suppress(ToolError):
        return parse_tool(f"git+{masking.masked(url).removeprefix('git+')}@{commit}")
    return None


def _by_version() -> Tool:
    note = f"This tool was not installed from a package index or a git URL, so the workflow takes {__version__} from \
the index. If yours does not have it, give --tool."
    return Tool(version=__version__, note=note)


def lock(tool: Tool, python: str) -> str:
    """The text of a requirements file for `pip install --require-hashes`; raises ToolError with uv's reason."""
    packages = compile_lines(tool.requirements, "--generate-hashes", python=python)
    return "".join(requirement_lines(packages[name] for name in sorted(packages)))
