"""Rules about what `uses:` names: a commit by its id, with the version that it is in a comment."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix, Rule
from new_ops_project.checks.workflows import known_actions, links
from new_ops_project.checks.workflows.known_actions import ActionRelease, KnownAction
from new_ops_project.formats.github.automation import Uses

# v7.0.1, 7.0.1, tag=v7.0.1 or owner/name@v7.0.1 in a comment; v7 and 7.0 are versions, too, but 2024-01-31 is none.
_SAID = re.compile(r"(?:^|[\s=@/(])(v\d+(?:\.\d+){0,2}|\d+\.\d+(?:\.\d+)?)(?![\w.-])")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
# This one refuses to run by a commit id: it has to know its own tag.
_BY_TAG = "slsa-framework/slsa-github-generator"


def _said(uses: Uses) -> str:
    """The version in the comment, '' where it holds none."""
    found = _SAID.search(uses.node.comment)
    return found[1] if found else ""


def version(uses: Uses, known: KnownAction) -> str:
    """The version that is used, as far as it can be told: of the commit, the comment, or the tag; '' if unknown."""
    release = known.by_sha(uses.ref)
    if uses.is_pinned:
        return release.version if release else _said(uses)
    return uses.ref if known_actions.numbers(uses.ref) else ""


# ---- OPS101 --------------------------------------------------------------------------------------------------------


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each action, image or workflow of others that is named by something that can move."""
    for uses in repo.automation.used:
        if uses.is_local or uses.is_pinned or "${{" in uses.text:
            continue
        if uses.is_docker:
            yield from _image(uses)
        elif not (uses.repository == _BY_TAG and known_actions.is_full(uses.ref)):
            yield _moving(uses)


def _image(uses: Uses) -> Iterator[Breach]:
    if not _DIGEST.search(uses.text):
        remedy = f"Write its digest: `{uses.text}@sha256:...` (`docker buildx imagetools inspect` tells it)."
        yield Breach(f"{uses.text} can be moved to another image.", *uses.node.place, remedy=remedy)


def _moving(uses: Uses) -> Breach:
    name, _, ref = uses.text.partition("@")
    known = known_actions.known(uses.action)
    release = known.release(ref)
    if not ref:
        message = f"{uses.text} names no version."
    elif _SHORT.fullmatch(ref):
        message = f"{uses.text} is an abbreviated commit id, which GitHub does not accept."
    else:
        message = f"{uses.text} is a tag or branch, which can be moved to other code."
    if release:
        remedy = f"Write `uses: {name}@{release.sha}  # {release.version}`."
    else:
        newest = f"; {known.newest.version} is {known.newest.sha}" if known.newest else ""
        remedy = f"Write the commit id of a release: `uses: {name}@<40 hex digits>  # vX.Y.Z`{newest}."
    return Breach(message, *uses.node.place, remedy=remedy, fix=_pin(uses, release) if release else ())


def _pin(uses: Uses, release: ActionRelease) -> Fix:
    """The line with commit id and comment, where nothing else stands behind the value."""
    node = uses.node
    name = uses.text.partition("@")[0]
    behind = node.source.text[node.end : node.source.line_end(node.end)]
    comment = behind.strip().removeprefix("#").strip()
    if uses.text not in node.raw or (behind.strip() and not (comment and _names(comment, release))):
        return ()
    new = node.raw.replace(uses.text, f"{name}@{release.sha}")
    return (Edit(*node.place, node.raw + behind.rstrip(), f"{new}  # {release.version}"),)


def _names(comment: str, release: ActionRelease) -> bool:
    """Whether the comment is nothing but the version that the release is, or a part of it."""
    numbers = known_actions.numbers(comment)
    return bool(numbers) and known_actions.numbers(release.version)[: len(numbers)] == numbers


# ---- OPS102, OPS103 and OPS104 -------------------------------------------------------------------------------------


