"""The release of a template that a repository resembles most."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import Tree
from new_ops_project.template import native
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases

# Texts that say nothing of where a repository comes from: the whole world has them, or they are all hashes.
_COMMON = ("LICENSE", "requirements.txt", "requirements-dev.txt", ".python-version")
_HOPELESS = 0.3  # of the newest release: no older one is looked at then

# Render one release with answers read from the repository; None where it cannot be.
Renderer = Callable[[Checkout, Answers], Tree]
# The ways to answer a release's questions from what the repository says.
Guesses = Callable[[Questionnaire], Iterator[Answers]]


@dataclass(frozen=True)
class NearestRelease:
    """A release, the answers and what it makes of them; `share` of its lines (0 to 1) are in the repository."""

    checkout: Checkout
    answers: Answers
    rendered: Tree
    differing: int
    share: float


def find_nearest(
    releases: Releases, mine: Mapping[str, bytes], guesses: Guesses, render: Renderer
) -> NearestRelease | None:
    """Render each release and take the one with the fewest lines that differ, the newest of several.

    None where there is no release, or where the newest has next to nothing in common with the repository.
    """
    best: NearestRelease | None = None
    for version in releases.versions:
        for one in _tried(releases.checkout(version), mine, guesses, render):
            if best is None or (one.differing, -one.share) < (best.differing, -best.share):
                best = one
            if best.share < _HOPELESS:
                return None
    return best


def _tried(
    checkout: Checkout, mine: Mapping[str, bytes], guesses: Guesses, render: Renderer
) -> Iterator[NearestRelease]:
    questionnaire = native.questionnaire(checkout)
    for answers in guesses(questionnaire):
        try:
            rendered = render(checkout, answers)
        except ToolError:  # that release cannot be rendered so, and is not where this comes from
            continue
        differing = sum(_differing(entry.content, mine.get(path, b"")) for path, entry in rendered.items())
        yield NearestRelease(checkout, answers, rendered, differing, share(rendered, mine))


def share(rendered: Tree, mine: Mapping[str, bytes]) -> float:
    """How many of the lines that a template wrote are in the files of the same names."""
    counted = [(entry.content, mine.get(path, b"")) for path, entry in rendered.items() if path not in _COMMON]
    whole = sum(sum(_lines(content).values()) for content, _ in counted)
    same = sum(sum((_lines(content) & _lines(other)).values()) for content, other in counted)
    return same / whole if whole else 0.0


def _differing(one: bytes, other: bytes) -> int:
    lines, others = _lines(one), _lines(other)
    return sum((lines - others).values()) + sum((others - lines).values())


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())
