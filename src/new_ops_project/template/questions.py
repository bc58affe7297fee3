"""copier.yml read as data: questions, computed answers and what makes a template need trust.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/), for the parts that the tool needs
before it imports copier: help, choices, defaults, validators, `when`, `!include`. Copier still has the last word:
it renders with the answers that come from here, and checks them again.
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

# The three answers by which the tool knows a template as one of its own kind.
MAIN = ("project_name", "python_version", "tier")

_NEEDS_TRUST = {
    "tasks": "run commands",
    "migrations": "run commands",
    "jinja_extensions": "load Python code",
}


@dataclass(frozen=True)
class Choice:
    """One answer that a question offers; `disabled` says why it is not to be had, or ''."""

    label: str
    value: Any
    disabled: str = ""


@dataclass(frozen=True)
class Question:
    """One entry of copier.yml that is a question or a computed answer, as written there."""

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
        """What it asks, in words."""
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
    """A template's copier.yml: `config` holds what begins with an underscore, without it."""

    root: Path
    config: Mapping[str, Any]
    questions: tuple[Question, ...]
    codes: Mapping[str, "CodeType"] = field(default_factory=dict, repr=False, compare=False)
    """Texts of copier.yml that were compiled before, and how to find files that were (pure/kept.py)."""
    loader: "Callable[[], BaseLoader] | None" = field(default=None, repr=False, compare=False)
    _templates: dict[str, "Template"] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_ours(self) -> bool:
        """Whether the template asks the three questions, so that the tool can ask them itself."""
        names = {question.name for question in self.questions}
        return names.issuperset((*MAIN, "distribution_name", "import_name", "files")) and not self.distrust

    @property
    def distrust(self) -> str:
        """Why the template needs trust (it could run code of its own), or ''."""
        reasons = [f"_{key} {why}" for key, why in _NEEDS_TRUST.items() if self.config.get(key)]
        return " and ".join(reasons)

    @property
    def runs_commands(self) -> bool:
        """Whether the template starts programs of its own choice."""
        return bool(self.config.get("tasks") or self.config.get("migrations"))

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions that a person can answer: all but the computed ones."""
        return tuple(question for question in self.questions if question.details.get("when") is not False)

    def named(self, name: str) -> Question:
        """The question called `name`; raises ToolError naming the nearest one."""
        names = [question.name for question in self.asked]
        for question in self.asked:
            if question.name == name:
                return question
        hint = nearest(name, names) or f"The keys are {', '.join(names)}."
        raise ToolError(f"The template has no question called {name!r}.", capitalize(hint))

    def computed(self, name: str) -> Question:
        """The computed answer called `name`, which every template of ours has."""
        return next(question for question in self.questions if question.name == name)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """What a string holds that is to be evaluated (a template may choose its own, in `_envops`)."""
        options = self.config.get("envops") or {}
        return (str(options.get("variable_start_string", "{{")), str(options.get("block_start_string", "{%")))

    @cached_property
    def jinja(self) -> "SandboxedEnvironment":
        """The environment in which copier would evaluate the strings of copier.yml."""
        import jinja2
        from jinja2.sandbox import SandboxedEnvironment

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
        """The Jinja template of a string of copier.yml, compiled once: prompts evaluate it at each key."""
        if text not in self._templates:
            self._templates[text] = self._made(text)
        return self._templates[text]

    def _made(self, text: str) -> "Template":
        if text not in self.codes:
            return self.jinja.from_string(text)
        return self.jinja.template_class.from_code(self.jinja, self.codes[text], self.jinja.make_globals(None))


def require_trust(questionnaire: Questionnaire, source: str, *, trusted: bool) -> None:
    """Raise ToolError (exit 4) for a template that could run code, unless `trusted`."""
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
