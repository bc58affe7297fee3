"""Rules about what GitHub refuses to run."""

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters.actionlint import Lint
from new_ops_project.checks.linters.check_jsonschema import SchemaError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Job, Workflow

# Kinds of what actionlint finds that GitHub refuses; other kinds fail when the job runs, or do not do what was meant.
_REFUSED = {"syntax-check", "job-needs", "permissions"}
# What GitHub does not insist on, although the schemas do: lists of one, and keys that other programs want.
_LISTS = {f"{what}{more}" for what in ("branches", "tags", "paths") for more in ("", "-ignore")}
_WANTED = {"description", "matrix", "name"}
_UNTRUSTED = re.compile(r'"([\w.-]+)[^"]*" is potentially untrusted')


def schema_errors(_: Repo, errors: Iterable[SchemaError]) -> Iterator[Breach]:
    """Each value that the schemas do not allow; what GitHub reads all the same is a note."""
    for error in errors:
        place = (error.path, error.line, error.column)
        if _is_read(error):
            yield Breach(
                error.message, *place, remedy="GitHub reads it; other programs may not.", severity=Severity.INFO
            )
        else:
            yield Breach(error.message, *place)


def _is_read(error: SchemaError) -> bool:
    """Whether GitHub reads it all the same: one text for a list, a number or a truth value for a text."""
    key = error.keys[-1] if error.keys else ""
    is_text = " a text here, not `" in error.message  # in backticks, a scalar
    return (error.keyword == "required" and key in _WANTED) or (error.keyword == "type" and (is_text or key in _LISTS))


def lints(repo: Repo, report: Iterable[Lint]) -> Iterator[Breach]:
    """Each finding of actionlint, with the kind that its documentation has it under."""
    for lint in report:
        message = f"{lint.message.removesuffix('.')} ({lint.kind})."
        severity = Severity.ERROR if lint.kind in _REFUSED else Severity.WARNING
        yield Breach(message, *_place(repo, lint), severity=severity)


def _place(repo: Repo, lint: Lint) -> tuple[str, int, int]:
    """The place of a finding; of untrusted text in a script of several lines, actionlint tells only the script's."""
    if context := _UNTRUSTED.match(lint.message):
        scripts = (script for step in repo.automation.steps for script in (step.script, step.input("script")))
        for script in scripts:
            if script.style in {"|", ">"} and script.source.path == lint.path and script.line == lint.line:
                offset = script.raw.lower().find(context[1].lower())
                return script.source.place(script.start + max(offset, 0))
    return lint.path, lint.line, lint.column


# ---- needs ---------------------------------------------------------------------------------------------------------


def impossible_needs(repo: Repo) -> Iterator[Breach]:
    """Each job that waits for a job that does not exist, and the first circle of jobs that wait for each other."""
    for workflow in repo.automation.workflows:
        names = {key.text.lower(): key.text for key, _ in workflow.root.get("jobs").entries()}
        for job in workflow.jobs:
            for missing in sorted(_needs(job) - names.keys()):
                remedy = f"The jobs of this workflow: {', '.join(names.values())}."
                message = f"Job `{job.key.text}` waits for `{missing}`, which does not exist."
                yield Breach(message, *job.key.place, remedy=remedy)
        yield from _circle(workflow)


def _needs(job: Job) -> frozenset[str]:
    """The jobs that it waits for, in lower case: GitHub ignores case."""
    given = job.node.get("needs")
    return frozenset(each.scalar.lower() for each in given.items or [given] if each.scalar)


def _circle(workflow: Workflow) -> Iterator[Breach]:
    jobs = {job.key.text.lower(): job for job in workflow.jobs}
    try:
        TopologicalSorter({name: sorted(_needs(job)) for name, job in jobs.items()}).prepare()
    except CycleError as error:
        circle = [job for name, job in jobs.items() if name in error.args[1]]
        message = f"These jobs wait for each other, so none starts: {', '.join(job.key.text for job in circle)}."
        yield Breach(message, *circle[0].key.place, remedy="Leave one of their `needs` out.")
