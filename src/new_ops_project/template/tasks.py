"""The tasks and migrations of a template: which of them copier would run, and how each is run.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/, `tasks` and `migrations`). All of them run
in scratch folders, as children of this process whose output is kept.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha512
from pathlib import Path, PurePath
from typing import Any

from packaging.version import InvalidVersion, Version

from new_ops_project import git
from new_ops_project.base import masking, process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.scratch import system_folder, temporary_folder
from new_ops_project.formats.locks import is_lock
from new_ops_project.git import tree
from new_ops_project.git.tree import Tree
from new_ops_project.template import answers_file
from new_ops_project.template.errors import EvaluationError
from new_ops_project.template.evaluation import Answers, to_bool
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout

_ANY_CODE = tuple(range(-64, 256))
_SHOWN_LINES = 20
# Stand for the folders of the project and of the template in commands that are evaluated before these exist.
ANYWHERE, SOURCE = "/new-ops-project-anywhere/project", "/new-ops-project-anywhere/template"


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


@dataclass(frozen=True)
class EvaluatedCommand:
    """One command ready to run: evaluated, its folder relative to the project's, its environment variables."""

    kind: str
    command: str | list[str]
    folder: str
    environment: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The command for people."""
        return self.command if isinstance(self.command, str) else " ".join(self.command)


@dataclass(frozen=True)
class Setting:
    """What the commands of one version see: the version's files, the answers, where those are recorded.

    `operation`: "copy" or "update".
    """

    checkout: Checkout
    answers: Answers
    answers_file: str
    operation: str = "update"


# ---- which ----------------------------------------------------------------------------------------------------------


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
    except InvalidVersion as error:
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
    except InvalidVersion:
        return None


# ---- evaluation -----------------------------------------------------------------------------------------------------


def setting(
    checkout: Checkout,
    questionnaire: Questionnaire,
    given: Mapping[str, Any],
    folder: Path,
    *,
    answers_file: str,
    operation: str = "update",
    complete: bool = True,
) -> Setting:
    """What the commands of a version see in the project in `folder`; `given` are the answers to render it with.

    Unless `complete`, the questions that these do not answer have no answer. Raises ToolError for an invalid answer.
    """
    answers = Answers(questionnaire, dict(given))
    bare = Setting(checkout, answers, answers_file, operation)
    answers.values.update({**context(bare, folder, checkout.root), "_copier_phase": "prompt"})
    if complete:
        answers.complete(given)
    return bare


def wanted(commands: list[TemplateCommand], setting: Setting, folder: Path) -> list[TemplateCommand]:
    """The commands whose `when` is true for the project in `folder`; raises EvaluationError."""
    variables = context(setting, folder, setting.checkout.root) if commands else {}
    return [command for command in commands if _is_wanted(command, setting, variables)]


def may_run(commands: list[TemplateCommand], setting: Setting, folder: Path) -> list[TemplateCommand]:
    """The commands whose `when` is true for the project in `folder`, or cannot be evaluated here."""
    kept = []
    for command in commands:
        with suppress(EvaluationError):
            if not wanted([command], setting, folder):
                continue
        kept.append(command)
    return kept


def _is_wanted(command: TemplateCommand, setting: Setting, variables: Mapping[str, Any]) -> bool:
    return to_bool(setting.answers.render(command.when, **variables, **_extra(command, setting)))


def announced(commands: list[TemplateCommand]) -> str:
    """A sentence that names the commands where they do not run."""
    kinds = {f"{kind}s": [command for command in commands if command.kind == kind] for kind in ("task", "migration")}
    named = "; ".join(f"{kind} {listed(those)}" for kind, those in kinds.items() if those)
    return f"The template's {named} run in an update, but not here, so their effect is not shown." if named else ""


def listed(commands: Iterable[TemplateCommand]) -> str:
    """The commands for people, each once."""
    return ", ".join(f"`{shown}`" for shown in dict.fromkeys(command.shown for command in commands))


def _extra(command: TemplateCommand, setting: Setting) -> dict[str, Any]:
    """The variables of one command, which are environment variables too."""
    named = {f"_{name}": value for name, value in command.variables.items()}
    return {**named, "_copier_operation": setting.operation}


def context(setting: Setting, folder: Path, source: Path) -> dict[str, Any]:
    """All variables of commands that run in `folder`; `source` has the template's files."""
    checkout = setting.checkout
    conf = {
        "answers_file": PurePath(setting.answers_file),
        "src_path": PurePath(source),
        "dst_path": PurePath(folder),
        "vcs_ref": checkout.commit,
        "vcs_ref_hash": checkout.commit,
        "data": setting.answers.recorded,
        "sep": os.sep,
        "os": {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform),
        **dict.fromkeys(("unsafe", "quiet", "defaults", "overwrite", "cleanup_on_error"), True),
        **dict.fromkeys(("pretend", "skip_tasks", "skip_answered", "use_prereleases"), False),
    }
    about = {"_commit": checkout.version, "_src_path": masking.masked(checkout.source.location)}
    return {
        "_copier_answers": {**about, **_open_answers(setting)},
        "_copier_conf": conf,
        "_copier_python": sys.executable,
        "_external_data": _external(setting, folder),
        "_folder_name": folder.name,
        "make_secret": lambda: sha512(os.urandom(48)).hexdigest(),
        "now": lambda: datetime.now(tz=UTC),
    }


