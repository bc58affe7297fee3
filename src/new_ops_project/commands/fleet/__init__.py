"""`fleet`: many repositories of one template, each verb of it in a file of its name."""

from importlib import import_module

import click

EXAMPLES = """\b
Examples:
  new-ops-project fleet status ~/clones               who is behind
  new-ops-project fleet update ~/clones --out out     a commit for each
  new-ops-project fleet report out --html fleet.html  what came of it
  new-ops-project fleet publish --in out --mode pr    paced pull requests

\b
A SOURCE is a folder of clones, a file or - with a path or git URL on each
line, a git URL, or a fleet.toml with groups, owners and waves.
"""

# Verb, what --help says of it. Each is the file of its name here, imported when it is called.
VERBS = {
    "status": "Say who is behind, and by how much; what needs doing comes first.",
    "plan": "Pin what shall be done: the template's version, every base commit, shards.",
    "update": "Compute the commit of each repository; nothing is pushed.",
    "publish": "Deliver the commits: branches, pushes or pull requests, paced.",
    "report": "Say what came of it: terminal, JSON, CSV, Markdown, one HTML file.",
    "retry": "Make a plan of what failed, was deferred or is in conflict.",
    "init": "Write what runs a fleet elsewhere: GitHub Actions, or Renovate.",
}


class _Verbs(click.Group):
    """Imports a verb's file when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in VERBS:
            return None
        found: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=_Verbs, epilog=EXAMPLES)
def command() -> None:
    """Keep many repositories of one template fresh, and lose nobody's work."""
