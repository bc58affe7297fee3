"""`new`: three answers become a committed, pinned repository."""

import base64
import os
import shlex
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.errors import Exit, ToolError
from new_ops_project.report import Voice, is_interactive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from new_ops_project.answers import Asker, Given
    from new_ops_project.create import Created
    from new_ops_project.questions import Answers, Question, Questionnaire
    from new_ops_project.template import Checkout

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
class Request:
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
class File:
    """One file of the project: its path with `/`, what it is for, and its bytes."""

    path: str
    purpose: str
    content: bytes


@dataclass(frozen=True)
class Outcome:
    """What was made, or with `created` None what would be."""

    path: Path
    answers: "Mapping[str, Any]"
    checkout: "Checkout"
    files: tuple[File, ...]
    created: "Created | None"
    command: str = ""

    def as_json(self, *, texts: bool) -> dict[str, Any]:
        """The object that --json prints; with `texts`, each file's content too."""
        return {
            "path": str(self.path),
            **{key: self.answers.get(key) for key in ("project_name", "tier", "python_version")},
            "template": {"source": self.checkout.source.location, "version": self.checkout.version},
            "commit": self.created.commit if self.created else None,
            "files": [_file_as_json(file, texts=texts) for file in self.files],
        }


def _file_as_json(file: File, *, texts: bool) -> dict[str, str]:
    shown = {"path": file.path, "purpose": file.purpose}
    if not texts:
        return shown
    try:
        return {**shown, "text": file.content.decode()}
    except UnicodeDecodeError:
        return {**shown, "base64": base64.b64encode(file.content).decode()}


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
    request = Request(commit=not no_commit, **options)
    voice = Voice(as_json)
    outcome = new(request, voice, can_ask=not as_json and not request.defaults and is_interactive())
    if outcome.created is None and not as_json:
        voice.tree(f"{outcome.path}/", {file.path: file.purpose for file in outcome.files})
    if as_json:
        voice.answer(outcome.as_json(texts=request.preview))
    if outcome.created is not None:
        _say_created(voice, outcome, outcome.created)
        if venv:
            _make_environment(voice, outcome)
        _say_next(voice, outcome, venv=venv)


def new(request: Request, voice: Voice, *, can_ask: bool) -> Outcome:
    """Answer the template's questions, render it, and make the repository.

    Raises ToolError for everything that a person can mend, KeyboardInterrupt when they stop.
    """
    from new_ops_project import git, questions, sources, template

    git.require()
    checkout = template.checkout(sources.find(request.template), request.ref)
    questionnaire = questions.read(checkout.root)
    questions.require_trust(questionnaire, checkout.source.name, trusted=request.trust)
    if not questionnaire.is_ours:
        return _foreign(request, checkout, questionnaire, ask=can_ask)
    asker = _Asker(request)
    answers = _answers(request, questionnaire, asker.ask if can_ask else None)
    path = _destination(request, answers.values["distribution_name"])
    purposes = {file["path"].replace("NAME", answers.values["import_name"]): file["purpose"]
                for file in answers.values["files"]}  # fmt: skip
    show = voice if asker.asked and not request.preview else None
    made = _make(request, path, checkout, answers.recorded, purposes=purposes, show=show)
    return replace(made, command=answers.values["distribution_name"])


def _answers(request: Request, questionnaire: "Questionnaire", ask: "Asker | None") -> "Answers":
    """The answers to a template with our three questions."""
    from new_ops_project.answers import complete

    given = _given(request, questionnaire)
    return complete(questionnaire, given, ask=ask, defaults=request.defaults, advanced=request.advanced)


def _given(request: Request, questionnaire: "Questionnaire") -> "Given":
    from new_ops_project import config
    from new_ops_project.answers import gather

    known = {question.name for question in questionnaire.asked}
    flags = {"project_name": request.name, "tier": request.tier, "python_version": request.python}
    if request.name and "project_name" not in known:
        del flags["project_name"]  # a template of another kind: NAME is the destination only
    return gather(questionnaire, flags=flags, settings=config.load(), data_file=request.data_file,
                  assignments=request.assignments)  # fmt: skip


