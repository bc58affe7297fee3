"""A repository that no template made, and the template nearest to it, become a Plan."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.code_layout import Layout, layout
from new_ops_project.git import committed
from new_ops_project.git.committed import Committed
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.git.worktree import Repository
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.project.adoption import inference
from new_ops_project.project.adoption.evidence import answers as evidence
from new_ops_project.project.adoption.evidence import metadata
from new_ops_project.project.adoption.evidence.answers import Evidence
from new_ops_project.project.adoption.files import AdoptedFiles, merge_files
from new_ops_project.project.adoption.inference import InferredAnswers
from new_ops_project.project.adoption.nearest_release import NearestRelease, find_nearest
from new_ops_project.project.adoption.pyproject import AdoptedRepository
from new_ops_project.template import native, render
from new_ops_project.template import releases as template
from new_ops_project.template.answers import Asker
from new_ops_project.template.answers_file import ANSWERS_FILE
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases
from new_ops_project.template.sources import Source

# So much of a release in a repository means that it was made from it.
_MADE_FROM = 0.75
_NEEDED = {"project_name", "python_version", "tier", "code", "keep", "package", "workflow_prefix"}


@dataclass(frozen=True)
class Location:
    """What is adopted: a folder of a repository at a commit."""

    repository: Repository
    prefix: str
    commit: str

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.repository.root / self.prefix


@dataclass(frozen=True)
class Adoption:
    """What there is to do for one repository; `base` is the release that it was made from, if it was."""

    place: Location
    source: Source
    checkout: Checkout
    files: Committed
    told: InferredAnswers
    base: NearestRelease | None
    joined: AdoptedFiles
    answers_file: Entry


def prepare(place: Location, source: Source, given: Mapping[str, Any], *, offline: bool, ask: Asker | None) -> Adoption:
    """Read the repository, answer the template's questions, and find out what each file becomes.

    Raises ToolError for a template that cannot take a repository in, and for an answer that nothing tells.
    """
    releases = template.releases(source, offline=offline)
    checkout = releases.checkout()
    questionnaire = native.questionnaire(checkout)
    _require_fitting(releases, checkout, questionnaire)
    files = committed.read(place.repository, place.commit, place.prefix)
    place_of_code = layout(files.texts)
    read = _evidence(files, place_of_code, place.folder.name, questionnaire)
    if made := _made_from(releases, files, read, place):
        found = InferredAnswers(made.answers, _of(read, made.answers), ())
        kept = AdoptedFiles({}, (), ())
        return Adoption(place, source, made.checkout, files, found, made, kept, made.rendered[ANSWERS_FILE])
    told = inference.infer(questionnaire, read, given=given, fixed=_fixed(files), ask=ask)
    repo = AdoptedRepository(
        files,
        place_of_code,
        metadata.read(files.texts),
        license_is_told=_is_told(told, "license"),
        is_below=bool(place.prefix),
        tools=_tools(told.answers),
    )
    result = merge_files(repo, _without_answers(_render(checkout, told.answers, place)))
    told.answers.values["keep"] = [one.path for one in result.kept]
    signed = _render(checkout, told.answers, place)
    result = replace(result, files=merge_files(repo, _without_answers(signed)).files)  # README lists what there is
    told = replace(told, doubts=(*told.doubts, *evidence.parse_problems(files.texts)))
    return Adoption(place, source, checkout, files, told, None, result, signed[ANSWERS_FILE])


def _require_fitting(releases: Releases, checkout: Checkout, questionnaire: Questionnaire) -> None:
    if releases.repository is None:
        message = f"The template {checkout.source.name} is not under version control, so it has no versions to follow."
        raise ToolError(message, "Put it in a git repository with tags, and give that as --template.")
    if missing := _NEEDED - {question.name for question in questionnaire.asked}:
        message = f"The template {checkout.source.name} does not ask for {', '.join(sorted(missing))}."
        raise ToolError(message, "Only a template that can leave code to its owner takes a repository in.")


def _tools(answers: Answers) -> frozenset[str]:
    """What the workflows call, by the names of PEP 503."""
    found = answers.values.get("dev_requirements", [])
    return frozenset(map(str, found if isinstance(found, list) else []))


def _is_told(told: InferredAnswers, name: str) -> bool:
    return any(one.name == name for one in told.evidence)


def _without_answers(tree: Tree) -> dict[str, Entry]:
    return {path: entry for path, entry in tree.items() if path != ANSWERS_FILE}


def _render(checkout: Checkout, answers: Answers, place: Location) -> Tree:
    """What a release makes of these answers; the same is asked for more than once."""
    return _rendered(checkout, json.dumps(answers.recorded, default=str), place.folder)


@lru_cache(maxsize=8)
def _rendered(checkout: Checkout, recorded: str, folder: Path) -> Tree:
    return render.tree(checkout, json.loads(recorded), folder, answers_file=ANSWERS_FILE)


# ---- answers -----------------------------------------------------------------------------------------------------


def _evidence(files: Committed, code: Layout, folder: str, questionnaire: Questionnaire) -> tuple[Evidence, ...]:
    """What the files say, the package and the human name included."""
    read = {one.name: one for one in evidence.gather(files.texts, folder, inference.offered_choices(questionnaire))}
    if code.package:
        read["package"] = Evidence("package", code.package, code.place)
    if "project_name" in read and (heading := _heading(files, str(read["project_name"].value))):
        read["project_name"] = heading
    return tuple(read.values())


def _heading(files: Committed, name: str) -> Evidence | None:
    """The README's title, where it is the same name as people write it."""
    lines = files.texts.get("README.md", b"").decode(errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if title := re.match(r"#\s+(.+?)\s*#*$", line):
            same = re.sub(r"[^a-z0-9]+", "-", title[1].lower()).strip("-") == re.sub(r"[-_.]+", "-", name.lower())
            return Evidence("project_name", title[1], f"README.md:{number}", title[1]) if same else None
    return None


def _fixed(files: Committed) -> dict[str, Any]:
    """What is so for every repository that comes with code of its own: nothing starts to run by itself."""
    names = {path for path in files.modes if path.startswith(".github/workflows/")}
    clash = names & {".github/workflows/ci.yml", ".github/workflows/release.yml"}
    prefix = "ops-" if clash else ""
    return {"code": "own", "schedule": "", "workflow_prefix": prefix, "license": "Proprietary"}


def _of(read: tuple[Evidence, ...], answers: Answers) -> tuple[Evidence, ...]:
    return tuple(one for one in read if answers.recorded.get(one.name) == one.value)


# ---- a release that it was made from -----------------------------------------------------------------------------


def _made_from(
    releases: Releases, files: Committed, read: tuple[Evidence, ...], place: Location
) -> NearestRelease | None:
    """The release that this repository was made from, if it was made from one and only forgot it."""
    fixed = {**_fixed(files), "schedule": _schedule(files), "workflow_prefix": ""}
    example = tuple(map(_without_click, read))  # the command of the example brings it along

    def guesses(questionnaire: Questionnaire) -> Iterator[Answers]:
        for code, told in (("own", read), ("example", example)):
            try:
                yield inference.infer(questionnaire, told, given={}, fixed={**fixed, "code": code}, ask=None).answers
            except ToolError:  # that release does not ask so, or one of the three is not told
                continue

    found = find_nearest(releases, files.texts, guesses, lambda checkout, answers: _render(checkout, answers, place))
    return found if found and found.share >= _MADE_FROM else None


def _without_click(one: Evidence) -> Evidence:
    is_list = one.name == "dependencies" and isinstance(one.value, list)
    return replace(one, value=[name for name in one.value if name != "click"]) if is_list else one


def _schedule(files: Committed) -> str:
    """When run.yml runs, as the template writes it."""
    found = re.search(rb"^ +- cron: [\"']?([^\"'\n]+)", files.texts.get(".github/workflows/run.yml", b""), re.MULTILINE)
    return found[1].decode(errors="replace").strip() if found else ""


# ---- the plan ----------------------------------------------------------------------------------------------------


@contextmanager
def planned(adoption: Adoption) -> Iterator[Plan]:
    """What the repository will be: the user's files, with what was added and merged."""
    place, files = adoption.place, adoption.files
    wanted = {**adoption.joined.files, ANSWERS_FILE: adoption.answers_file}
    base = {path: files.entry(path, files.texts[path]) for path in wanted if path in files.texts}

    def mend(draft: Draft) -> Draft:
        return replace(draft, notes=(*draft.notes, *adoption.joined.notes))

    sides = Sides(base, wanted, commit=place.commit, prefix=place.prefix)
    with three_way.plan_from_sides(place.repository, sides, mend) as found:
        if ANSWERS_FILE in found.ignored:
            message = f"git ignores {place.prefix}{ANSWERS_FILE} here, and without it there is nothing to refresh by."
            raise ToolError(message, f"Let it in (`!{ANSWERS_FILE}` in .gitignore), commit that, and run this again.")
        if found.conflicts:
            named = "".join(f"\n  {one.path}: {one.reason}" for one in found.conflicts)
            raise ToolError(
                f"Something of yours is where a file of the template would go:{named}", "Move it elsewhere."
            )
        yield found


def kept_facts(adoption: Adoption) -> list[dict[str, str]]:
    """The objects of `kept` in --json."""
    return [{"path": one.path, "reason": one.reason} for one in adoption.joined.kept]


def evidence_facts(adoption: Adoption) -> list[dict[str, Any]]:
    """The objects of `evidence` in --json."""
    return [{"name": one.name, "value": one.value, "where": one.where} for one in adoption.told.evidence]
