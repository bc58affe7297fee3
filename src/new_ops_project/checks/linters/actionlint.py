"""actionlint, run over the workflows where it is installed: what GitHub refuses, and what fails when a job runs."""

import json
from dataclasses import dataclass

from new_ops_project.base.text import capitalize
from new_ops_project.checks.linters import program, workdir
from new_ops_project.checks.repo import Repo

NAME = "actionlint"
_CONFIGS = (".github/actionlint.yaml", ".github/actionlint.yml")


@dataclass(frozen=True)
class Lint:
    """One error; `kind` is the name of actionlint's rule, such as `job-needs`; `line` and `column` count from 1."""

    kind: str
    path: str
    line: int
    column: int
    message: str


def report(repo: Repo) -> tuple[Lint, ...]:
    """The errors in the workflows; the repository's own configuration of actionlint counts.

    Scripts are not passed on to shellcheck and pyflakes: a configuration could name other programs for them.
    Raises UncheckedError if actionlint is not installed, or fails.
    """
    paths = [tree.path for kind, tree in repo.automation.documents if kind == "workflow"]
    if not paths:
        return ()
    config = next((path for path in _CONFIGS if path in repo.files), "")
    options = ["-format={{json .}}", "-no-color", "-shellcheck=", "-pyflakes="]
    options += [f"-config-file={config}"] if config else []
    with workdir.folder(repo, [*paths, *filter(None, [config])]) as folder:
        result = program.run(repo, NAME, *options, *paths, cwd=folder)
    try:
        return tuple(
            Lint(item["kind"], item["filepath"], item["line"], item["column"], f"{capitalize(item['message'])}.")
            for item in json.loads(result.stdout or b"[]") or ()
        )
    except (ValueError, TypeError, KeyError) as error:
        raise program.unreadable(NAME) from error
