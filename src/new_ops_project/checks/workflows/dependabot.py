"""Rules about the settings of Dependabot."""

from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import locks
from new_ops_project.formats.yaml import Node

_PYTHON = {"pip", "uv"}
_UNREAD = ("pdm.lock", "pylock.toml")  # docs.github.com, "Dependabot supported ecosystems and repositories"
_RENOVATE = (
    "renovate.json",
    "renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".github/renovate.json",
    ".github/renovate.json5",
)


def _entries(repo: Repo) -> list[Node]:
    """The entries of `updates`, each for one package ecosystem; [] without settings."""
    settings = repo.automation.dependabot
    updates = settings.get("updates").items if settings else []
    return [entry for entry in updates if entry.kind == "mapping" and entry.get("package-ecosystem").scalar]


def _missing_entry(repo: Repo, wanted: set[str], kind: str) -> Iterator[Breach]:
    settings, updated = repo.automation.dependabot, {entry.get("package-ecosystem").scalar for entry in _entries(repo)}
    has_renovate = any(path in repo.paths for path in _RENOVATE)
    if settings and updated and not has_renovate and not updated & wanted:
        yield Breach(f"Dependabot does not update {kind}.", *settings.key("updates").place)


def actions_left_out(repo: Repo) -> Iterator[Breach]:
    """Settings that leave out the actions, in a repository whose workflows use some."""
    if any(uses.action for uses in repo.automation.all_uses):
        yield from _missing_entry(repo, {"github-actions"}, "the actions of the workflows")


def packages_left_out(repo: Repo) -> Iterator[Breach]:
    """Settings that leave out pip and uv, in a repository with Python packages in a lock that Dependabot reads."""
    read = [kind for kind in locks.present(repo.paths) if kind.path not in _UNREAD]
    if any("==" in file.text for file in repo.requirements) or read:
        yield from _missing_entry(repo, _PYTHON, "Python packages")


def one_by_one(repo: Repo) -> Iterator[Breach]:
    """Each entry that opens a pull request for every package."""
    for entry in _entries(repo):
        name = entry.get("package-ecosystem")
        is_grouped = entry.get("groups") or entry.get("multi-ecosystem-group")
        if not is_grouped and entry.get("open-pull-requests-limit").scalar not in {"0", "1"}:
            yield Breach(f"Dependabot opens a pull request for each {name.scalar} package.", *name.place)
