"""The catalogue of every rule, by family."""

from collections.abc import Callable, Collection, Sequence
from functools import cache

from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.checks import coding, dependencies, environment, ignoring, packaging, template, workflows
from new_ops_project.checks.rule import Family, Rule, succession

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
    """The families by code; the first has the rules about ignoring rules."""
    return (ignoring.family(_FAMILIES), *_FAMILIES)


def rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    return tuple(rule for family in families() for rule in family.rules)


def rule(code: str) -> Rule:
    """The rule with that code, in any case of letters; raises ToolError that names the nearest code."""
    by_code = {rule.code.upper(): rule for rule in rules()}
    if code.upper() not in by_code:
        _require_present(code)
        hint = nearest(code.upper(), list(by_code)) or "`new-ops-project check --explain all` lists them."
        raise ToolError(f"There is no rule {code!r}.", capitalize(hint))
    return by_code[code.upper()]


def _require_present(code: str) -> None:
    """Raise ToolError for the code of a former rule."""
    if successors := succession(rules(), code.upper()):
        raise ToolError(f"There is no rule {code.upper()} any more.", f"{successors}.")


def selected(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that `select` names (all, if it is empty), without those that `ignore` names.

    A name is a code, the beginning of codes, or a family. Raises ToolError for a name that matches no rule.
    """
    wanted, unwanted = _codes(select) if select else {rule.code for rule in rules()}, _codes(ignore)
    return tuple(rule for rule in rules() if rule.code in wanted - unwanted)


def fixing(chosen: Sequence[Rule], select: Sequence[str], named: Collection[str]) -> Callable[[Finding], bool]:
    """What tells of a finding that has a fix whether --fix applies it; PATH names the files `named`."""
    codes = {name.upper() for name in select}
    always = {rule.code for rule in chosen if not rule.fixed_when or rule.code in codes}
    return lambda finding: finding.fixable and (finding.code in always or finding.path in named)


def _codes(names: Sequence[str]) -> set[str]:
    return {code for name in names for code in _matches(name)}


def _matches(name: str) -> set[str]:
    """The codes that a family, a code or the beginning of codes stands for."""
    by_family = {family.name: {rule.code for rule in family.rules} for family in families()}
    codes = by_family.get(name.lower()) or {
        rule.code for rule in rules() if rule.code.startswith(name.upper()) or rule.code == name.lower()
    }
    if not codes or not name:
        _require_present(name)
        choices = [*by_family, *(rule.code for rule in rules())]
        hint = nearest(name.upper(), choices) or nearest(name.lower(), choices) or f"Families: {', '.join(by_family)}."
        raise ToolError(f"No rule or family is called {name!r}, and no code begins with it.", capitalize(hint))
    return codes
