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

from new_ops_project.base.errors import Exit, ToolError, nearest, sentence

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


class EvaluationError(ToolError):
    """A string of copier.yml that cannot be evaluated here; copier may know more (`_external_data`, for example)."""


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
        raise ToolError(f"The template has no question called {name!r}.", sentence(hint))

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


@dataclass
class Answers:
    """Answers in the making: the questions are gone through in order, each seeing those before it."""

    questionnaire: Questionnaire
    values: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def recorded(self) -> dict[str, Any]:
        """What was asked and answered, without what was computed."""
        return {name: value for name, value in self.values.items() if name not in self.hidden}

    def render(self, text: Any, /, **more: Any) -> Any:
        """Evaluate `text` with the answers so far; what is not a string stands for itself."""
        if not isinstance(text, str):
            return [self.render(item) for item in text] if isinstance(text, list) else text
        if not any(sign in text for sign in self.questionnaire.signs):
            return text
        from jinja2 import TemplateError

        try:
            return self.questionnaire.compiled(text).render({**self.values, **more})
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"copier.yml of the template cannot be evaluated: {error}."
            raise EvaluationError(message, "Mend it there.") from error

    def is_open(self, question: Question) -> bool:
        """Whether the question's `when` holds, so that it is asked and recorded."""
        when = self.render(question.details.get("when", True))
        return _to_bool(when) if isinstance(when, str) else bool(when)

    def choices(self, question: Question) -> list[Choice]:
        """What the question offers, in order; [] for free text."""
        offered = self.render(question.details.get("choices", []))
        if isinstance(offered, str):
            offered = _yaml(offered)
        pairs = offered.items() if isinstance(offered, dict) else offered or []
        return [self._choice(pair) for pair in pairs]

    def _choice(self, pair: Any) -> Choice:
        label, value = pair if isinstance(pair, (tuple, list)) else (pair, pair)
        disabled = ""
        if isinstance(value, dict):
            disabled = self.render(value.get("validator", ""))
            value = value["value"]
        return Choice(str(self.render(str(label))), self.render(value), str(disabled))

    def default(self, question: Question) -> Any:
        """The question's own default, of its type; None where it has none."""
        if question.required:
            return None
        return self.parse(question, self.render(question.details["default"]))

    def parse(self, question: Question, given: Any) -> Any:
        """`given` as the question's type; raises ToolError with the value in it."""
        try:
            if question.multiselect:
                return self._many(question, given)
            return _cast(question.type, given)
        except (TypeError, ValueError) as error:
            raise ToolError(f"{question.name} is {given!r}, which is no {question.type}: {error}.") from error

    def _many(self, question: Question, given: Any) -> list[Any]:
        """The given choices, in the order in which they are offered."""
        items = _items(given)
        offered = [choice.value for choice in self.choices(question)]
        for item in items:
            if item not in offered:
                raise ToolError(f"{question.name} {item!r} is not offered.", sentence(_offer(offered, item)))
        return [value for value in offered if value in items]

    def problem(self, question: Question, value: Any) -> str:
        """What is wrong with `value` as the answer, as a sentence, or ''."""
        choices = [] if question.multiselect else self.choices(question)
        match = next((choice for choice in choices if choice.value == value), None)
        if choices and (match is None or match.disabled):
            offered = [choice.value for choice in choices if not choice.disabled]
            why = match.disabled if match else "is not offered"
            return f"{question.name} {value!r} {why}; {_offer(offered, value)}"
        return " ".join(str(self.render(question.details.get("validator", ""), **{question.name: value})).split())

    def answer(self, question: Question, given: Any) -> None:
        """Record `given` as the answer; raises ToolError when it is none."""
        value = self.parse(question, given)
        if wrong := self.problem(question, value):
            message, _, hint = wrong.partition("; ")
            raise ToolError(message, sentence(hint))
        self.values[question.name] = value

    def compute(self, question: Question) -> None:
        """Take the default of a question that is not asked, as copier does, and leave it out of the record."""
        self.hidden.add(question.name)
        if not question.required:
            self.values[question.name] = self.default(question)


