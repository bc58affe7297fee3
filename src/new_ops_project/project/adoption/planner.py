"""The Plan that adds a template to an existing repository."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.code_layout import Layout, layout
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.git import branches, committed
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Tree
from new_ops_project.git.worktree import Repository
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.project.adoption import inference
from new_ops_project.project.adoption.evidence import metadata
from new_ops_project.project.adoption.evidence.readers import Evidence, gather, parse_problems
from new_ops_project.project.adoption.files import AdoptedFiles, merge_files
from new_ops_project.project.adoption.inference import InferredAnswers
from new_ops_project.project.adoption.nearest_release import NearestRelease, find_nearest
from new_ops_project.project.adoption.pyproject import AdoptedRepository
from new_ops_project.template import native, render, roles
from new_ops_project.template.answers import Asker
from new_ops_project.template.answers_file import ANSWERS_FILE
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases, read_releases
from new_ops_project.template.sources import Source

# The share of a release's lines in a repository from which on it counts as generated from that release.
_GENERATED_SHARE = 0.75
_NEEDED = {"project_name", "python_version", "tier", "code", "keep", "package", "workflow_prefix"}


@dataclass(frozen=True)
class Location:
    """A folder of a repository at a commit."""

    repository: Repository
    prefix: str
    commit: str

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.repository.root / self.prefix


@dataclass(frozen=True)
class Adoption:
    """The adoption of one repository; `base` is the release that it was generated from, if it was."""

    place: Location
    checkout: Checkout
    files: Committed
    inferred: InferredAnswers
    base: NearestRelease | None
    result: AdoptedFiles


def prepare(place: Location, source: Source, given: Mapping[str, Any], *, offline: bool, ask: Asker | None) -> Adoption:
    """Read the repository, answer the template's questions, and work out what each file becomes.

    Raises ToolError for a template that cannot be added to a repository, and for an answer that is missing.
    """
    releases = read_releases(source, offline=offline)
    checkout = releases.checkout()
    questionnaire = native.questionnaire(checkout)
    _require_adoptable(releases, checkout, questionnaire)
    files = committed.read(place.repository, place.commit, place.prefix)
    code = layout(files.texts)
    read = _evidence(files, code, place, questionnaire)
    defaults = {question.name: question.details.get("default") for question in questionnaire.questions}
    workflows = roles.paths(defaults)
    if base := _generated_from(releases, files, read, place, workflows):
        matching = tuple(item for item in read if base.answers.recorded.get(item.name) == item.value)
        inferred = InferredAnswers(base.answers, matching, ())
        only_answers = AdoptedFiles({ANSWERS_FILE: base.rendered[ANSWERS_FILE]}, {})
        return Adoption(place, base.checkout, files, inferred, base, only_answers)
    inferred = inference.infer(questionnaire, read, given=given, fixed=_fixed(files, workflows), ask=ask)
    repo = AdoptedRepository(
        files,
        code,
        metadata.read(files.texts),
        has_license_answer=any(item.name == "license" for item in inferred.evidence),
        is_subfolder=bool(place.prefix),
        tools=frozenset(map(str, inferred.answers.values.get("dev_requirements") or [])),
        roles=roles.paths(inferred.answers.values),
    )
    # Twice: the README and the answers file list the files, so they can only be rendered once it is known which of
    # the template's files stay out.
    result = merge_files(repo, _render(checkout, inferred.answers, place))
    inferred.answers.values["keep"] = [*result.kept]
    rendered = _render(checkout, inferred.answers, place)
    result = replace(result, files={**merge_files(repo, rendered).files, ANSWERS_FILE: rendered[ANSWERS_FILE]})
    inferred = replace(inferred, doubts=(*inferred.doubts, *parse_problems(files.texts)))
    return Adoption(place, checkout, files, inferred, None, result)


def _require_adoptable(releases: Releases, checkout: Checkout, questionnaire: Questionnaire) -> None:
    if releases.repository is None:
        message = f"The template {checkout.source.name} is not under version control, so it has no versions to follow."
        raise ToolError(message, "Put it in a git repository with tags, and give that as --template.")
    if missing := _NEEDED - {question.name for question in questionnaire.asked}:
        message = f"The template {checkout.source.name} does not ask for {', '.join(sorted(missing))}."
        raise ToolError(message, "Only a template that can leave the code to you can be added to a repository.")


def _render(checkout: Checkout, answers: Answers, place: Location) -> Tree:
    """Render a release with these answers; cached, because the same render is needed more than once."""
    return _rendered(checkout, json.dumps(answers.recorded, default=str), place.folder)


@lru_cache(maxsize=8)
def _rendered(checkout: Checkout, recorded: str, folder: Path) -> Tree:
    return render.tree(checkout, json.loads(recorded), folder, answers_file=ANSWERS_FILE)


# ---- answers -----------------------------------------------------------------------------------------------------


def _evidence(files: Committed, code: Layout, place: Location, questionnaire: Questionnaire) -> tuple[Evidence, ...]:
    """The evidence in the files and the branches, with the package and the project's name as people write it."""
    items = gather(files.texts, place.folder.name, inference.offered_choices(questionnaire))
    read = {item.name: item for item in items}
    branch, told_by = branches.default_branch(place.folder)
    if branch:
        read["default_branch"] = Evidence("default_branch", branch, told_by)
    if code.package:
        read["package"] = Evidence("package", code.package, code.place)
    if "project_name" in read and (heading := _heading(files, str(read["project_name"].value))):
        read["project_name"] = heading
    return tuple(read.values())


