"""`config`: the defaults of a team or a person."""

import click

from new_ops_project.base import config, masking
from new_ops_project.commands.shared.voice import Voice

SHOW_EXAMPLES = """\b
Examples:
  new-ops-project config show
  new-ops-project config show --json
"""

SET_EXAMPLES = """\b
Examples:
  new-ops-project config set python_version 3.12
  new-ops-project config set template https://git.example.org/ops/template.git
"""

UNSET_EXAMPLES = """\b
Examples:
  new-ops-project config unset python_version
"""

EXAMPLES = """\b
Examples:
  new-ops-project config set python_version 3.12
  new-ops-project config set template https://git.example.org/ops/template.git
  new-ops-project config show
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Show and set your default template and answers."""


@command.command("show", epilog=SHOW_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(*, as_json: bool) -> None:
    """Show each value and where it comes from."""
    settings = {
        key: (masking.MASK if masking.is_secret_name(key) else value, file)
        for key, (value, file) in sorted(config.load().items())
    }
    voice = Voice(as_json)
    if as_json:
        voice.print_json({key: {"value": value, "origin": str(file)} for key, (value, file) in settings.items()})
        return
    for key, (value, file) in settings.items():
        voice.say(f"{key} = {value!r}    {file}")
    if not settings:
        voice.say(f"Nothing is set. The files are {config.user_file()} and, for everybody, {config.site_file()}.")


@command.command("set", epilog=SET_EXAMPLES)
@click.argument("key")
@click.argument("value")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def set_command(*, key: str, value: str, as_json: bool) -> None:
    """Set KEY to VALUE in your own config file."""
    from new_ops_project.template import defaults

    stored = defaults.assign(key, value)
    voice = Voice(as_json)
    voice.say(f"{key} = {stored!r}    {config.user_file()}")
    voice.print_json({"key": key, "value": stored, "file": str(config.user_file())})


@command.command("unset", epilog=UNSET_EXAMPLES)
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def unset_command(*, key: str, as_json: bool) -> None:
    """Remove KEY from your own config file."""
    path = config.remove(key)
    voice = Voice(as_json)
    voice.say(f"{key} is no longer set in {path}.")
    voice.print_json({"key": key, "value": None, "file": str(path)})
