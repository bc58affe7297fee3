"""The tasks and migrations of a template: which of them copier would run.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/, `tasks` and `migrations`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.version import Version

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout


@dataclass(frozen=True)
class TemplateCommand:
    """One task or migration as copier.yml has it; `kind` is "task" or "migration".

    `variables`: what copier adds for it, as Jinja variables with a leading underscore and as environment variables.
    """

    kind: str
    text: str | list[Any]
    when: Any = True
    folder: str = "."
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The command for people, not evaluated."""
        return self.text if isinstance(self.text, str) else " ".join(map(str, self.text))


def tasks(questionnaire: Questionnaire) -> list[TemplateCommand]:
    """The tasks in order; raises ToolError for one that is malformed."""
    return [_command("task", entry, {"stage": "task"}) for entry in _entries(questionnaire, "tasks")]


def migrations(questionnaire: Questionnaire, stage: str, before: Checkout, after: Checkout) -> list[TemplateCommand]:
    """The migrations that copier considers at this stage ("before" or "after") of an update between two versions.

    Those without a version always; of the others those above the old version and up to the new one. None at all if
    either version has no number. Raises ToolError for one that is malformed.
    """
    entries = _entries(questionnaire, "migrations")
    old, new = (_number(checkout) if entries else None for checkout in (before, after))
    if old is None or new is None:
        return []
    variables: dict[str, Any] = {
        "stage": stage,
        "version_from": before.version,
        "version_to": after.version,
        "version_pep440_from": old,
        "version_pep440_to": new,
    }
    start = str((questionnaire.config.get("envops") or {}).get("variable_start_string", "{{"))
    end = str((questionnaire.config.get("envops") or {}).get("variable_end_string", "}}"))
    chosen = []
    for entry in entries:
        if isinstance(entry, dict) and "version" in entry:
            current = _parsed(questionnaire, entry["version"])
            if not new >= current > old:
                continue
            variables = {**variables, "version_current": entry["version"], "version_pep440_current": current}
        if isinstance(entry, dict) and {"before", "after"} & entry.keys():  # the format of copier before 9.3
            chosen += [_command("migration", text, variables) for text in entry.get(stage) or ()]
            continue
        chosen.append(_command("migration", entry, variables, when=f'{start} _stage == "after" {end}'))
    return chosen


def _entries(questionnaire: Questionnaire, name: str) -> list[Any]:
    entries = questionnaire.config.get(name) or []
    if not isinstance(entries, list):
        raise ToolError(f"_{name} in copier.yml of the template is not a list: {entries!r}.", "Fix it there.")
    return entries


def _command(kind: str, entry: Any, variables: Mapping[str, Any], *, when: Any = True) -> TemplateCommand:
    details = entry if isinstance(entry, dict) else {"command": entry}
    text = details.get("command")
    if not isinstance(text, (str, list)) or text == []:
        raise ToolError(f"A {kind} in copier.yml of the template has no command: {entry!r}.", "Fix it there.")
    return TemplateCommand(kind, text, details.get("when", when), str(details.get("working_directory", ".")), variables)


def _parsed(questionnaire: Questionnaire, version: Any) -> Version:
    try:
        return Version(str(version))
    except ValueError as error:
        message = f"A migration in copier.yml of the template has the version {version!r}, which is no version."
        raise ToolError(message, f"Fix it in {questionnaire.root}.") from error


def _number(checkout: Checkout) -> Version | None:
    """The version number (PEP 440) of a checkout, as copier derives it from the nearest tag that is one."""
    if checkout.repository is None or checkout.commit is None:
        return None
    matching = ("--match", "v[0-9]*", "--match", "[0-9]*")
    described = git.ask("describe", "--tags", "--long", *matching, checkout.commit, at=checkout.repository)
    if not described:
        if git.tags(checkout.repository):
            return None
        count = git.ask("rev-list", "--count", checkout.commit, at=checkout.repository) or "0"
        described = f"0.0.0-{count}-g{checkout.commit[:7]}"
    tag, distance, commit = described.rsplit("-", 2)
    try:
        return Version(tag if distance == "0" else f"{tag}.post{distance}.dev0+{commit[1:]}")
    except ValueError:
        return None


def announced(commands: list[TemplateCommand]) -> str:
    """A sentence that names the commands where they do not run."""
    kinds = {f"{kind}s": [command for command in commands if command.kind == kind] for kind in ("task", "migration")}
    named = "; ".join(f"{kind} {listed(those)}" for kind, those in kinds.items() if those)
    return f"The template's {named} run in an update, but not here, so their effect is not shown." if named else ""


def listed(commands: Iterable[TemplateCommand]) -> str:
    """The commands for people, each once."""
    return ", ".join(f"`{shown}`" for shown in dict.fromkeys(command.shown for command in commands))
