"""The files that GitHub acts on: workflows, composite actions, Dependabot's configuration.

The format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from new_ops_project.formats import yaml
from new_ops_project.formats.document import Files
from new_ops_project.formats.yaml import Node, YamlTree

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_ACTION = re.compile(r"(?:\.github/(?:[^/]+/)*)?action\.ya?ml")
_DEPENDABOT = re.compile(r"\.github/dependabot\.ya?ml")
_MATRIX = re.compile(r"\bmatrix\.([\w-]+(?:\.[\w-]+)*)")
_ENV = re.compile(r"\$\{\{\s*env\.([\w-]+)\s*\}\}")
# GitHub runs at most 1,000 steps in a job. YAML aliases can turn a small file into millions of them.
_LIMIT = 1000
SHA = re.compile(r"[0-9a-fA-F]{40}")


@dataclass(frozen=True, eq=False)
class Uses:
    """The value of `uses`: `actions/checkout@REF`, `./a/folder`, `$/a/folder` or `docker://image`."""

    node: Node

    @property
    def text(self) -> str:
        """The value as the file has it; '' where there is none."""
        return self.node.scalar

    @property
    def is_local(self) -> bool:
        """Whether it names an action or workflow in the repository itself."""
        return self.text.startswith(("./", "$/", ".\\"))

    @property
    def is_docker(self) -> bool:
        """Whether it names a container image."""
        return self.text.startswith("docker://")

    @cached_property
    def action(self) -> str:
        """`owner/name/path` in lower case; '' for images and local actions."""
        is_remote = not self.is_local and not self.is_docker
        return self.text.partition("@")[0].lower().rstrip("/") if is_remote else ""

    @property
    def repository(self) -> str:
        """`owner/name` in lower case."""
        return "/".join(self.action.split("/")[:2])

    @property
    def ref(self) -> str:
        """The commit, tag or branch after the @."""
        return self.text.partition("@")[2]

    @property
    def is_pinned(self) -> bool:
        """Whether the reference is the full SHA of a commit."""
        return bool(SHA.fullmatch(self.ref))


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a job, or of a composite action (which has no job)."""

    node: Node
    job: "Job | None" = None

    @cached_property
    def uses(self) -> Uses:
        """The action that it uses; an empty one for a script."""
        return Uses(self.node.get("uses"))

    @property
    def script(self) -> Node:
        """The script that it runs; no node for an action."""
        return self.node.get("run")

    def input(self, name: str) -> Node:
        """The input with this name (in lower case, since GitHub ignores case); no node where it is not given."""
        entries = self.node.get("with").entries()
        return next((value for key, value in entries if key.text.lower() == name), Node(self.node.source))


@dataclass(frozen=True, eq=False)
class Job:
    """One job of a workflow."""

    key: Node
    node: Node
    workflow: "Workflow"

    @property
    def id(self) -> str:
        """The key under `jobs`."""
        return self.key.text

    @property
    def calls(self) -> Uses:
        """The reusable workflow that it calls; an empty one for a job with steps."""
        return Uses(self.node.get("uses"))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, at most 1,000. A step that an alias repeats is listed once."""
        items = {id(item): item for item in self.node.get("steps").items[:_LIMIT] if item.kind == "mapping"}
        return tuple(Step(item, self) for item in items.values())

    def grants(self) -> Node:
        """The permissions that apply: its own, else the workflow's; no node where neither sets any."""
        return self.node.get("permissions") or self.workflow.root.get("permissions")

    def has_grant(self, name: str) -> bool:
        """Whether the permissions let its token write `name`."""
        grants = self.grants()
        return grants.scalar == "write-all" or grants.get(name).scalar == "write"

    def matrix(self, path: str) -> Iterator[Node]:
        """Every value of `matrix.PATH` that the file states; values computed by an expression are not among them."""
        first, *rest = path.split(".")
        table = self.node.get("strategy", "matrix")
        yield from (item.get(*rest) for item in table.get(first).items)
        yield from (item.get(first, *rest) for item in table.get("include").items)

    def values_of(self, node: Node, step: Step | None = None) -> Iterator[Node]:
        """The values that a scalar can have: its own, or those of the matrix or variable that it refers to."""
        paths = _MATRIX.findall(node.text) if "${{" in node.text else []
        for path in paths:
            yield from (value for value in self.matrix(path) if value.kind == "scalar")
        if match := _ENV.fullmatch(node.scalar):
            holders = (step.node if step else node, self.node, self.workflow.root)
            value = next((value for holder in holders if (value := holder.get("env", match[1]))), None)
            yield from [value] if value else []
        elif not paths:
            yield node


