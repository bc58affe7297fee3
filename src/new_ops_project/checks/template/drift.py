"""The rules about files that differ from the template's."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.checks.template import files, needs, reference
from new_ops_project.checks.template.files import Compared
from new_ops_project.checks.template.needs import Lack
from new_ops_project.formats.python_version import PINNED
from new_ops_project.formats.toml.text import key_path
from new_ops_project.git.tree import Entry
from new_ops_project.project.adoption.pyproject import is_elsewhere, with_own_paths

_IGNORE_FILE = re.compile(r"\.\w*ignore")


def template_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the template maintains and that lacks something of it, or that somebody deleted."""
    for comparison in files.each(repo):
        for file in comparison.drifted:
            if file.state == "deleted":
                yield _deleted(repo, comparison, file.path)
            elif lack := _lack(repo, comparison, file.path):
                yield _lacking(repo, comparison, file.path, lack)


def own_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the project maintains and that lacks something which other files of the template rely on."""
    for comparison in files.each(repo):
        for file in (file for file in comparison.states if file.is_drifted and not file.is_maintained):
            if file.state == "deleted":
                yield from _still_named(repo, comparison, file.path)
            elif lack := _own_lack(repo, comparison, file.path):
                yield _lacking(repo, comparison, file.path, lack)


def extra_files(repo: Repo) -> Iterator[Breach]:
    """Each file where the template would write one with other answers."""
    for comparison in files.each(repo):
        for file in (file for file in comparison.states if file.state == "extra"):
            message = "With other answers, the template would write this file."
            keep = reference.keep_command(repo, comparison.reference, file.path)
            yield Breach(message, file.path, remedy=f"To keep it yours: {keep}" if keep else "")


# ---- what is lacking -----------------------------------------------------------------------------------------------


def _lack(repo: Repo, comparison: Compared, path: str) -> Lack | None:
    """What a file that the template maintains lacks of what the template wrote."""
    mine, theirs = files.content(repo, path) or b"", comparison.reference.files[path].content
    return _missing_rules(repo, path, theirs) if _is_gitignore(path) else needs.all_of_it(path, mine, theirs)


def _own_lack(repo: Repo, comparison: Compared, path: str) -> Lack | None:
    """What the user's own file lacks of what the template needs there: ignore rules, or the keys that it names."""
    if _is_gitignore(path):
        return _missing_rules(repo, path, comparison.reference.files[path].content)
    wanted = comparison.reference.rows.get(path, {}).get("needs", ())
    if path != PYPROJECT or not wanted:
        return None
    own, setup_cfg = repo.pyproject.data, repo.files.get("setup.cfg", b"")
    wanted = [key for key in wanted if not is_elsewhere(key_path(f"{key} = 0"), own, repo.paths, setup_cfg)]
    has_tests = any(name.startswith("tests/") for name in repo.paths)
    theirs = with_own_paths(comparison.reference.files[path].content.decode(), repo.layout, has_tests=has_tests)
    return needs.keys(path, repo.files.get(path, b""), theirs.encode(), wanted)


def _missing_rules(repo: Repo, path: str, theirs: bytes) -> Lack | None:
    folder = path.removesuffix(".gitignore")
    tracked = (name.removeprefix(folder) for name in repo.tracked if name.startswith(folder))
    return needs.rules(files.content(repo, path) or b"", theirs, tracked)


def _is_gitignore(path: str) -> bool:
    return PurePosixPath(path).name == ".gitignore"


# ---- findings ------------------------------------------------------------------------------------------------------


def _deleted(repo: Repo, comparison: Compared, path: str) -> Breach:
    keep = reference.keep_command(repo, comparison.reference, path)
    otherwise = f"; to do without it: {keep}" if keep else ""
    return Breach(
        f"Deleted here, but the template's {comparison.version} has it.",
        path,
        fix=(Write(path, comparison.reference.files[path]),),
        remedy=f"Restore it: new-ops-project check {shlex.quote(path)} --fix{otherwise}",
    )


def _lacking(repo: Repo, comparison: Compared, path: str, lack: Lack) -> Breach:
    fix = () if lack.content is None else (Write(path, Entry("", lack.content)),)
    message = lack.sentence(comparison.version)
    if fix:
        remedy = f"Add what is missing: new-ops-project check {shlex.quote(path)} --fix"
    elif path == PINNED and repo.python:
        update = reference.update_command(repo, comparison.reference.project.answers_file)
        remedy = f"To move everything to this Python: {update} --set python_version={repo.python}"
    else:
        remedy = _choice(repo, comparison, path)
    return Breach(message, path, lack.line, 1, fix, remedy)


def _choice(repo: Repo, comparison: Compared, path: str) -> str:
    """What to do about an edit that no fix could put aside without losing it."""
    keep = reference.keep_command(repo, comparison.reference, path)
    own = f", or keep the file as your own: {keep}" if keep else ""
    shown = f"The difference: new-ops-project check {shlex.quote(path)} --drift."
    return f"{shown} If every project should have yours, change the template{own}"


def _still_named(repo: Repo, comparison: Compared, path: str) -> Iterator[Breach]:
    """A breach for each file of the template that names the deleted file: a workflow that installs from it, say."""
    name = re.compile(rb"(?<![\w./-])" + re.escape(os.fsencode(path)) + rb"(?![\w/-]|\.\w)")
    for file in comparison.states:
        is_relevant = file.is_maintained and not _IGNORE_FILE.fullmatch(PurePosixPath(file.path).name)
        text = files.content(repo, file.path) if is_relevant else None
        lines = text.splitlines() if text else []
        if number := next((at for at, line in enumerate(lines, 1) if name.search(line.partition(b"#")[0])), 0):
            remedy = f"Bring it back (git log --diff-filter=D -- {shlex.quote(path)} finds it), or name another file."
            message = f"{path} is named here, but was deleted."
            yield Breach(message, file.path, number, 1, remedy=remedy, severity=Severity.WARNING)
