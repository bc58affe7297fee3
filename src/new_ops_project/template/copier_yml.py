"""The reader of copier.yml.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/): several documents, `!include`, and
settings that begin with an underscore.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.template.questions import Question, Questionnaire


def read(root: Path) -> Questionnaire:
    """The questionnaire of the template whose files are in `root`.

    A template without copier.yml asks nothing. Raises ToolError when there are two, or one that is not YAML.
    """
    paths = [path for name in ("copier.yml", "copier.yaml") if (path := root / name).is_file()]
    if len(paths) > 1:
        message = f"The template at {root} has both copier.yml and copier.yaml."
        raise ToolError(message, "A copier template has one of them at its root.")
    try:
        merged = _merge([document for path in paths for document in _documents(path, root.resolve())])
    except (OSError, RecursionError, TypeError) as error:
        raise ToolError(f"{paths[0].name} of the template cannot be read: {error}.", "Fix it there.") from error
    config = {key[1:]: value for key, value in merged.items() if str(key).startswith("_")}
    entries = {key: value for key, value in merged.items() if not str(key).startswith("_")}
    details = {str(key): value if isinstance(value, dict) else {"default": value} for key, value in entries.items()}
    for name in details.keys() & set(config.get("secret_questions") or ()):
        details[name] = {**details[name], "secret": True}
    return Questionnaire(root, config, tuple(Question(name, detail) for name, detail in details.items()))


def _documents(path: Path, root: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file; the documents of an included file replace the one that includes it."""
    import yaml  # noqa: PLC0415 - the first prompt has the questions from the cache

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    loader.add_constructor("!include", lambda load, node: _include(load.construct_scalar(node), root))
    try:
        documents = list(yaml.load_all(path.read_bytes(), Loader=loader))
    except yaml.YAMLError as error:
        raise ToolError(f"{path.name} of the template is not YAML: {error}", "Fix it there.") from error
    flat = [item for document in documents if document for item in _as_list(document)]
    if any(not isinstance(item, dict) for item in flat):
        raise ToolError(f"{path.name} of the template is not a mapping of questions.", "Fix it there.")
    return flat


def _as_list(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


def _include(pattern: str, root: Path) -> list[dict[str, Any]]:
    """The documents of the files that the pattern matches, in the order in which copier finds them too."""
    included = [] if PurePosixPath(pattern).is_absolute() else [path.resolve() for path in root.glob(pattern)]
    if PurePosixPath(pattern).is_absolute() or not all(path.is_relative_to(root) for path in included):
        raise ToolError(f"The template includes {pattern!r}, which is outside it.", "Include relative paths.")
    return [item for path in included for item in _documents(path, root)]


def _merge(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The documents as one mapping: later ones win, except that the lists of four settings are joined."""
    merged: dict[str, Any] = {}
    for document in documents:
        for key, value in document.items():
            is_joined = key in {"_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists"}
            merged[key] = [*merged.get(key, []), *value] if is_joined else value
    return merged
