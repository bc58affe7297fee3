"""The Plan that promotes a project to a higher tier."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import capitalize
from new_ops_project.formats.requirements import lower_bounds
from new_ops_project.formats.requirements.merge import merge_requirements
from new_ops_project.formats.requirements.reader import is_requirements_path
from new_ops_project.git import committed
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import adjacent, toml
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.promotion import references, scaffold
from new_ops_project.project.promotion.dockerfile import Renaming
from new_ops_project.project.promotion.moves import ProgramMove, move_notes, program_move
from new_ops_project.project.promotion.program import imports
from new_ops_project.project.update import planner, preparation
from new_ops_project.project.update.preparation import Update, UpdateTarget
from new_ops_project.template import answers_file, render, roles
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import file_table

TIERS = ("script", "library", "cli")


@dataclass(frozen=True)
class Promotion:
    """The promotion of one project before anything is rendered; `move` is None where no program moves."""

    update: Update
    migrated: MigratedAnswers
    files: Committed
    move: ProgramMove | None

    @property
    def tier(self) -> str:
        """The new tier."""
        return str(self.migrated.answers.values["tier"])

    @property
    def renaming(self) -> Renaming | None:
        """What refers to the program by which name from now on; None where no program moves."""
        move, values = self.move, self.migrated.answers.values
        command = str(values.get("command", "")) if self.tier == "cli" else ""
        return Renaming(move.script, move.package, command, move.moves, move.modules) if move else None


def next_tier(project: Project, wanted: str | None) -> str:
    """The tier `wanted`, or the one above the project's; raises ToolError where there is no such tier above it."""
    tier = project.answers.get("tier")
    if tier not in TIERS:
        message = f"{project.answers_file} records no tier that can be promoted (tier: {tier!r})."
        raise ToolError(message, "Only projects of a template with the tiers script, library and cli are promoted.")
    above = TIERS[TIERS.index(tier) + 1 :]
    if wanted in above or (wanted is None and above):
        return wanted or above[0]
    if wanted in {None, tier}:
        message = f"{project.folder} is a {tier} already" + ("" if above else ", and no tier is above it") + "."
        raise ToolError(message, f"Choose {' or '.join(above)}." if above else "There is nothing to promote it to.")
    message = f"{project.folder} is a {tier}, and a {tier} cannot become a {wanted}: others may import or call it."
    raise ToolError(message, "To undo a promotion: --abort before its commit, git revert after it.")


def tiered(path: Path) -> str | None:
    """The answers file to promote by, where the project at `path` has several: the only one that records a tier."""
    names = generated.templates_of(path)
    tiered = [name for name in names if answers_file.recorded(paths.expanded(path) / name, "tier") in TIERS]
    return tiered[0] if len(tiered) == 1 else None


def prepare(project: Project, tier: str, *, command: str | None, offline: bool) -> Promotion:
    """Find the project's version of its template, its program, and the answers of the new tier.

    Raises ToolError where the template does not say how projects are promoted.
    """
    files = committed.read(project.repository, project.commit, project.prefix)
    # Twice, since what the program does decides some answers, and where it moves to is known from the answers.
    first = preparation.prepare(project, UpdateTarget(project.version, offline=offline))
    migrated = first.migrate_answers(ask=None)
    _require_tiers(first, migrated)
    values = migrated.answers.values
    moves = planner.tier_moves(first.questionnaire, {**values, "tier": tier}, project.answers.get("tier"))
    managed = {file["path"] for file in file_table(values)}
    move = program_move(files, moves, str(values["import_name"]), managed) if moves else None
    has_own_code = move is not None or not scaffold.example_is_intact(files, migrated.answers)
    wanted = [f"tier={tier}", *([f"command={command}"] if command else [])]
    if kept := _own_files(files, file_table(values), project, tier):
        wanted.append(f"keep={json.dumps(kept)}")
    if has_own_code or project.answers.get("code") == "own":
        dry_run = move.program.knows_dry_run if move else project.answers.get("dry_run", False)
        wanted += ["code=own", f"dry_run={'yes' if dry_run else 'no'}"]
    second = replace(first, target=replace(first.target, assignments=tuple(wanted)))
    promotion = Promotion(second, second.migrate_answers(ask=None), files, move)
    _require_command(promotion)
    return promotion


def _require_command(promotion: Promotion) -> None:
    """Raise ToolError where the command gets the project's name, and no command can have that."""
    answers = promotion.migrated.answers
    question = answers.questionnaire.named("command")
    if promotion.tier == "cli" and (reason := answers.refusal(question, answers.values["command"])):
        raise ToolError(f"{capitalize(reason.rstrip('.'))}.", "Give --command NAME.")


