"""The engine `github-actions`: the files of a central repository whose workflow runs the fleet."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.engines import tool
from new_ops_project.fleet.engines.files import EngineFile, EnginePlan, fate_of
from new_ops_project.fleet.engines.tool import Tool
from new_ops_project.git import identity
from new_ops_project.template import pins

WORKFLOW = ".github/workflows/fleet.yml"
TOKEN = ".github/fleet/app-token.sh"  # noqa: S105 - a path
REQUIREMENTS = ".github/fleet/requirements.in"
LOCK = ".github/fleet/requirements.txt"
DEPENDABOT = ".github/dependabot.yml"
MOST_SHARDS = 256  # the jobs that GitHub allows in one matrix

_HERE = Path(__file__).parent
_LOCK_STEP = f"create the lock: uv pip compile --universal --generate-hashes --output-file {LOCK} {REQUIREMENTS}"
_FILE = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[A-Za-z0-9._][A-Za-z0-9._/-]*\.toml")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class WorkflowRequest:
    """The choices of the user. `shards` 0 leaves their number to the plan; `fleet` is a path below `folder`."""

    folder: Path
    tool: Tool
    shards: int = 0
    fleet: str = "fleet.toml"
    environment: str = "fleet"


def require_valid(*, fleet: str, environment: str, shards: int) -> None:
    """Raise ToolError for a value that the workflow cannot contain: there it could be read as shell or YAML."""
    if not _FILE.fullmatch(fleet):
        message = f"{fleet} cannot be the fleet's file."
        raise ToolError(message, "Give a path below the repository's folder, in ASCII letters, that ends in .toml.")
    if not _NAME.fullmatch(environment):
        message = f"{environment} cannot be the environment's name."
        raise ToolError(message, "Use letters, digits, dots, underscores and hyphens.")
    if shards > MOST_SHARDS:
        raise ToolError(f"{shards} shards are too many.", f"GitHub allows {MOST_SHARDS} jobs in one matrix.")


def plan(request: WorkflowRequest) -> EnginePlan:
    """Everything that a central repository needs; raises ToolError for a file that cannot be read."""
    requirements = "".join(f"{line}\n" for line in request.tool.requirements)
    lock, problem = _lock(request)
    files = (
        EngineFile(WORKFLOW, workflow(request), "plans, updates in shards, publishes, reports"),
        EngineFile(TOKEN, _read("app-token.sh"), "creates a token of a GitHub App"),
        EngineFile(REQUIREMENTS, requirements, "what is locked", is_starter=True),
        *lock,
        EngineFile(DEPENDABOT, _read("dependabot.yml"), "moves the pins above", is_starter=True),
        EngineFile(".gitignore", "/.venv/\n", "generated files, which are never committed", is_starter=True),
        EngineFile(request.fleet, _fleet(request), "the repositories, their owners and waves", is_starter=True),
    )
    steps = (*([_LOCK_STEP] if problem else []), *_next_steps(request))
    return EnginePlan(files, steps, tuple(filter(None, (request.tool.note, problem))))


def workflow(request: WorkflowRequest) -> str:
    """The text of the workflow."""
    pinned = pins.shipped()

    def uses(action: str) -> str:
        return f"{action}@{pinned.actions[action].sha}  # {pinned.actions[action].version}"

    return (
        _jinja()
        .get_template("fleet.yml.jinja")
        .render(
            uses=uses,
            runner=pinned.runners[0],
            python=pinned.default_python,
            tool=request.tool,
            fleet=request.fleet,
            environment=request.environment,
            shards=request.shards or "auto",
        )
    )


def _fleet(request: WorkflowRequest) -> str:
    """The starter fleet.toml; its author is the person who runs this."""
    return _jinja().get_template("fleet.toml.jinja").render(fleet=request.fleet, author=json.dumps(_author(request)))


def _author(request: WorkflowRequest) -> str:
    folder = next(path for path in (request.folder, *request.folder.absolute().parents) if path.is_dir())
    return str(identity.author(folder) or "Fleet <fleet@example.org>")


def _lock(request: WorkflowRequest) -> tuple[tuple[EngineFile, ...], str]:
    """The lock and a problem, one of them empty. A lock that exists stays: people and Dependabot maintain it."""
    lock = EngineFile(LOCK, "", "the tool and what it needs, with hashes", is_starter=True)
    if fate_of(lock, request.folder) != "new":
        return (lock,), ""
    try:
        return (replace(lock, text=tool.lock(request.tool, pins.shipped().default_python)),), ""
    except ToolError as error:
        return (), f"The tool is not locked, so the workflow cannot install it yet: {error.message}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _next_steps(request: WorkflowRequest) -> tuple[str, ...]:
    """What a person still has to do on GitHub."""
    text = _jinja().get_template("next.txt.jinja").render(fleet=request.fleet, environment=request.environment)
    return tuple(text.splitlines())


def _jinja() -> Environment:
    """Jinja with marks that YAML, shell and GitHub's expressions do not use, so that templates need no escapes."""
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
