"""Findings or rules as Markdown, for a step summary or for docs/rules.md."""

import re
from collections.abc import Iterable, Iterator

from new_ops_project.base.finding import Finding
from new_ops_project.base.text import escape_invisible
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.output.counts import summary
from new_ops_project.checks.rule import Family, Rule
from new_ops_project.checks.run import CheckReport


def document(report: CheckReport) -> str:
    """The findings as one table, with the counts above it."""
    rows = "".join(_row(finding) for finding in report.findings)
    table = f"\n| where | rule | what | remedy |\n|---|---|---|---|\n{rows}" if rows else ""
    reasons = ((each, " ".join(_reason(each))) for each in report.skipped if not each.is_optional)
    skipped = "".join(f"\n{'' if each.is_note else 'Not checked: '}{reason}\n" for each, reason in reasons)
    return f"## new-ops-project check\n\n{summary(report.counts)}\n{table}{skipped}"


def _reason(skipped: Skipped) -> Iterator[str]:
    if skipped.codes:
        yield f"{', '.join(skipped.codes)}."
    yield cell(f"{skipped.reason} {skipped.hint}".rstrip() if skipped.fails else skipped.reason)


def _row(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    rule = f"{finding.code} ({finding.severity})"
    return f"| {cell(place)} | {rule} | {cell(finding.message)} | {cell(finding.remedy)} |\n"


def cell(text: str) -> str:
    """The text on one line, with everything escaped that Markdown or HTML would interpret; code in backticks stays."""
    parts = escape_invisible(" ".join(text.split())).split("`")
    if len(parts) % 2 == 0 or "``" in text:  # Markdown pairs runs of the same length
        return escaped(text)
    # Even in code, | would begin the next cell of a table.
    return "`".join(part.replace("|", "\\|") if number % 2 else _plain(part) for number, part in enumerate(parts))


def escaped(text: str) -> str:
    """The text on one line, with everything escaped that Markdown or HTML would interpret."""
    return "\\`".join(map(_plain, escape_invisible(" ".join(text.split())).split("`")))


def _plain(text: str) -> str:
    marked = re.sub(r"([\\*_{}\[\]<>#+!|~@&-])", r"\\\1", text)
    return re.sub(r"(?<![\w/])(https?):", r"\1&#58;", marked)


def rules(families: Iterable[Family]) -> str:
    """Every rule with what, why, remedy and link."""
    return "\n".join(_lines(families)) + "\n"


def _lines(families: Iterable[Family]) -> Iterator[str]:
    yield "# Rules\n\nWritten by `new-ops-project check --explain all --format markdown`."
    for family in families:
        yield f"\n## {family.title} (`{family.name}`)"
        for rule in family.rules:
            yield f"\n### {rule.code}: {rule.title}\n"
            yield "\n".join(_facts(rule))


def _facts(rule: Rule) -> Iterator[str]:
    fixed = ", fixed by `--fix`" if rule.fixes else ""
    tool = f", found by {rule.tool}" if rule.tool else ""
    yield f"*{rule.severity}{fixed}{tool}* · <{rule.link}>\n"
    yield f"{rule.why}\n"
    yield f"**Remedy:** {rule.remedy}"