def read(root: Path) -> Questionnaire:
    """The questionnaire of the template whose files are in `root`.

    Raises ToolError when there is no copier.yml, more than one, or one that is not YAML.
    """
    found = [path for name in ("copier.yml", "copier.yaml") if (path := root / name).is_file()]
    if len(found) != 1:
        what = "neither copier.yml nor copier.yaml" if not found else "both copier.yml and copier.yaml"
        raise ToolError(f"The template at {root} has {what}.", "A copier template has one of them at its root.")
    merged = _merge(_documents(found[0], root))
    config = {key[1:]: value for key, value in merged.items() if str(key).startswith("_")}
    entries = {key: value for key, value in merged.items() if not str(key).startswith("_")}
    questions = [
        Question(str(key), value if isinstance(value, dict) else {"default": value}) for key, value in entries.items()
    ]
    return Questionnaire(root, config, tuple(questions))


def _documents(path: Path, root: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file, with those that it includes in their place."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    loader.add_constructor("!include", lambda load, node: _include(load.construct_scalar(node), root))
    try:
        found = list(yaml.load_all(path.read_bytes(), Loader=loader))
    except yaml.YAMLError as error:
        raise ToolError(f"{path.name} of the template is not YAML: {error}", "Mend it there.") from error
    flat = [item for entry in found if entry for item in (entry if isinstance(entry, list) else [entry])]
    if any(not isinstance(item, dict) for item in flat):
        raise ToolError(f"{path.name} of the template is not a mapping of questions.", "Mend it there.")
    return flat


def _include(pattern: str, root: Path) -> list[dict[str, Any]]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise ToolError(f"The template includes {pattern!r}, which is outside of it.", "Include relative paths.")
    return [item for path in sorted(root.glob(pattern)) for item in _documents(path, root)]


def _merge(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Documents as one: later ones win, but lists of these four options add up."""
    merged: dict[str, Any] = {}
    for document in documents:
        for key, value in document.items():
            adds = key in {"_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists"}
            merged[key] = [*merged.get(key, []), *value] if adds else value
    return merged


def require_trust(questionnaire: Questionnaire, source: str, *, trusted: bool) -> None:
    """Raise ToolError (exit 4) for a template that could run code, unless `trusted`."""
    if questionnaire.distrust and not trusted:
        message = f"The template {source} needs trust: its {questionnaire.distrust}."
        raise ToolError(message, "Read it first; then add --trust.", Exit.UNTRUSTED)


def _offer(offered: list[Any], given: Any) -> str:
    """What to use instead: the nearest word, if `given` is one, else everything that is offered."""
    words = [str(value) for value in offered]
    near = nearest(str(given), words) if str(given)[:1].isalpha() else ""
    return near or f"choose one of {', '.join(words)}."


def _items(given: Any) -> list[Any]:
    """A list from a list, from YAML's way to write one, or from words between commas."""
    if not isinstance(given, str):
        return list(given or [])
    if given.strip().startswith("["):
        return list(_yaml(given))
    return [word for word in re.split(r"[,\s]+", given) if word]


def _cast(kind: str, given: Any) -> Any:
    if kind == "bool":
        return _to_bool(given) if isinstance(given, str) else bool(given)
    if kind in {"yaml", "json"}:
        return _yaml(given) if isinstance(given, str) else given
    if given is None or isinstance(given, (list, dict)):
        raise ValueError(f"{given!r} is not one value")
    return {"int": int, "float": float}.get(kind, str)(given)


def _to_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in {"true", "yes", "y", "on", "1", "t"}:
        return True
    if word in {"false", "no", "n", "off", "0", "f", "", "none", "null", "~"}:
        return False
    raise ValueError("write true or false")


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _pathjoin(*parts: str, mode: str = "posix") -> str:
    kind = {"posix": PurePosixPath, "windows": PureWindowsPath, "native": PurePath}[mode]
    return str(kind(*parts))


def _regex_replace(value: str, pattern: str, replacement: str, *, ignorecase: bool = False) -> str:
    return re.sub(pattern, replacement, value, flags=re.IGNORECASE if ignorecase else 0)


def _regex_findall(value: str, regex: str, *, ignorecase: bool = False) -> list[Any]:
    return re.findall(regex, value, flags=re.IGNORECASE if ignorecase else 0)