def _open_answers(setting: Setting) -> dict[str, Any]:
    """The answers without those to secret questions."""
    secret = {question.name for question in setting.answers.questionnaire.questions if question.is_secret}
    return {name: value for name, value in setting.answers.recorded.items() if name not in secret}


@contextmanager
def _evaluated(commands: list[TemplateCommand], setting: Setting, folder: Path) -> Iterator[list[EvaluatedCommand]]:
    """The commands that are wanted, evaluated for the project in `folder`.

    A command that names the template's own folder gets a copy of it, since all runs share the real one.
    """
    with temporary_folder() as holder:
        source = setting.checkout.root
        if any("src_path" in command.shown for command in commands):
            source = Path(shutil.copytree(source, holder / "template", symlinks=True))
        yield evaluate(commands, setting, folder, source)


def evaluate(
    commands: list[TemplateCommand], setting: Setting, folder: Path, source: Path | None = None
) -> list[EvaluatedCommand]:
    """The commands that are wanted, evaluated for the project in `folder`; `source` has the template's files."""
    variables = context(setting, folder, source or setting.checkout.root)
    return [_evaluate(command, setting, variables) for command in commands if _is_wanted(command, setting, variables)]


def _external(setting: Setting, folder: Path) -> dict[str, Any]:
    """The contents of the project's files that the template reads answers from (`_external_data`), by their names."""
    paths = setting.answers.questionnaire.config.get("external_data") or {}
    files = {name: folder / str(setting.answers.render(str(path))) for name, path in paths.items()}
    return {
        name: answers_file.parse_answers(file.name, file.read_bytes()) if file.is_file() else {}
        for name, file in files.items()
    }


def _evaluate(command: TemplateCommand, setting: Setting, variables: Mapping[str, Any]) -> EvaluatedCommand:
    extra, phase = _extra(command, setting), "tasks" if command.kind == "task" else "migrate"

    def text(value: Any) -> str:
        return str(setting.answers.render(str(value), **variables, **extra, _copier_phase=phase))

    line = text(command.text) if isinstance(command.text, str) else [text(part) for part in command.text]
    environment = {name[1:].upper(): str(value) for name, value in extra.items()}
    return EvaluatedCommand(command.kind, line, text(command.folder), environment)


# ---- running --------------------------------------------------------------------------------------------------------


