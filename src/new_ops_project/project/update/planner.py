"""A project and another version of its template become a Plan."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from new_ops_project import git
from new_ops_project.git import merge
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import ignore, requirements, toml
from new_ops_project.project.generated import Project
from new_ops_project.project.update import by_copier, outdated
from new_ops_project.project.update.outdated import VersionGap
from new_ops_project.template import changelog, native, questions, render
from new_ops_project.template.answer_migration import MigratedAnswers, as_they_are, carry
from new_ops_project.template.answers import Asker, table
from new_ops_project.template.questions import Answers, EvaluationError, Questionnaire
from new_ops_project.template.releases import Checkout, Releases


@dataclass(frozen=True)
class UpdateTarget:
    """Where a project shall be taken: a version, other answers, another place of the template."""

    to: str | None = None
    assignments: tuple[str, ...] = ()
    template: str | None = None
    trust: bool = False
    offline: bool = False


@dataclass(frozen=True)
class Refresh:
    """What there is to do for one project, before anything is rendered."""

    project: Project
    target: UpdateTarget
    releases: Releases
    before: Checkout
    after: Checkout

    @property
    def is_behind(self) -> bool:
        """Whether the template has moved on (or is another one) since the project was last refreshed."""
        return self.before.commit != self.after.commit or self.after.source.location != self.project.source

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questions of the version to take it to."""
        return _questions(self.after)

    @cached_property
    def former(self) -> Questionnaire:
        """The questions of the version that it has."""
        return _questions(self.before)

    def carried(self, *, ask: Asker | None) -> MigratedAnswers:
        """The project's answers for that version; raises ToolError for a new question that nobody answers."""
        if self.questionnaire.config.get("jinja_extensions"):  # only copier can read it, with that code
            return as_they_are(self.questionnaire, self.project.answers, self.target.assignments)
        return carry(self.questionnaire, self.project.answers, self.target.assignments, ask=ask)

    def news(self) -> str:
        """The template's changelog between the two versions; what its commits say, where it has none."""
        if told := changelog.between(self.after.root, self.before.version, self.after.version):
            return told
        said = self.releases.subjects(self.before, self.after)
        return "\n".join(f"- {line}" for line in said if line not in self.releases.tags)


def look(project: Project, target: UpdateTarget) -> Refresh:
    """Find both versions; raises ToolError when the template cannot be reached or lacks one of them."""
    gap = outdated.look(project, to=target.to, place=target.template, offline=target.offline)
    return _unpacked(gap, target)


def look_in(releases: Releases, project: Project, target: UpdateTarget) -> Refresh:
    """The same in a template whose versions are known; raises ToolError when it has none, or lacks one of them."""
    return _unpacked(outdated.look_in(releases, project, to=target.to), target)


def _unpacked(gap: VersionGap, target: UpdateTarget) -> Refresh:
    """Both versions as files."""
    before = gap.origin.unpacked(gap.before)
    is_same = gap.after == gap.before  # current, or ahead of the newest release
    after = replace(before, source=gap.releases.source) if is_same else gap.releases.unpacked(gap.after)
    return Refresh(_placed(gap.project, _questions(before)), target, gap.releases, before, after)


def _questions(checkout: Checkout) -> Questionnaire:
    """The questions of a version; those of a commit never change, and are read once."""
    return _read(checkout) if checkout.commit else questions.read(checkout.root)


_read = cache(native.questionnaire)


def _placed(project: Project, questionnaire: Questionnaire) -> Project:
    """The project with its folder where the template says that it is, if the answers file was given and is below it."""
    told = str(questionnaire.config.get("answers_file", ""))
    whole = f"{project.prefix}{project.answers_file}"
    if "/" not in told or not f"/{whole}".endswith(f"/{told}"):
        return project
    return replace(project, prefix=whole.removesuffix(told), answers_file=told)


@contextmanager
def planned(refresh: Refresh, carried: MigratedAnswers) -> Iterator[Plan]:
    """Render both versions and merge them with the project.

    Raises ToolError for a template that needs trust or cannot be rendered.
    """
    if runs_commands(refresh) and refresh.releases.repository:
        wanted = {change.name: change.after for change in carried.changes}
        step = by_copier.VersionStep(refresh.releases.repository, refresh.before, refresh.after, wanted)
        with by_copier.planned(refresh.project, step) as found:
            yield found
        return
    base, theirs = both(refresh, carried)
    with merged(refresh, carried, base, theirs) as found:
        yield found


def runs_commands(refresh: Refresh) -> bool:
    """Whether the template runs code of its own on the way; raises ToolError when that needs trust that it lacks."""
    found = (refresh.former, refresh.questionnaire)
    for questionnaire in found:
        questions.require_trust(questionnaire, refresh.after.source.name, trusted=refresh.target.trust)
    return any(questionnaire.runs_commands for questionnaire in found)


