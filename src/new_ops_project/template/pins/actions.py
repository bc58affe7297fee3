"""The comparison of the pinned actions with the tags of their repositories."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from new_ops_project.base.errors import ProcessError
from new_ops_project.template.pins.comparison import Kind, PinComparison, PinEdit, PinState
from new_ops_project.template.pins.pins_yml import Action
from new_ops_project.template.pins.releases import Release, Tag, TagSource, final, judge, numbers

Actions = Mapping[str, Action]


def by_repository(actions: Actions) -> dict[str, Actions]:
    """The actions of each `owner/repository`; several actions can be in folders of one repository."""
    repositories: dict[str, dict[str, Action]] = {}
    for name, action in actions.items():
        repositories.setdefault("/".join(name.split("/")[:2]), {})[name] = action
    return dict(repositories)


def compare(repository: str, actions: Actions, remote: TagSource, limit: datetime | None) -> list[PinComparison]:
    """Compare the actions of one repository; a release after `limit` is too young."""
    pins = {name: PinComparison(Kind.ACTIONS, name, action.version) for name, action in actions.items()}
    if repository.count("/") != 1 or not all(repository.split("/")):
        return [pin.failed("not OWNER/REPOSITORY", "Write it as in `uses:`.") for pin in pins.values()]
    try:
        tags = remote.tags()
        return [_compare(pin, actions[name], tags, remote, limit) for name, pin in pins.items()]
    except ProcessError as error:
        remedy = "Check the address, and that this machine can reach it, or give another --actions-url."
        return [pin.failed(remote.describe(error), remedy) for pin in pins.values()]


def _compare(
    pin: PinComparison, action: Action, tags: Mapping[str, Tag], remote: TagSource, limit: datetime | None
) -> PinComparison:
    now = tags.get(action.version)
    is_same = now is not None and action.sha in {now.commit, now.listed}
    if numbers(action.version) and not is_same:  # a branch, or a tag such as v7, moves with each release
        return _moved(pin, action, now, remote)
    releases = final(tags, like=action.version)
    if not releases:
        return pin.failed(f"{remote.name} has no release tag such as v1.2.3", "Pin another action.")
    compared = judge(pin, _newer(releases, action.version), remote, limit, partial(_edits, pin))
    if compared.state is not PinState.BEHIND and now and is_same and action.sha != now.commit:
        reason = "the pin is the id of the tag, not of its commit"
        return pin.behind(action.version, reason, edits=(_edit(pin, "sha", now.commit),))
    return compared if compared.newest else replace(pin, newest=action.version)


def _newer(releases: list[Release], version: str) -> Iterator[Release]:
    """The releases newer than `version`; all of them if that is not a full version but a branch, for example."""
    pinned = numbers(version)
    return (release for release in releases if pinned is None or release.numbers > pinned)


def _edits(pin: PinComparison, release: Release) -> tuple[PinEdit, ...]:
    return (_edit(pin, "version", release.tag), _edit(pin, "sha", release.commit))


def _edit(pin: PinComparison, field: str, value: str) -> PinEdit:
    return PinEdit(("actions", pin.name, field), value)


def _moved(pin: PinComparison, action: Action, now: Tag | None, remote: TagSource) -> PinComparison:
    """The pin whose release tag points to another commit now, or is gone: possibly an attack."""
    change = f"points to {now.commit} now" if now else "is gone"
    reason = f"the tag {action.version} {change}; {action.sha} is pinned"
    remedy = (
        f"Ask the maintainers of {remote.name} why, and read what differs. Leave the pin as it is until you know; then "
        "set version and sha in pins.yml by hand."
    )
    return replace(pin, state=PinState.MOVED, reason=reason, remedy=remedy)
