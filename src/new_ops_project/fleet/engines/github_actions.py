"""The engine `github-actions`: a central workflow, the lock of the tool for it, and a fleet.toml to start from."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.fleet.engines import tool as tools
from new_ops_project.fleet.engines.files import EngineFile, EnginePlan, Fate, fate
from new_ops_project.fleet.engines.tool import Tool
from new_ops_project.template import pins

if TYPE_CHECKING:
    from jinja2 import Environment

WORKFLOW = ".github/workflows/fleet.yml"
TOKEN = ".github/fleet/app-token.sh"  # noqa: S105 - a path
WANTED = ".github/fleet/requirements.in"
LOCK = ".github/fleet/requirements.txt"
DEPENDABOT = ".github/dependabot.yml"
MOST_SHARDS = 256  # jobs that GitHub takes in one matrix

_HERE = Path(__file__).parent
_LOCKING = f"make the lock: uv pip compile --universal --generate-hashes --output-file {LOCK} {WANTED}"
_FILE = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[A-Za-z0-9._][A-Za-z0-9._/-]*\.toml")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class WorkflowRequest:
    """What the workflow is told: `shards` is 0 for as many as the plan finds right; `fleet` is a path in `folder`."""

    folder: Path
    tool: Tool
    shards: int = 0
    fleet: str = "fleet.toml"
    environment: str = "fleet"


def require_sense(*, fleet: str, environment: str, shards: int) -> None:
    """Raise ToolError for what cannot stand in the workflow."""
    if not _FILE.fullmatch(fleet):
        message = f"{fleet} cannot be the fleet's file."
        raise ToolError(message, "Give a path below the repository's folder that ends in .toml, in plain letters.")
    if not _NAME.fullmatch(environment):
        message = f"{environment} cannot be the environment's name."
        raise ToolError(message, "Take letters, digits, dots, underscores and hyphens.")
    if shards > MOST_SHARDS:
        raise ToolError(f"{shards} shards are too many.", f"GitHub takes {MOST_SHARDS} jobs in one matrix.")


def made(request: WorkflowRequest) -> EnginePlan:
    """Everything that a central repository needs; raises ToolError for a file that cannot be read."""
    wanted = EngineFile(
        WANTED, "".join(f"{line}\n" for line in request.tool.requirements), "what is locked", start=True
    )
    lock, problem = _lock(request)
    files = (
        EngineFile(WORKFLOW, workflow(request), "plans, updates in shards, publishes, reports"),
        EngineFile(TOKEN, _read("app-token.sh"), "makes a token of a GitHub App"),
        wanted,
        *lock,
        EngineFile(DEPENDABOT, _read("dependabot.yml"), "moves the pins above", start=True),
        EngineFile(".gitignore", "/.venv/\n", "what is made here and never committed", start=True),
        EngineFile(request.fleet, _fleet(request), "the repositories, their owners and waves", start=True),
    )
    steps = (*([_LOCKING] if problem else []), *_next_steps(request))
    return EnginePlan(files, steps, tuple(filter(None, (request.tool.note, problem))))


def workflow(request: WorkflowRequest) -> str:
    """The text of the workflow."""
    known = pins.shipped()

    def uses(action: str) -> str:
        return f"{action}@{known.actions[action].sha}  # {known.actions[action].version}"

    return (
        _jinja()
        .get_template("fleet.yml.jinja")
        .render(
            uses=uses,
            runner=known.runners[0],
            python=known.default_python,
            tool=request.tool,
            fleet=request.fleet,
            environment=request.environment,
            shards=request.shards or "auto",
        )
    )


def _fleet(request: WorkflowRequest) -> str:
    """A fleet.toml to start from, by the person who runs this."""
    return _jinja().get_template("fleet.toml.jinja").render(fleet=request.fleet, author=json.dumps(_author(request)))


def _author(request: WorkflowRequest) -> str:
    try:
        said = git.git("var", "GIT_AUTHOR_IDENT", at=_existing(request.folder)).text
    except ProcessError:
        return "Fleet <fleet@example.org>"
    return said.rpartition(">")[0] + ">"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def _lock(request: WorkflowRequest) -> tuple[tuple[EngineFile, ...], str]:
    """The lock as it is there, or a new one: it is theirs (and Dependabot's) to move; or what is to be said without."""
    there = EngineFile(LOCK, "", "the tool and what it needs, with hashes", start=True)
    if fate(there, request.folder) is not Fate.NEW:
        return (there,), ""
    try:
        return (replace(there, text=tools.lock(request.tool, pins.shipped().default_python)),), ""
    except ToolError as error:
        return (), f"The tool is not locked, so the workflow cannot install it yet: {error.message}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _next_steps(request: WorkflowRequest) -> tuple[str, ...]:
    """What a person still has to do on GitHub."""
    text = _jinja().get_template("next.txt.jinja").render(fleet=request.fleet, environment=request.environment)
    return tuple(text.splitlines())


def _jinja() -> "Environment":
    """Marks that neither YAML, shell nor GitHub's expressions use, so that the templates read as what they become."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[##",
        comment_end_string="##]",
        autoescape=False,  # noqa: S701 - YAML, not HTML
    )
