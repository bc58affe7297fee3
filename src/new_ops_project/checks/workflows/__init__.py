"""Rules about GitHub's workflows, composite actions and Dependabot."""

from new_ops_project.checks.linters import zizmor
from new_ops_project.checks.rule import Family
from new_ops_project.checks.workflows import (
    checkouts,
    dependabot,
    events,
    grants,
    habits,
    inputs,
    installs,
    parsing,
    pinning,
    pythons,
    runners,
    secrets,
    untrusted,
)  # fmt: skip

_MODULES = (parsing, pinning, inputs, runners, pythons, installs, secrets, grants, untrusted, checkouts, events,
            habits, dependabot)  # fmt: skip
_OWN = sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.code)

FAMILY = Family("workflows", "Workflows of GitHub", (*_OWN, zizmor.rule(_OWN)))
