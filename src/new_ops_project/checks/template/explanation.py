"""The answers that say what a file of the project has instead of the template's."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.template import files, needs, reference
from new_ops_project.checks.template.files import Compared
from new_ops_project.checks.template.reference import Reference
from new_ops_project.checks.template.settings import GONE, Deviation

# The name is everywhere, another tier is another project (`promote`), and what is kept is said otherwise.
_OTHERS = frozenset({"project_name", "tier", "keep"})
_MOST = 3  # answers that change one file


@dataclass(frozen=True)
class Explanation:
    """The `answers` with which the template writes what the project has, and what of the file they do not explain."""

    answers: Mapping[str, Any]
    rest: int
    paths: frozenset[str] = frozenset()

    def command(self, repo: Repo, comparison: Compared) -> str:
        """The command that records the answers, and brings every file in line with them."""
        pairs = (f"{name}={_written(value)}" for name, value in self.answers.items())
        options = "".join(f" --set {shlex.quote(pair)}" for pair in pairs)
        return f"{reference.update_command(repo, comparison.reference.project.answers_file)}{options}"


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def of(repo: Repo, comparison: Compared, path: str) -> Explanation | None:
    """The answers that explain what became of a file that the template maintains, as far as any do."""
    key = f"explanation {comparison.reference.project.answers_file} {path}"
    if key not in repo.memo:
        repo.memo[key] = _explained(repo, comparison, path)
    explanation: Explanation | None = repo.memo[key]
    return explanation


def _explained(repo: Repo, comparison: Compared, path: str) -> Explanation | None:
    before, chosen = comparison.reference, dict[str, Any]()
    left = _left(repo, before, path)
    while left and len(chosen) < _MOST:
        offers = (_Offer(before, name, value) for name, value in _values(before, left) if name not in chosen)
        fitting = [offer for offer in offers if _fits(repo, offer, path, left)]
        if not fitting:
            break
        best = min(fitting, key=lambda offer: offer.rank(repo, path))
        chosen[best.name], before, left = best.value, best.after, _left(repo, best.after, path)
    return Explanation(chosen, len(left), frozenset(before.files)) if chosen else None


def _left(repo: Repo, recorded: Reference, path: str) -> list[Deviation]:
    """What the file lacks of what the template writes with these answers."""
    mine, theirs = files.content(repo, path), recorded.files.get(path)
    if theirs is None:
        return []
    return [Deviation(path, "")] if mine is None else needs.missing(path, mine, theirs.content)


class _Offer:
    """One answer that might explain the file: the project as it is recorded, and with that answer."""

    def __init__(self, before: Reference, name: str, value: Any) -> None:
        self.before, self.name, self.value = before, name, value
        self.after = before.with_answers({**before.project.answers, name: value})

    @property
    def files(self) -> frozenset[str] | None:
        """The paths that the template writes then; None if it cannot."""
        try:
            return frozenset(self.after.files)
        except (ToolError, UncheckedError):
            return None

    def rank(self, repo: Repo, path: str) -> tuple[int, int, int]:
        """Few differences are left, no file is missing, and new files are those that are here already."""
        new = self.after.files.keys() - self.before.files.keys()
        return len(_left(repo, self.after, path)), len(new - repo.paths), -len(new & repo.paths)


def _fits(repo: Repo, offer: _Offer, path: str, left: Sequence[Deviation]) -> bool:
    """Whether less is left with the answer, nothing else comes up, and the project has no file that it leaves out."""
    if offer.files is None or (offer.before.files.keys() - offer.files) & repo.paths:
        return False
    if path not in offer.files:
        return files.content(repo, path) is None
    after, before = (Counter(each.name for each in some) for some in (_left(repo, offer.after, path), left))
    return after < before


def _values(recorded: Reference, left: Sequence[Deviation]) -> Iterator[tuple[str, Any]]:
    """Each other answer that a question offers, and for free texts those that the project's file suggests."""
    answers = recorded.migrated.answers
    for question in recorded.update.former.asked:
        if question.name in _OTHERS or question.multiselect or question.is_secret or not answers.is_open(question):
            continue
        present = answers.values.get(question.name)
        offered = [choice.value for choice in answers.choices(question) if not choice.disabled]
        if question.type == "bool":
            offered = [not present]
        elif question.type == "str" and not offered and present:
            offered = [text for text in _suggested(str(present), left) if not answers.refusal(question, text)]
        yield from ((question.name, value) for value in offered if value != present)


def _suggested(present: str, left: Sequence[Deviation]) -> Iterator[str]:
    """The texts that the project's file has where the template's has the present answer; '' if the file is gone."""
    for setting in left:
        pairs = [(theirs, mine) for theirs in _texts(setting.theirs) for mine in _texts(setting.mine)]
        for theirs, mine in pairs:
            pattern = "(.+)".join(map(re.escape, theirs.split(present, 1)))
            if present in theirs and (match := re.fullmatch(pattern, mine)):
                yield match[1]
        if setting.mine is GONE:
            yield ""


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, line by line."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield from value.splitlines()
