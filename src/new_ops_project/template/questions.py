"""The questions of a template, as copier.yml states them.

What each means is defined by copier: https://copier.readthedocs.io/en/stable/configuring/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from new_ops_project.base import masking
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.text import capitalize, nearest

if TYPE_CHECKING:
    from types import CodeType

    from new_ops_project.template.foreign_texts import ForeignTemplates
    from new_ops_project.template.jinja import Templates

# The three questions by which the tool recognizes a template of its own kind.
MAIN = ("project_name", "python_version", "tier")

# What copier excludes if the template has neither `_exclude` nor `_subdirectory`.
_USUALLY_EXCLUDED = ("copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__", ".git", ".DS_Store", ".svn")

_NEEDS_TRUST = {
    "tasks": "run commands",
    "migrations": "run commands",
    "jinja_extensions": "load Python code",
}


@dataclass(frozen=True)
class Choice:
    """One answer that a question offers; `disabled` is the reason why it cannot be chosen, or ''."""

    label: str
    value: Any
    disabled: str = ""


@dataclass(frozen=True)
class Question:
    """One entry of copier.yml: a question, or a computed answer (`when: false`)."""

    name: str
    details: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The type of its answer: str, bool, int, float, yaml, json or path; or a text to evaluate."""
        guess = type(self.details.get("default")).__name__
        return str(self.details.get("type") or (guess if guess in {"bool", "float", "int", "str"} else "yaml"))

    @property
    def help(self) -> str:
        """The words in which it is asked."""
        return str(self.details.get("help", self.name))

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return "default" not in self.details

    @property
    def is_secret(self) -> bool:
        """Whether its answer is neither shown nor recorded."""
        return bool(self.details.get("secret"))

    @property
    def multiselect(self) -> bool:
        """Whether its answer is a list of choices."""
        return bool(self.details.get("multiselect"))


def conceal(question: Question, value: Any) -> None:
    """Mask the answer to a secret question from now on; a default that copier.yml states is no secret."""
    if question.is_secret and value != question.details.get("default"):
        masking.hide(value)


def shown(question: Question, value: Any) -> Any:
    """The answer as it may be shown: a mask in place of one to a secret question."""
    return masking.MASK if question.is_secret and value is not None else value


# The settings in `_envops` that hold the delimiters of Jinja, with jinja2's defaults.
_DELIMITERS = {"variable_start_string": "{{", "block_start_string": "{%", "comment_start_string": "{#"}


@dataclass(frozen=True)
class Questionnaire:
    """A template's copier.yml: `config` has the settings, whose names begin with an underscore, without it.

    `codes` are its compiled texts, `file_codes` the compiled files that they may include, by path; both can be empty.
    `extensions` are those of Jinja that its texts are evaluated with: none before the template is trusted. Unless it
    `is_ours`, they are evaluated in a child process.
    """

    root: Path
    config: Mapping[str, Any]
    questions: tuple[Question, ...]
    codes: Mapping[str, "CodeType"] = field(default_factory=dict, repr=False, compare=False)
    file_codes: Mapping[str, "CodeType"] = field(default_factory=dict, repr=False, compare=False)
    extensions: tuple[str, ...] = ()
    is_ours: bool = field(default=False, compare=False)

    @property
    def asks_our_questions(self) -> bool:
        """Whether the template asks what our own templates ask, so that the tool can ask them without copier."""
        names = {question.name for question in self.questions}
        return names.issuperset((*MAIN, "distribution_name", "import_name", "files")) and not self.distrust

    @property
    def keeps_files(self) -> bool:
        """Whether it asks which files the project keeps its own of, as our own template does."""
        return self.asks_our_questions and any(question.name == "keep" for question in self.questions)

    @property
    def distrust(self) -> str:
        """Why the template needs trust, because it could run code of its own; '' if it does not."""
        reasons = [f"_{key} {effect}" for key, effect in _NEEDS_TRUST.items() if self.config.get(key)]
        return " and ".join(reasons)

    @property
    def runs_commands(self) -> bool:
        """Whether the template starts programs."""
        return bool(self.config.get("tasks") or self.config.get("migrations"))

    @property
    def exclude(self) -> Sequence[str]:
        """The patterns of paths that are left out, texts to evaluate."""
        is_whole = PurePosixPath(str(self.config.get("subdirectory", ""))) == PurePosixPath()
        patterns: Sequence[str] = self.config.get("exclude", _USUALLY_EXCLUDED if is_whole else ())
        return patterns

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions that the user can answer: all except the computed ones."""
        return tuple(question for question in self.questions if question.details.get("when") is not False)

    def named(self, name: str) -> Question:
        """The question called `name`; raises ToolError, with the most similar name, if there is none."""
        names = [question.name for question in self.asked]
        for question in self.asked:
            if question.name == name:
                return question
        hint = nearest(name, names) or f"The keys are {', '.join(names)}."
        raise ToolError(f"The template has no question called {name!r}.", capitalize(hint))

    def computed(self, name: str) -> Question:
        """The computed answer called `name`, which must exist."""
        return next(question for question in self.questions if question.name == name)

    def is_plain(self, text: str) -> bool:
        """Whether evaluating `text` returns `text`.

        Without delimiters it does, unless jinja2 changes the ends of its lines or drops the last one.
        """
        options = self.config.get("envops") or {}
        if any(str(options.get(name, default)) in text for name, default in _DELIMITERS.items()):
            return False
        return "\r" not in text and (options.get("keep_trailing_newline", True) or not text.endswith("\n"))

    @cached_property
    def templates(self) -> "Templates | ForeignTemplates":
        """The texts of copier.yml for evaluation, each compiled once: prompts evaluate them at each key press."""
        given = (self.config, self.codes, self.file_codes, self.root, self.extensions)
        if self.is_ours:
            from new_ops_project.template.jinja import Templates  # noqa: PLC0415 - a check of a current project has none

            return Templates(*given)
        from new_ops_project.template.foreign_texts import ForeignTemplates  # noqa: PLC0415 - as above

        return ForeignTemplates(*given)


def require_trust(questionnaire: Questionnaire, source: str, *, trusted: bool, skip_tasks: bool = False) -> None:
    """Raise ToolError (exit code 4) for a template that could run code, unless it is `trusted`.

    With `skip_tasks`, one that has nothing else than tasks needs no trust.
    """
    has_only_tasks = not any(questionnaire.config.get(key) for key in _NEEDS_TRUST if key != "tasks")
    if questionnaire.distrust and not trusted and not (skip_tasks and has_only_tasks):
        message = f"The template {source} needs trust: its {questionnaire.distrust}."
        raise ToolError(message, "Read it first; then add --trust.", Exit.UNTRUSTED)


def load_extensions(questionnaire: Questionnaire) -> Questionnaire:
    """The questions of a trusted template, evaluated with the Jinja extensions that it names.

    Raises ToolError for an extension that cannot be loaded.
    """
    if not (names := questionnaire.config.get("jinja_extensions")):
        return questionnaire
    loaded = replace(questionnaire, extensions=tuple(map(str, names)))
    loaded.templates  # noqa: B018 - raises now, not while a question is evaluated
    return loaded
