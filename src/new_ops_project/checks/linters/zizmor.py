"""zizmor, which audits workflows for their security: what it finds that no rule of ours says at the same place."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule, UncheckedError

NAME = "zizmor"
# What it ends with: nothing, or the highest severity that it found.
_CODES = (0, 3, 10, 11, 12, 13, 14)
_CONFIGS = ("zizmor.yml", "zizmor.yaml", ".github/zizmor.yml", ".github/zizmor.yaml")
_NO_CONFIG = Path(__file__).with_name("zizmor.yml")
_SEVERITIES = {"High": Severity.ERROR, "Medium": Severity.WARNING}
# What our own rules judge wherever it is, also by passing over it: OPS101, OPS114 and OPS120.
_OURS = {"artipacked", "dangerous-triggers", "unpinned-uses"}
# The rules of ours that may say the same: within the lines that it names, or anywhere in the file.
_SAME_PLACE = {
    "adhoc-packages": ("OPS109",),
    "cache-poisoning": ("OPS122",),
    "dependabot-cooldown": ("OPS132",),
    "ref-version-mismatch": ("OPS102", "OPS103"),
    "secrets-outside-env": ("OPS111",),
    "template-injection": ("OPS113",),
    "unpinned-images": ("OPS101",),
}
_SAME_FILE = {
    "anonymous-definition": ("OPS117",),
    "concurrency-limits": ("OPS115", "OPS116"),
    "excessive-permissions": ("OPS112",),
    "undocumented-permissions": ("OPS121",),
}


@dataclass(frozen=True)
class Audit:
    """One thing that it found: lines and column count from 1."""

    ident: str
    path: str
    line: int
    last: int
    column: int
    message: str
    url: str
    severity: Severity


def report(repo: Repo) -> tuple[Audit, ...]:
    """What zizmor says of the folder, without the network; the repository's own settings of it count.

    Raises UncheckedError where it is not installed, or says what cannot be read.
    """
    if not repo.automation.trees:
        return ()
    config = next((path for path in _CONFIGS if path in repo.files), str(_NO_CONFIG))
    said = program.said(
        NAME,
        "--offline",
        "--format=json-v1",
        "--no-progress",
        "--persona=regular",
        f"--config={config}",
        ".",
        cwd=repo.folder,
        codes=_CODES,
    )
    try:
        found = json.loads(said.stdout or b"[]")
        return tuple(_audit(repo, one) for one in found if not one.get("ignored") and one["ident"] not in _OURS)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise UncheckedError("zizmor says what cannot be read.", "Try another version of zizmor.") from error


def _audit(repo: Repo, found: Mapping[str, Any]) -> Audit:
    (primary, *_) = (one for one in found["locations"] if one["symbolic"]["kind"] == "Primary")
    local = primary["symbolic"]["key"]["Local"]
    path = str(local.get("verbatim_path") or local["given_path"]).replace("\\", "/").removeprefix("./")
    start, end = (primary["concrete"]["location"][name] for name in ("start_point", "end_point"))
    last = end["row"] + (end["column"] > 0 or end["row"] == start["row"])
    says = f"{found['desc']}: {primary['symbolic']['annotation']} ({found['ident']})."
    severity = _SEVERITIES.get(found["determinations"]["severity"], Severity.INFO)
    return Audit(
        found["ident"],
        path,
        start["row"] + 1,
        last,
        _column(repo, path, start),
        says[:1].upper() + says[1:],
        found["url"],
        severity,
    )


def _column(repo: Repo, path: str, point: Mapping[str, int]) -> int:
    """Its columns are bytes, ours are characters."""
    lines = repo.files.get(path, b"").split(b"\n")
    line = lines[point["row"]] if point["row"] < len(lines) else b""
    return len(line[: point["column"]].decode(errors="replace")) + 1


def rule(own: Sequence[Rule]) -> Rule:
    """The rule that hands on what zizmor finds; `own` are the rules that may say the same."""
    return Rule(
        "OPS190",
        "zizmor finds nothing",
        Severity.WARNING,
        "zizmor knows more ways in which a workflow can be attacked than the rules above.",
        "Read what zizmor says of it; `# zizmor: ignore[NAME]` in that line passes over it.",
        "https://docs.zizmor.sh/audits/",
        lambda repo, audits: _breaches(repo, audits, own),
        tool=NAME,
    )


def _breaches(repo: Repo, audits: Sequence[Audit], own: Sequence[Rule]) -> Iterator[Breach]:
    wanted = {code for audit in audits for code in _same(audit)}
    said = {(one.code, breach.path, breach.line) for one in own if one.code in wanted for breach in one.check(repo)}
    for audit in audits:
        if not _is_said(audit, said):
            remedy = f"See {audit.url}; `# zizmor: ignore[{audit.ident}]` in that line passes over it."
            yield Breach(audit.message, audit.path, audit.line, audit.column, remedy=remedy, severity=audit.severity)


def _same(audit: Audit) -> tuple[str, ...]:
    return _SAME_PLACE.get(audit.ident) or _SAME_FILE.get(audit.ident) or ()


def _is_said(audit: Audit, said: set[tuple[str, str, int]]) -> bool:
    is_anywhere = audit.ident in _SAME_FILE
    return any(
        code in _same(audit) and path == audit.path and (is_anywhere or audit.line <= line <= audit.last)
        for code, path, line in said
    )
