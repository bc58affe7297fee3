"""The verbs of `fleet`, for many repositories of one template."""

import click

from new_ops_project.commands.group import Verbs

EXAMPLES = """\b
Examples:
  new-ops-project fleet status ~/clones               who is behind
  new-ops-project fleet update ~/clones --out out     a commit for each
  new-ops-project fleet report out --html fleet.html  the results
  new-ops-project fleet publish --in out --mode pr    pull requests

\b
A SOURCE is a folder of clones, a file or - with a path or git URL on each
line, a git URL, or a fleet.toml with groups, owners and waves.
"""

# The help text of each verb. A verb is the module of its name here, and is imported when it is called.
VERBS = {
    "status": "Show who is behind, and by how much; the worst come first.",
    "plan": "Pin the work: the template's version, every base commit, shards.",
    "update": "Compute the commit of each repository; nothing is pushed.",
    "publish": "Deliver the commits as branches or pull requests, rate-limited.",
    "report": "Show the results of a rollout: terminal, JSON, CSV, Markdown, HTML.",
    "retry": "Plan again what failed, was deferred or is in conflict.",
    "init": "Write the files that run a fleet on GitHub Actions or with Renovate.",
}


@click.command(cls=Verbs, package=__name__, verbs=VERBS, epilog=EXAMPLES)
def command() -> None:
    """Keep many repositories up to date with their template, and lose nobody's work."""