def _own_files(files: Committed, rows: list[dict[str, Any]], project: Project, tier: str) -> list[str]:
    """The answer `keep`: files that the new tier brings but you maintain yourself, so updates leave them alone too."""
    old, kept = project.answers.get("tier"), list(project.answers.get("keep") or [])
    new = [row["path"] for row in rows if tier in row["tiers"] and old not in row["tiers"]]
    own = [path for path in new if path in files.modes and not path.endswith((".py", "py.typed")) and path not in kept]
    return [*kept, *own] if own else []


def _require_tiers(update: Update, migrated: MigratedAnswers) -> None:
    names = {question.name for question in update.questionnaire.asked}
    files = migrated.answers.values.get("files")
    rows = files if isinstance(files, list) else [files]
    is_table = all(isinstance(row, dict) and {"path", "tiers"} <= row.keys() for row in rows)
    has_roles = is_table and all(roles.text(migrated.answers, role) for role in scaffold.ROLES)
    if {"tier", "code", "command", "dry_run"} <= names and has_roles and "import_name" in migrated.answers.values:
        return
    message = f"{update.after.source.name} {update.after.version} does not say how to promote a project (copier.yml)."
    hint = "Bring the project to a newer version first: new-ops-project update."
    raise ToolError(message, hint if is_table else "The template must list the files of its tiers in `files`.")


@contextmanager
def planned(promotion: Promotion) -> Iterator[Plan]:
    """Render both tiers, move the program's files, and merge; raises ToolError for what cannot be rendered."""
    update, files = promotion.update, promotion.files
    base = dict(planner.render_version(update, update.recorded, update.project.answers))
    theirs = dict(planner.render_version(update, update.after, promotion.migrated.given))
    if promotion.move is None:  # the package is the project's own, so its exports do not concern the template
        own = {path for path in files.modes if path.endswith("/__init__.py") or path == "CHANGELOG.md"}
        base, theirs = ({path: entry for path, entry in side.items() if path not in own} for side in (base, theirs))
    new = scaffold.build(promotion.move, promotion.migrated.answers, files, {**base, **theirs})
    moves = promotion.move.moves if promotion.move else {}
    rewritten, notes = _rewritten_files(promotion, base)
    # References are rewritten in the base as well as in the project: otherwise a line that the user never touched
    # would look changed on both sides, and be a conflict.
    sides = Sides(
        _without_code(base, theirs, moves) | _rewritten_base(promotion, base),
        {**theirs, **new.files},
        commit=update.project.commit,
        prefix=update.project.prefix,
        template_only=frozenset({update.project.answers_file}),
        moves=moves,
        rewritten=rewritten,
    )

    edited = rewritten.get("pyproject.toml")

    def resolve(draft: Draft) -> Draft:
        merged = toml.by_key(draft, edited.content if edited else files.texts.get("pyproject.toml"))
        resolved = adjacent.line_by_line(_locked(merged, base, theirs, files))
        return resolved.settle({}, *new.notes, *notes)

    with three_way.plan_from_sides(update.project.repository, sides, resolve) as plan:
        _require_tracked(plan, update.project, {*theirs, *new.files} - base.keys())
        yield plan


def _require_tracked(plan: Plan, project: Project, new: set[str]) -> None:
    """Raise ToolError if one of the `new` files would be in no commit, and so missing in every clone."""
    if hidden := [path for path in plan.ignored if path in new]:
        rule = git.hiding_rule(project.folder, hidden[0]) or "an ignore rule, or a submodule,"
        message = f"{hidden[0]} would be in no commit, because {rule} hides it."
        hint = "Remove that rule, or narrow it (`/dist/` hides less than `dist/`); then run this again."
        raise ToolError(message, hint)


def _without_code(base: Tree, theirs: Tree, moves: Mapping[str, str]) -> dict[str, Entry]:
    """The old tier's render without the code that the new tier lacks: the project owns that code from now on.

    With it in the base, the merge would take its absence in the new tier for a deletion, and delete the user's program.
    """
    code = {path for path in base if path.endswith((".py", "py.typed")) and path not in theirs}
    return {path: entry for path, entry in base.items() if path not in {*code, *moves}}


# ---- references to the program --------------------------------------------------------------------------------


