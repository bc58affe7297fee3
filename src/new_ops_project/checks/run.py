"""One run of `check`, over one project or several."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding, Severity
from new_ops_project.checks import catalogue, engine, members
from new_ops_project.checks.engine import Checked, FixableFinding, Skipped
from new_ops_project.checks.ignoring.entries import Ignore
from new_ops_project.checks.places import HINT, Place, Scope, places, with_folders
from new_ops_project.checks.repo import Repo, read
from new_ops_project.checks.rule import Rule
from new_ops_project.checks.template import states
from new_ops_project.checks.template.states import FileState
from new_ops_project.git import journal, worktree

if TYPE_CHECKING:
    from new_ops_project.checks.fix import FixOutcome
    from new_ops_project.plan.model import Plan

_NO_REPOSITORY = "Give the PATH of a repository; `git init` makes one."

Show = Callable[["Plan"], None]


@dataclass(frozen=True)
class CheckRequest:
    """What was asked for: `paths` are folders and files, none for the project here; names as on the command line.

    `texts` asks for the difference of each file in what a preview returns.
    """

    paths: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fix: bool = False
    preview: bool = False
    offline: bool = False
    texts: bool = False

    @property
    def writes(self) -> bool:
        """Whether files are changed."""
        return self.fix and not self.preview


@dataclass(frozen=True)
class CheckReport:
    """The results of one run; paths of findings begin with their project's folder as it was given.

    `fixed` are the findings that were fixed, `drift` has the state of each managed file by project, `plans`
    what --fix did in each project, as JSON. `by_project` has the counts of each project, None for one that could not be
    checked.
    """

    rules: tuple[Rule, ...]
    projects: tuple[str, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    fixed: tuple[Finding, ...] = ()
    drift: Mapping[str, tuple[FileState, ...]] = field(default_factory=dict)
    plans: tuple[Mapping[str, Any], ...] = ()
    by_project: Mapping[str, Mapping[Severity, int] | None] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, worst first."""
        return _counts(self.findings)

    @property
    def is_complete(self) -> bool:
        """Whether every linter that should be asked was asked about everything."""
        return not any(skip.fails for skip in self.skipped)

    def rule(self, code: str) -> Rule:
        """The rule of a finding."""
        return next(rule for rule in self.rules if rule.code == code)


@dataclass(frozen=True)
class _Part:
    """What one project adds to the run; `members` are the projects in its folders, which come after it.

    `is_done`: whether it could be checked. `is_empty`: whether nothing that was asked for is in it.
    """

    place: Place
    checked: Checked
    drift: tuple[FileState, ...] = ()
    fixed: "FixOutcome | None" = None
    members: tuple[Place, ...] = ()
    is_done: bool = True
    is_empty: bool = False


def check(request: CheckRequest, *, show: Show = lambda _: None) -> CheckReport:
    """Check each project, after fixing it if that is asked for; `show` gets the plan of each preview.

    Raises ToolError for a path that does not exist, for a rule that does not exist, and for a project that cannot be
    checked; one of several is listed as skipped.
    """
    git.require_on_path()
    rules = catalogue.selected(request.select, request.ignore)
    left = places(request.paths)
    part_of = _part if len(left) == 1 else _part_or_reason
    parts: list[_Part] = []
    while left:
        parts.append(part_of(left.pop(0), rules, request, show))
        left, part_of = [*parts[-1].members, *left], _part_or_reason
    return _joined(rules, [part for part in parts if not part.is_empty])


def _part_or_reason(place: Place, rules: Sequence[Rule], request: CheckRequest, show: Show) -> _Part:
    """What the project adds: the reason, if it cannot be checked."""
    try:
        return _part(place, rules, request, show)
    except ToolError as error:
        reason = Skipped((), f"{place.given}: {error.message}", error.hint, fails=True)
        return _Part(place, Checked((), (), (reason,)), is_done=False)


def _part(place: Place, rules: Sequence[Rule], request: CheckRequest, show: Show) -> _Part:
    repository, prefix = worktree.find_repository(place.folder, _NO_REPOSITORY)
    if request.fix:
        from new_ops_project.checks import fix  # noqa: PLC0415 - what merges and writes takes long to import
    with journal.locked(repository.git_dir) if request.writes else nullcontext():
        if request.writes:
            fix.settle(repository, prefix)
        repo, outcome = read(place.folder, offline=request.offline), None
        _require_known(place, repo)
        others = members.folders(repo)
        whole, place = place, place.without(others)
        repo = replace(repo.without(others), limits=place.scope.paths)
        is_fixed = catalogue.fixing(rules, request.select, place.scope.files)
        if request.fix:
            target = fix.FixTarget(repository, prefix, place.scope, is_fixed)
            show_plan = show if request.preview else None
            fixing = [rule for rule in rules if rule.fixes]
            outcome = fix.apply_fixes(repo, target, fixing, show=show_plan, texts=request.texts)
            repo = read(place.folder, offline=request.offline).without(others)
            repo = replace(repo, limits=place.scope.paths)
        held = frozenset(outcome.details["held"] if outcome else ())
        checked = _in_scope(place, repo, _named(engine.run(repo, rules), request.select))
        return _Part(
            place,
            replace(checked, results=_marked(repo, checked.results, is_fixed, held)),
            _drift(place, repo),
            outcome,
            tuple(whole.below(folder) for folder in others if whole.scope.covers(folder)),
            is_empty=bool(others) and not any(map(place.scope.covers, repo.paths)),
        )


