"""Which settings and questions a copier.yml may have to be known: a name that is new, or another type, is not."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from new_ops_project.template.native.casts import CASTS
from new_ops_project.template.native.unsupported import UnsupportedError

# The newest copier that every installation of the tool has (pyproject.toml).
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
    "templates_suffix",
    *_MESSAGES,
}
_HARMLESS_IF_EMPTY = {"tasks", "migrations", "jinja_extensions", "external_data", "secret_questions"}
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
# No name for a question; the last are no texts in YAML.
_RESERVED = {"now", "make_secret", "self", "UNSET", "True", "False", "None", "nan", "inf"}


def require_one_config(root: Path) -> None:
    """Raise Unsure unless copier and this tool, which look by different patterns, find the same copier.yml."""
    found = [path for path in root.glob("copier.*") if re.match(r"\.ya?ml", path.suffix, re.IGNORECASE)]
    if [path.name in {"copier.yml", "copier.yaml"} and not path.is_symlink() for path in found] != [True]:
        raise UnsupportedError("has not exactly one copier.yml")
    if (root / ".gitmodules").exists():
        raise UnsupportedError("has submodules")
    _require_includes(root, found[0], {found[0]})


def _require_includes(root: Path, path: Path, seen: set[Path]) -> None:
    """Each !include names one file: of several, copier takes whichever comes first on this disk."""
    import yaml

    try:
        text = path.read_bytes().decode()
        if "!include" not in text and "%TAG" not in text:
            return
        events = list(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnsupportedError(f"has {path.name}, which is not YAML in UTF-8") from error
    for event in events:
        if getattr(event, "tag", None) != "!include":
            continue
        pattern = str(getattr(event, "value", ""))
        files = list(root.glob(pattern))
        if len(files) > 1 or any(file.is_symlink() or not file.is_file() for file in files):
            raise UnsupportedError(f"includes {pattern!r} into copier.yml, which is not one file")
        for file in set(files) - seen:
            seen.add(file)
            _require_includes(root, file, seen)


def require_settings(config: Mapping[str, Any]) -> None:
    """Raise Unsure for a setting that is not known, or not of its type."""
    for name, value in config.items():
        if name not in _SETTINGS and (value or name not in _HARMLESS_IF_EMPTY):
            raise UnsupportedError(f"has the setting _{name}")
    for name in ("exclude", "skip_if_exists"):
        if not _are_texts(config.get(name, [])):
            raise UnsupportedError(f"has no list of texts as _{name}")
    for name in ("answers_file", "subdirectory", "templates_suffix"):
        if not isinstance(config.get(name, ""), str):
            raise UnsupportedError(f"has no text as _{name}")
    if not re.fullmatch(r"(\.\w+)?", str(config.get("templates_suffix", ""))):
        raise UnsupportedError("has an unusual _templates_suffix")
    if not isinstance(config.get("preserve_symlinks", False), bool):
        raise UnsupportedError("has no yes or no as _preserve_symlinks")
    _require_envops(config.get("envops", {}))
    _require_version(config.get("min_copier_version", "0"))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _require_envops(options: Any) -> None:
    if not isinstance(options, dict):
        raise UnsupportedError("has an unusual _envops")
    for name, value in options.items():
        if name not in _ENVOPS or not isinstance(value, _ENVOPS[name]) or value == "":
            raise UnsupportedError(f"has the setting {name} in _envops")
    if options.get("undefined", "jinja2.Undefined") not in {"jinja2.Undefined", "jinja2.StrictUndefined"}:
        raise UnsupportedError("has the setting undefined in _envops")


def _require_version(wanted: Any) -> None:
    numbers = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", wanted) if isinstance(wanted, str) else None
    if not numbers or tuple(int(one or 0) for one in numbers.groups()) > _COPIER:
        raise UnsupportedError(f"asks for copier {wanted}")


def require_question(name: str, details: Mapping[str, Any]) -> None:
    """Raise Unsure for a question that has a detail that is not known, or not of its type."""
    if not name.isidentifier() or name in _RESERVED:
        raise UnsupportedError(f"has a question called {name}")
    for key, value in details.items():
        if key not in _DETAILS or not isinstance(value, _DETAILS[key]):
            raise UnsupportedError(f"has {key} in the question {name}")
    if details.get("type", "str") not in CASTS:
        raise UnsupportedError(f"has a question of the type {details['type']}")
    choices = details.get("choices", [])
    if not isinstance(choices, str):
        for choice in choices.items() if isinstance(choices, dict) else choices:
            _require_choice(name, choice)


def _require_choice(name: str, choice: Any) -> None:
    label, value = choice if isinstance(choice, (list, tuple)) and len(choice) == 2 else (choice, choice)  # noqa: PLR2004
    if isinstance(value, dict) and value is not choice:
        if not isinstance(value.get("validator", ""), str):
            raise UnsupportedError(f"has an unusual choice in the question {name}")
        value = value.get("value")
    if not all(isinstance(one, (str, int, float)) for one in (label, value)):
        raise UnsupportedError(f"has an unusual choice in the question {name}")
