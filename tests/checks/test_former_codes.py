"""Codes of rules that a linter has taken over."""

import pytest

from new_ops_project.base.errors import ToolError
from new_ops_project.checks import catalogue, engine, repo

PRESENT = {rule.code for rule in catalogue.rules()}
# Of some rules, a linter has taken over a part.
FORMER = {code: rule for rule in catalogue.rules() for code in rule.replaces if code not in PRESENT}


@pytest.mark.parametrize("code", FORMER)
def test_an_ignored_former_code_is_told_its_successor(code: str) -> None:
    """OPS002 says which linter reports the same, and under which name."""
    of = repo.of({"pyproject.toml": f'[tool.new-ops-project.ignore]\n{code} = "the reason"\n'})
    (finding,) = engine.run(of, [catalogue.rule("OPS002")]).findings
    assert finding.line == 2
    assert finding.message.startswith(
        f"{code} is ignored, but that rule is gone: {FORMER[code].tool} reports the same under the name"
    )
    assert FORMER[code].code in finding.message
    assert finding.remedy == "Write that name instead, or remove the line."


@pytest.mark.parametrize("code", ["OPS1", "ops", "S6", "workflows"])
def test_an_ignored_family_is_told_what_works(code: str) -> None:
    """A family or the beginning of codes is no misspelt code: OPS002 says how to ignore its rules."""
    of = repo.of({"pyproject.toml": f'[tool.new-ops-project.ignore]\n{code} = "the reason"\n'})
    (finding,) = engine.run(of, [catalogue.rule("OPS002")]).findings
    assert finding.message == f"{code} is ignored, but that is not one rule, so nothing is ignored."
    assert f"`--ignore {code}`" in finding.remedy


@pytest.mark.parametrize("code", [next(iter(FORMER)), "ops120"])
def test_a_former_code_on_the_command_line_is_told_its_successor(code: str) -> None:
    """--explain, --select and --ignore say so, too, whatever the case of letters."""
    successor = FORMER[code.upper()].code
    for ask in (
        lambda: catalogue.rule(code),
        lambda: catalogue.selected([code], []),
        lambda: catalogue.selected([], [code]),
    ):
        with pytest.raises(ToolError, match=f"There is no rule {code.upper()} any more") as told:
            ask()
        assert successor in str(told.value.hint)


@pytest.mark.parametrize("name", ["artipacked", "ARTIPACKED"])
def test_names_of_linters_select_and_explain(name: str) -> None:
    """They are taken in any case of letters; the beginning of a name is no name."""
    assert catalogue.rule(name).code == "artipacked"
    assert [rule.code for rule in catalogue.selected([name], [])] == ["artipacked"]
    with pytest.raises(ToolError):
        catalogue.selected(["artip"], [])