def contradicted(repo: Repo) -> Iterator[Breach]:
    """Each comment whose version is known to be another commit; not where OPS103 knows which version this one is."""
    for uses, known, said in _pinned(repo):
        release, this = known.by_version(said), known.by_sha(uses.ref)
        if release and release.sha != uses.ref.lower() and not (this and this.is_sure):
            remedy = f"If {release.version} is meant: `uses: {uses.text.partition('@')[0]}@{release.sha}  # {said}`."
            yield Breach(f"The comment says {said}, which is not this commit.", *uses.node.place, remedy=remedy)


def another_version(repo: Repo) -> Iterator[Breach]:
    """Each commit that is known to be another version than the comment says."""
    for uses, known, said in _pinned(repo):
        release = known.by_sha(uses.ref)
        if release and release.is_sure and _differs(said, release):
            meant = known.by_version(said)
            other = f"; {said} would be {meant.sha}" if meant else ""
            message = f"The comment says {said}, and this commit is {release.version}."
            remedy = f"Write `# {release.version}`{other}."
            yield Breach(message, *uses.node.place, _corrected(uses, said, release), remedy)


def uncommented(repo: Repo) -> Iterator[Breach]:
    """Each commit id without a version behind it, or with a part of one only."""
    for uses, known, said in _pinned(repo):
        release = known.by_sha(uses.ref)
        sure = release if release and release.is_sure else None
        remedy = f"Write `# {release.version}` behind it." if release else ""
        if not uses.node.comment:
            fix = _commented(uses, sure) if sure else ()
            yield Breach(f"No comment says which version {uses.text} is.", *uses.node.place, fix, remedy)
        elif not known_actions.is_full(said) and not (release and said and _differs(said, release)):
            told = f"The comment says {said}, which is no full version" if said else "The comment says no version"
            fix = _corrected(uses, said, sure) if sure and said else ()
            yield Breach(f"{told}.", *uses.node.place, fix, remedy, severity=Severity.INFO)


def _pinned(repo: Repo) -> Iterator[tuple[Uses, KnownAction, str]]:
    """Each action by commit id, with what is known of it and the version in its comment."""
    for uses in repo.automation.used:
        if uses.action and uses.is_pinned:
            yield uses, known_actions.known(uses.action), _said(uses)


def _differs(said: str, release: ActionRelease) -> bool:
    numbers = known_actions.numbers(said)
    return bool(numbers) and known_actions.numbers(release.version)[: len(numbers)] != numbers


def _corrected(uses: Uses, said: str, release: ActionRelease) -> Fix:
    """The comment with the version that this commit is; the code that runs stays the same."""
    node = uses.node
    start = node.source.text.index(said, node.end)
    return (Edit(*node.source.place(start), said, release.version),)


def _commented(uses: Uses, release: ActionRelease) -> Fix:
    node = uses.node
    end = node.source.line_end(node.end)
    behind = node.source.text[node.end : end]
    if behind.strip():
        return ()
    return (Edit(*node.source.place(node.end), behind, f"  # {release.version}"),)


RULES = (
    Rule(
        "OPS101",
        "What `uses:` names is pinned by a full commit id",
        Severity.ERROR,
        "Whoever can move a tag decides what runs with the workflow's token and secrets; a commit id cannot be moved.",
        "Write the commit id of a release, with the version in a comment.",
        links.SECURE_USE,
        unpinned,
        fixes=True,
    ),
    Rule(
        "OPS102",
        "The version in the comment is this commit",
        Severity.ERROR,
        "The comment is what people read. One that names another release than the commit hides what runs.",
        "Find out which of the two is meant.",
        links.SECURE_USE,
        contradicted,
    ),
    Rule(
        "OPS103",
        "The commit is the version in its comment",
        Severity.ERROR,
        "The commit is a release of its own: reviewers believe that another one runs.",
        "Correct the comment, or the commit id.",
        links.SECURE_USE,
        another_version,
        fixes=True,
    ),
    Rule(
        "OPS104",
        "A commit id has its full version in a comment",
        Severity.WARNING,
        "Nobody can tell how old a bare commit id is, and Renovate never updates it.",
        "Write `# vX.Y.Z` behind it.",
        links.SECURE_USE,
        uncommented,
        fixes=True,
    ),
)