def _named(checked: Checked, select: Sequence[str]) -> Checked:
    """With what lacks a linter whose rules were selected by their codes as something that was asked for."""
    codes = {name.upper() for name in select}
    asked = (codes.intersection(code.upper() for code in skip.codes) for skip in checked.skipped)
    skips = zip(checked.skipped, asked, strict=True)
    skipped = (replace(skip, is_optional=skip.is_optional and not is_asked) for skip, is_asked in skips)
    return replace(checked, skipped=tuple(skipped))


def _marked(
    repo: Repo, results: Sequence[FixableFinding], is_fixed: Callable[[Finding], bool], held: frozenset[str]
) -> tuple[FixableFinding, ...]:
    """The results, fixable only if --fix, with the same names and paths, would fix them.

    `held` are the files that it has just left as they are. It also leaves those that git ignores.
    """
    new = {step.path for result in results for step in result.fix} - {*repo.paths}
    has_rules = any(path.endswith(".gitignore") for path in repo.paths)
    left = held.union(git.ignored(repo.folder, sorted(new)) if new and has_rules else ())

    def marked(result: FixableFinding) -> FixableFinding:
        is_free = left.isdisjoint(step.path for step in result.fix)
        return replace(result, finding=replace(result.finding, fixable=is_fixed(result.finding) and is_free))

    return tuple(map(marked, results))


def _require_known(place: Place, repo: Repo) -> None:
    """Raise ToolError for a file that is not there, unless the template has it: then it was deleted."""
    gone = [name for name in sorted(place.scope.paths | place.scope.files) if not place.has(name)]
    if not gone:
        return
    from new_ops_project.checks.template import files  # noqa: PLC0415 - see checks/template/__init__.py

    known = files.managed_paths(repo)
    for name in gone:
        if name not in known:
            raise ToolError(f"{place.named(name)} does not exist.", HINT)


def _in_scope(place: Place, repo: Repo, checked: Checked) -> Checked:
    """Without what is about other files than those that were named; what git ignores of these is skipped."""
    if place.scope == Scope():
        return checked
    results = tuple(result for result in checked.results if place.scope.covers(result.finding.path))
    ignored = tuple((finding, why) for finding, why in checked.ignored if place.scope.covers(finding.path))
    seen = {each for path in repo.paths for each in with_folders(path)}
    unseen = sorted(place.scope.paths - seen)
    hidden = git.ignored(place.folder, unseen) if unseen else []
    skipped = [skip for skip in checked.skipped if not skip.path or place.scope.covers(skip.path)]
    skipped += [Skipped((), _unseen(place.named(name), name in hidden)) for name in unseen if place.has(name)]
    return replace(checked, results=results, ignored=ignored, skipped=tuple(skipped))


def _unseen(name: str, is_ignored: bool) -> str:  # noqa: FBT001
    return f"{name} is ignored by git." if is_ignored else f"git knows no file at {name}."


def _drift(place: Place, repo: Repo) -> tuple[FileState, ...]:
    """The state of each managed file, if a rule has asked for it."""
    return tuple(file for file in states.computed_states(repo) if place.scope.covers(file.path))


# ---- results --------------------------------------------------------------------------------------------------------


def _joined(rules: tuple[Rule, ...], parts: Sequence[_Part]) -> CheckReport:
    fixes = [(part.place, part.fixed) for part in parts if part.fixed]
    return CheckReport(
        rules,
        tuple(part.place.given for part in parts),
        tuple(_placed(part.place, finding) for part in parts for finding in part.checked.findings),
        tuple((_placed(part.place, finding), why) for part in parts for finding, why in part.checked.ignored),
        tuple(
            dict.fromkeys(
                replace(skipped, hint=part.place.placed(skipped.hint))
                for part in parts
                for skipped in part.checked.skipped
            )
        ),
        tuple(_placed(place, finding) for place, fixed in fixes for finding in fixed.findings if fixed.is_written),
        {part.place.given: part.drift for part in parts if part.drift},
        tuple({"path": place.given, **fixed.details} for place, fixed in fixes),
        {part.place.given: _counts(part.checked.findings) if part.is_done else None for part in parts},
    )


def _counts(findings: Sequence[Finding]) -> dict[Severity, int]:
    return {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}


def _placed(place: Place, finding: Finding) -> Finding:
    """The finding with its path from where the command was run, and commands in the remedy that work there."""
    path, command, remedy = place.named(finding.path), "new-ops-project check ", place.placed(finding.remedy)
    if finding.path:
        remedy = remedy.replace(f"{command}{shlex.quote(finding.path)} ", f"{command}{shlex.quote(path)} ")
    return replace(finding, path=path, remedy=remedy)
