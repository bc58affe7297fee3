"""`config`: the defaults of a team or a person."""

from collections.abc import Mapping
from typing import Any

import click

from new_ops_project.base import config
from new_ops_project.commands.shared.voice import Voice

EXAMPLES = """\b
Examples:
  new-ops-project config set python_version 3.12
  new-ops-project config set template https://git.example.org/ops/template.git
  new-ops-project config show
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Show and set defaults: `template`, and any answer."""


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(*, as_json: bool) -> None:
    """Show each value with where it comes from."""
    settings = show()
    voice = Voice(as_json)
    if as_json:
        voice.print_json(
            {key: {"value": setting.value, "origin": str(setting.origin)} for key, setting in settings.items()}
        )
        return
    for key, setting in settings.items():
        voice.say(f"{key} = {setting.value!r}    {setting.origin}")
    if not settings:
        voice.say(f"Nothing is set. The files are {config.user_file()} and, for everybody, {config.site_file()}.")


def show() -> Mapping[str, config.Setting]:
    """Every configured value; raises ToolError for a file that cannot be read."""
    return dict(sorted(config.load().items()))


@command.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def set_command(*, key: str, value: str, as_json: bool) -> None:
    """Set KEY to VALUE in your own config file."""
    stored = assign(key, value)
    voice = Voice(as_json)
    voice.say(f"{key} = {stored!r}    {config.user_file()}")
    if as_json:
        voice.print_json({"key": key, "value": stored, "file": str(config.user_file())})


def assign(key: str, value: str) -> Any:
    """Write one value, checked as the answer that it is; raises ToolError when it is none."""
    stored = _template(value) if key == "template" else _answer(key, value)
    config.write(key, stored)
    return stored


def _template(value: str) -> str:
    from new_ops_project.template import sources

    return value if value == sources.EMBEDDED else sources.normalise(value)


def _answer(key: str, value: str) -> Any:
    """`value` as the answer to the question `key` of the template in use."""
    from new_ops_project.template import copier_yml, evaluation, releases, sources

    questionnaire = copier_yml.read(releases.checkout(sources.find()).root)
    wanted = questionnaire.named(key)
    answers = evaluation.Answers(questionnaire)
    for question in questionnaire.questions:
        if question is wanted:
            break
        answers.compute(question)
    answers.answer(wanted, value)
    return answers.values[key]


@command.command("unset")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def unset_command(*, key: str, as_json: bool) -> None:
    """Take KEY out of your own config file."""
    path = config.remove(key)
    voice = Voice(as_json)
    voice.say(f"{key} is no longer set in {path}.")
    if as_json:
        voice.print_json({"key": key, "value": None, "file": str(path)})
