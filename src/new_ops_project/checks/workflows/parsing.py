"""The rule about workflow files that do not parse."""

from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach


def unparsed(repo: Repo) -> Iterator[Breach]:
    """Each file that is not valid YAML, is not a mapping, or repeats a key in one."""
    for tree in repo.automation.trees:
        if tree.problem:
            yield Breach(f"This is not valid YAML: {tree.problem}.", *tree.where)
        elif tree.root.kind != "mapping":
            yield Breach(
                "This file holds no settings, so GitHub ignores it.",
                tree.path,
                1,
                1,
                remedy="Write `on:` and `jobs:` into it, or keep it in another folder.",
            )
        for key in tree.duplicate_keys:
            yield Breach(
                f"`{key.text}` appears twice in one mapping, so GitHub rejects the file.",
                *key.place,
                remedy="Put what both hold under one of them.",
            )
