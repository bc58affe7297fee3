"""The verbs of `fleet`, for many repositories of one template."""

import click

from new_ops_project.commands.group import Verbs

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

# The help text of each verb. A verb is the module of its name here, and is imported when it is called.
VERBS = {
    "status": "Show who is behind, and by how much; the worst come first.",
    "plan": "Pin what to do: the template's version, every base commit, shards.",
    "update": "Compute the commit of each repository; nothing is pushed.",
    "publish": "Deliver the commits: branches, pushes or pull requests, paced.",
    "report": "Show what came of it: terminal, JSON, CSV, Markdown, one HTML file.",
    "retry": "Plan again what failed, was deferred or is in conflict.",
    "init": "Write what runs a fleet elsewhere: on GitHub Actions, or by Renovate.",
}


@click.command(cls=Verbs, package=__name__, verbs=VERBS, epilog=EXAMPLES)
def command() -> None:
    """Keep many repositories of one template fresh, and lose nobody's work."""
