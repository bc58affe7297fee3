"""Whether a repository records a template: the rule for those that do not."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.template import answers_file

_MENTION = re.compile(rb"\b(?:copier|new-ops-project) update\b")
_DOCS = ("README.md", "CONTRIBUTING.md")
_RESTORE = (
    "Restore it from the commit before the one that removed it (git log --diff-filter=D -- .copier-answers.yml), or: "
    "new-ops-project adopt"
)


def answers_files(repo: Repo) -> tuple[str, ...]:
    """The files that record a template, one for each template; the usual one first."""
    if "answers files" not in repo.shared:
        names = answers_file.answers_files(repo.folder) if repo.folder.is_dir() else []
        repo.shared["answers files"] = tuple(name for name in names if name in repo.files)
    return tuple(repo.shared["answers files"])


def missing_record(repo: Repo) -> Iterator[Breach]:
    """No answers file; if the documents mention updates, there used to be one. A template needs none."""
    if answers_files(repo) or {"copier.yml", "copier.yaml"} & repo.paths:
        return
    for path in _DOCS:
        if mention := _MENTION.search(repo.files.get(path, b"")):
            line = repo.files[path].count(b"\n", 0, mention.start()) + 1
            yield Breach(
                "The answers file is missing, but this text mentions updates from a template.",
                path,
                line,
                1,
                remedy=_RESTORE,
                severity=Severity.WARNING,
            )
            return
    yield Breach("No template is recorded, so nothing updates this repository.")
