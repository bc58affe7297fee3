"""`template`: the template that is used, its versions and its pins."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from datetime import timedelta

    from new_ops_project.template.pins.comparison import Kind

EXAMPLES = """\b
Examples:
  new-ops-project template show
  new-ops-project template list --json
  new-ops-project template publish ssh://git@git.example.org/ops/template.git
  new-ops-project template pins --check
"""

SHOW_EXAMPLES = """\b
Examples:
  new-ops-project template show
  new-ops-project template show --template ../template --json
"""

LIST_EXAMPLES = """\b
Examples:
  new-ops-project template list
  new-ops-project template list --template gh:org/template
"""

PUBLISH_EXAMPLES = """\b
Examples:
  new-ops-project template publish ssh://git@git.example.org/ops/template.git
"""

PINS_EXAMPLES = """\b
Examples:
  new-ops-project template pins                       what is behind upstream
  new-ops-project template pins --check --json        for CI: 1 if behind
  new-ops-project template pins --write --only locks  newer packages only
  new-ops-project template pins --write --min-age 14d

\b
Exit codes: 0 done, or nothing to do; 1 behind (--check);
2 failed, or a source did not answer.
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Show, list and publish the template, and keep its pins."""


@command.command("show", epilog=SHOW_EXAMPLES)
@click.option("--template", "option", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(*, option: str | None, as_json: bool) -> None:
    """Show the template in use, the reason for it, and its versions."""
    from new_ops_project.template import releases, sources

    source = sources.find(option)
    versions = releases.versions(source)
    voice = Voice(as_json)
    voice.say(f"{source.name}, because {source.reason}.")
    voice.say(f"  at        {source.location}")
    voice.say(f"  versions  {', '.join(versions) or 'none released'}")
    if source.name == sources.EMBEDDED:
        voice.say("A team should publish it once: new-ops-project template publish URL")
    voice.print_json({"source": source.location, "reason": source.reason, "versions": versions})


@command.command("list", epilog=LIST_EXAMPLES)
@click.option("--template", "option", metavar="SOURCE", help="A git URL, a folder, or `embedded`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_command(*, option: str | None, as_json: bool) -> None:
    """List the versions of the template, newest first."""
    from new_ops_project.template import releases, sources

    source = sources.find(option)
    versions = releases.versions(source)
    voice = Voice(as_json)
    if as_json:
        voice.print_json({"source": source.location, "versions": versions})
        return
    for version in versions:
        voice.say(version)


@command.command("publish", epilog=PUBLISH_EXAMPLES)
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def publish_command(*, url: str, as_json: bool) -> None:
    """Push the embedded template with its tags to URL, and use it from there."""
    from new_ops_project.template import releases, sources

    location = sources.publish(url)
    versions = releases.versions(sources.find(sources.EMBEDDED))
    voice = Voice(as_json)
    voice.say(f"Published {', '.join(versions)} to {location}.")
    voice.say(
        f"Your new projects record that address. For everybody else: new-ops-project config set template {location}"
    )
    voice.print_json({"source": location, "versions": versions})


def _kinds(_context: click.Context, option: click.Parameter, value: str) -> "frozenset[Kind]":
    """The words of --only."""
    from new_ops_project.base.text import nearest
    from new_ops_project.template.pins.comparison import Kind

    words = [word.strip() for word in value.split(",") if word.strip()]
    known = [str(kind) for kind in Kind]
    for word in words:
        if word not in known:
            hint = nearest(word, known) or f"it takes {', '.join(known)}"
            raise click.BadParameter(f"{word!r} is not a kind of pin; {hint}", param=option)
    return frozenset(Kind(word) for word in words or known)


def _age(_context: click.Context, option: click.Parameter, value: str) -> "timedelta":
    """A span such as 7d, 36h or 2w; 0 for none."""
    import re
    from datetime import timedelta

    match = re.fullmatch(r"(\d{1,4})([hdw]?)", value)
    if not match or (not match[2] and int(match[1])):
        raise click.BadParameter(f"{value!r} is not a span of time such as 7d, 36h or 2w", param=option)
    return int(match[1]) * {"h": timedelta(hours=1), "w": timedelta(weeks=1)}.get(match[2], timedelta(days=1))


@command.command("pins", epilog=PINS_EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--check", is_flag=True, help="Exit with 1 if something is behind.")
@click.option("--write", is_flag=True, help="Rewrite pins.yml and locks.yml, and show what changed.")
@click.option(
    "--only",
    "kinds",
    metavar="KINDS",
    default="",
    callback=_kinds,
    help="Any of actions,tools,python,locks.  [default: all]",
)
@click.option(
    "--min-age",
    metavar="SPAN",
    default="7d",
    show_default=True,
    callback=_age,
    help="The age that a version must have: 36h, 7d, 2w; 0 for any age.",
)
@click.option(
    "--actions-url",
    "base",
    metavar="URL",
    default="https://github.com",
    show_default=True,
    envvar="GITHUB_SERVER_URL",
    show_envvar=True,
    help="The server of OWNER/REPOSITORY: GitHub Enterprise, or any git server.",
)
@click.option(
    "--timeout",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=30,
    show_default=True,
    help="How long each git repository may take to answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def pins_command(
    *,
    path: Path,
    check: bool,
    write: bool,
    as_json: bool,
    kinds: "frozenset[Kind]",
    min_age: "timedelta",
    base: str,
    seconds: float,
) -> None:
    """Compare the versions that the template in PATH writes with upstream.

    Actions with the tags of their repositories, tools and dependencies with the package index that uv or pip is
    configured for, Pythons with CPython's tags. Nothing is written if a source does not answer.
    """
    from new_ops_project.commands.shared import pins_words
    from new_ops_project.template.pins import run
    from new_ops_project.template.pins.upstream import UpstreamQuery

    if check and write:
        raise click.UsageError("--check and --write do not go together.")
    voice = Voice(as_json)
    with voice.progress() as progress:
        report = run.run(path, UpstreamQuery(kinds, base, seconds, min_age), progress, write=write)
    pins_words.say(voice, report)
    voice.print_json(report.as_json())
    click.get_current_context().exit(report.exit_code(check=check))
