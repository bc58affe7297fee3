"""The search for the release of a template that a repository was generated from."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.git.tree import Tree
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.releases import Checkout, Releases

# Files that do not show where a repository comes from: everybody has them, or they consist of hashes.
_COMMON = ("LICENSE", "requirements.txt", "requirements-dev.txt", ".python-version")
# A repository with a smaller share of the newest release's lines was not generated from this template: older releases
# are not tried, since rendering each of them takes time.
_HOPELESS = 0.3

# The possible answers to a release's questions, each with the release rendered with them.
Candidates = Callable[[Checkout], Iterator[tuple[Answers, Tree]]]


@dataclass(frozen=True)
class NearestRelease:
    """A release rendered with answers; `share` of its lines (0 to 1) are in the repository."""

    checkout: Checkout
    answers: Answers
    rendered: Tree
    differing: int
    share: float


def find_nearest(releases: Releases, mine: Mapping[str, bytes], candidates: Candidates) -> NearestRelease | None:
    """Render each release and take the one with the fewest differing lines, the newest of equals.

    None where there is no release, or where the newest has almost nothing in common with the repository.
    """
    best: NearestRelease | None = None
    for version in releases.versions:
        checkout = releases.checkout(version)
        for answers, rendered in candidates(checkout):
            candidate = NearestRelease(checkout, answers, rendered, *_compared(rendered, mine))
            if best is None or (candidate.differing, -candidate.share) < (best.differing, -best.share):
                best = candidate
            if best.share < _HOPELESS:
                return None
    return best


def _compared(rendered: Tree, mine: Mapping[str, bytes]) -> tuple[int, float]:
    """How many lines differ, and the share (0 to 1) of the rendered lines that are in the files of the same names."""
    differing = whole = same = 0
    for path, entry in rendered.items():
        lines, own = _lines(entry.content), _lines(mine.get(path, b""))
        common = (lines & own).total()
        differing += lines.total() + own.total() - 2 * common
        if path not in _COMMON:
            whole += lines.total()
            same += common
    return differing, same / whole if whole else 0.0


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())
