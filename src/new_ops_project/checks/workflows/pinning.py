"""Rules about `uses:`: a full commit id, with the version in a comment."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import zizmor
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.checks.workflows import known_actions
from new_ops_project.checks.workflows.known_actions import ActionRelease, KnownAction
from new_ops_project.formats.github.automation import Uses

# v7.0.1, 7.0.1, tag=v7.0.1 or owner/name@v7.0.1 in a comment; v7 and 7.0 are versions, too, but 2024-01-31 is not.
_COMMENT_VERSION = re.compile(r"(?:^|[\s=@/(])(v\d+(?:\.\d+){0,2}|\d+\.\d+(?:\.\d+)?)(?![\w.-])")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_IGNORED = re.compile(r"zizmor: *ignore\[[^\]]*\bunpinned-(?:uses|images)\b")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
# This one does not run by commit id: it has to know its own tag.
_BY_TAG = "slsa-framework/slsa-github-generator"


def _stated_version(uses: Uses) -> str:
    """The version that the comment states; '' where it states none."""
    match = _COMMENT_VERSION.search(uses.node.comment)
    return match[1] if match else ""


def version(uses: Uses, action: KnownAction) -> str:
    """The version in use: that of the commit, else of the comment or the tag; '' if unknown."""
    release = action.by_sha(uses.ref)
    if uses.is_pinned:
        return release.version if release else _stated_version(uses)
    return uses.ref if known_actions.numbers(uses.ref) else ""


# ---- OPS101 --------------------------------------------------------------------------------------------------------


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each third-party action, image or workflow that is referred to by something that can move.

    Where the settings of zizmor say which actions may be, or a comment for zizmor does, zizmor is left to judge.
    """
    is_set = bool(zizmor.settings(repo).get("rules", "unpinned-uses"))
    for uses in repo.automation.all_uses:
        if uses.is_local or uses.is_pinned or "${{" in uses.text or is_set or _IGNORED.search(uses.node.comment):
            continue
        if uses.is_docker:
            yield from _image(uses)
        elif not (uses.repository == _BY_TAG and known_actions.is_full(uses.ref)):
            yield _moving_ref(uses)


def _image(uses: Uses) -> Iterator[Breach]:
    if not _DIGEST.search(uses.text):
        # Not as it is written: what stands between `://` and `@` is masked as a password.
        image = uses.text.removeprefix("docker://")
        remedy = f"Append its digest, `@sha256:...`, which `docker buildx imagetools inspect {image}` shows."
        yield Breach(f"{uses.text} has no digest, so it can become another image.", *uses.node.place, remedy=remedy)


def _moving_ref(uses: Uses) -> Breach:
    name, _, ref = uses.text.partition("@")
    action = known_actions.find(uses.action)
    release = action.release(ref)
    if not ref:
        message = f"{uses.text} names no version."
    elif _SHORT.fullmatch(ref):
        message = f"{uses.text} is an abbreviated commit id, which GitHub does not accept."
    else:
        message = f"{uses.text} is a tag or branch, which can be moved to other code."
    if release:
        remedy = f"Write `uses: {name}@{release.sha}  # {release.version}`."
    else:
        newest = f"; {action.newest.version} is {action.newest.sha}" if action.newest else ""
        remedy = f"Write the commit id of a release: `uses: {name}@<40 hex digits>  # vX.Y.Z`{newest}."
    return Breach(message, *uses.node.place, remedy=remedy, fix=_pin(uses, release) if release else ())


def _pin(uses: Uses, release: ActionRelease) -> Fix:
    """The line with the commit id and a comment; no fix where anything else follows the value."""
    node = uses.node
    name = uses.text.partition("@")[0]
    behind = node.source.text[node.end : node.source.line_end(node.end)]
    comment = behind.strip().removeprefix("#").strip()
    if uses.text not in node.raw or (behind.strip() and not (comment and _is_same_version(comment, release))):
        return ()
    new = node.raw.replace(uses.text, f"{name}@{release.sha}")
    return (Edit(*node.place, node.raw + behind.rstrip(), f"{new}  # {release.version}"),)


def _is_same_version(comment: str, release: ActionRelease) -> bool:
    """Whether the comment is only the release's version, in full or in part."""
    numbers = known_actions.numbers(comment)
    return bool(numbers) and known_actions.numbers(release.version)[: len(numbers)] == numbers


# ---- OPS102, OPS103 and OPS104 -------------------------------------------------------------------------------------


def contradicted(repo: Repo) -> Iterator[Breach]:
    """Each comment whose version is known to be another commit, unless OPS103 knows the version of this one."""
    for uses, action, stated in _pinned(repo):
        release, own = action.by_version(stated), action.by_sha(uses.ref)
        if release and release.sha != uses.ref.lower() and not (own and own.is_sure):
            remedy = f"If {release.version} is meant: `uses: {uses.text.partition('@')[0]}@{release.sha}  # {stated}`."
            yield Breach(f"The comment says {stated}, which is not this commit.", *uses.node.place, remedy=remedy)


def another_version(repo: Repo) -> Iterator[Breach]:
    """Each commit that is known to be another version than the comment says."""
    for uses, action, stated in _pinned(repo):
        release = action.by_sha(uses.ref)
        if release and release.is_sure and _differs(stated, release):
            meant = action.by_version(stated)
            other = f"; {stated} is {meant.sha}" if meant else ""
            message = f"The comment says {stated}, but this commit is {release.version}."
            remedy = f"Write `# {release.version}`{other}."
            yield Breach(message, *uses.node.place, _correct_comment(uses, stated, release), remedy)


def uncommented(repo: Repo) -> Iterator[Breach]:
    """Each commit id without a version after it, or with an incomplete one."""
    for uses, action, stated in _pinned(repo):
        release = action.by_sha(uses.ref)
        sure = release if release and release.is_sure else None
        remedy = f"Write `# {release.version}` after it." if release else ""
        if not uses.node.comment:
            fix = _add_comment(uses, sure) if sure else ()
            yield Breach(f"No comment says which version {uses.text} is.", *uses.node.place, fix, remedy)
        elif not known_actions.is_full(stated) and not (release and stated and _differs(stated, release)):
            message = (
                f"The comment says {stated}, which is not a full version" if stated else "The comment has no version"
            )
            fix = _correct_comment(uses, stated, sure) if sure and stated else ()
            yield Breach(f"{message}.", *uses.node.place, fix, remedy, severity=Severity.INFO)


def _pinned(repo: Repo) -> Iterator[tuple[Uses, KnownAction, str]]:
    """Each action with a commit id, what is known of the action, and the version in the comment."""
    for uses in repo.automation.all_uses:
        if uses.action and uses.is_pinned:
            yield uses, known_actions.find(uses.action), _stated_version(uses)


def _differs(stated: str, release: ActionRelease) -> bool:
    numbers = known_actions.numbers(stated)
    return bool(numbers) and known_actions.numbers(release.version)[: len(numbers)] != numbers


def _correct_comment(uses: Uses, stated: str, release: ActionRelease) -> Fix:
    """The comment with the version of this commit; the code that runs stays the same."""
    node = uses.node
    start = node.source.text.index(stated, node.end)
    return (Edit(*node.source.place(start), stated, release.version),)


def _add_comment(uses: Uses, release: ActionRelease) -> Fix:
    node = uses.node
    end = node.source.line_end(node.end)
    behind = node.source.text[node.end : end]
    if behind.strip():
        return ()
    return (Edit(*node.source.place(node.end), behind, f"  # {release.version}"),)
