"""config.toml: the defaults that a team or a person chose, and where each comes from."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError

NAME = "new-ops-project"
TEMPLATE_VARIABLE = "NEW_OPS_PROJECT_TEMPLATE"


@dataclass(frozen=True)
class Setting:
    """One configured value; `origin` is the file that it was read from."""

    value: Any
    origin: Path


def user_file() -> Path:
    """The user's own config file; NEW_OPS_PROJECT_CONFIG names another."""
    import platformdirs

    named = os.environ.get("NEW_OPS_PROJECT_CONFIG")
    return Path(named) if named else platformdirs.user_config_path(NAME, appauthor=False) / "config.toml"


def site_file() -> Path:
    """The system-wide config file, which the user's own wins over."""
    import platformdirs

    return platformdirs.site_config_path(NAME, appauthor=False) / "config.toml"


def load() -> dict[str, Setting]:
    """Every configured value, the user's before the system's.

    Raises ToolError, with line and column, for a file that is not TOML.
    """
    files = (site_file(), user_file())
    return {key: Setting(value, path) for path in files for key, value in _read(path).items()}


def write(key: str, value: Any) -> Path:
    """Set `key` in the user's file and return the file; the other keys stay.

    Raises ToolError when the file cannot be written.
    """
    return _replace({**_read(user_file()), key: value})


def remove(key: str) -> Path:
    """Take `key` out of the user's file and return the file; raises ToolError when it is not there."""
    kept = _read(user_file())
    if key not in kept:
        raise ToolError(f"{key} is not set in {user_file()}.", "See `new-ops-project config show`.")
    return _replace({name: value for name, value in kept.items() if name != key})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{path} is not TOML: {error}.", "Mend that line, or delete the file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{path} cannot be read: {error}.", "Mend it, or delete it.") from error


def _replace(settings: Mapping[str, Any]) -> Path:
    import tomli_w

    path = user_file()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(tomli_w.dumps(settings), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise ToolError(f"{path} cannot be written: {error.strerror}.", "Check its folder's permissions.") from error
    return path