def _heading(files: Committed, name: str) -> Evidence | None:
    """The README's title, where it is the project's name in another spelling."""
    text = files.texts.get("README.md", b"").decode(errors="replace")
    title = re.search(r"^#[ \t]+(\S.*?)[ \t]*#*\r?$", text, re.MULTILINE)
    if not title or re.sub(r"[^a-z0-9]+", "-", title[1].lower()).strip("-") != canonical_name(name):
        return None
    line = text.count("\n", 0, title.start()) + 1
    return Evidence("project_name", title[1], f"README.md:{line}", title[1])


def _fixed(files: Committed, workflows: Mapping[str, str]) -> dict[str, Any]:
    """The answers that are the same for every repository with code of its own: nothing may start to run by itself."""
    clash = files.modes.keys() & {workflows.get("checks"), workflows.get("releases")}
    prefix = "ops-" if clash else ""
    return {"code": "own", "schedule": "", "workflow_prefix": prefix, "license": "Proprietary"}


# ---- a release that it was generated from ------------------------------------------------------------------------


def _generated_from(
    releases: Releases, files: Committed, read: tuple[Evidence, ...], place: Location, workflows: Mapping[str, str]
) -> NearestRelease | None:
    """The release that this repository was generated from, if it was and only lost its answers file."""
    schedule = _text(files, workflows.get("runs", ""), rb"- cron: [\"']?([^\"'\n]+)")
    branch = _text(files, workflows.get("checks", ""), rb"branches: \[[\"']?([^\"'\],]+)") or "main"
    fixed = {**_fixed(files, workflows), "schedule": schedule, "default_branch": branch, "workflow_prefix": ""}
    read = tuple(item for item in read if item.name != "default_branch")
    example = tuple(map(_without_click, read))  # the example's command needs click, so it is not an answer then

    def candidates(checkout: Checkout) -> Iterator[tuple[Answers, Tree]]:
        questionnaire = native.questionnaire(checkout)
        for code, items in (("own", read), ("example", example)):
            # That release may have other questions, or not be renderable with these answers.
            with suppress(ToolError):
                guess = inference.infer(questionnaire, items, given={}, fixed={**fixed, "code": code}, ask=None).answers
                yield guess, _render(checkout, guess, place)

    nearest = find_nearest(releases, files.texts, candidates)
    return nearest if nearest and nearest.share >= _GENERATED_SHARE else None


def _without_click(item: Evidence) -> Evidence:
    is_list = item.name == "dependencies" and isinstance(item.value, list)
    return replace(item, value=[name for name in item.value if name != "click"]) if is_list else item


def _text(files: Committed, workflow: str, pattern: bytes) -> str:
    """What the template has written into a workflow, behind the spaces of a line; '' where it has not."""
    match = re.search(rb"^ +" + pattern, files.texts.get(workflow, b""), re.MULTILINE)
    return match[1].decode(errors="replace").strip() if match else ""


# ---- the plan ----------------------------------------------------------------------------------------------------


@contextmanager
def planned(adoption: Adoption) -> Iterator[Plan]:
    """The user's files with what is added and merged; raises ToolError for files that are in the way."""
    place, files = adoption.place, adoption.files
    wanted = adoption.result.files
    # The base is the user's own content, so that the merge takes the merged files as they are.
    base = {path: files.entry(path, files.texts[path]) for path in wanted if path in files.texts}

    def with_notes(draft: Draft) -> Draft:
        return draft.settle({}, *adoption.result.notes)

    sides = Sides(base, wanted, commit=place.commit, prefix=place.prefix)
    with three_way.plan_from_sides(place.repository, sides, with_notes) as plan:
        if ANSWERS_FILE in plan.ignored:
            message = f"git ignores {place.prefix}{ANSWERS_FILE} here, but no update is possible without that file."
            raise ToolError(
                message, f"Stop ignoring it (`!{ANSWERS_FILE}` in .gitignore), commit that, and run this again."
            )
        if plan.conflicts:
            named = "".join(f"\n  {conflict.path}: {conflict.reason}" for conflict in plan.conflicts)
            raise ToolError(f"Your files are in the way of the template's:{named}", "Move it elsewhere.")
        yield plan
