"""An installation of the tool: the files that it brings along, and where it came from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from new_ops_project.base.parsers import read_json

DATA = Path(__file__).parents[1] / "data"  # the files that the wheel has beside its code


def editable_checkout() -> Path | None:
    """The checkout that an editable install runs from; its template is newer than the one in the wheel."""
    root = Path(__file__).parents[3]
    return root if (root / "copier.yml").is_file() and (root / "templates").is_dir() else None


def direct_url(text: str | None) -> Mapping[str, Any]:
    """What a `direct_url.json` says about where a package was installed from (PEP 610); {} if it says nothing."""
    try:
        content = read_json(text or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) and isinstance(content.get("url"), str) else {}


def origin() -> Mapping[str, Any]:
    """Where the tool was installed from (PEP 610); {} for a package index."""
    from importlib import metadata  # noqa: PLC0415 - slow to import, and `doctor` looks for no template

    try:
        return direct_url(metadata.distribution("new-ops-project").read_text("direct_url.json"))
    except (metadata.PackageNotFoundError, OSError):
        return {}
