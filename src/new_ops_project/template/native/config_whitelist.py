"""The entries of copier.yml that can be rendered without copier.

A name or a type that is not listed here may mean anything in a later copier, so it raises UnsupportedError.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from new_ops_project.template.errors import UnsupportedError

# The oldest copier that the tool can be installed with (pyproject.toml).
_COPIER = (9, 19, 1)
_MESSAGES = {f"message_{when}_{what}" for when in ("before", "after") for what in ("copy", "update")}
_SETTINGS = {
    "answers_file",
    "envops",
    "exclude",
    "min_copier_version",
    "preserve_symlinks",
    "skip_if_exists",
    "subdirectory",
    # What these two run is no part of rendering: `template.tasks` runs it afterwards.
    "tasks",
    "migrations",
    "templates_suffix",
    *_MESSAGES,
}
_HARMLESS_IF_EMPTY = {"jinja_extensions", "external_data", "secret_questions"}
_ENVOPS: Mapping[str, type] = {
    "block_start_string": str,
    "block_end_string": str,
    "variable_start_string": str,
    "variable_end_string": str,
    "comment_start_string": str,
    "comment_end_string": str,
    "trim_blocks": bool,
    "lstrip_blocks": bool,
    "keep_trailing_newline": bool,
    "undefined": str,
}
_DETAILS: Mapping[str, tuple[type, ...]] = {
    "type": (str,),
    "help": (str,),
    "default": (object,),
    "choices": (str, list, dict),
    "multiselect": (bool,),
    "validator": (str,),
    "when": (str, bool),
    "placeholder": (str,),
    "multiline": (str, bool),
    "qmark": (str,),
}
# Names that a question cannot have; YAML reads the last of them as other types than text.
_RESERVED = {"now", "make_secret", "self", "UNSET", "True", "False", "None", "nan", "inf"}


def require_one_config(root: Path) -> None:
    """Raise UnsupportedError for two copier.yml, or an odd name: copier and this tool look for different ones."""
    paths = [path for path in root.glob("copier.*") if re.match(r"\.ya?ml", path.suffix, re.IGNORECASE)]
    usual = [path for path in paths if path.name in {"copier.yml", "copier.yaml"} and path.is_file()]
    if len(paths) > 1 or usual != paths or any(path.is_symlink() for path in paths):
        raise UnsupportedError("has more than one copier.yml, or an unusual one")
    if (root / ".gitmodules").exists():
        raise UnsupportedError("has submodules")


def require_settings(config: Mapping[str, Any]) -> None:
    """Raise UnsupportedError for a setting that is unknown or of another type."""
    for name, value in config.items():
        if name not in _SETTINGS and (value or name not in _HARMLESS_IF_EMPTY):
            raise UnsupportedError(f"has the setting _{name}")
    for name in ("exclude", "skip_if_exists"):
        if not _are_texts(config.get(name, [])):
            raise UnsupportedError(f"has something else than a list of texts as _{name}")
    for name in ("answers_file", "subdirectory", "templates_suffix"):
        if not isinstance(config.get(name, ""), str):
            raise UnsupportedError(f"has something else than a text as _{name}")
    if not re.fullmatch(r"(\.\w+)?", str(config.get("templates_suffix", ""))):
        raise UnsupportedError("has an unusual _templates_suffix")
    if not isinstance(config.get("preserve_symlinks", False), bool):
        raise UnsupportedError("has something else than yes or no as _preserve_symlinks")
    _require_envops(config.get("envops", {}))
    _require_version(config.get("min_copier_version", "0"))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _require_envops(options: Any) -> None:
    if not isinstance(options, dict):
        raise UnsupportedError("has an unusual _envops")
    for name, value in options.items():
        if name == "autoescape" and value is False:  # which is jinja2's default
            continue
        if name not in _ENVOPS or not isinstance(value, _ENVOPS[name]) or value == "":
            raise UnsupportedError(f"has the setting {name} in _envops")
    if options.get("undefined", "jinja2.Undefined") not in {"jinja2.Undefined", "jinja2.StrictUndefined"}:
        raise UnsupportedError("has the setting undefined in _envops")


def _require_version(wanted: Any) -> None:
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", wanted) if isinstance(wanted, str) else None
    if not match or tuple(int(number or 0) for number in match.groups()) > _COPIER:
        raise UnsupportedError(f"asks for copier {wanted}")


def require_question(name: str, details: Mapping[str, Any]) -> None:
    """Raise UnsupportedError for a question with a detail that is unknown or of another type."""
    if not name.isidentifier() or name in _RESERVED:
        raise UnsupportedError(f"has a question called {name}")
    for key, value in details.items():
        if key not in _DETAILS or not isinstance(value, _DETAILS[key]):
            raise UnsupportedError(f"has {key} in the question {name}")
