"""The rule that passes on the findings of zizmor that our own rules do not report."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from new_ops_project.checks.linters.zizmor import Audit
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.checks.workflows import (
    cloud_login,
    conventions,
    dependabot,
    injection,
    installs,
    permissions,
    pinning,
    triggers,
)

_Checks = tuple[Callable[[Repo], Iterator[Breach]], ...]
# Our rules that can report the same problem: within the lines of the audit, or anywhere in the file.
_SAME_PLACE: Mapping[str, _Checks] = {
    "adhoc-packages": (installs.unpinned,),
    "cache-poisoning": (conventions.cached_release,),
    "dependabot-cooldown": (dependabot.hasty,),
    "ref-version-mismatch": (pinning.contradicted, pinning.another_version),
    "secrets-outside-env": (cloud_login.static_keys,),
    "template-injection": (injection.injected,),
    "unpinned-images": (pinning.unpinned,),
}
_SAME_FILE: Mapping[str, _Checks] = {
    "anonymous-definition": (conventions.unnamed_parts,),
    "concurrency-limits": (triggers.overlapping, triggers.cancelled_runs),
    "excessive-permissions": (permissions.unlimited,),
    "undocumented-permissions": (permissions.unexplained,),
}


def remaining(repo: Repo, audits: Iterable[Audit]) -> Iterator[Breach]:
    """Each finding of zizmor, unless one of our rules has the same."""
    for audit in audits:
        checks = _SAME_PLACE.get(audit.ident) or _SAME_FILE.get(audit.ident) or ()
        lines = [breach.line for check in checks for breach in check(repo) if breach.path == audit.path]
        if not any(audit.ident in _SAME_FILE or audit.line <= line <= audit.last for line in lines):
            remedy = f"See {audit.url}; `# zizmor: ignore[{audit.ident}]` on that line ignores the finding."
            yield Breach(audit.message, audit.path, audit.line, audit.column, remedy=remedy, severity=audit.severity)
