"""The questions of a template, as copier.yml states them.

What each means is defined by copier: https://copier.readthedocs.io/en/stable/configuring/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.text import capitalize, nearest

if TYPE_CHECKING:
    from types import CodeType

    from jinja2 import BaseLoader, Template
    from jinja2.sandbox import SandboxedEnvironment

# The three questions by which the tool recognizes a template of its own kind.
MAIN = ("project_name", "python_version", "tier")

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
        """The type of its answer: str, bool, int, float, yaml, json or path."""
        default = self.details.get("default")
        guess = type(default).__name__ if isinstance(default, (bool, int, float, str)) else "yaml"
        return str(self.details.get("type") or guess)

    @property
    def help(self) -> str:
        """The words in which it is asked."""
        return str(self.details.get("help", self.name))

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return "default" not in self.details

    @property
    def multiselect(self) -> bool:
        """Whether its answer is a list of choices."""
        return bool(self.details.get("multiselect"))


@dataclass(frozen=True)
class Questionnaire:
    """A template's copier.yml: `config` has the settings, whose names begin with an underscore, without it."""

    root: Path
    config: Mapping[str, Any]
    questions: tuple[Question, ...]
    codes: Mapping[str, "CodeType"] = field(default_factory=dict, repr=False, compare=False)
    """The compiled texts of copier.yml, from the cache of compiled templates."""
    loader: "Callable[[], BaseLoader] | None" = field(default=None, repr=False, compare=False)
    """Makes the loader of the compiled files that the texts include, from the same cache."""
    _templates: dict[str, "Template"] = field(default_factory=dict, repr=False, compare=False)

    @property
    def asks_our_questions(self) -> bool:
        """Whether the template asks what our own templates ask, so that the tool can ask them without copier."""
        names = {question.name for question in self.questions}
        return names.issuperset((*MAIN, "distribution_name", "import_name", "files")) and not self.distrust

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

    @cached_property
    def delimiters(self) -> tuple[str, ...]:
        """The delimiters by which a string is recognized as Jinja; a template can change them in `_envops`."""
        options = self.config.get("envops") or {}
        return (str(options.get("variable_start_string", "{{")), str(options.get("block_start_string", "{%")))

    @cached_property
    def jinja(self) -> "SandboxedEnvironment":
        """The environment in which copier would evaluate the strings of copier.yml."""
        import jinja2  # noqa: PLC0415 - a check of a current project evaluates nothing
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - as above

        options = {"keep_trailing_newline": True, **(self.config.get("envops") or {})}
        strict = options.pop("undefined", "") == "jinja2.StrictUndefined"
        undefined = jinja2.StrictUndefined if strict else jinja2.Undefined
        files = jinja2.FileSystemLoader(self.root)
        loader = jinja2.ChoiceLoader([self.loader(), files]) if self.loader else files
        env = SandboxedEnvironment(loader=loader, undefined=undefined, **options)
        env.globals["pathjoin"] = _pathjoin
        env.filters |= {"regex_replace": _regex_replace, "regex_findall": _regex_findall}
        return env

    def compiled(self, text: str) -> "Template":
        """The Jinja template of a string of copier.yml, compiled only once: prompts evaluate it at each key press."""
        if text not in self._templates:
            self._templates[text] = self._compile(text)
        return self._templates[text]

    def _compile(self, text: str) -> "Template":
        if text not in self.codes:
            return self.jinja.from_string(text)
        return self.jinja.template_class.from_code(self.jinja, self.codes[text], self.jinja.make_globals(None))


def require_trust(questionnaire: Questionnaire, source: str, *, trusted: bool) -> None:
    """Raise ToolError (exit code 4) for a template that could run code, unless it is `trusted`."""
    if questionnaire.distrust and not trusted:
        message = f"The template {source} needs trust: its {questionnaire.distrust}."
        raise ToolError(message, "Read it first; then add --trust.", Exit.UNTRUSTED)


def _pathjoin(*parts: str, mode: str = "posix") -> str:
    kind = {"posix": PurePosixPath, "windows": PureWindowsPath, "native": PurePath}[mode]
    return str(kind(*parts))


def _regex_replace(value: str, pattern: str, replacement: str, *, ignorecase: bool = False) -> str:
    return re.sub(pattern, replacement, value, flags=re.IGNORECASE if ignorecase else 0)


def _regex_findall(value: str, regex: str, *, ignorecase: bool = False) -> list[Any]:
    return re.findall(regex, value, flags=re.IGNORECASE if ignorecase else 0)
