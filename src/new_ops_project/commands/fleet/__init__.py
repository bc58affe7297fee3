"""`fleet`: many repositories of one template, each verb of it in a file of its name."""

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


@click.command(cls=Verbs, package=__name__, verbs=VERBS, epilog=EXAMPLES)
def command() -> None:
    """Keep many repositories of one template fresh, and lose nobody's work."""
