"""A project and the next tier become a Plan: its program moves, and what names it follows."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.requirements import lower_bounds, pep508
from new_ops_project.formats.requirements.merge import blocks, is_lock, requirements
from new_ops_project.git import committed
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import adjacent, toml
from new_ops_project.project.generated import Project
from new_ops_project.project.promotion import moves as growth
from new_ops_project.project.promotion import references, scaffold
from new_ops_project.project.promotion.dockerfile import Renaming
from new_ops_project.project.promotion.moves import ProgramMove
from new_ops_project.project.promotion.program import imports
from new_ops_project.project.update import planner
from new_ops_project.project.update.planner import Refresh, UpdateTarget
from new_ops_project.template import render
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import table

TIERS = ("script", "library", "cli")


@dataclass(frozen=True)
class Promotion:
    """What there is to do for one project, before anything is rendered."""

    look: Refresh
    carried: MigratedAnswers
    files: Committed
    grown: ProgramMove | None

    @property
    def project(self) -> Project:
        """The project that grows."""
        return self.look.project

    @property
    def tier(self) -> str:
        """The tier that it grows into."""
        return str(self.carried.answers.values["tier"])


def next_tier(project: Project, wanted: str | None) -> str:
    """The tier that was asked for, or the one after the project's; raises ToolError where it has none above it."""
    tier = project.answers.get("tier")
    if tier not in TIERS:
        message = f"{project.answers_file} records no tier that can grow (tier: {tier!r})."
        raise ToolError(message, "Only projects of a template with the tiers script, library and cli are promoted.")
    above = TIERS[TIERS.index(tier) + 1 :]
    if wanted in above or (wanted is None and above):
        return wanted or above[0]
    if wanted in {None, tier}:
        message = f"{project.folder} is a {tier} already" + ("" if above else ", and no tier is above it") + "."
        raise ToolError(message, f"Choose {' or '.join(above)}." if above else "There is nothing to promote it to.")
    message = f"{project.folder} is a {tier}, and a {tier} does not become a {wanted}: others may import or call it."
    raise ToolError(message, "To undo a promotion: --abort before its commit, git revert after it.")


def look(project: Project, tier: str, *, command: str | None, offline: bool) -> Promotion:
    """Find the project's version of its template, its program, and the answers of the next tier.

    Raises ToolError where the template does not say how a project grows.
    """
    files = committed.read(project.repository, project.commit, project.prefix)
    first = planner.look(project, UpdateTarget(project.version, offline=offline))
    carried = first.carried(ask=None)
    _require_growth(first, carried)
    moves = planner.moves(first.questionnaire, {**carried.answers.values, "tier": tier}, project.answers.get("tier"))
    values = carried.answers.values
    managed = {file["path"] for file in table(values)}
    grown = growth.program(files, moves, str(values["import_name"]), managed) if moves else None
    own = grown is not None or not scaffold.example_holds(files, carried.answers)
    wanted = [f"tier={tier}", *([f"command={command}"] if command else [])]
    if kept := _own(files, table(values), project, tier):
        wanted.append(f"keep={json.dumps(kept)}")
    if own or project.answers.get("code") == "own":
        dry_run = grown.program.knows_dry_run if grown else project.answers.get("dry_run", False)
        wanted += ["code=own", f"dry_run={'yes' if dry_run else 'no'}"]
    target = replace(first.target, assignments=tuple(wanted))
    second = replace(first, target=target)
    return Promotion(second, second.carried(ask=None), files, grown)


def _own(files: Committed, rows: list[dict[str, Any]], project: Project, tier: str) -> list[str]:
    """The files that the new tier brings and the project has its own of: they stay, now and in updates."""
    old, kept = project.answers.get("tier"), list(project.answers.get("keep") or [])
    new = [row["path"] for row in rows if tier in row["tiers"] and old not in row["tiers"]]
    own = [path for path in new if path in files.modes and not path.endswith((".py", "py.typed")) and path not in kept]
    return [*kept, *own] if own else []


