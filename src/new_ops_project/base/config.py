"""config.toml, which holds the defaults that a person or a team chose."""

import os
from pathlib import Path
from typing import Any

import platformdirs

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.parsers import read_toml

NAME = "new-ops-project"
TEMPLATE_VARIABLE = "NEW_OPS_PROJECT_TEMPLATE"


def user_file() -> Path:
    """The user's config file, or the file that NEW_OPS_PROJECT_CONFIG names."""
    override = os.environ.get("NEW_OPS_PROJECT_CONFIG")
    return Path(override) if override else platformdirs.user_config_path(NAME, appauthor=False) / "config.toml"


def site_file() -> Path:
    """The system-wide config file; the user's file overrides it."""
    return platformdirs.site_config_path(NAME, appauthor=False) / "config.toml"


def load() -> dict[str, tuple[Any, Path]]:
    """Every configured value with its file, by its key; the user's file overrides the system-wide one.

    Raises ToolError, with line and column, for a file that is not valid TOML.
    """
    files = (site_file(), user_file())
    return {key: (value, path) for path in files for key, value in _read(path).items()}


def write(key: str, value: Any) -> Path:
    """Set `key` in the user's file, keep the other keys, and return the file.

    Raises ToolError when the file cannot be read or written.
    """
    return _replace({**_read(user_file()), key: value})


def remove(key: str) -> Path:
    """Remove `key` from the user's file and return the file; raises ToolError when it is not set."""
    settings = _read(user_file())
    if key not in settings:
        raise ToolError(f"{key} is not set in {user_file()}.", "See `new-ops-project config show`.")
    del settings[key]
    return _replace(settings)


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(reading.read(path).decode())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ToolError(f"{path} is not valid TOML: {error}.", "Fix that line, or delete the file.") from error
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error}.", "Fix it, or delete it.") from error


def _replace(settings: dict[str, Any]) -> Path:
    import tomli_w  # noqa: PLC0415 - only `config` writes, every verb reads

    from new_ops_project.base.files import save  # noqa: PLC0415 - the same

    path = user_file()
    save(path, tomli_w.dumps(settings).encode(), hint="Check its folder's permissions.")
    return path
