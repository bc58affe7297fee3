"""`new`: a template and answers become a repository of their own."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import config, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import future
from new_ops_project.git.future import Settings
from new_ops_project.project.creation import repository
from new_ops_project.project.creation.repository import Created, Start
from new_ops_project.template import (
    command_runner,
    command_setting,
    messages,
    native,
    questions,
    releases,
    sources,
    tasks,
)
from new_ops_project.template.answer_migration import with_defaults
from new_ops_project.template.answers import (
    Asker,
    Given,
    complete,
    file_table,
    gather,
    gits_defaults,
    require_asked,
)
from new_ops_project.template.answers_file import ANSWERS_FILE, parse_answers
from new_ops_project.template.errors import EvaluationError
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
    skip_tasks: bool = False
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
    """What was made, or what would be if `created` is None; `renderer` is native or copier.

    `not_run`: the template's tasks that a preview leaves out. `message`: what the template says of a new project.
    """

    path: Path
    answers: Mapping[str, Any]
    checkout: Checkout
    files: tuple[CreatedFile, ...]
    renderer: str
    created: Created | None
    not_run: tuple[str, ...] = ()
    message: str = ""

    @property
    def python(self) -> str:
        """The Python of the project, such as 3.13; `3` where nothing names one."""
        pinned = reading.read_if_there(self.path / ".python-version")
        return str(self.answers.get("python_version") or ("3" if pinned is None else pinned.decode().strip()))


# An Asker that also takes `notes` on choices, by value; a `check` that gives the reason against what is typed, or '';
# and `meanwhile`, work to start while the person reads.
Prompt = Callable[..., Any]
# Shown the destination and the files before they are put there; whatever it raises stops the creation.
Confirm = Callable[[Path, tuple[CreatedFile, ...]], None]


def new(
    request: NewRequest,
    *,
    prompt: Prompt | None = None,
    confirm: Confirm = lambda _path, _files: None,
    tell: Callable[[str], None] = lambda _text: None,
) -> NewProject:
    """Answer the template's questions, render it, and make a repository of the result.

    With `prompt`, a person is asked what the request leaves open, and then `confirm` is called. `tell` gets what a
    template of another kind says before its questions.
    Raises ToolError for everything that a person can fix, KeyboardInterrupt when they stop.
    """
    git.require_on_path()
    checkout = releases.checkout(sources.find(request.template), request.ref)
    questionnaire = native.questionnaire(checkout)
    skip_tasks = request.skip_tasks
    questions.require_trust(questionnaire, checkout.source.name, trusted=request.trust, skip_tasks=skip_tasks)
    if request.trust:
        questionnaire = questions.load_extensions(questionnaire)
    if questionnaire.asks_our_questions:
        asked, given = list[str](), _given(request, questionnaire)
        first = given.chosen("default_branch")
        gits = cache(lambda path: future.settings_at(path, first))  # asked once for each place
        given = replace(given, later=lambda known: gits_defaults(questionnaire, gits(_place(request, known))))
        ask = _asker(prompt, request, checkout, asked) if prompt else None
        answers = complete(questionnaire, given, ask=ask, defaults=request.defaults, advanced=request.advanced)
        require_asked(given.values, answers.recorded)
        path = _destination(request, answers.values["distribution_name"])
        settings = gits(path)
        branch = str(answers.values.get("default_branch", "main"))  # an older template has CI for that one only
        start = Start(branch, settings.options, must_hold_all=True)
        return _made(request, checkout, path, answers, start, confirm=confirm if asked else None)
    # copier asks the questions of a template of another kind
    if not (request.name or request.path):
        raise ToolError("There is no NAME to create.", "Give NAME, or --path DIR.")
    path = _destination(request, str(request.name))
    settings = future.settings_at(path)
    values = _foreign_answers(request, questionnaire, settings, can_ask=prompt is not None)
    if message := _message("before", checkout, questionnaire, values, path):
        tell(message)
    start = Start(settings.branch or "main", settings.options)
    return _made(request, checkout, path, values, start, copier_asks=prompt is not None)


# ---- answers --------------------------------------------------------------------------------------------------------


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


def _foreign_answers(
    request: NewRequest, questionnaire: Questionnaire, settings: Settings, *, can_ask: bool
) -> Mapping[str, Any]:
    given = _given(request, questionnaire)
    values = given.values
    if request.defaults:
        values = {**gits_defaults(questionnaire, settings), **given.defaults, **values}
    missing = [question.name for question in questionnaire.asked if question.name not in values]
    if missing and not can_ask and not request.defaults:
        message = f"{', '.join(missing)}: no answer, and nobody can be asked here."
        raise ToolError(message, f"Give --set {missing[0]}=VALUE, or --defaults to take the defaults.")
    if given.values and not can_ask:
        answers = Answers(questionnaire, dict(values))
        with suppress(EvaluationError):  # copier knows more than `Answers`
            answers.complete(values)
            require_asked(given.values, answers.recorded)
    return values


def _destination(request: NewRequest, name: str) -> Path:
    """Where to create it, absolute; raises ToolError when something is there."""
    path = request.path or Path(name)
    try:
        path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - collapses `..` too
        if not request.preview:
            repository.require_free(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise ToolError(f"{request.path or name} cannot be created: {error}.", "Choose another --path.") from error
    return path


def _place(request: NewRequest, answers: Answers, **typed: str) -> Path:
    """`_destination` as soon as the project's name is known, be it in `answers` or only `typed`."""
    question = answers.questionnaire.computed("distribution_name")
    return _destination(request, str(answers.render(question.details["default"], **typed)))


