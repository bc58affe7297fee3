"""`check`: what is not as it should be in a repository, and --fix, which mends what can be mended."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from new_ops_project.checks.rule import Rule
    from new_ops_project.checks.run import Checkup

FORMATS = ("text", "json", "sarif", "github", "markdown")

EXAMPLES = """\b
Examples:
  new-ops-project check                          the repository here
  new-ops-project check --fix --preview          what would be mended
  new-ops-project check .gitignore --fix         mends that file only
  new-ops-project check --select workflows,OPS2  some rules
  new-ops-project check --format sarif ../*      several repositories
  new-ops-project check --explain OPS101         why, and what to do

\b
A rule is ignored with its reason, in pyproject.toml:
  [tool.new-ops-project.ignore]
  OPS104 = "the vendor publishes no tags"

\b
Exit codes: 0 clean, or only things to know; 1 findings; 2 could not.
"""


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


def _codes(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    """What --select, --ignore and --explain complete, behind a comma too."""
    from new_ops_project.checks import catalogue

    before, comma, last = typed.rpartition(",")
    names = [*(family.name for family in catalogue.families()), *(rule.code for rule in catalogue.rules())]
    return [f"{before}{comma}{name}" for name in names if name.lower().startswith(last.lower())]


@click.command(epilog=EXAMPLES)
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, metavar="[PATH]...")
@click.option("--fix", is_flag=True, help="Mend what can be mended: all of it or nothing, staged.")
@click.option("--preview", is_flag=True, help="With --fix: show every change in full, and write nothing.")
@click.option(
    "--select",
    metavar="CODE,...",
    callback=_names,
    shell_complete=_codes,
    help="Only these rules: codes, beginnings of codes, families.",
)
@click.option(
    "--ignore",
    metavar="CODE,...",
    callback=_names,
    shell_complete=_codes,
    help="Not these, this time; for good: with a reason, in pyproject.toml.",
)
@click.option("--format", "shape", type=click.Choice(FORMATS), default="text", show_default=True, help="How to tell.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--explain", metavar="CODE", shell_complete=_codes, help="Explain a rule, or `all`, and check nothing.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
def command(*, shape: str, as_json: bool, explain: str | None, **options: Any) -> None:
    """Say what is not as it should be in the repositories or files PATH.

    It reads; it runs nothing that is in them. Any repository will do, whichever template made it, or none.
    """
    from new_ops_project.base import interrupts
    from new_ops_project.checks import run

    shape = "json" if as_json else shape
    if explain:
        _explain(explain, shape)
        return
    request = run.CheckRequest(**options)
    if request.preview and not request.fix:
        raise ToolError("--preview shows what --fix would do.", "Add --fix, or leave --preview out.")
    voice = Voice(shape != "text")
    with interrupts.until_decided(), interrupts.temporary_folder():
        found = run.check(request, voice)
        _print(found, shape, voice)
    click.get_current_context().exit(Exit.FINDINGS if any(one.counts for one in found.findings) else Exit.DONE)


# ---- what is printed -----------------------------------------------------------------------------------------------


def _print(found: "Checkup", shape: str, voice: Voice) -> None:
    if shape == "text":
        from new_ops_project.checks.output import text

        text.say(found, voice)
    elif shape == "github":
        from new_ops_project.checks.output import github

        click.echo("".join(f"{line}\n" for line in github.lines(found)), nl=False)
    elif shape == "markdown":
        from new_ops_project.checks.output import markdown

        click.echo(markdown.document(found), nl=False)
    elif shape == "sarif":
        from new_ops_project.checks.output import sarif

        click.echo(json.dumps(sarif.log(found), indent=2))
    else:
        voice.answer(_as_json(found))


def _as_json(found: "Checkup") -> dict[str, Any]:
    skipped = [{"codes": list(one.codes), "reason": one.reason, "hint": one.hint} for one in found.skipped]
    ignored = [{**one.as_json(), "reason": why.reason} for one, why in found.ignored]
    fixed = {"fixed": [one.as_json() for one in found.fixed], "plans": list(found.plans)} if found.plans else {}
    return {
        "projects": list(found.projects),
        "findings": [one.as_json() for one in found.findings],
        "ignored": ignored,
        "skipped": skipped,
        "drift": found.drift,
        **fixed,
    }


def _explain(code: str, shape: str) -> None:
    """Say what a rule is for; of `all`, in families."""
    from new_ops_project.checks import catalogue
    from new_ops_project.checks.output import markdown

    if shape not in {"text", "json", "markdown"}:
        raise ToolError(f"A rule cannot be explained as {shape}.", "Take text, json or markdown.")
    rules = catalogue.rules() if code.lower() == "all" else (catalogue.rule(code),)
    if shape == "json":
        explained = [{**_facts(rule), "severity": str(rule.severity)} for rule in rules]
        Voice(json=True).answer({"rules": explained} if code.lower() == "all" else explained[0])
    elif shape == "markdown":
        families = [
            replace(one, rules=kept)
            for one in catalogue.families()
            if (kept := tuple(rule for rule in one.rules if rule in rules))
        ]
        click.echo(markdown.rules(families), nl=False)
    elif code.lower() == "all":
        for rule in rules:
            click.echo(f"{rule.code}  {rule.severity:<7}  {'*' if rule.fixes else ' '} {rule.title}")
        click.echo("\n* can be mended by --fix. One of them: new-ops-project check --explain CODE")
    else:
        _tell(rules[0])


def _facts(rule: "Rule") -> dict[str, Any]:
    names = ("code", "title", "why", "remedy", "link", "fixes", "tool")
    return {name: getattr(rule, name) for name in names}


def _tell(rule: "Rule") -> None:
    """One rule, for a person."""
    from new_ops_project.checks.output import text

    voice = Voice(json=False)
    voice.say(f"{rule.code}  {rule.title}", bold=True)
    mended = ", mended by --fix" if rule.fixes else ""
    voice.say(f"{rule.severity}{mended}{f', asked of {rule.tool}' if rule.tool else ''}\n")
    for part in (rule.why, f"Remedy: {rule.remedy}"):
        voice.say(text.wrapped(part) + "\n")
    voice.say(rule.link)
