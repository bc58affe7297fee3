"""What GitHub runs for a repository: workflows, composite actions, Dependabot; each value with its place."""

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
# GitHub runs no more steps than that in a job; aliases can make a small file into very many.
_MOST = 1000
SHA = re.compile(r"[0-9a-fA-F]{40}")


@dataclass(frozen=True, eq=False)
class Uses:
    """What a step or a job uses: `actions/checkout@REF`, `./a/folder`, `$/a/folder` or `docker://image`."""

    node: Node

    @property
    def text(self) -> str:
        """As it stands there."""
        return self.node.scalar

    @property
    def is_local(self) -> bool:
        """Whether it is in the repository itself."""
        return self.text.startswith(("./", "$/", ".\\"))

    @property
    def is_docker(self) -> bool:
        """Whether it names an image."""
        return self.text.startswith("docker://")

    @cached_property
    def action(self) -> str:
        """`owner/name/path`, in lower case; '' for an image and for what is local."""
        is_remote = not self.is_local and not self.is_docker
        return self.text.partition("@")[0].lower().rstrip("/") if is_remote else ""

    @property
    def repository(self) -> str:
        """`owner/name`, in lower case."""
        return "/".join(self.action.split("/")[:2])

    @property
    def ref(self) -> str:
        """The commit, tag or branch."""
        return self.text.partition("@")[2]

    @property
    def is_pinned(self) -> bool:
        """Whether it is a commit by its full id."""
        return bool(SHA.fullmatch(self.ref))


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a job, or of a composite action (which has no job)."""

    node: Node
    job: "Job | None" = None

    @cached_property
    def uses(self) -> Uses:
        """What it uses, perhaps nothing."""
        return Uses(self.node.get("uses"))

    @property
    def script(self) -> Node:
        """What it runs, perhaps nothing."""
        return self.node.get("run")

    def input(self, name: str) -> Node:
        """The input of that name (in lower case), as GitHub compares names; nothing where it is not given."""
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
        """Its key."""
        return self.key.text

    @property
    def calls(self) -> Uses:
        """The reusable workflow that it calls, perhaps nothing."""
        return Uses(self.node.get("uses"))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its steps."""
        items = {id(item): item for item in self.node.get("steps").items[:_MOST] if item.kind == "mapping"}
        return tuple(Step(item, self) for item in items.values())

    def grants(self) -> Node:
        """The permissions that hold for it: its own, else those of the workflow, perhaps none."""
        return self.node.get("permissions") or self.workflow.root.get("permissions")

    def has_grant(self, name: str) -> bool:
        """Whether its token is told to be able to write `name`."""
        grants = self.grants()
        return grants.scalar == "write-all" or grants.get(name).scalar == "write"

    def matrix(self, path: str) -> Iterator[Node]:
        """Every value that `matrix.PATH` can have, as far as it is written down."""
        first, *rest = path.split(".")
        table = self.node.get("strategy", "matrix")
        yield from (item.get(*rest) for item in table.get(first).items)
        yield from (item.get(first, *rest) for item in table.get("include").items)

    def values_of(self, node: Node, step: Step | None = None) -> Iterator[Node]:
        """The values that a scalar stands for: itself, or those of the matrix or of the env that it names."""
        paths = _MATRIX.findall(node.text) if "${{" in node.text else []
        for path in paths:
            yield from (value for value in self.matrix(path) if value.kind == "scalar")
        if found := _ENV.fullmatch(node.scalar):
            places = (step.node if step else node, self.node, self.workflow.root)
            value = next((value for place in places if (value := place.get("env", found[1]))), None)
            yield from [value] if value else []
        elif not paths:
            yield node


@dataclass(frozen=True, eq=False)
class Workflow:
    """One file of .github/workflows that parses."""

    tree: YamlTree

    @property
    def root(self) -> Node:
        """All of it."""
        return self.tree.root

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.tree.path

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """Its jobs."""
        entries = islice(self.root.get("jobs").entries(), _MOST)
        return tuple(Job(key, value, self) for key, value in entries if value.kind == "mapping")

    @cached_property
    def triggers(self) -> dict[str, tuple[Node, Node]]:
        """The events that start it, each with where its name stands and its settings."""
        on = self.root.get("on")
        named = [on] if on.kind == "scalar" else [item for item in on.items if item.kind == "scalar"]
        return {name.text: (name, Node(name.source)) for name in named} or {
            key.text: (key, value) for key, value in on.entries()
        }

    @property
    def is_called_only(self) -> bool:
        """Whether nothing but other workflows start it."""
        return set(self.triggers) == {"workflow_call"}

    @cached_property
    def is_release(self) -> bool:
        """Whether it runs for tags and releases only, apart from by hand."""
        events = set(self.triggers) - {"workflow_dispatch", "workflow_call"}
        push = self.triggers["push"][1] if "push" in events else Node(self.root.source)
        is_tags = bool(push.get("tags")) and not push.get("branches") and not push.get("branches-ignore")
        return bool(events) and events <= {"push", "release"} and (is_tags or "push" not in events)


@dataclass(frozen=True, eq=False)
class Automation:
    """All of it; `trees` are the files, also those that do not parse, by path."""

    trees: tuple[YamlTree, ...]

    def _parsed(self, pattern: re.Pattern[str]) -> Iterator[YamlTree]:
        return (one for one in self.trees if pattern.fullmatch(one.path) and one.root.kind == "mapping")

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """The workflows that parse."""
        return tuple(Workflow(tree) for tree in self._parsed(_WORKFLOW))

    @cached_property
    def actions(self) -> tuple[YamlTree, ...]:
        """The actions that the repository holds in its root and below .github."""
        return tuple(self._parsed(_ACTION))

    @property
    def dependabot(self) -> Node | None:
        """What Dependabot is told, None where it is told nothing."""
        return next((tree.root for tree in self._parsed(_DEPENDABOT)), None)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all workflows."""
        return tuple(job for workflow in self.workflows for job in workflow.jobs)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all jobs and of all composite actions."""
        inside = (item for tree in self.actions for item in tree.root.get("runs", "steps").items)
        alone = (Step(item) for item in inside if item.kind == "mapping")
        return (*(step for job in self.jobs for step in job.steps), *alone)

    @cached_property
    def all_uses(self) -> tuple[Uses, ...]:
        """All that steps and jobs use."""
        each = (*(job.calls for job in self.jobs), *(step.uses for step in self.steps))
        return tuple(uses for uses in each if uses.text)


def read(files: Files, paths: Iterator[str]) -> Automation:
    """The files among `paths` that GitHub reads; only they are read."""
    patterns = (_WORKFLOW, _ACTION, _DEPENDABOT)
    named = sorted(path for path in paths if any(pattern.fullmatch(path) for pattern in patterns))
    return Automation(tuple(yaml.read(path, files[path]) for path in named if path in files))
