"""`template`: which template is used and why, its versions, and publishing the embedded one."""

from dataclasses import dataclass

import click

from new_ops_project.report import Voice

EXAMPLES = """\b
Examples:
  new-ops-project template show
  new-ops-project template list --json
  new-ops-project template publish ssh://git@git.example.org/ops/template.git
"""


@dataclass(frozen=True)
class Shown:
    """A template: where it is, why it is the one, and its versions, newest first."""

    source: str
    name: str
    reason: str
    versions: tuple[str, ...]


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Show, list and publish the template."""


@command.command("show")
@click.option("--template", "option", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(*, option: str | None, as_json: bool) -> None:
    """Say which template is used, why, and which versions it has."""
    found = show(option)
    voice = Voice(as_json)
    voice.say(f"{found.name}, because {found.reason}.")
    voice.say(f"  at        {found.source}")
    voice.say(f"  versions  {', '.join(found.versions) or 'none released'}")
    if found.name == "embedded":
        voice.say("A team should publish it once: new-ops-project template publish URL")
    if as_json:
        voice.answer({"source": found.source, "reason": found.reason, "versions": list(found.versions)})


@command.command("list")
@click.option("--template", "option", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_command(*, option: str | None, as_json: bool) -> None:
    """List the versions of the template, newest first."""
    found = show(option)
    voice = Voice(as_json)
    if as_json:
        voice.answer({"source": found.source, "versions": list(found.versions)})
        return
    for version in found.versions:
        voice.say(version)


def show(option: str | None = None) -> Shown:
    """The template in use; raises ToolError when it cannot be reached."""
    from new_ops_project import sources, template

    source = sources.find(option)
    return Shown(source.location, source.name, source.reason, tuple(template.versions(source)))


@command.command("publish")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def publish_command(*, url: str, as_json: bool) -> None:
    """Push the embedded template with its tags to URL, and use it from there on."""
    published = publish(url)
    voice = Voice(as_json)
    voice.say(f"Published {', '.join(published.versions)} to {published.source}.")
    voice.say("New projects of yours record that address. For everybody else: "
              f"new-ops-project config set template {published.source}")  # fmt: skip
    if as_json:
        voice.answer({"source": published.source, "versions": list(published.versions)})


def publish(url: str) -> Shown:
    """Push every version of the embedded template to the git server, then write the address to the config.

    Raises ToolError when the push is refused; the config is as before then.
    """
    from new_ops_project import config, sources, template

    source = sources.publish(url)
    config.write("template", source.location)
    return Shown(source.location, source.name, source.reason, tuple(template.versions(sources.find("embedded"))))
