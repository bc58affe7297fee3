"""The files that GitHub acts on: workflows, composite actions, Dependabot's configuration.

The format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax.
"""

import re
from collections.abc import Iterator, Sequence
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
_KINDS = {"workflow": _WORKFLOW, "action": _ACTION, "dependabot": _DEPENDABOT}
_SHA = re.compile(r"[0-9a-fA-F]{40}")


@dataclass(frozen=True, eq=False)
class Uses:
    """The value of `uses`: `actions/checkout@REF`, `./a/folder`, `$/a/folder`, `docker://image`; '' for none.

    `action` is `owner/name/path` and `repository` `owner/name`, in lower case; '' for images and actions that the
    repository itself has (`is_local`). `ref` is the commit, tag or branch; `is_pinned`: it is the full SHA of a commit.
    """

    node: Node
    text: str
    action: str
    repository: str
    ref: str
    is_local: bool
    is_docker: bool
    is_pinned: bool


def _uses(node: Node) -> Uses:
    text = node.scalar
    name, _, ref = text.partition("@")
    is_local, is_docker = text.startswith(("./", "$/", ".\\")), text.startswith("docker://")
    action = "" if is_local or is_docker else name.lower().rstrip("/")
    repository = "/".join(action.split("/")[:2])
    return Uses(node, text, action, repository, ref, is_local, is_docker, bool(_SHA.fullmatch(ref)))


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a job, or of a composite action (which has no job): the action that it uses, or its script."""

    node: Node
    uses: Uses
    script: Node
    job: "Job | None" = None

    def input(self, name: str) -> Node:
        """The input with this name (in lower case, since GitHub ignores case); no node where it is not given."""
        entries = self.node.get("with").entries()
        return next((value for key, value in entries if key.text.lower() == name), Node(self.node.source))


def _steps(items: Sequence[Node], job: "Job | None" = None) -> tuple[Step, ...]:
    """The steps among the nodes; one that an alias repeats is listed once."""
    steps = {id(item): item for item in items[:_LIMIT] if item.kind == "mapping"}.values()
    return tuple(Step(item, _uses(item.get("uses")), item.get("run"), job) for item in steps)


@dataclass(frozen=True, eq=False)
class Job:
    """One job of a workflow."""

    key: Node
    node: Node
    workflow: "Workflow"

    @cached_property
    def calls(self) -> Uses:
        """The reusable workflow that it calls; an empty one for a job with steps."""
        return _uses(self.node.get("uses"))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, at most 1,000."""
        return _steps(self.node.get("steps").items, self)

    @cached_property
    def own_labels(self) -> tuple[Node, ...]:
        """The labels in `runs-on`."""
        runs_on = self.node.get("runs-on")
        runs_on = runs_on if runs_on.kind == "scalar" or runs_on.items else runs_on.get("labels")
        return tuple(label for label in (runs_on.items or [runs_on]) if label.kind == "scalar")

    @cached_property
    def labels(self) -> tuple[Node, ...]:
        """The labels in `runs-on`, those with an expression followed by its values."""
        return tuple(dict.fromkeys(value for label in self.own_labels for value in (label, *self.values_of(label))))

    def grants(self) -> Node:
        """The permissions that apply: its own, else the workflow's; no node where neither sets any."""
        return self.node.get("permissions") or self.workflow.root.get("permissions")

    def has_grant(self, name: str) -> bool:
        """Whether the permissions let its token write `name`."""
        grants = self.grants()
        return grants.scalar == "write-all" or grants.get(name).scalar == "write"

    def values_of(self, node: Node, step: Step | None = None) -> Iterator[Node]:
        """The values that a scalar can have: its own, or those of the matrix or variable that it refers to."""
        paths = _MATRIX.findall(node.text) if "${{" in node.text else []
        matrix = self.node.get("strategy", "matrix")
        for first, *rest in (path.split(".") for path in paths):
            values = [item.get(*rest) for item in matrix.get(first).items]
            values += [item.get(first, *rest) for item in matrix.get("include").items]
            yield from (value for value in values if value.kind == "scalar")
        if match := _ENV.fullmatch(node.scalar):
            holders = (step.node if step else node, self.node, self.workflow.root)
            value = next((value for holder in holders if (value := holder.get("env", match[1]))), None)
            yield from [value] if value else []
        elif not paths:
            yield node


@dataclass(frozen=True, eq=False)
class Workflow:
    """A file in .github/workflows that parses."""

    root: Node

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

    @cached_property
    def is_release(self) -> bool:
        """Whether only tags and releases start it, besides manual runs and calls."""
        events = set(self.triggers) - {"workflow_dispatch", "workflow_call"}
        push = self.triggers["push"][1] if "push" in events else Node(self.root.source)
        is_tags = bool(push.get("tags")) and not push.get("branches") and not push.get("branches-ignore")
        return bool(events) and events <= {"push", "release"} and (is_tags or "push" not in events)

    @cached_property
    def changes_things(self) -> bool:
        """Whether its runs do more than test: they are scheduled, release something, or use an environment."""
        is_deployment = any(job.node.get("environment") for job in self.jobs)
        return "schedule" in self.triggers or self.is_release or is_deployment


@dataclass(frozen=True, eq=False)
class Automation:
    """The files of one repository; `trees` has all of them sorted by path, also those that do not parse."""

    trees: tuple[YamlTree, ...]

    def _parsed(self, pattern: re.Pattern[str]) -> Iterator[YamlTree]:
        return (tree for tree in self.trees if pattern.fullmatch(tree.path) and tree.root.kind == "mapping")

    @property
    def documents(self) -> Iterator[tuple[str, YamlTree]]:
        """Each file that is YAML, whatever is in it, as `workflow`, `action` or `dependabot`."""
        for tree in self.trees:
            kind = next(kind for kind, pattern in _KINDS.items() if pattern.fullmatch(tree.path))
            yield from [(kind, tree)] if not tree.problem else ()

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """The workflows that parse."""
        return tuple(Workflow(tree.root) for tree in self._parsed(_WORKFLOW))

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
        return (*(step for job in self.jobs for step in job.steps), *_steps([*items]))

    @cached_property
    def all_uses(self) -> tuple[Uses, ...]:
        """Every `uses` of jobs and steps."""
        each = (*(job.calls for job in self.jobs), *(step.uses for step in self.steps))
        return tuple(uses for uses in each if uses.text)


def read(files: Files, paths: Iterator[str]) -> Automation:
    """Parse those of `paths` that GitHub acts on. Only these are taken from `files`, which may read lazily."""
    named = sorted(path for path in paths if any(pattern.fullmatch(path) for pattern in _KINDS.values()))
    return Automation(tuple(yaml.read(path, files[path]) for path in named if path in files))
