"""The reader of copier.yml, the file in which a template has its settings and questions.

The rules are copier's (https://copier.readthedocs.io/en/stable/configuring/): several documents, `!include`, and
settings that begin with an underscore.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.template.questions import Question, Questionnaire


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
