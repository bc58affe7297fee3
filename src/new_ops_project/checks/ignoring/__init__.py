"""The family of rules about ignoring rules."""

from collections.abc import Sequence

from new_ops_project.base.finding import Severity
from new_ops_project.checks.ignoring import entries
from new_ops_project.checks.rule import Family, Rule

_WHY = "A rule that is off without a reason stays off: nobody can tell later whether it may be turned on again."
_LINK = "https://docs.astral.sh/ruff/rules/unused-noqa/"


def family(rules: Sequence[Rule]) -> Family:
    """The family; `rules` are all other rules, so it cannot be a constant as the other families are."""
    return Family(
        "ignoring",
        "Ignored rules",
        (
            Rule(
                "OPS001",
                "Ignored rules have a reason",
                Severity.ERROR,
                _WHY,
                f'Write the reason: [{".".join(entries.TABLE)}] CODE = "the reason".',
                _LINK,
                entries.unreasoned,
            ),
            Rule(
                "OPS002",
                "Ignored rules exist",
                Severity.WARNING,
                "A misspelt code ignores nothing, and the code of a removed rule is dead text.",
                "Correct the code, or remove the line.",
                _LINK,
                lambda repo: entries.unknown(repo, rules),
            ),
        ),
    )
