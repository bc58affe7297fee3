"""`new`: three answers become a committed, pinned repository."""

import os
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.base.report import Voice, is_interactive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from new_ops_project.project.creation.welcome import CreatedFile, NewProject
    from new_ops_project.template.answers import Asker, Given
    from new_ops_project.template.questions import Answers, Question, Questionnaire
    from new_ops_project.template.releases import Checkout

TIERS = ("script", "library", "cli")

EXAMPLES = """\b
Examples:
  new-ops-project new                                     asks three questions
  new-ops-project new rotate-keys --defaults              a script, now
  new-ops-project new audit --tier cli --python 3.13      a command, no prompt
  new-ops-project new audit --tier cli --defaults --set cloud=aws-oidc --venv
  new-ops-project new audit --defaults --preview          shows, writes nothing
"""


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


@click.command(epilog=EXAMPLES)
@click.argument("name", required=False)
@click.option("--path", type=click.Path(path_type=Path), help="Where to create it.  [default: ./NAME]")
@click.option(
    "--tier",
    metavar="script|library|cli",
    help="One file, a package to import, or a command.",
    # The template decides which tiers there are; these are what a shell offers.
    shell_complete=lambda _context, _option, typed: [tier for tier in TIERS if tier.startswith(typed)],
)
@click.option("--python", metavar="X.Y", help="The exact minor version of Python.")
@click.option("--defaults", is_flag=True, help="Take the default wherever no answer is given; never ask.")
@click.option("--advanced", is_flag=True, help="Ask the other questions too.")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Answer any question.  [repeatable]")
@click.option("--data-file", type=click.Path(path_type=Path), help="Answers as YAML, TOML or JSON.")
@click.option("--template", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--ref", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option("--trust", is_flag=True, help="Let the template run code of its own.")
@click.option("--preview", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--no-commit", is_flag=True, help="Stage the files without committing them.")
@click.option("--venv", is_flag=True, help="Also create .venv and install the lock into it.")
def command(*, as_json: bool, no_commit: bool, venv: bool, **options: Any) -> None:
    """Create a project: NAME, its Python and its tier give a git repository.

    Without answers on the command line it asks. The destination is ./NAME and must be empty or absent.
    """
    request = NewRequest(commit=not no_commit, **options)
    voice = Voice(as_json)
    outcome = new(request, voice, can_ask=not as_json and not request.defaults and is_interactive())
    if outcome.created is None and not as_json:
        voice.tree(f"{outcome.path}/", {file.path: file.purpose for file in outcome.files})
    if as_json:
        voice.answer(outcome.as_json(texts=request.preview))
    if outcome.created is not None:
        from new_ops_project.project.creation import welcome

        welcome.say_created(voice, outcome, outcome.created)
        if venv:
            welcome.make_environment(voice, outcome)
        welcome.say_next(voice, outcome, venv=venv)


def new(request: NewRequest, voice: Voice, *, can_ask: bool) -> "NewProject":
    """Answer the template's questions, render it, and make the repository.

    Raises ToolError for everything that a person can mend, KeyboardInterrupt when they stop.
    """
    from new_ops_project import git
    from new_ops_project.template import native, questions, releases, sources
    from new_ops_project.template.answers import table

    git.require_found()
    checkout = releases.checkout(sources.find(request.template), request.ref)
    questionnaire = native.questionnaire(checkout)
    questions.require_trust(questionnaire, checkout.source.name, trusted=request.trust)
    if not questionnaire.is_ours:
        return _foreign(request, checkout, questionnaire, ask=can_ask)
    asker = _Asker(request, checkout)
    answers = _answers(request, questionnaire, asker.ask if can_ask else None)
    path = _destination(request, answers.values["distribution_name"])
    purposes = {file["path"]: file["purpose"] for file in table(answers.values)}
    show = voice if asker.asked and not request.preview else None
    made = _make(request, path, checkout, answers.recorded, purposes=purposes, show=show)
    return replace(made, command=answers.values["distribution_name"])


def _answers(request: NewRequest, questionnaire: "Questionnaire", ask: "Asker | None") -> "Answers":
    """The answers to a template with our three questions."""
    from new_ops_project.template.answers import complete

    given = _given(request, questionnaire)
    return complete(questionnaire, given, ask=ask, defaults=request.defaults, advanced=request.advanced)


def _given(request: NewRequest, questionnaire: "Questionnaire") -> "Given":
    from new_ops_project.base import config
    from new_ops_project.template.answers import gather

    known = {question.name for question in questionnaire.asked}
    flags = {"project_name": request.name, "tier": request.tier, "python_version": request.python}
    if request.name and "project_name" not in known:
        del flags["project_name"]  # a template of another kind: NAME is the destination only
    return gather(
        questionnaire, flags=flags, settings=config.load(), data_file=request.data_file, assignments=request.assignments
    )


def _destination(request: NewRequest, name: str) -> Path:
    """Where to create it, absolute; raises ToolError when something is there."""
    from new_ops_project.project.creation.destination import require_destination

    try:
        path = Path(os.path.abspath((request.path or Path(name)).expanduser()))  # noqa: PTH100 - collapses `..` too
        if not request.preview:
            require_destination(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise ToolError(f"{request.path or name} cannot be created: {error}.", "Choose another --path.") from error
    return path


class _Asker:
    """Asks a person, notes that it did, and gets ready to render while they type."""

    def __init__(self, request: NewRequest, checkout: "Checkout") -> None:
        self.asked = False
        self._request, self._checkout = request, checkout

    def ask(self, question: "Question", answers: "Answers", default: Any) -> Any:
        """Ask one question of the template."""
        from new_ops_project.template import prompts

        first, self.asked = not self.asked, True
        return prompts.ask(
            question,
            answers,
            default=default,
            notes=_installed(question, answers),
            check=self._taken(answers) if question.name == "project_name" else None,
            meanwhile=partial(_get_ready, self._checkout) if first else None,
        )

    def _taken(self, answers: "Answers") -> "Callable[[str], str]":
        """A check that says, while the name is typed, that its folder is taken."""
        question = answers.questionnaire.computed("distribution_name")

        def check(text: str) -> str:
            try:
                _destination(self._request, str(answers.render(question.details["default"], project_name=text)))
            except ToolError as error:
                return error.message.replace(f"{Path.cwd()}{os.sep}", "./")  # the line under a prompt is short
            return ""

        return check


def _get_ready(checkout: "Checkout") -> None:
    """Import what rendering needs, while a person types."""
    from new_ops_project.template import render

    render.preload(checkout)


def _installed(question: "Question", answers: "Answers") -> dict[str, str]:
    """Which of the offered Pythons are on this machine, as notes on the choices."""
    from new_ops_project.clones.interpreters import interpreter

    if question.name != "python_version":
        return {}
    return {choice.value: " · installed" for choice in answers.choices(question) if interpreter(choice.value)}


def _foreign(request: NewRequest, checkout: "Checkout", questionnaire: "Questionnaire", *, ask: bool) -> "NewProject":
    """Make a project from a template of another kind, with copier asking its questions."""
    if not (request.name or request.path):
        raise ToolError("There is no NAME to create.", "Give NAME, or --path DIR.")
    path = _destination(request, str(request.name))
    given = _given(request, questionnaire)
    values = {**given.defaults, **given.values} if request.defaults else given.values
    missing = [question.name for question in questionnaire.asked if question.name not in values]
    if missing and not ask and not request.defaults:
        message = f"{', '.join(missing)}: no answer, and nobody can be asked here."
        raise ToolError(message, f"Give --set {missing[0]}=VALUE, or --defaults to take the defaults.")
    return _make(request, path, checkout, values, purposes={}, ask=ask)


def _make(
    request: NewRequest,
    path: Path,
    checkout: "Checkout",
    answers: "Mapping[str, Any]",
    *,
    purposes: "Mapping[str, str]",
    show: Voice | None = None,
    ask: bool = False,
) -> "NewProject":
    """Render into a temporary place; unless it is a preview, put that in its own place as a repository.

    With `show`, the tree of what will be written is shown and confirmed first.
    """
    from new_ops_project.project.creation import destination
    from new_ops_project.project.creation.welcome import NewProject
    from new_ops_project.template import render

    files: tuple[CreatedFile, ...] = ()

    def fill(fresh: Path) -> None:
        nonlocal files
        render.render(checkout, answers, fresh, trusted=request.trust, ask=ask)
        files = _files(fresh, purposes)
        if show:
            _confirm(show, path, files, commit=request.commit)

    if request.preview:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder) / path.name)
        return NewProject(path, answers, checkout, files, None)
    subject = f"Start {answers.get('project_name', path.name)} from {checkout.source.name} {checkout.version or ''}"
    created = destination.repository(path, fill, commit=request.commit, message=" ".join(subject.split()))
    return NewProject(path, answers, checkout, files, created)


def _files(folder: Path, purposes: "Mapping[str, str]") -> "tuple[CreatedFile, ...]":
    from new_ops_project.project.creation.welcome import CreatedFile

    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return tuple(CreatedFile(name, purposes.get(name, ""), (folder / name).read_bytes()) for name in names)


def _confirm(voice: Voice, path: Path, files: "tuple[CreatedFile, ...]", *, commit: bool) -> None:
    from new_ops_project.template import prompts

    voice.tree(f"{path}/", {file.path: file.purpose for file in files})
    if not prompts.confirm(f"Create these {len(files)} files{' and commit them' if commit else ''}?"):
        raise KeyboardInterrupt