def _destination(request: Request, name: str) -> Path:
    """Where to create it, absolute; raises ToolError when something is there."""
    from new_ops_project.create import require_destination

    try:
        path = Path(os.path.abspath((request.path or Path(name)).expanduser()))  # noqa: PTH100 - collapses `..` too
        if not request.preview:
            require_destination(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise ToolError(f"{request.path or name} cannot be created: {error}.", "Choose another --path.") from error
    return path


class _Asker:
    """Asks a person, notes that it did, and has copier imported while they type."""

    def __init__(self, request: Request) -> None:
        self.asked = False
        self._request = request

    def ask(self, question: "Question", answers: "Answers", default: Any) -> Any:
        """Ask one question of the template."""
        from new_ops_project import prompts, render

        first, self.asked = not self.asked, True
        return prompts.ask(
            question, answers, default=default, notes=_installed(question, answers),
            check=self._taken(answers) if question.name == "project_name" else None,
            meanwhile=render.preload if first else None,
        )  # fmt: skip

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


def _installed(question: "Question", answers: "Answers") -> dict[str, str]:
    """Which of the offered Pythons are on this machine, as notes on the choices."""
    from new_ops_project.environment import interpreter

    if question.name != "python_version":
        return {}
    return {choice.value: " · installed" for choice in answers.choices(question) if interpreter(choice.value)}


def _foreign(request: Request, checkout: "Checkout", questionnaire: "Questionnaire", *, ask: bool) -> Outcome:
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
    request: Request,
    path: Path,
    checkout: "Checkout",
    answers: "Mapping[str, Any]",
    *,
    purposes: "Mapping[str, str]",
    show: Voice | None = None,
    ask: bool = False,
) -> Outcome:
    """Render into a temporary place; unless it is a preview, put that in its own place as a repository.

    With `show`, the tree of what will be written is shown and confirmed first.
    """
    from new_ops_project import create, render

    files: tuple[File, ...] = ()

    def fill(fresh: Path) -> None:
        nonlocal files
        render.render(checkout, answers, fresh, trusted=request.trust, ask=ask)
        files = _files(fresh, purposes)
        if show:
            _confirm(show, path, files, commit=request.commit)

    if request.preview:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder) / path.name)
        return Outcome(path, answers, checkout, files, None)
    subject = f"Start {answers.get('project_name', path.name)} from {checkout.source.name} {checkout.version or ''}"
    created = create.repository(path, fill, commit=request.commit, message=" ".join(subject.split()))
    return Outcome(path, answers, checkout, files, created)


def _files(folder: Path, purposes: "Mapping[str, str]") -> tuple[File, ...]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return tuple(File(name, purposes.get(name, ""), (folder / name).read_bytes()) for name in names)


def _confirm(voice: Voice, path: Path, files: tuple[File, ...], *, commit: bool) -> None:
    from new_ops_project import prompts

    voice.tree(f"{path}/", {file.path: file.purpose for file in files})
    if not prompts.confirm(f"Create these {len(files)} files{' and commit them' if commit else ''}?"):
        raise KeyboardInterrupt


def _say_created(voice: Voice, outcome: Outcome, created: "Created") -> None:
    """What was made, and what about it a person should know."""
    from new_ops_project import sources

    version = outcome.checkout.version or "without a version"
    voice.say(
        f"Created {outcome.path}: {len(outcome.files)} files from template {outcome.checkout.source.name} {version}."
    )
    if sources.is_news(outcome.checkout.source):
        voice.say("For a team, publish the template once: new-ops-project template publish URL")
    if created.outer:
        voice.say(f"It lies inside another git repository, {created.outer}, which does not track it.", fg="yellow")
    if created.commit:
        voice.say(f"Committed as {created.commit[:7]} on branch main.")
        return
    voice.say(f"The files are staged, not committed: {created.uncommitted}.", fg="yellow")
    if "name and e-mail" in created.uncommitted:
        voice.say("  git config --global user.name 'Your Name' && git config --global user.email you@example.org")
    voice.say(f"  git -C {shlex.quote(str(created.path))} commit --message 'Start {created.path.name}'")


def _make_environment(voice: Voice, outcome: Outcome) -> None:
    from new_ops_project import environment

    try:
        with voice.progress() as progress:
            environment.create(outcome.path, _python(outcome), progress)
    except KeyboardInterrupt as error:
        message = f"Interrupted; {outcome.path} is there, its .venv is not finished."
        raise ToolError(message, "Its README.md has the command that makes it.", Exit.INTERRUPTED) from error


def _python(outcome: Outcome) -> str:
    version = outcome.path / ".python-version"
    return str(outcome.answers.get("python_version") or (version.read_text().strip() if version.is_file() else "3"))


def _say_next(voice: Voice, outcome: Outcome, *, venv: bool) -> None:
    """The commands to go on with, as the project's own README has them."""
    from new_ops_project import environment

    names = {file.path for file in outcome.files}
    if "pyproject.toml" not in names or "tier" not in outcome.answers:
        return
    install = ".venv/bin/python -m pip install"
    steps = [f"cd {shlex.quote(_from_here(outcome.path))}"]
    if not venv:
        steps += [
            f"python{_python(outcome)} -m venv .venv",
            f"{install} --require-hashes -r requirements-dev.txt",
        ]
        if outcome.answers["tier"] != "script":
            steps += [f"{install} --no-deps --no-build-isolation --editable ."]
    if not environment.interpreter(_python(outcome)):
        voice.say(f"Python {_python(outcome)} was not found here: {environment.advice(_python(outcome))}", fg="yellow")
    voice.say("\nNext:")
    for step in [*steps, _first_run(outcome)]:
        voice.say(f"  {step}")


def _from_here(path: Path) -> str:
    """The path as one would type it here; the whole of it where there is no way from here (another drive)."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)


def _first_run(outcome: Outcome) -> str:
    """The first thing to run in a new project of this tier."""
    script = next((file.path for file in outcome.files if "/" not in file.path and file.path.endswith(".py")), "")
    if outcome.answers["tier"] == "cli":
        return f".venv/bin/{outcome.command} --help"
    return f".venv/bin/python {script} --help" if script else ".venv/bin/python -m pytest"