def _asker(prompt: Prompt, request: NewRequest, checkout: Checkout, asked: list[str]) -> Asker:
    """Ask with `prompt`, list in `asked` what was asked, and prepare the rendering while the person types."""

    def ask(question: Question, answers: Answers, *, default: Any) -> Any:
        asked.append(question.name)
        return prompt(
            question,
            answers,
            default=default,
            notes=_installed(question, answers),
            check=partial(_refusal, request, answers) if question.name == "project_name" else None,
            # A stranger's template is evaluated in forks of this process, which must not import in a thread then.
            meanwhile=partial(_preload, checkout) if len(asked) == 1 and checkout.is_ours else None,
        )

    return ask


def _refusal(request: NewRequest, answers: Answers, name: str) -> str:
    """Why a project of this name cannot be created, such as a folder that is taken; '' if it can."""
    try:
        _place(request, answers, project_name=name)
    except ToolError as error:
        return error.message.replace(f"{Path.cwd()}{os.sep}", "./")  # the line under a prompt is short
    return ""


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


def _made(
    request: NewRequest,
    checkout: Checkout,
    path: Path,
    answers: Answers | Mapping[str, Any],
    start: Start,
    *,
    confirm: Confirm | None = None,
    copier_asks: bool = False,
) -> NewProject:
    """Render beside the destination, then rename into place as a repository; a preview leaves the destination alone."""
    from new_ops_project.template import render  # noqa: PLC0415 - the first prompt does not wait for it

    if isinstance(answers, Answers):
        recorded: Mapping[str, Any] = answers.recorded
        purposes = {row["path"]: row["purpose"] for row in file_table(answers.values)}
    else:
        recorded, purposes = answers, {}
    files = list[CreatedFile]()

    def fill(folder: Path) -> None:
        run = None if request.preview else _tasks_runner(request, checkout, recorded)
        render.render(checkout, answers, folder, trusted=request.trust, ask=copier_asks, run=run)
        paths = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
        names = sorted(path.as_posix() for path in paths if ".git" not in path.parts)  # a task may make a repository
        files.extend(CreatedFile(name, purposes.get(name, ""), reading.read(folder / name)) for name in names)
        if confirm and not request.preview:
            confirm(path, tuple(files))

    created = None
    if request.preview:
        with temporary_folder() as folder:
            fill(folder / path.name)
    else:
        subject = f"Start {recorded.get('project_name', path.name)} from {checkout.source.name}"
        message = " ".join(f"{subject} {checkout.version or ''}".split())
        created = repository.create(path, fill, start, message=message if request.commit else None)
    questionnaire = native.questionnaire(checkout)
    not_run: tuple[str, ...] = ()
    if not created and not request.skip_tasks:
        setting = command_setting.Setting(
            checkout, with_defaults(questionnaire, recorded), _answers_file(questionnaire), "copy"
        )
        not_run = tuple(task.shown for task in command_setting.may_run(tasks.tasks(questionnaire), setting, path))
    message = ""
    if created:
        name = _answers_file(questionnaire)
        given = next((parse_answers(name, file.content) for file in files if file.path == name), recorded)
        loaded = questions.load_extensions(questionnaire) if request.trust else questionnaire
        message = _message("after", checkout, loaded, given, path)
    return NewProject(path, recorded, checkout, tuple(files), render.renderer_for(checkout), created, not_run, message)


def _message(
    when: str, checkout: Checkout, questionnaire: Questionnaire, given: Mapping[str, Any], folder: Path
) -> str:
    """What the template says to people before or after its files are copied, with these answers; '' for nothing."""
    answers = with_defaults(questionnaire, {key: value for key, value in given.items() if not key.startswith("_")})
    setting = command_setting.Setting(checkout, answers, _answers_file(questionnaire), "copy")
    return messages.message(when, setting, folder)


def _answers_file(questionnaire: Questionnaire) -> str:
    return str(questionnaire.config.get("answers_file") or ANSWERS_FILE)


def _tasks_runner(
    request: NewRequest, checkout: Checkout, answers: Mapping[str, Any]
) -> Callable[[Path], object] | None:
    """What runs the template's tasks in the folder that was rendered, if it has any."""
    questionnaire = native.questionnaire(checkout)
    commands = [] if request.skip_tasks else tasks.tasks(questionnaire)
    file = _answers_file(questionnaire)

    def run(folder: Path) -> None:
        loaded = questions.load_extensions(questionnaire)
        setting = command_setting.setting(checkout, loaded, answers, folder, answers_file=file, operation="copy")
        command_runner.run(commands, setting, folder)

    return run if commands else None