@dataclass(frozen=True, eq=False)
class Workflow:
    """A file in .github/workflows that parses."""

    tree: YamlTree

    @property
    def root(self) -> Node:
        """The top-level mapping."""
        return self.tree.root

    @property
    def path(self) -> str:
        """The path of the file, relative to the repository."""
        return self.tree.path

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs, at most 1,000."""
        entries = islice(self.root.get("jobs").entries(), _LIMIT)
        return tuple(Job(key, value, self) for key, value in entries if value.kind == "mapping")

    @cached_property
    def triggers(self) -> dict[str, tuple[Node, Node]]:
        """The events that start it: the node of each name and the node of its settings."""
        on = self.root.get("on")
        named = [on] if on.kind == "scalar" else [item for item in on.items if item.kind == "scalar"]
        return {name.text: (name, Node(name.source)) for name in named} or {
            key.text: (key, value) for key, value in on.entries()
        }

    @property
    def is_called_only(self) -> bool:
        """Whether only other workflows can start it."""
        return set(self.triggers) == {"workflow_call"}

    @cached_property
    def is_release(self) -> bool:
        """Whether only tags and releases start it, besides manual runs and calls."""
        events = set(self.triggers) - {"workflow_dispatch", "workflow_call"}
        push = self.triggers["push"][1] if "push" in events else Node(self.root.source)
        is_tags = bool(push.get("tags")) and not push.get("branches") and not push.get("branches-ignore")
        return bool(events) and events <= {"push", "release"} and (is_tags or "push" not in events)


@dataclass(frozen=True, eq=False)
class Automation:
    """The files of one repository; `trees` has all of them sorted by path, also those that do not parse."""

    trees: tuple[YamlTree, ...]

    def _parsed(self, pattern: re.Pattern[str]) -> Iterator[YamlTree]:
        return (tree for tree in self.trees if pattern.fullmatch(tree.path) and tree.root.kind == "mapping")

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """The workflows that parse."""
        return tuple(Workflow(tree) for tree in self._parsed(_WORKFLOW))

    @cached_property
    def actions(self) -> tuple[YamlTree, ...]:
        """The actions in the root and below .github that parse."""
        return tuple(self._parsed(_ACTION))

    @property
    def dependabot(self) -> Node | None:
        """The configuration of Dependabot; None where there is none that parses."""
        return next((tree.root for tree in self._parsed(_DEPENDABOT)), None)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all workflows."""
        return tuple(job for workflow in self.workflows for job in workflow.jobs)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all jobs and of all composite actions."""
        items = (item for tree in self.actions for item in tree.root.get("runs", "steps").items)
        action_steps = (Step(item) for item in items if item.kind == "mapping")
        return (*(step for job in self.jobs for step in job.steps), *action_steps)

    @cached_property
    def all_uses(self) -> tuple[Uses, ...]:
        """Every `uses` of jobs and steps."""
        each = (*(job.calls for job in self.jobs), *(step.uses for step in self.steps))
        return tuple(uses for uses in each if uses.text)


def read(files: Files, paths: Iterator[str]) -> Automation:
    """Parse those of `paths` that GitHub acts on. Only these are taken from `files`, which may read lazily."""
    patterns = (_WORKFLOW, _ACTION, _DEPENDABOT)
    named = sorted(path for path in paths if any(pattern.fullmatch(path) for pattern in patterns))
    return Automation(tuple(yaml.read(path, files[path]) for path in named if path in files))
