"""The family of rules about GitHub's automation: workflows, composite actions, Dependabot."""

from new_ops_project.checks.linters import zizmor
from new_ops_project.checks.rule import Family
from new_ops_project.checks.workflows import (
    checkouts,
    cloud_login,
    conventions,
    dependabot,
    injection,
    inputs,
    installs,
    parsing,
    permissions,
    pinning,
    runners,
    setup_python,
    triggers,
)

_MODULES = (
    parsing,
    pinning,
    inputs,
    runners,
    setup_python,
    installs,
    cloud_login,
    permissions,
    injection,
    checkouts,
    triggers,
    conventions,
    dependabot,
)
_OWN = sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.code)

FAMILY = Family("workflows", "GitHub workflows", (*_OWN, zizmor.rule(_OWN)))