def _rewritten_base(promotion: Promotion, base: Tree) -> dict[str, Entry]:
    """The template's files of the old tier, with references rewritten as in the project's files."""
    if (renaming := promotion.renaming) is None:
        return {}
    others = {*renaming.moves, promotion.update.project.answers_file}
    return {
        path: replace(
            entry, content=references.rewrite(path, entry.content.decode(), renaming, is_managed=True).encode()
        )
        for path, entry in base.items()
        if path not in others and references.may_name(path)
    }


def _rewritten_files(promotion: Promotion, base: Tree) -> tuple[dict[str, Entry], tuple[str, ...]]:
    """The project's files that change before the merge, by their new paths, with notes for people."""
    files, rewritten, notes = promotion.files, dict[str, Entry](), list[str]()
    renaming, move = promotion.renaming, promotion.move
    for path, content in files.texts.items():
        new_path = move.moves.get(path, path) if move else path
        text, clauses = _rewritten_file(path, content, promotion, is_managed=path in base)
        notes += [f"{new_path}{clause}" for clause in clauses]
        if text != content:
            rewritten[new_path] = files.entry(path, text)
    if move and renaming:
        own = {path: entry for path, entry in rewritten.items() if path not in base}
        notes += [*move_notes(move), *_outside_references(promotion, move), *_install_notes(own, files, renaming)]
    return rewritten, tuple(notes)


def _outside_references(promotion: Promotion, move: ProgramMove) -> Iterator[str]:
    """Where files elsewhere in the repository name the script of a project in a subfolder."""
    project = promotion.update.project
    named = f"{project.prefix}{move.script}".encode()
    everything = committed.read(project.repository, project.commit, "").texts if project.prefix else {}
    for path, content in everything.items():
        if not path.startswith(project.prefix) and named in content and references.may_name(path, content):
            line = content[: content.index(named)].count(b"\n") + 1
            yield f"/{path}:{line}: it names {named.decode()}, which is now {project.prefix}{move.target}."


def _install_notes(own: Tree, files: Committed, renaming: Renaming) -> Iterator[str]:
    """A note for the user's files that ran the script by its path: now the project has to be installed for them."""
    command = renaming.command or f"python -m {renaming.module}"
    paths = [
        path
        for path, entry in own.items()
        if not re.search(r"Dockerfile|Containerfile|\.md$|\.rst$", path)
        and entry.content.count(command.encode()) > files.texts.get(path, b"").count(command.encode())
    ]
    if paths:
        listed = f"{', '.join(paths)} run{'s' * (len(paths) == 1)} `{command}` now"
        yield f"{listed}, which requires the project to be installed (pip install --no-deps --editable .)."


def _rewritten_file(path: str, content: bytes, promotion: Promotion, *, is_managed: bool) -> tuple[bytes, list[str]]:
    """One file of the project with its references rewritten, and clauses that begin with `:LINE: ` or `: `."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content, []
    clauses: list[str] = []
    if path == "pyproject.toml" and promotion.update.project.answers.get("tier") == "script":
        text, changes = lower_bounds.replace_pins(text)
        clauses += [
            f":{it.line}: {it.before} is now {it.after}; the exact version belongs in requirements.txt."
            for it in changes
        ]
    renaming, move = promotion.renaming, promotion.move
    if renaming is None or move is None or path == promotion.update.project.answers_file:
        return text.encode(), clauses
    if PurePosixPath(path).suffix in {".py", ".pyi"}:
        text, doubts = imports.rename_modules(text, move.modules)
        clauses += [f":{doubt.line}: {doubt.text}" for doubt in doubts]
    elif references.may_name(path, content):
        text = references.rewrite(path, text, renaming, is_managed=is_managed)
    if not is_managed:  # what the template's own files say comes with the merge
        lines = references.stale_lines(path, text, renaming)
        clauses += [f":{line}: it names {move.script}, which is now {move.target}." for line in lines]
    return text.encode(), clauses


# ---- requirements ---------------------------------------------------------------------------------------------


def _locked(draft: Draft, base: Tree, theirs: Tree, files: Committed) -> Draft:
    """`draft` with the requirements files merged by package: the user's pins stay, the new tier's tools are added."""
    paths = [path for path in theirs if is_requirements_path(path) and path in files.texts]
    merged = {
        path: merge_requirements(base[path].content if path in base else b"", files.texts[path], theirs[path].content)
        for path in paths
    }
    return draft.settle(merged)


def facts(promotion: Promotion) -> dict[str, Any]:
    """What `--json` has before the plan is known."""
    update = promotion.update
    return {
        "path": str(update.project.folder),
        "template": {"source": update.after.source.location},
        "from": update.project.answers["tier"],
        "to": promotion.tier,
        "version": update.after.version,
        "renderer": render.renderer_for(update.before, update.after),
    }
