"""Every rule, in families: the one list that check, its documents and repo-review read."""

from collections.abc import Sequence
from functools import cache

from new_ops_project.base.errors import ToolError, nearest, sentence
from new_ops_project.checks import coding, dependencies, environment, ignores, packaging, template, workflows
from new_ops_project.checks.rule import Family, Rule

_FAMILIES = (
    workflows.FAMILY,
    environment.FAMILY,
    dependencies.FAMILY,
    packaging.FAMILY,
    coding.FAMILY,
    template.FAMILY,
)


@cache
def families() -> tuple[Family, ...]:
    """The families by code; the first is about ignoring the others."""
    codes = [rule.code for family in _FAMILIES for rule in family.rules]
    return (Family("ignoring", "What is ignored", ignores.rules(codes)), *_FAMILIES)


def rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    return tuple(rule for family in families() for rule in family.rules)


def rule(code: str) -> Rule:
    """The rule of that code; raises ToolError naming the nearest one."""
    found = {one.code: one for one in rules()}
    if code.upper() not in found:
        hint = nearest(code.upper(), list(found)) or "`new-ops-project check --explain all` lists them."
        raise ToolError(f"There is no rule {code!r}.", sentence(hint))
    return found[code.upper()]


def selected(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of `select` (all, if empty) without those of `ignore`: codes, beginnings of codes, names of families.

    Raises ToolError for a name that means none.
    """
    wanted, unwanted = _meant(select) if select else {one.code for one in rules()}, _meant(ignore)
    return tuple(one for one in rules() if one.code in wanted - unwanted)


def fixing(chosen: Sequence[Rule], select: Sequence[str], *, is_named: bool) -> tuple[Rule, ...]:
    """Those of the `chosen` rules whose fixes are wanted, where `select` is --select, and files were named or not."""
    codes = {name.upper() for name in select}
    return tuple(
        one
        for one in chosen
        if one.fixes and (not one.fixed_when or one.code in codes or (is_named and one.fixed_when == "named"))
    )


def _meant(names: Sequence[str]) -> set[str]:
    return {code for name in names for code in _codes(name)}


def _codes(name: str) -> set[str]:
    named = {family.name: {one.code for one in family.rules} for family in families()}
    found = named.get(name.lower()) or {one.code for one in rules() if one.code.startswith(name.upper())}
    if not found or not name:
        known = [*named, *(one.code for one in rules())]
        hint = nearest(name.upper(), known) or nearest(name.lower(), known) or f"Families: {', '.join(named)}."
        raise ToolError(f"No rule is called {name!r}, and none begins so.", sentence(hint))
    return found