def _require_growth(look: Refresh, carried: MigratedAnswers) -> None:
    names = {question.name for question in look.questionnaire.asked}
    files = carried.answers.values.get("files")
    rows = files if isinstance(files, list) else [files]
    is_table = all(isinstance(one, dict) and {"path", "tiers"} <= one.keys() for one in rows)
    if {"tier", "code", "command", "dry_run"} <= names and is_table:
        return
    message = f"{look.after.source.name} {look.after.version} does not say how a project grows (copier.yml)."
    hint = "Bring the project to a newer version first: new-ops-project update."
    raise ToolError(message, hint if is_table else "Only a template with a table `files` of its tiers does.")


@contextmanager
def planned(promotion: Promotion) -> Iterator[Plan]:
    """Render both tiers, move what moves, and merge; raises ToolError for what cannot be rendered."""
    look, files = promotion.look, promotion.files
    base = dict(planner.rendered(look, look.before, look.project.answers))
    theirs = dict(planner.rendered(look, look.after, promotion.carried.given))
    if promotion.grown is None:  # the package is the project's own: what it exports is no business of the template
        own = {path for path in files.modes if path.endswith("/__init__.py") or path == "CHANGELOG.md"}
        base, theirs = ({path: one for path, one in side.items() if path not in own} for side in (base, theirs))
    made = scaffold.written(promotion.grown, promotion.carried.answers, files, {**base, **theirs})
    moves = promotion.grown.moves if promotion.grown else {}
    mine, notes = _followed(promotion, base)
    sides = Sides(
        _without_code(base, theirs, moves) | _base_followed(promotion, base),
        {**theirs, **made.files},
        commit=look.project.commit,
        prefix=look.project.prefix,
        over=frozenset({look.project.answers_file}),
        moves=moves,
        mine=mine,
    )

    edited = mine.get("pyproject.toml")
    written_by_user = edited.content if edited else files.texts.get("pyproject.toml")

    def mend(draft: Draft) -> Draft:
        locked = adjacent.softened(_locked(toml.by_key(draft, written_by_user), base, theirs, files))
        return replace(locked, notes=(*locked.notes, *made.notes, *notes))

    with three_way.planned(look.project.repository, sides, mend) as found:
        yield found


def _without_code(base: Tree, theirs: Tree, moves: Mapping[str, str]) -> dict[str, Entry]:
    """The old tier without its code where the new one has none of it: that code is the project's own now."""
    code = {path for path in base if path.endswith((".py", "py.typed")) and path not in theirs}
    return {path: entry for path, entry in base.items() if path not in {*code, *moves}}


# ---- what names the program follows it ------------------------------------------------------------------------


def _renaming(promotion: Promotion) -> Renaming | None:
    grown = promotion.grown
    if grown is None:
        return None
    command = str(promotion.carried.answers.values.get("command", "")) if promotion.tier == "cli" else ""
    return Renaming(grown.script, grown.package, command, grown.moves, grown.modules)


def _base_followed(promotion: Promotion, base: Tree) -> dict[str, Entry]:
    """The template's own files of the old tier, with references followed as in the project's."""
    renaming = _renaming(promotion)
    moves = promotion.grown.moves if promotion.grown else {}
    texts = {path: entry for path, entry in base.items() if path not in moves and references.may_name(path)}
    if renaming is None:
        return {}
    followed = {
        path: references.followed(path, entry.content.decode(), renaming, is_managed=True)
        for path, entry in texts.items()
        if path != promotion.project.answers_file
    }
    return {path: replace(texts[path], content=text.encode()) for path, text in followed.items()}


def _followed(promotion: Promotion, base: Tree) -> tuple[dict[str, Entry], tuple[str, ...]]:
    """The project's files that change before the merge, at the place where they are then; and what is to be said."""
    files, found, notes = promotion.files, dict[str, Entry](), list[str]()
    renaming, grown = _renaming(promotion), promotion.grown
    for path, content in files.texts.items():
        where = grown.moves.get(path, path) if grown else path
        text, said = _one(path, content, promotion, renaming, is_managed=path in base)
        notes += [f"{where}{one}" for one in said]
        if text != content:
            found[where] = files.entry(path, text)
    notes += growth.remarks(grown) if grown else []
    notes += _outside(promotion)
    return found, (*notes, *_running(found, promotion, base))


