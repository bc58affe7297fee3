"""The family of rules about ignoring rules."""

from collections.abc import Sequence

from new_ops_project.base.finding import Severity
from new_ops_project.checks.ignoring import entries
from new_ops_project.checks.rule import Family, Rule

_WHY = "A rule that is off without a reason stays off: nobody can tell later whether it may be turned on again."
_LINK = "https://docs.astral.sh/ruff/rules/unused-noqa/"


def family(others: Sequence[Family]) -> Family:
    """The family; it has to know the rules of all others, so it cannot be a constant as they are."""
    rules, names = [rule for each in others for rule in each.rules], [each.name for each in others]
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
                lambda repo: entries.unknown(repo, rules, names),
            ),
        ),
    )
