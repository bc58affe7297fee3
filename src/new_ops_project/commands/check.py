"""`check`: what is wrong in a repository."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.text import drawn
from new_ops_project.commands.shared.voice import Voice, print_document

if TYPE_CHECKING:
    from new_ops_project.checks.rule import Rule
    from new_ops_project.checks.run import CheckReport, CheckRequest
    from new_ops_project.plan.model import Plan

_FOR_PEOPLE = ("text", "full")
FORMATS = (*_FOR_PEOPLE, "json", "sarif", "github", "markdown")

EXAMPLES = """\b
Examples:
  new-ops-project check                          the project here
  new-ops-project check --format full            all findings
  new-ops-project check --fix --preview          what would be fixed
  new-ops-project check src .gitignore --fix     fixes only these
  new-ops-project check --select workflows,OPS2  some rules
  new-ops-project check --format sarif ../*      several repositories
  new-ops-project check --explain OPS101         why, and what to do

\b
To ignore a rule, give the reason in pyproject.toml:
  [tool.new-ops-project.ignore]
  OPS104 = "the vendor publishes no tags"

\b
Exit codes: 0 clean, or only notes; 1 findings; 2 failed, or a linter did.
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
@click.option("--fix", is_flag=True, help="Fix what can be fixed: all of it or nothing, staged.")
@click.option("--preview", is_flag=True, help="With --fix: show every change in full, and write nothing.")
@click.option(
    "--select",
    metavar="CODE,...",
    callback=_names,
    shell_complete=_codes,
    help="Only these rules: codes, prefixes of codes, families.",
)
@click.option(
    "--ignore",
    metavar="CODE,...",
    callback=_names,
    shell_complete=_codes,
    help="Skip these rules this time; to skip them for good, list them in pyproject.toml.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="The format of the findings; text has 20 lines at most, full has all.",
)
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
@click.option("--explain", metavar="CODE", shell_complete=_codes, help="Explain a rule, or `all`, and check nothing.")
@click.option("--drift", is_flag=True, help="Only list the files that differ from the template, or show how one does.")
@click.option("--offline", is_flag=True, help="Do not fetch the template.")
def command(*, shape: str, as_json: bool, explain: str | None, drift: bool, **options: Any) -> None:
    """Report what is wrong in the projects, folders or files at PATH, the worst first.

    A folder or file is checked as part of the project around it. It reads files and runs nothing that is
    in them. It works on any repository, with or without a template.
    """
    from new_ops_project.checks import run

    shape = "json" if as_json else shape
    if explain:
        _explain(explain, shape)
        return
    request = run.CheckRequest(**options)
    if request.preview and not request.fix:
        raise ToolError("--preview shows what --fix would do.", "Add --fix, or leave --preview out.")
    voice = Voice(shape not in _FOR_PEOPLE)
    if drift:
        _list_drift(request, voice, shape)
        return
    report = run.check(replace(request, texts=voice.json), show=partial(_show, voice))
    _print(report, voice, shape, "" if shape == "full" else _again(request))
    has_findings = any(finding.counts for finding in report.findings)
    code = Exit.FINDINGS if has_findings else Exit.DONE
    click.get_current_context().exit(code if report.is_complete else Exit.FAILED)


def _list_drift(request: "CheckRequest", voice: Voice, shape: str) -> None:
    """Compare the files with those of the template, and check nothing else."""
    from new_ops_project.checks import run

    if request.fix or request.select or request.ignore:
        raise ToolError("--drift lists files, and applies no rule.", "Leave --fix, --select and --ignore out.")
    if shape not in {*_FOR_PEOPLE, "json"}:
        raise ToolError(f"Drift cannot be listed as {shape}.", "Use text or json.")
    report = run.check(replace(request, select=("template",)))
    _print_drift(report, voice, in_full=bool(request.paths) and not any(path.is_dir() for path in request.paths))
    click.get_current_context().exit(Exit.FAILED if report.skipped else Exit.DONE)


# ---- what is printed -----------------------------------------------------------------------------------------------


def _show(voice: Voice, plan: "Plan") -> None:
    """Show what --fix would do."""
    from new_ops_project.commands.shared import plan_words

    plan_words.say(voice, plan, in_full=True)
    if not voice.json:
        voice.say()


def _again(request: "CheckRequest") -> str:
    """The command that shows everything."""
    import shlex

    paths = (f"./{path}" if str(path).startswith("-") else str(path) for path in request.paths)
    words = ["new-ops-project", "check", *paths]
    for option, names in (("--select", request.select), ("--ignore", request.ignore)):
        words += [option, ",".join(names)] if names else []
    return shlex.join([*words, *(["--offline"] if request.offline else []), "--format", "full"])


def _print(report: "CheckReport", voice: Voice, shape: str, again: str) -> None:
    from new_ops_project.checks.output import github, json_document, markdown, sarif, text

    for line in text.not_fixed(report) if voice.json else ():
        voice.say(line)
    match shape:
        case "json":
            voice.print_json(json_document.document(report))
        case "sarif":
            voice.print_json(sarif.log(report))
        case "github":
            print_document(drawn(*github.lines(report)))
        case "markdown":
            print_document(markdown.document(report))
        case _:
            for line in text.lines(report, again):
                voice.say(line)


def _print_drift(report: "CheckReport", voice: Voice, *, in_full: bool) -> None:
    """The list; with `in_full`, each difference."""
    from new_ops_project.checks.output import drift, json_document, not_checked
    from new_ops_project.commands.shared import diff_words

    voice.print_json(json_document.document(report))
    if not voice.json:
        for line in (*drift.lines(report), *not_checked.lines(report, in_full=True)):
            voice.say(line)
        for file in (file for states in report.drift.values() for file in states if in_full):
            diff_words.say(voice, file.difference)


def _explain(code: str, shape: str) -> None:
    """Explain a rule; for `all`, list them in families."""
    from new_ops_project.checks import catalogue
    from new_ops_project.checks.output import markdown
    from new_ops_project.checks.output.wrapping import wrapped

    if shape not in {*_FOR_PEOPLE, "json", "markdown"}:
        raise ToolError(f"A rule cannot be explained as {shape}.", "Use text, json or markdown.")
    rules = catalogue.rules() if code.lower() == "all" else (catalogue.rule(code),)
    if shape == "json":
        names = ("code", "title", "why", "remedy", "link", "fixes", "tool", "severity")
        explained = [{name: getattr(rule, name) for name in names} for rule in rules]
        Voice(json=True).print_json({"rules": explained} if code.lower() == "all" else explained[0])
    elif shape == "markdown":
        families = [
            replace(family, rules=chosen)
            for family in catalogue.families()
            if (chosen := tuple(rule for rule in family.rules if rule in rules))
        ]
        print_document(markdown.rules(families))
    elif code.lower() == "all":
        voice = Voice(json=False)
        for rule in rules:
            line = f"{rule.severity:<7}  {'[*]' if rule.fixes else '   '}  {rule.code}  {rule.title}"
            voice.say_lines(wrapped(line, below=" " * 14))
        voice.say("[*] can be fixed by --fix. More about a rule: new-ops-project check --explain CODE", apart=True)
    else:
        _tell(rules[0])


def _tell(rule: "Rule") -> None:
    """One rule, for a person."""
    from new_ops_project.checks.output.wrapping import wrapped

    voice = Voice(json=False)
    voice.say(f"{rule.code}  {rule.title}", bold=True)
    fixed = ", fixed by --fix" if rule.fixes else ""
    voice.say(f"{rule.severity}{fixed}{f', found by {rule.tool}' if rule.tool else ''}")
    voice.say()
    for part in (rule.why, f"Remedy: {rule.remedy}"):
        voice.say_lines(f"{wrapped(part)}\n")
    voice.say(rule.link)