def _outside(promotion: Promotion) -> Iterator[str]:
    """What names the script from elsewhere in the repository, for a project in a folder of it."""
    project, renaming, grown = promotion.project, _renaming(promotion), promotion.grown
    if not project.prefix or renaming is None or grown is None:
        return
    named = f"{project.prefix}{renaming.script}".encode()
    for path, content in committed.read(project.repository, project.commit, "").texts.items():
        if not path.startswith(project.prefix) and named in content and references.may_name(path, content):
            line = content[: content.index(named)].count(b"\n") + 1
            yield f"/{path}:{line}: it names {named.decode()}, which is {project.prefix}{grown.target} now."


def _running(found: Tree, promotion: Promotion, base: Tree) -> Iterator[str]:
    """A note for files of the user's own that ran the script as it was: it has to be installed for them now."""
    renaming = _renaming(promotion)
    if renaming is None:
        return
    only = replace(renaming, moves={}, modules={})
    ran = [path for path in promotion.files.texts if path not in base and references.may_name(path)]
    texts = {path: promotion.files.texts[path].decode(errors="replace") for path in ran}
    paths = [
        path
        for path, text in texts.items()
        if path in found
        and not path.endswith((".md", ".rst", "Dockerfile"))
        and references.followed(path, text, only) != text
    ]
    if paths:
        what = renaming.command or f"python -m {renaming.module}"
        listed = f"{', '.join(paths)} run{'s' * (len(paths) == 1)} `{what}` now"
        yield f"{listed}, for which the project has to be installed (pip install --no-deps --editable .)."


def _one(
    path: str, content: bytes, promotion: Promotion, renaming: Renaming | None, *, is_managed: bool
) -> tuple[bytes, list[str]]:
    """One file of the project with its references followed, and clauses that begin with `:LINE: ` or `: `."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content, []
    said: list[str] = []
    if path == "pyproject.toml" and promotion.project.answers.get("tier") == "script":
        text, changes = lower_bounds.loosened(text)
        said += [f":{one.line}: {one.before} is {one.after} now; {_pinned(one.before, promotion)}" for one in changes]
    if renaming is None or promotion.grown is None or path == promotion.project.answers_file:
        return text.encode(), said
    if PurePosixPath(path).suffix in {".py", ".pyi"}:
        text, doubts = imports.reimported(text, promotion.grown.modules)
        said += [f":{doubt.line}: {doubt.text}" for doubt in doubts if path not in promotion.grown.problems]
    elif references.may_name(path, content):
        text = _called(text, promotion.grown) if path == "pyproject.toml" else text
        text = references.followed(path, text, renaming, is_managed=is_managed)
    old, new = renaming.script, promotion.grown.target
    if not is_managed:  # the merge brings what the template's own files say
        said += [f":{line}: it names {old}, which is {new} now." for line in references.left(path, text, renaming)]
    return text.encode(), said


def _called(text: str, grown: ProgramMove) -> str:
    """A pyproject.toml whose own entry points (`"rotate_keys:main"`) name the module where it is now."""
    for old, new in grown.modules.items():
        text = re.sub(rf"(=[ \t]*[\"']){re.escape(old)}:(?=\w)", rf"\g<1>{new}:", text)
    return text


def _pinned(requirement: str, promotion: Promotion) -> str:
    """Where the exact version of a requirement is from now on."""
    held = {block.name.decode() for block in blocks(promotion.files.texts.get("requirements.txt", b""))}
    return (
        "requirements.txt has the exact version." if pep508.name(requirement) in held else "pin it in requirements.txt."
    )


# ---- requirements ---------------------------------------------------------------------------------------------


def _locked(draft: Draft, base: Tree, theirs: Tree, files: Committed) -> Draft:
    """With the requirements files merged by package: the user's pins stay, the new tier's tools come."""
    paths = [path for path in theirs if is_lock(path) and path in files.texts]
    merged = {
        path: requirements(base[path].content if path in base else b"", files.texts[path], theirs[path].content)
        for path in paths
    }
    over = {path: Entry(draft.mode(path), content) for path, content in merged.items()}
    conflicts = {path: why for path, why in draft.conflicts.items() if path not in merged}
    return replace(draft, over={**draft.over, **over}, conflicts=conflicts)


def facts(promotion: Promotion) -> dict[str, Any]:
    """What --json says of it before the plan is known."""
    look = promotion.look
    return {
        "path": str(look.project.folder),
        "template": {"source": look.after.source.location},
        "from": look.project.answers["tier"],
        "to": promotion.tier,
        "version": look.after.version,
        "renderer": render.way(look.before, look.after),
    }
