"""What `new` made, as JSON, and what its maker is told: where it is, and how to go on."""

import base64
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice
from new_ops_project.project.creation.destination import Created
from new_ops_project.template import render, sources
from new_ops_project.template.releases import Checkout


@dataclass(frozen=True)
class CreatedFile:
    """One file of the project: its path with `/`, what it is for, and its bytes."""

    path: str
    purpose: str
    content: bytes


@dataclass(frozen=True)
class NewProject:
    """What was made, or with `created` None what would be."""

    path: Path
    answers: Mapping[str, Any]
    checkout: Checkout
    files: tuple[CreatedFile, ...]
    created: Created | None
    command: str = ""

    def as_json(self, *, texts: bool) -> dict[str, Any]:
        """The object that --json prints; with `texts`, each file's content too."""
        return {
            "path": str(self.path),
            **{key: self.answers.get(key) for key in ("project_name", "tier", "python_version")},
            "template": {"source": self.checkout.source.location, "version": self.checkout.version},
            "renderer": render.way(self.checkout),
            "commit": self.created.commit if self.created else None,
            "files": [_file_as_json(file, texts=texts) for file in self.files],
        }


def _file_as_json(file: CreatedFile, *, texts: bool) -> dict[str, str]:
    shown = {"path": file.path, "purpose": file.purpose}
    if not texts:
        return shown
    try:
        return {**shown, "text": file.content.decode()}
    except UnicodeDecodeError:
        return {**shown, "base64": base64.b64encode(file.content).decode()}


def say_created(voice: Voice, outcome: NewProject, created: Created) -> None:
    """What was made, and what about it a person should know."""
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


def make_environment(voice: Voice, outcome: NewProject) -> None:
    """Make the project's .venv; raises ToolError when that fails, with the project in place."""
    try:
        with voice.progress() as progress:
            from new_ops_project.clones import environment

            environment.create(outcome.path, _python(outcome), progress)
    except KeyboardInterrupt as error:
        message = f"Interrupted; {outcome.path} is there, its .venv is not finished."
        raise ToolError(message, "`new-ops-project onboard` there goes on with it.", Exit.INTERRUPTED) from error


def _python(outcome: NewProject) -> str:
    version = outcome.path / ".python-version"
    return str(outcome.answers.get("python_version") or (version.read_text().strip() if version.is_file() else "3"))


def say_next(voice: Voice, outcome: NewProject, *, venv: bool) -> None:
    """The commands to go on with, as the project's own README has them."""
    from new_ops_project.clones import check_command, interpreters

    names = {file.path for file in outcome.files}
    if "pyproject.toml" not in names or "tier" not in outcome.answers:
        return
    install = ".venv/bin/python -m pip install"
    steps = [f"cd {shlex.quote(from_here(outcome.path))}"]
    if not venv:
        steps += [
            f"python{_python(outcome)} -m venv .venv",
            f"{install} --require-hashes -r requirements-dev.txt",
        ]
        if outcome.answers["tier"] != "script":
            steps += [f"{install} --no-deps --no-build-isolation --editable ."]
    if not interpreters.interpreter(_python(outcome)):
        voice.say(f"Python {_python(outcome)} was not found here: {interpreters.advice(_python(outcome))}", fg="yellow")
    voice.say("\nNext:")
    for step in filter(None, [*steps, check_command.first_run(outcome.path)]):
        voice.say(f"  {step}")


def from_here(path: Path) -> str:
    """The path as one would type it here; the whole of it where there is no way from here (another drive)."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
