"""Files of GitHub that do not parse."""

from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.checks.workflows import links


def unparsed(repo: Repo) -> Iterator[Breach]:
    """Each file that is no YAML, holds no mapping, or has a key twice in one."""
    for tree in repo.automation.trees:
        if tree.problem:
            yield Breach(f"This is no YAML: {tree.problem}.", *tree.where)
        elif tree.root.kind != "mapping":
            yield Breach(
                "This file holds no settings: GitHub reads nothing in it.",
                tree.path,
                1,
                1,
                remedy="Write the file, or delete it.",
            )
        for key in tree.twice:
            yield Breach(
                f"`{key.text}` stands twice in one mapping: GitHub refuses the file.",
                *key.place,
                remedy="Keep one of the two.",
            )


RULES = (
    Rule(
        "OPS100",
        "Workflows parse",
        Severity.ERROR,
        "GitHub runs nothing of a file that it cannot read, and says so only on its own pages.",
        "Mend the YAML at that line.",
        links.YAML,
        unparsed,
    ),
)
