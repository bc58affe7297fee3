"""The entries of [tool.new-ops-project.ignore] that do nothing: without a reason, or for a rule that does not exist."""

from collections.abc import Collection, Iterator

from new_ops_project.base.text import nearest
from new_ops_project.checks import ignores
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach


def unreasoned(repo: Repo) -> Iterator[Breach]:
    """Each entry without a reason."""
    for ignore in ignores.entries(repo):
        if not ignore.reason:
            message = f"{ignore.code} is ignored without a reason, so it is not ignored."
            yield Breach(message, *_where(repo, ignore.code))


def unknown(repo: Repo, codes: Collection[str]) -> Iterator[Breach]:
    """Each entry whose code is not in `codes`."""
    for ignore in ignores.entries(repo):
        if ignore.code not in codes:
            hint = nearest(ignore.code, [*codes])
            message = f"{ignore.code} is ignored, but there is no such rule{f'; {hint}' if hint else '.'}"
            yield Breach(message, *_where(repo, ignore.code))


def _where(repo: Repo, code: str) -> tuple[str, int, int]:
    return PYPROJECT, repo.pyproject.line(*ignores.TABLE, code), 1
