"""The rules about files that differ from the template's."""

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.base.text import capitalize
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.checks.template import explanation, files, missing_paths, needs, reference
from new_ops_project.checks.template.files import Compared
from new_ops_project.checks.template.needs import Lack
from new_ops_project.formats.python_version import PINNED
from new_ops_project.formats.toml.text import key_path
from new_ops_project.git.tree import Entry
from new_ops_project.project.adoption.pyproject import is_elsewhere, with_own_paths


def template_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the template maintains and that lacks something of it, or that somebody deleted."""
    for comparison in files.each(repo):
        for file in comparison.drifted:
            if file.state == "deleted" and _moved(repo, comparison, file.path) not in repo.paths:
                yield _deleted(repo, comparison, file.path)
            elif file.state == "edited" and (lack := _lack(repo, comparison, file.path)):
                yield _lacking(repo, comparison, file.path, lack)


def own_files(repo: Repo) -> Iterator[Breach]:
    """Each file that the project maintains and that lacks something which other files of the template rely on."""
    for comparison in files.each(repo):
        for file in (file for file in comparison.states if file.state == "edited" and not file.is_maintained):
            if lack := _own_lack(repo, comparison, file.path):
                yield _lacking(repo, comparison, file.path, lack)
        yield from missing_paths.named(repo, comparison)


def extra_files(repo: Repo) -> Iterator[Breach]:
    """Each file where the template would write one with other answers."""
    for comparison in files.each(repo):
        for file in (file for file in comparison.states if file.state == "extra"):
            message = "With other answers, the template would write this file."
            keep = reference.keep_command(repo, comparison.reference, file.path)
            remedy = f"To keep it yours: {keep}" if keep else ""
            yield Breach(message, file.path, remedy=_instead(repo, comparison, file.path) or remedy)


def _instead(repo: Repo, comparison: Compared, path: str) -> str:
    """The remedy for a file that takes the place of one that was deleted: the answer that says so; '' without one."""
    for file in (file for file in comparison.drifted if file.state == "deleted"):
        known = explanation.of(repo, comparison, file.path)
        if known and path in known.paths:
            return f"Record that it takes the place of {file.path}: {known.command(repo, comparison)}"
    return ""


# ---- what is lacking -----------------------------------------------------------------------------------------------


def _lack(repo: Repo, comparison: Compared, path: str) -> Lack | None:
    """What a file that the template maintains lacks of what the template wrote."""
    mine, theirs = files.content(repo, path) or b"", comparison.reference.files[path].content
    if _is_gitignore(path):
        return _missing_rules(repo, path, theirs)
    lack, names = needs.all_of_it(path, mine, theirs), _renamed(repo, comparison) or ("", "")
    for end in (rb"\.py\b", rb"\b") if any(names) else ():  # a script by its file, since its name may be any word
        old, new = re.escape(names[0].encode()), names[1].encode()
        other = lack and needs.all_of_it(path, mine, re.sub(rb"\b" + old + rb"(?=" + end + rb")", new, theirs))
        lack = other if lack and (other is None or len(other.parts) < len(lack.parts)) else lack
    return lack


def _renamed(repo: Repo, comparison: Compared) -> tuple[str, str] | None:
    """The name of the template's package or script, and that of the project's, which is there instead."""
    old, new = str(comparison.reference.migrated.answers.values.get("import_name", "")), repo.layout.package
    places = (f"src/{old}/", f"{old}/", f"{old}.py")
    return (
        (old, new) if old and new and old != new and not any(path.startswith(places) for path in repo.paths) else None
    )


def _moved(repo: Repo, comparison: Compared, path: str) -> str:
    """Where a file of the template is now, if the package around it was renamed."""
    names = _renamed(repo, comparison) if path.startswith("src/") else None
    return path.replace(f"src/{names[0]}/", f"{repo.layout.place}/", 1) if names else path


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
    known = explanation.of(repo, comparison, path)
    without = known.command(repo, comparison) if known else reference.keep_command(repo, comparison.reference, path)
    otherwise = f"; to do without it: {without}" if without else ""
    return Breach(
        f"Deleted here, but the template's {comparison.version} has it.",
        path,
        fix=(Write(path, comparison.reference.files[path]),),
        remedy=f"Restore it: new-ops-project check {shlex.quote(path)} --fix{otherwise}",
    )


def _lacking(repo: Repo, comparison: Compared, path: str, lack: Lack) -> Breach:
    fix = () if lack.content is None else (Write(path, Entry("", lack.content)),)
    check, meant = f"new-ops-project check {shlex.quote(path)}", _meant(repo, comparison, path, lack)
    if fix:
        remedy = f"Add what is missing: {check} --fix. If it is meant, {meant}"
    elif meant.startswith("change"):
        remedy = f"The difference: {check} --drift. If every project should have yours, {meant}"
    else:
        remedy = capitalize(meant)
    severity = None if lack.is_grave else Severity.INFO
    return Breach(lack.sentence(comparison.version), path, lack.line, 1, fix, remedy, severity)


def _meant(repo: Repo, comparison: Compared, path: str, lack: Lack) -> str:
    """What to do about an edit that somebody wants to keep, and that no fix should undo."""
    if _is_gitignore(path):
        return f"write !{lack.parts[0].removeprefix('/')} there."
    if path == PYPROJECT:
        return "ignore this rule, with the reason."
    known = explanation.of(repo, comparison, path)
    if known and not known.rest:
        return f"record it, for every file: {known.command(repo, comparison)}"
    keep = reference.keep_command(repo, comparison.reference, path)
    own = f", or keep the file as your own: {keep}" if keep else ""
    if path == PINNED and not lack.is_grave:
        return f"write {lack.parts[0]}, since the template chooses minor versions only{own}"
    if known:
        return f"record what answers can say: {known.command(repo, comparison)}; for the rest, change the template{own}"
    return f"change the template{own}"
