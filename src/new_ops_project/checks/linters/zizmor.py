"""zizmor, which audits the security of workflows."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import program, workdir
from new_ops_project.checks.linters.program import Partial
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.formats import yaml
from new_ops_project.formats.yaml import Node

NAME = "zizmor"
# The exit codes of a complete run; from 10 on they tell the highest severity (docs.zizmor.sh/usage/#exit-codes).
_CODES = (0, 3, 10, 11, 12, 13, 14)
_FAILED = 1
_UNLOADED = "failed to load file://"  # what it says of a file that is not as it expects
_OPTIONS = ("--offline", "--format=json-v1", "--no-progress", "--persona=pedantic", "--color=never")
_INPUTS = re.compile(
    r"\.github/workflows/[^/]+\.ya?ml|(?:.*/)?action\.ya?ml|\.github/dependabot\.ya?ml|\.pre-commit-(?:config|hooks)\.yaml"
)
_COMPLETED = re.compile(r"completed (.+)$", re.MULTILINE)
_CONFIGS = ("zizmor.yml", "zizmor.yaml", ".github/zizmor.yml", ".github/zizmor.yaml")
_NO_CONFIG = Path(__file__).with_name("zizmor.yml")
_SEVERITIES = {"High": Severity.ERROR, "Medium": Severity.WARNING}
_CONTEXT = re.compile(r"(?:github|inputs|steps|needs|env|matrix|secrets|vars|jobs|job|runner|strategy)\b[\w.*\[\]'-]*")
# Of what zizmor calls pedantic, these notes help people who read a workflow.
_PEDANTIC = {"anonymous-definition", "undocumented-permissions"}


@dataclass(frozen=True)
class Audit:
    """One finding of zizmor; `line`, `last` (the last line) and `column` count from 1.

    `desc` is the sentence of the audit, `note` what zizmor says about the place, `text` what the file has there.
    `step` is the number of the step there, among all steps of the repository; None if there is none. It stays the same
    when fixes move the lines.
    """

    ident: str
    path: str
    line: int
    last: int
    column: int
    desc: str
    note: str
    text: str
    url: str
    severity: Severity
    step: int | None = None


def report(repo: Repo) -> Partial:
    """The findings of zizmor, offline, and the files that it could not read; the repository's own configuration counts.

    Raises UncheckedError if zizmor is not installed, or if its output cannot be read.
    """
    paths = [path for path in sorted(repo.paths) if _is_audited(path) and path in repo.files]
    broken = {tree.path for tree in repo.automation.trees if tree.problem}
    paths = [path for path in paths if path not in broken]  # zizmor audits nothing if it cannot decode a file
    return _audited(repo, paths) if paths else Partial((), ())


def settings(repo: Repo) -> Node:
    """The repository's own configuration of zizmor; no node if it has none."""
    path = next((path for path in _CONFIGS if path in repo.files), "")
    return yaml.read(path, repo.files.get(path, b"")).root


def _is_audited(path: str) -> bool:
    """Whether zizmor looks at such a file, wherever it is."""
    return bool(_INPUTS.fullmatch(path))


def _audited(repo: Repo, paths: Sequence[str]) -> Partial:
    config = [path for path in _CONFIGS if path in repo.files][:1]
    options = (*_OPTIONS, f"--config={config[0] if config else _NO_CONFIG}")
    names = _names(paths)
    with workdir.copies(repo, [*paths, *config], names) as folder:
        result = program.run(repo, NAME, *options, ".", cwd=folder, codes=(*_CODES, _FAILED))
    if result.exit_code == _FAILED:
        return _halved(repo, paths, result.stderr)
    try:
        items = json.loads(result.stdout or b"[]")
        audits = tuple(_audit(repo, item, names) for item in items if _counts(item))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise program.unreadable(NAME) from error
    done = {path.replace("\\", "/").removeprefix("./") for path in _COMPLETED.findall(result.stderr)}
    return Partial(audits, tuple(_unread(repo, path) for path in paths if names.get(path, path) not in done))


def _names(paths: Sequence[str]) -> dict[str, str]:
    """Names for the copies of files whose own names zizmor refuses, or prints on two lines; the kind is the same."""
    odd = [path for path in paths if not path.isprintable()]
    kinds = {".github/workflows": ".github/workflows/no-printable-name-{}.yml"}
    folders = (path.rpartition("/")[0] for path in odd)
    forms = (kinds.get(folder, "no-printable-name-{}/action.yml") for folder in folders)
    return {path: form.format(number) for number, (path, form) in enumerate(zip(odd, forms, strict=True))}


