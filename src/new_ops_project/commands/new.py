"""`new`: three answers become a committed, pinned repository."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.commands.shared.voice import Voice, ask

if TYPE_CHECKING:
    from new_ops_project.project.creation.repository import Created
    from new_ops_project.project.verbs.new import CreatedFile, NewProject

TIERS = ("script", "library", "cli")

EXAMPLES = """\b
Examples:
  new-ops-project new                                 asks three questions
  new-ops-project new rotate-keys --defaults          a script, now
  new-ops-project new audit --tier cli --python 3.13  a command, no prompt
  new-ops-project new audit --tier cli --defaults --set cloud=aws-oidc --venv
  new-ops-project new audit --defaults --preview      shows, writes nothing
"""


@click.command(epilog=EXAMPLES)
@click.argument("name", required=False)
@click.option("--path", type=click.Path(path_type=Path), help="Where to create it.  [default: ./NAME]")
@click.option(
    "--tier",
    metavar="script|library|cli",
    help="One file, a package to import, or a command-line tool.",
    # The template decides which tiers there are; these are what a shell offers.
    shell_complete=lambda _context, _option, typed: [tier for tier in TIERS if tier.startswith(typed)],
)
@click.option("--python", metavar="X.Y", help="The exact minor version of Python.")
@click.option("--defaults", is_flag=True, help="Use the defaults of missing answers; never ask.")
@click.option("--advanced", is_flag=True, help="Ask the other questions too.")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Answer any question.  [repeatable]")
@click.option("--data-file", type=click.Path(path_type=Path), help="Answers as YAML, TOML or JSON.")
@click.option("--template", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--ref", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option("--trust", is_flag=True, help="Allow the template to run code.")
@click.option("--skip-tasks", is_flag=True, help="Do not run the template's tasks.")
@click.option("--preview", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
@click.option("--no-commit", is_flag=True, help="Stage the files without committing them.")
@click.option("--venv", is_flag=True, help="Also create .venv and install the lock.")
def command(*, as_json: bool, no_commit: bool, venv: bool, **options: Any) -> None:
    """Create a git repository from NAME, a Python version and a tier.

    It asks for answers that the command line does not give. The destination, ./NAME, must be empty or absent.
    """
    from new_ops_project.project.verbs.new import NewRequest, new

    voice = Voice(as_json)
    request = NewRequest(commit=not no_commit, **options)
    can_ask = voice.can_ask and not request.defaults
    confirm = partial(_confirm, voice, request.commit)
    project = new(request, prompt=ask if can_ask else None, confirm=confirm, tell=voice.quote)
    if project.created is None and not as_json:
        _show(voice, project.path, project.files)
    if project.not_run:
        voice.say(f"Not run in a preview, so their effect is not shown: {', '.join(project.not_run)}.")
    voice.print_json(_as_json(project))
    if project.created is not None:
        _say_created(voice, project, project.created)
        voice.quote(project.message)
        _finish(voice, project, venv=venv)


def _confirm(voice: Voice, commit: bool, path: Path, files: "tuple[CreatedFile, ...]") -> None:  # noqa: FBT001 - bound by name
    """Show the files and ask for the go-ahead; raises KeyboardInterrupt when it is refused."""
    from new_ops_project.commands.shared import prompts

    _show(voice, path, files)
    these, them = ("this file", "it") if len(files) == 1 else (f"these {len(files)} files", "them")
    prompts.require_consent(f"Create {these}{f' and commit {them}' if commit else ''}?")


def _finish(voice: Voice, project: "NewProject", *, venv: bool) -> None:
    """Make the .venv that was asked for, and say what comes next; raises ToolError, with the project in place."""
    from new_ops_project.base import interrupts

    try:
        interrupts.restore()
        if venv:
            from new_ops_project.clones.onboarding import onboard

            with voice.progress() as progress:
                onboard(str(project.path), progress, hooks=False, check=False)
        _say_next(voice, project, has_venv=venv)
    except KeyboardInterrupt as error:
        unfinished = ", but its .venv is not finished" if venv else ""
        hint = "`new-ops-project onboard` there finishes it." if venv else ""
        raise ToolError(f"Interrupted; {project.path} is there{unfinished}.", hint, Exit.INTERRUPTED) from error


# ---- what is printed ------------------------------------------------------------------------------------------------


def _show(voice: Voice, path: Path, files: "tuple[CreatedFile, ...]") -> None:
    from new_ops_project.commands.shared.file_tree import print_tree

    print_tree(f"{path}/", {file.path: file.purpose for file in files}, to_stderr=voice.json)


def _as_json(project: "NewProject") -> dict[str, Any]:
    """The object that --json prints; with the content of each file in a preview."""
    return {
        "path": str(project.path),
        **{key: project.answers.get(key) for key in ("project_name", "tier", "python_version")},
        "template": {"source": project.checkout.source.location, "version": project.checkout.version},
        "renderer": project.renderer,
        **({"message": project.message} if project.message else {}),
        "commit": project.created.commit if project.created else None,
        "files": [_file_as_json(file, has_text=project.created is None) for file in project.files],
    }


def _file_as_json(file: "CreatedFile", *, has_text: bool) -> dict[str, str]:
    import base64

    facts = {"path": file.path, "purpose": file.purpose}
    if not has_text:
        return facts
    try:
        return {**facts, "text": file.content.decode()}
    except UnicodeDecodeError:
        return {**facts, "base64": base64.b64encode(file.content).decode()}


def _say_created(voice: Voice, project: "NewProject", created: "Created") -> None:
    """What was created, and what a person should know about it."""
    from new_ops_project.base.text import counted, list_first
    from new_ops_project.git import identity
    from new_ops_project.template import sources

    source, version = project.checkout.source, project.checkout.version or "without a version"
    voice.say(f"Created {project.path}: {counted(len(project.files), 'file')} from template {source.name} {version}.")
    if sources.is_first_use(source):
        voice.say("For a team, publish the template once: new-ops-project template publish URL")
    if created.ignored:
        voice.say(f"In no commit, since its own rules ignore them: {list_first(created.ignored, 5)}.", fg="yellow")
    if created.outer:
        voice.say(f"It lies inside another git repository, {created.outer}, which does not track it.", fg="yellow")
    if created.commit:
        voice.say(
            f"Committed as {created.commit[:7]} on {f'branch {created.branch}' if created.branch else 'no branch'}."
        )
        return
    voice.say(f"The files are staged, not committed: {created.uncommitted}.", fg="yellow")
    if "name and e-mail" in created.uncommitted:
        voice.say(f"  {identity.REMEDY}")
    voice.say(f"  git -C {shlex.quote(str(created.path))} commit --message 'Start {created.path.name}'")


def _say_next(voice: Voice, project: "NewProject", *, has_venv: bool) -> None:
    """The next commands, as the project's own README has them."""
    from new_ops_project.base.paths import from_here
    from new_ops_project.clones import check, interpreters

    names = {file.path for file in project.files}
    if "pyproject.toml" not in names or "tier" not in project.answers:
        return
    install, python = ".venv/bin/python -m pip install", project.python
    steps = [f"cd {shlex.quote(from_here(project.path))}"]
    if not has_venv:
        steps += [f"python{python} -m venv .venv", f"{install} --require-hashes -r requirements-dev.txt"]
        if project.answers["tier"] != "script":
            steps += [f"{install} --no-deps --no-build-isolation --editable ."]
    if not interpreters.likely_path(python):
        voice.say(f"Python {python} was not found here. {interpreters.install_hint(python)}", fg="yellow")
    voice.say("Next:", apart=True)
    for step in filter(None, [*steps, check.first_command(project.path)]):
        voice.say(f"  {step}")
