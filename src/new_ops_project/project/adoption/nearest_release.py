"""The search for the release of a template that a repository was generated from."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import Tree
from new_ops_project.template import native
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases

# Files that do not show where a repository comes from: everybody has them, or they consist of hashes.
_COMMON = ("LICENSE", "requirements.txt", "requirements-dev.txt", ".python-version")
# A repository with a smaller share of the newest release's lines was not generated from this template: older releases
# are not tried, since rendering each of them takes time.
_HOPELESS = 0.3

# Renders one release with answers; raises ToolError where that is impossible.
Renderer = Callable[[Checkout, Answers], Tree]
# The possible answers to a release's questions.
Guesses = Callable[[Questionnaire], Iterator[Answers]]


@dataclass(frozen=True)
class NearestRelease:
    """A release rendered with answers; `share` of its lines (0 to 1) are in the repository."""

    checkout: Checkout
    answers: Answers
    rendered: Tree
    differing: int
    share: float


def find_nearest(
    releases: Releases, mine: Mapping[str, bytes], guesses: Guesses, render: Renderer
) -> NearestRelease | None:
    """Render each release and take the one with the fewest differing lines, the newest of equals.

    None where there is no release, or where the newest has almost nothing in common with the repository.
    """
    best: NearestRelease | None = None
    for version in releases.versions:
        for candidate in _candidates(releases.checkout(version), mine, guesses, render):
            if best is None or (candidate.differing, -candidate.share) < (best.differing, -best.share):
                best = candidate
            if best.share < _HOPELESS:
                return None
    return best


def _candidates(
    checkout: Checkout, mine: Mapping[str, bytes], guesses: Guesses, render: Renderer
) -> Iterator[NearestRelease]:
    questionnaire = native.questionnaire(checkout)
    for answers in guesses(questionnaire):
        try:
            rendered = render(checkout, answers)
        except ToolError:  # with these answers it cannot be rendered, so nothing was generated from it
            continue
        differing = sum(_differing(entry.content, mine.get(path, b"")) for path, entry in rendered.items())
        yield NearestRelease(checkout, answers, rendered, differing, share(rendered, mine))


def share(rendered: Tree, mine: Mapping[str, bytes]) -> float:
    """The share (0 to 1) of the rendered lines that are in the repository's files of the same names."""
    counted = [(entry.content, mine.get(path, b"")) for path, entry in rendered.items() if path not in _COMMON]
    whole = sum(sum(_lines(content).values()) for content, _ in counted)
    same = sum(sum((_lines(content) & _lines(other)).values()) for content, other in counted)
    return same / whole if whole else 0.0


def _differing(rendered: bytes, mine: bytes) -> int:
    lines, own_lines = _lines(rendered), _lines(mine)
    return sum((lines - own_lines).values()) + sum((own_lines - lines).values())


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())
