"""`new`: a template and answers become a repository of their own."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from new_ops_project import git
from new_ops_project.base import config
from new_ops_project.base.errors import ToolError
from new_ops_project.project.creation import repository
from new_ops_project.project.creation.repository import Created
from new_ops_project.template import native, questions, releases, sources
from new_ops_project.template.answers import Asker, Given, complete, file_table, gather
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Question, Questionnaire
from new_ops_project.template.releases import Checkout


@dataclass(frozen=True)
class NewRequest:
    """What was asked for on the command line."""

    name: str | None = None
    path: Path | None = None
    tier: str | None = None
    python: str | None = None
    defaults: bool = False
    advanced: bool = False
    assignments: tuple[str, ...] = ()
    data_file: Path | None = None
    template: str | None = None
    ref: str | None = None
    trust: bool = False
    preview: bool = False
    commit: bool = True


@dataclass(frozen=True)
class CreatedFile:
    """One file of the project: its path with `/`, what it is for, and its bytes."""

    path: str
    purpose: str
    content: bytes


@dataclass(frozen=True)
class NewProject:
    """What was made, or what would be if `created` is None; `renderer` is native or copier."""

    path: Path
    answers: Mapping[str, Any]
    checkout: Checkout
    files: tuple[CreatedFile, ...]
    renderer: str
    created: Created | None

    @property
    def python(self) -> str:
        """The Python of the project, such as 3.13; `3` where nothing names one."""
        version = self.path / ".python-version"
        return str(self.answers.get("python_version") or (version.read_text().strip() if version.is_file() else "3"))


if TYPE_CHECKING:

    class Prompt(Asker, Protocol):
        """An Asker that can also add notes to choices, check what is typed, and start work while the user reads."""

        def __call__(
            self,
            question: Question,
            answers: Answers,
            *,
            default: Any = None,
            notes: Mapping[str, str] | None = None,
            check: Callable[[str], str] | None = None,
            meanwhile: Callable[[], None] | None = None,
        ) -> Any:
            """Return the answer; raises KeyboardInterrupt when the person stops."""


# Shown the destination and the files before they are put there; whatever it raises stops the creation.
Confirm = Callable[[Path, tuple[CreatedFile, ...]], None]


def new(
    request: NewRequest, *, prompt: "Prompt | None" = None, confirm: Confirm = lambda _path, _files: None
) -> NewProject:
    """Answer the template's questions, render it, and make a repository of the result.

    With `prompt`, a person is asked what the request leaves open, and then `confirm` is called.
    Raises ToolError for everything that a person can fix, KeyboardInterrupt when they stop.
    """
    git.require_on_path()
    checkout = releases.checkout(sources.find(request.template), request.ref)
    questionnaire = native.questionnaire(checkout)
    questions.require_trust(questionnaire, checkout.source.name, trusted=request.trust)
    interview = _Interview(request, checkout, prompt)
    answers: Answers | Mapping[str, Any]
    if questionnaire.asks_our_questions:
        answers = _answers(request, questionnaire, interview)
        path = _destination(request, answers.values["distribution_name"])
        purposes = {row["path"]: row["purpose"] for row in file_table(answers.values)}
    else:  # copier asks the questions of a template of another kind
        path = _destination(request, _required_name(request))
        answers, purposes = _foreign_answers(request, questionnaire, can_ask=prompt is not None), {}
    copier_asks = prompt is not None and not questionnaire.asks_our_questions
    creation = _Creation(request, checkout, path, answers, purposes, copier_asks=copier_asks)
    return creation.preview() if request.preview else creation.create(confirm if interview.has_asked else None)


# ---- answers --------------------------------------------------------------------------------------------------------


def _answers(request: NewRequest, questionnaire: Questionnaire, interview: "_Interview") -> Answers:
    """The answers to a template with our three questions."""
    given = _given(request, questionnaire)
    ask = interview.ask if interview.prompt else None
    return complete(questionnaire, given, ask=ask, defaults=request.defaults, advanced=request.advanced)


def _given(request: NewRequest, questionnaire: Questionnaire) -> Given:
    known = {question.name for question in questionnaire.asked}
    flags = {"project_name": request.name, "tier": request.tier, "python_version": request.python}
    if request.name and "project_name" not in known:
        del flags["project_name"]  # a template of another kind: NAME is the destination only
    return gather(
        questionnaire,
        flags=flags,
        settings=config.load(),
        data_file=request.data_file,
        assignments=request.assignments,
    )


def _foreign_answers(request: NewRequest, questionnaire: Questionnaire, *, can_ask: bool) -> Mapping[str, Any]:
    given = _given(request, questionnaire)
    values = {**given.defaults, **given.values} if request.defaults else given.values
    missing = [question.name for question in questionnaire.asked if question.name not in values]
    if missing and not can_ask and not request.defaults:
        message = f"{', '.join(missing)}: no answer, and nobody can be asked here."
        raise ToolError(message, f"Give --set {missing[0]}=VALUE, or --defaults to take the defaults.")
    return values


def _required_name(request: NewRequest) -> str:
    if not (request.name or request.path):
        raise ToolError("There is no NAME to create.", "Give NAME, or --path DIR.")
    return str(request.name)


def _destination(request: NewRequest, name: str) -> Path:
    """Where to create it, absolute; raises ToolError when something is there."""
    try:
        path = Path(os.path.abspath((request.path or Path(name)).expanduser()))  # noqa: PTH100 - collapses `..` too
        if not request.preview:
            repository.require_free(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise ToolError(f"{request.path or name} cannot be created: {error}.", "Choose another --path.") from error
    return path


class _Interview:
    """Asks a person, remembers that it did, and prepares the rendering while they type."""

    def __init__(self, request: NewRequest, checkout: Checkout, prompt: "Prompt | None") -> None:
        self.has_asked = False
        self.prompt = prompt
        self._request, self._checkout = request, checkout

    def ask(self, question: Question, answers: Answers, *, default: Any) -> Any:
        """Ask one question of the template."""
        is_first, self.has_asked = not self.has_asked, True
        return self.prompt and self.prompt(
            question,
            answers,
            default=default,
            notes=_installed(question, answers),
            check=self._taken(answers) if question.name == "project_name" else None,
            meanwhile=partial(_preload, self._checkout) if is_first else None,
        )

    def _taken(self, answers: Answers) -> Callable[[str], str]:
        """A check that says, while the name is typed, that its folder is taken."""
        question = answers.questionnaire.computed("distribution_name")

        def check(text: str) -> str:
            try:
                _destination(self._request, str(answers.render(question.details["default"], project_name=text)))
            except ToolError as error:
                return error.message.replace(f"{Path.cwd()}{os.sep}", "./")  # the line under a prompt is short
            return ""

        return check


def _preload(checkout: Checkout) -> None:
    from new_ops_project.template import render  # noqa: PLC0415 - imported while a person types

    render.preload(checkout)


def _installed(question: Question, answers: Answers) -> dict[str, str]:
    """Which of the offered Pythons are on this machine, as notes on the choices."""
    from new_ops_project.clones.interpreters import likely_path  # noqa: PLC0415 - only a prompt needs it

    if question.name != "python_version":
        return {}
    return {choice.value: " · installed" for choice in answers.choices(question) if likely_path(choice.value)}


# ---- files ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Creation:
    """One project on its way to its place; `purposes` are those of its files, by path."""

    request: NewRequest
    checkout: Checkout
    path: Path
    answers: Answers | Mapping[str, Any]
    purposes: Mapping[str, str]
    copier_asks: bool

    def preview(self) -> NewProject:
        """Render into a temporary folder, and leave the destination alone."""
        with tempfile.TemporaryDirectory() as folder:
            files, renderer = self._render(Path(folder, self.path.name))
        return NewProject(self.path, self._recorded, self.checkout, files, renderer, None)

    def create(self, confirm: Confirm | None) -> NewProject:
        """Render beside the destination, then rename into place as a repository."""
        files: tuple[CreatedFile, ...] = ()
        renderer = ""

        def fill(fresh: Path) -> None:
            nonlocal files, renderer
            files, renderer = self._render(fresh)
            if confirm:
                confirm(self.path, files)

        created = repository.create(self.path, fill, commit=self.request.commit, message=self._message())
        return NewProject(self.path, self._recorded, self.checkout, files, renderer, created)

    @property
    def _recorded(self) -> Mapping[str, Any]:
        return self.answers.recorded if isinstance(self.answers, Answers) else self.answers

    def _message(self) -> str:
        name, source = self._recorded.get("project_name", self.path.name), self.checkout.source.name
        return " ".join(f"Start {name} from {source} {self.checkout.version or ''}".split())

    def _render(self, folder: Path) -> tuple[tuple[CreatedFile, ...], str]:
        """Render into `folder`; return its files, and which renderer made them."""
        from new_ops_project.template import render  # noqa: PLC0415 - the first prompt does not wait for it

        render.render(self.checkout, self.answers, folder, trusted=self.request.trust, ask=self.copier_asks)
        paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        files = (CreatedFile(path, self.purposes.get(path, ""), (folder / path).read_bytes()) for path in paths)
        return tuple(files), render.renderer_for(self.checkout)