def run(commands: list[TemplateCommand], setting: Setting, folder: Path) -> dict[str, str]:
    """Run the commands that are wanted in the project's folder; return the command by each lock that it wrote.

    Raises ToolError for one that cannot be evaluated, cannot start, or fails.
    """
    with _evaluated(commands, setting, folder) as evaluated:
        return run_evaluated(evaluated, folder, setting.checkout.source.name)


def run_evaluated(evaluated: list[EvaluatedCommand], folder: Path, template: str) -> dict[str, str]:
    """Run evaluated commands as `run` does."""
    written: dict[str, str] = {}
    for command in evaluated:
        at = Path(os.path.abspath(folder / command.folder))  # noqa: PTH100 - `..` is collapsed as copier does it
        before = _locks(folder, at)
        _run(command, at, template)
        written |= {
            path: f"(cd {command.folder} && {command.shown})" if at != folder else command.shown
            for path, state in _locks(folder, at).items()
            if before.get(path) != state
        }
    return written


def _locks(folder: Path, at: Path) -> dict[str, tuple[int, int]]:
    """The state of each lock in the project's folder and in that where a command runs, by path."""
    places = filter(Path.is_dir, {folder, at})
    locks = [file for place in places for file in place.iterdir() if is_lock(file.name) and file.is_file()]
    stats = {Path(os.path.relpath(file, folder)).as_posix(): file.stat() for file in locks}
    return {path: (stat.st_mtime_ns, stat.st_ino) for path, stat in stats.items()}


def _run(command: EvaluatedCommand, at: Path, template: str) -> None:
    shell = (os.environ.get("COMSPEC", "cmd.exe"), "/c") if os.name == "nt" else ("/bin/sh", "-c")
    args = (*shell, command.command) if isinstance(command.command, str) else tuple(command.command)
    # What the user has set for languages stays; a repository above the scratch folder is none of the command's.
    environment = {"LC_ALL": os.environ.get("LC_ALL", ""), "GIT_CEILING_DIRECTORIES": str(system_folder())}
    what = f"The {command.kind} of the template {template} failed"
    if not at.is_dir():
        message = f"{what}: {command.shown}\n  there is no folder {command.folder}"
        raise ToolError(message, "Nothing was written. Fix its working_directory in copier.yml of the template.")
    try:
        result = process.run(*args, cwd=at, env={**environment, **command.environment}, codes=_ANY_CODE)
    except ProcessError as error:
        raise ToolError(f"{what}: {command.shown}\n  {error.reason}", "Nothing was written.") from error
    if result.exit_code:
        lines = f"{result.text}\n{result.stderr}".split("\n")
        output = "".join(f"\n  {line}" for line in [line for line in lines if line.strip()][-_SHOWN_LINES:])
        message = f"{what} with exit code {result.exit_code}: {command.shown}{output}"
        hint = "Nothing was written. It ran in a copy of the project, without what git ignores."
        raise ToolError(message, hint)


def read_result(folder: Path, rendered: Tree) -> dict[str, tree.Entry]:
    """What is in `folder` after commands have run there: the files that were rendered, and those that git would add.

    A `.git` folder and what git ignores belong to no tree.
    """
    with temporary_folder() as holder:
        git.git(*git.TEMPORARY, "init", "--quiet", "--bare", str(holder))
        env = {"GIT_DIR": str(holder), "GIT_WORK_TREE": str(folder)}
        listing = ("-c", "core.bare=false", "ls-files", "--others", "--exclude-standard", "-z")
        output = git.git(*git.TEMPORARY, *listing, at=folder, env=env).stdout
    names = {*filter(None, map(os.fsdecode, output.split(b"\0"))), *rendered}
    below = {name: tree.read(folder / name) for name in names if name.endswith("/")}  # a repository of its own
    result = {f"{name}{path}": entry for name, entries in below.items() for path, entry in entries.items()}
    return result | {name: tree.read_file(folder / name) for name in names if os.path.lexists(folder / name)}