def _halved(repo: Repo, paths: Sequence[str], errors: str) -> Partial:
    """The report in two parts: zizmor audits nothing if one file, which it need not name, is not what it expects."""
    if _UNLOADED not in errors:
        lines = (line for line in errors.splitlines() if line.startswith(("error", "fatal")))
        raise program.failed(NAME, next(lines, "it gave no reason."))
    if len(paths) == 1:
        return Partial((), (_unread(repo, paths[0]),))
    middle = len(paths) // 2
    parts = [_audited(repo, part) for part in (paths[:middle], paths[middle:])]
    return Partial(
        tuple(audit for part in parts for audit in part.report), tuple(gap for part in parts for gap in part.gaps)
    )


def _unread(repo: Repo, path: str) -> UncheckedError:
    """The error for a file that zizmor cannot read; only for what GitHub runs does it make the run incomplete."""
    if _is_run(repo, path):
        return program.failed(NAME, f"it cannot read {path}", path)
    hint = "`pre-commit migrate-config` brings it up to date." if path.startswith(".pre-commit-config") else ""
    return UncheckedError(f"{NAME} cannot read {path}, so it is not audited.", hint, path=path)


def _is_run(repo: Repo, path: str) -> bool:
    """Whether GitHub may run it: a workflow, or an action, which says what it uses; others have such names too."""
    is_action = path.endswith(("action.yml", "action.yaml"))
    using = yaml.read(path, repo.files[path]).root.get("runs", "using") if is_action else None
    return path.startswith(".github/workflows/") or bool(using and using.scalar)


def _counts(item: Mapping[str, Any]) -> bool:
    is_usual = item["determinations"]["persona"] == "Regular" or item["ident"] in _PEDANTIC
    return is_usual and not item.get("ignored")


def _audit(repo: Repo, item: Mapping[str, Any], names: Mapping[str, str]) -> Audit:
    (primary, *_) = (place for place in item["locations"] if place["symbolic"]["kind"] == "Primary")
    local = primary["symbolic"]["key"]["Local"]
    copied = str(local.get("verbatim_path") or local["given_path"]).replace("\\", "/").removeprefix("./")
    path = next((path for path, name in names.items() if name == copied), copied)
    start, end = (primary["concrete"]["location"][name] for name in ("start_point", "end_point"))
    last = end["row"] + (end["column"] > 0 or end["row"] == start["row"])
    return Audit(
        item["ident"],
        path,
        start["row"] + 1,
        last,
        _column(repo, path, start),
        item["desc"],
        primary["symbolic"]["annotation"],
        _context(repo, path, start) or primary["concrete"]["feature"].strip(),
        item["url"],
        _severity(item["determinations"]),
        _step(repo, path, range(start["row"] + 1, last + 1)),
    )


def _step(repo: Repo, path: str, lines: range) -> int | None:
    places = ((number, step.uses.node) for number, step in enumerate(repo.automation.steps))
    return next((number for number, node in places if node.source.path == path and node.line in lines), None)


def _severity(determined: Mapping[str, str]) -> Severity:
    """As grave as zizmor says; an error only if zizmor is sure, too."""
    is_sure = determined["severity"] != "High" or determined["confidence"] == "High"
    return _SEVERITIES.get(determined["severity"], Severity.INFO) if is_sure else Severity.WARNING


def _context(repo: Repo, path: str, point: Mapping[str, int]) -> str:
    """The context of an expression at a place, such as `github.head_ref`: of a script, the text would be all of it."""
    match = _CONTEXT.match(_line(repo, path, point)[point["column"] :].decode(errors="replace"))
    return match[0] if match else ""


def _column(repo: Repo, path: str, point: Mapping[str, int]) -> int:
    """The column in characters; zizmor counts bytes."""
    line = _line(repo, path, point)
    indent = len(line) - len(line.lstrip())  # the place of a key starts with its line
    return len(line[: max(point["column"], indent)].decode(errors="replace")) + 1


def _line(repo: Repo, path: str, point: Mapping[str, int]) -> bytes:
    lines = repo.files.get(path, b"").split(b"\n")
    return lines[point["row"]] if point["row"] < len(lines) else b""