def both(refresh: Refresh, carried: MigratedAnswers) -> tuple[Tree, Tree]:
    """The project as both versions of the template have it, each with its answers."""
    base = rendered(refresh, refresh.before, refresh.project.answers)
    return base, rendered(refresh, refresh.after, carried.given)


@contextmanager
def merged(refresh: Refresh, carried: MigratedAnswers, base: Tree, theirs: Tree) -> Iterator[Plan]:
    """Merge the two renders with the project."""
    project = refresh.project
    going = moves(refresh.questionnaire, carried.answers.values, project.answers.get("tier"))
    sides = Sides(
        base,
        theirs,
        commit=project.commit,
        prefix=project.prefix,
        over=frozenset({project.answers_file}),
        once=_once(refresh, carried.answers, {*base, *theirs}) - going.keys(),
        moves=going,
        if_edited=frozenset(going),
    )

    def mend(draft: Draft) -> Draft:
        return requirements.renewed(ignore.by_line(toml.by_key(draft)), base, theirs, carried.answers)

    with three_way.planned(project.repository, sides, mend) as found:
        yield found


def rendered(refresh: Refresh, checkout: Checkout, answers: Mapping[str, Any]) -> Tree:
    """The project as the template has it at a version, with these answers."""
    project = refresh.project
    return render.tree(
        checkout,
        answers,
        project.folder,
        answers_file=project.answers_file,
        trusted=refresh.target.trust,
        beside=_external(refresh),
    )


def _external(refresh: Refresh) -> dict[str, bytes]:
    """The project's files that the template reads answers from (`_external_data`), those of another template mostly."""
    named = {**refresh.former.config.get("external_data", {}), **refresh.questionnaire.config.get("external_data", {})}
    answers = Answers(refresh.former, dict(refresh.project.answers))
    places = [_rendered(answers, str(path)) for path in named.values()]
    paths = {path: refresh.project.folder / path for path in places if path}
    return {path: at.read_bytes() for path, at in paths.items() if at.is_file() and ".." not in at.parts}


def _rendered(answers: Answers, text: str, **more: str) -> str:
    """`text` with the answers in it; '' where it takes what only copier knows."""
    try:
        return str(answers.render(text, **more))
    except EvaluationError:
        return ""


def _once(refresh: Refresh, answers: Answers, paths: set[str]) -> frozenset[str]:
    """The paths that the template writes once and never again: `_skip_if_exists`, and what it excludes from updates."""
    config = refresh.questionnaire.config
    patterns = [_rendered(answers, str(text)) for text in config.get("skip_if_exists", [])]
    if "_copier_operation" in str(config.get("exclude", "")):
        operations = ("copy", "update")
        copied, updated = (
            {_rendered(answers, str(text), _copier_operation=one) for text in config["exclude"]} for one in operations
        )
        patterns += sorted(updated - copied)
    lines = "\n".join(patterns).split("\n")
    if not any(lines):
        return frozenset()
    from pathspec import GitIgnoreSpec

    kept = GitIgnoreSpec.from_lines(lines)
    return frozenset(path for path in paths if kept.match_file(path))


def moves(questionnaire: Questionnaire, answers: Mapping[str, Any], old: Any) -> dict[str, str]:
    """Where files of the tier `old` go in the one of `answers`, as the template's table of files says (`moves_to`)."""
    new = answers.get("tier")
    if old == new or not questionnaire.is_ours:
        return {}
    moving = [one for one in table(answers) if old in one["tiers"] and new not in one["tiers"] and "moves_to" in one]
    return {one["path"]: one["moves_to"] for one in moving}


def managed(refresh: Refresh, carried: MigratedAnswers) -> dict[str, Entry]:
    """What the template has of the project at its version, with its answers, and goes on writing; not its record."""
    project = refresh.project
    found = rendered(refresh, refresh.before, project.answers)
    once = _once(refresh, carried.answers, set(found))
    return {path: entry for path, entry in found.items() if path not in once and path != project.answers_file}


def drift(refresh: Refresh, carried: MigratedAnswers) -> list[tuple[str, str]]:
    """Each file that the template manages and the project has edited or deleted, with which of both it is."""
    project = refresh.project
    entries = managed(refresh, carried)
    with merge.scratch(project.repository.objects, project.repository.object_format) as scratch:
        names = {f"{project.commit}:{project.prefix}{path}": path for path in sorted(entries)}
        found = scratch.contents(names)
    ignored = git.ignored(project.folder, [path for name, path in names.items() if name not in found])
    states = ((path, drifted(entries[path].content, found.get(name))) for name, path in names.items())
    return [(path, how) for path, how in states if how and path not in ignored]


def drifted(managed: bytes, mine: bytes | None) -> str:
    """What became of a managed file: deleted, edited, or '' where it is the same but for its line ends."""
    if mine is None:
        return "deleted"
    return "" if mine.replace(b"\r\n", b"\n") == managed.replace(b"\r\n", b"\n") else "edited"
