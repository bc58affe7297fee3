"""zizmor, whose security audits of workflows add to our own rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo

NAME = "zizmor"
# The exit codes of a complete run; from 10 on they tell the highest severity (docs.zizmor.sh/usage/#exit-codes).
_CODES = (0, 3, 10, 11, 12, 13, 14)
_CONFIGS = ("zizmor.yml", "zizmor.yaml", ".github/zizmor.yml", ".github/zizmor.yaml")
_NO_CONFIG = Path(__file__).with_name("zizmor.yml")
_SEVERITIES = {"High": Severity.ERROR, "Medium": Severity.WARNING}
# Audits that our own rules OPS101, OPS114 and OPS120 cover completely, including what they allow.
_OURS = {"artipacked", "dangerous-triggers", "unpinned-uses"}


@dataclass(frozen=True)
class Audit:
    """One finding of zizmor; `line`, `last` (the last line) and `column` count from 1."""

    ident: str
    path: str
    line: int
    last: int
    column: int
    message: str
    url: str
    severity: Severity


def report(repo: Repo) -> tuple[Audit, ...]:
    """The findings of zizmor for the folder, offline; the repository's own configuration of zizmor counts.

    Raises UncheckedError if zizmor is not installed, or if its output cannot be read.
    """
    if not repo.automation.trees:
        return ()
    config = next((path for path in _CONFIGS if path in repo.files), str(_NO_CONFIG))
    result = program.run(
        repo,
        NAME,
        "--offline",
        "--format=json-v1",
        "--no-progress",
        "--persona=regular",
        f"--config={config}",
        ".",
        codes=_CODES,
    )
    try:
        items = json.loads(result.stdout or b"[]")
        return tuple(_audit(repo, item) for item in items if not item.get("ignored") and item["ident"] not in _OURS)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise program.unreadable(NAME) from error


def _audit(repo: Repo, item: Mapping[str, Any]) -> Audit:
    (primary, *_) = (place for place in item["locations"] if place["symbolic"]["kind"] == "Primary")
    local = primary["symbolic"]["key"]["Local"]
    path = str(local.get("verbatim_path") or local["given_path"]).replace("\\", "/").removeprefix("./")
    start, end = (primary["concrete"]["location"][name] for name in ("start_point", "end_point"))
    last = end["row"] + (end["column"] > 0 or end["row"] == start["row"])
    message = f"{item['desc']}: {primary['symbolic']['annotation']} ({item['ident']})."
    severity = _SEVERITIES.get(item["determinations"]["severity"], Severity.INFO)
    return Audit(
        item["ident"],
        path,
        start["row"] + 1,
        last,
        _column(repo, path, start),
        message[:1].upper() + message[1:],
        item["url"],
        severity,
    )


def _column(repo: Repo, path: str, point: Mapping[str, int]) -> int:
    """The column in characters; zizmor counts bytes."""
    lines = repo.files.get(path, b"").split(b"\n")
    line = lines[point["row"]] if point["row"] < len(lines) else b""
    return len(line[: point["column"]].decode(errors="replace")) + 1
