"""The reader of copier.yml.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/): several documents, `!include`, and
settings that begin with an underscore. Where copier would fail on a setting of the wrong kind, this says which it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.template.questions import Question, Questionnaire

_JOINED = ("_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists")
_MESSAGES = (f"_message_{when}_{what}" for when in ("before", "after") for what in ("copy", "update"))
# What a setting must be, in Python and in words.
_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys((*_JOINED, "_tasks", "_migrations"), (list, "a list")),
    **dict.fromkeys(("_envops", "_external_data"), (dict, "a mapping")),
    **dict.fromkeys(("_answers_file", "_subdirectory", *_MESSAGES), (str, "a text")),
    "_templates_suffix": ((str, type(None)), "a text"),
}
_MOST_INCLUDED = 200  # files; a few that include each other many times would be read without end


def read(root: Path) -> Questionnaire:
    """The questionnaire of the template whose files are in `root`.

    A template without copier.yml asks nothing. Raises ToolError when there are two, one that is not YAML, or one that
    has a setting of the wrong kind.
    """
    paths = [path for name in ("copier.yml", "copier.yaml") if (path := root / name).is_file()]
    if len(paths) > 1:
        message = f"The template at {root} has both copier.yml and copier.yaml."
        raise ToolError(message, "A copier template has one of them at its root.")
    reader = _IncludeReader(root.resolve())
    merged = _merge([document for path in paths for document in reader.documents(path)])
    config = {key[1:]: value for key, value in merged.items() if str(key).startswith("_")}
    entries = {key: value for key, value in merged.items() if not str(key).startswith("_")}
    details = {str(key): value if isinstance(value, dict) else {"default": value} for key, value in entries.items()}
    for name in details.keys() & set(config.get("secret_questions") or ()):
        details[name] = {**details[name], "secret": True}
    return Questionnaire(root, config, tuple(Question(name, detail) for name, detail in details.items()))


@dataclass(frozen=True)
class _IncludeReader:
    """Reads the files of the template in the folder `root`; `included` are those that others included."""

    root: Path
    included: list[Path] = field(default_factory=list)

    def documents(self, path: Path, above: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
        """Every document of a YAML file; those of an included file replace the one that includes it.

        `above` are the files that include this one.
        """
        from new_ops_project.formats import yaml  # noqa: PLC0415 - the first prompt has the questions from the cache

        inner = (*above, path.resolve())
        try:
            documents = yaml.values(reading.read(path), {"!include": lambda text: self._include(text, inner)})
        except ValueError as error:
            raise ToolError(f"{path.name} of the template is not YAML: {error}.", "Fix it there.") from error
        except OSError as error:
            raise ToolError(f"{path.name} of the template cannot be read: {error}.", "Fix it there.") from error
        flat = [item for document in documents if document for item in _as_list(document)]
        if any(not isinstance(item, dict) for item in flat):
            raise ToolError(f"{path.name} of the template is not a mapping of questions.", "Fix it there.")
        for document in flat:
            _require_kinds(path.name, document)
        return flat

    def _include(self, pattern: str, above: tuple[Path, ...]) -> list[dict[str, Any]]:
        """The documents of the files that the pattern matches, in the order in which copier finds them too."""
        if PurePosixPath(pattern).is_absolute():
            raise _outside(pattern)
        try:
            paths = [path.resolve() for path in self.root.glob(pattern)]
        except (ValueError, NotImplementedError) as error:
            message = f"{above[-1].name} of the template includes {pattern!r:.200}, which is no pattern: {error}."
            raise ToolError(message, "Fix it there.") from error
        if not all(path.is_relative_to(self.root) for path in paths):
            raise _outside(pattern)
        self.included.extend(paths)
        if any(path in above for path in paths) or len(self.included) > _MOST_INCLUDED:
            what = "itself" if any(path in above for path in paths) else f"more than {_MOST_INCLUDED} files"
            raise ToolError(f"{above[-1].name} of the template includes {what}: {pattern!r:.200}.", "Fix it there.")
        return [item for path in paths for item in self.documents(path, above)]


def _outside(pattern: str) -> ToolError:
    hint = "Include files of the template, by paths from its root."
    return ToolError(f"The template includes {pattern!r:.200}, which is outside it.", hint)


def _as_list(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


def _require_kinds(file: str, document: dict[Any, Any]) -> None:
    """Raise ToolError for a setting of the wrong kind."""
    for name in _KINDS.keys() & document:
        value, (kind, words) = document[name], _KINDS[name]
        texts = document[name] if name in _JOINED and isinstance(value, list) else ()
        if not isinstance(value, kind) or not all(isinstance(text, str) for text in texts):
            words += " of texts" if name in _JOINED else ""
            raise ToolError(f"{file} of the template has {name}: {value!r:.60}, which is not {words}.", "Fix it there.")


def _merge(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The documents as one mapping: later ones win, except that the lists of four settings are joined."""
    merged: dict[str, Any] = {}
    for document in documents:
        for key, value in document.items():
            merged[key] = [*merged.get(key, []), *value] if key in _JOINED else value
    return merged
