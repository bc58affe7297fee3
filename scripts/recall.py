"""Compares what `check` finds in workflows with what zizmor, the schemas and actionlint find by themselves.

    python scripts/recall.py FOLDER...

Every YAML file below a FOLDER becomes a project of its own, where GitHub would look for it. A finding counts as
reported if `check` has one on its lines, or says that the file is no YAML, so that nothing in it can be checked. For
the schemas, which give no lines, `check` must pass on a finding of theirs in the file.
The table is Markdown; what is missing, and how often `check` ended with which exit code, follows. The exit code is 1 if
anything is missing, or if a run of `check` crashed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(sys.executable).parent
PLACES = {
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.github-actions": "action.yml",
    "vendor.github-workflows": ".github/workflows/{}",
}
FINDINGS = (0, 1, 2)  # clean, findings, something could not be checked
AUDITED = (0, 10, 11, 12, 13, 14)  # zizmor's exit codes for files that it read
BATCH = 25  # files of one run


@dataclass(frozen=True)
class Found:
    """One finding: the lines that it may be on, none for the whole file; `name` is in what is said about it."""

    what: str
    lines: range | None
    name: str = ""


@dataclass(frozen=True)
class Project:
    """A file as a project of its own: the name in its folder, the schema that it should match, its copy."""

    name: str
    folder: Path
    schema: str
    copy: Path


@dataclass(frozen=True)
class Compared:
    """The findings of one program in one file, and those of them that `check` does not report."""

    name: str
    program: str
    theirs: list[Found]
    missing: list[Found]


def main(folders: Sequence[Path]) -> int:
    """Print the comparison for each folder; return the exit code."""
    print("| folder | files | program | its findings | reported by check |\n|---|---:|---|---:|---:|")
    missing: list[str] = []
    codes: Counter[int] = Counter()
    for folder in folders:
        with tempfile.TemporaryDirectory() as scratch:
            projects = [*_projects(folder, Path(scratch).resolve())]
            batches = [projects[start : start + BATCH] for start in range(0, len(projects), BATCH)]
            compared = [each for batch in batches for each in _compared(batch, codes)]
        for program in dict.fromkeys(each.program for each in compared):
            print(f"| {folder.name} | {len(projects)} | {program} | {_counts(compared, program)} |")
        missing += [f"{each.name}: {each.program}: {found.what}" for each in compared for found in each.missing]
    print(f"\nExit codes of check: {', '.join(f'{code} ({count})' for code, count in sorted(codes.items()))}.")
    print("\n".join(["Not reported:", *missing] if missing else ["Everything is reported."]))
    return int(bool(missing) or not codes.keys() <= {*FINDINGS})


def _projects(folder: Path, scratch: Path) -> Iterator[Project]:
    """The projects of a folder, written below `scratch`."""
    paths = (path for path in folder.rglob("*.y*ml") if path.is_file() and not path.is_symlink())
    for number, path in enumerate(sorted(paths)):
        schema = _schema(path)
        copy = scratch / str(number) / PLACES[schema].format(path.name)
        copy.parent.mkdir(parents=True)
        shutil.copyfile(path, copy)
        subprocess.run(["git", "init", "--quiet", str(scratch / str(number))], check=True)
        yield Project(str(path.relative_to(folder)), scratch / str(number), schema, copy)


def _compared(projects: Sequence[Project], codes: Counter[int]) -> Iterator[Compared]:
    ours = _check(projects, codes)
    for program, find in PROGRAMS.items():
        theirs = find(projects)
        for project in projects:
            reported = ours[project.copy]
            found = theirs.get(project.copy, [])
            missing = [each for each in found if not any(_is_same(each, finding) for finding in reported)]
            yield Compared(project.name, program, found, missing)


def _counts(compared: Sequence[Compared], program: str) -> str:
    theirs = sum(len(each.theirs) for each in compared if each.program == program)
    lost = sum(len(each.missing) for each in compared if each.program == program)
    return f"{theirs} | {theirs - lost}{f' ({1 - lost / theirs:.1%})' if theirs else ''}"


def _schema(path: Path) -> str:
    """What GitHub would take the file for."""
    text = path.read_text("utf-8", errors="replace")
    if re.search(r"^updates:", text, re.MULTILINE):
        return "vendor.dependabot"
    is_action = re.search(r"^runs:", text, re.MULTILINE) and not re.search(r"^jobs:", text, re.MULTILINE)
    return "vendor.github-actions" if is_action else "vendor.github-workflows"


def _is_same(found: Found, finding: dict[str, Any]) -> bool:
    if finding["code"] == "OPS100" or (found.name and found.name in finding["message"]):
        return True
    return finding["line"] in found.lines if found.lines else finding["code"] == "OPS191"


# ---- the programs ---------------------------------------------------------------------------------------------------


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    path = os.pathsep.join([str(HERE), os.environ["PATH"]])
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, check=False)


def _zizmor(projects: Sequence[Project]) -> dict[Path, list[Found]]:
    """What zizmor finds; one file at a time where it refuses to audit several."""
    options = ("--offline", "--no-config", "--format=json-v1", "--no-progress", "--collect=all")
    result = _run("zizmor", *options, *(str(project.folder) for project in projects))
    if result.returncode not in AUDITED:
        each = [_zizmor([project]) for project in projects] if len(projects) > 1 else []
        return {path: found for part in each for path, found in part.items()}
    findings: dict[Path, list[Found]] = {}
    for item in json.loads(result.stdout):
        (primary, *_) = (place for place in item["locations"] if place["symbolic"]["kind"] == "Primary")
        start, end = (primary["concrete"]["location"][name]["row"] for name in ("start_point", "end_point"))
        path = Path(primary["symbolic"]["key"]["Local"]["verbatim_path"])
        found = Found(f"{item['ident']} on line {start + 1}", range(start + 1, end + 2))
        findings.setdefault(path, []).extend([] if item["ignored"] else [found])
    return findings


def _schemas(projects: Sequence[Project]) -> dict[Path, list[Found]]:
    """What check-jsonschema finds with the schemas that it carries."""
    findings: dict[Path, list[Found]] = {}
    for schema in PLACES:
        for error in _schema_errors(schema, [project.copy for project in projects if project.schema == schema]):
            found = Found(f"{error['path']}: {error['message'][:80]}", None)
            findings.setdefault(Path(error["filename"]), []).append(found)
    return findings


def _schema_errors(schema: str, copies: Sequence[Path]) -> list[dict[str, Any]]:
    """The errors in the files; one file at a time where it crashes, and [] for the file that makes it crash."""
    if not copies:
        return []
    result = _run("check-jsonschema", "--builtin-schema", schema, "--output-format=json", *map(str, copies))
    try:
        errors: list[dict[str, Any]] = json.loads(result.stdout)["errors"]
    except ValueError:
        each = [_schema_errors(schema, [copy]) for copy in copies] if len(copies) > 1 else []
        errors = [error for part in each for error in part]
    return errors


def _actionlint(projects: Sequence[Project]) -> dict[Path, list[Found]]:
    """What actionlint finds, without the programs that it would call; {} where it is not installed."""
    copies = [str(project.copy) for project in projects if project.schema == "vendor.github-workflows"]
    findings: dict[Path, list[Found]] = {}
    if copies and shutil.which("actionlint"):
        for item in json.loads(_run("actionlint", "-format={{json .}}", "-shellcheck=", "-pyflakes=", *copies).stdout):
            line, message = item["line"], item["message"]
            # Of a script of several lines, it names the first.
            untrusted = re.match(r'"([\w.]+)" is potentially untrusted', message)
            name = untrusted[1] if untrusted else ""
            found = Found(f"{item['kind']} on line {line}: {message[:80]}", range(line, line + 1), name)
            findings.setdefault(Path(item["filepath"]).resolve(), []).append(found)
    return findings


def _check(projects: Sequence[Project], codes: Counter[int]) -> dict[Path, list[dict[str, Any]]]:
    """What `check` finds; its exit codes are counted, one for each file if one of the files made it fail."""
    folders = [str(project.folder) for project in projects]
    result = _run("new-ops-project", "check", "--offline", "--select=workflows", "--json", *folders)
    if result.returncode not in FINDINGS and len(projects) > 1:
        each = [_check([project], codes) for project in projects]
        return {path: found for part in each for path, found in part.items()}
    codes[result.returncode] += len(projects)
    findings: dict[Path, list[dict[str, Any]]] = {project.copy: [] for project in projects}
    for finding in json.loads(result.stdout)["findings"] if result.returncode in FINDINGS else []:
        findings.setdefault(Path(finding["path"]), []).append(finding)
    return findings


PROGRAMS = {"zizmor": _zizmor, "schema": _schemas, "actionlint": _actionlint}

if __name__ == "__main__":
    sys.exit(main([*map(Path, sys.argv[1:])]))
