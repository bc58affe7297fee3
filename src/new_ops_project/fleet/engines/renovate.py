"""The engine `renovate`: configuration for its copier manager, and which repositories that manager can serve.

What it needs is what its source has (renovatebot/renovate, lib/modules/manager/copier): `_src_path` is handed to
`git ls-remote` as it is, without `git+`; `_commit` is compared with the tags there as PEP 440 has it.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from new_ops_project import sources
from new_ops_project.fleet.engines.files import File

CONFIG = "renovate.json"

_SCP = re.compile(r"[\w.+-]+@[\w.-]+:(?!//)\S+")
_DESCRIBED = re.compile(r".*-\d+-g[0-9a-f]{7,40}")
_ADDRESS = "an https or ssh URL in full"


def files() -> tuple[File, ...]:
    """All files of the engine."""
    text = Path(__file__).with_name(CONFIG).read_text(encoding="utf-8")
    return (File(CONFIG, text, "configures Renovate's copier manager"),)


def next_steps() -> tuple[str, ...]:
    """What a person still has to do."""
    return (
        "let Renovate run in each repository, with this file in it or one that extends this one",
        "new-ops-project fleet status: which repositories are not ready for Renovate, and why",
        "give Renovate a host rule with a token for the template, if that is private",
    )


def readiness(template: str, version: str) -> str:
    """Why Renovate cannot keep a repository fresh that records this template and this version; '' if it can."""
    return _address(template) or _version(version)


def _address(template: str) -> str:
    if not template:
        return "the answers file names no template"
    if sources.is_embedded(template):
        return f"its template came with the tool; publish it, and record {_ADDRESS}"
    if sources.is_short(template):
        return f"{template} is copier's short form, not {_ADDRESS}"
    if _SCP.fullmatch(template):
        return ""
    plain = sources.without_secrets(template).removeprefix("git+")
    try:
        parts = urlsplit(plain)
    except ValueError:
        return f"{plain} is not {_ADDRESS}"
    if "://" not in plain or parts.scheme == "file":
        return f"{plain} is a place on one machine, not {_ADDRESS}"
    if parts.scheme not in {"https", "ssh"} or not parts.hostname or not parts.path.strip("/"):
        return f"{plain} is not {_ADDRESS}"
    return ""


def _version(version: str) -> str:
    from packaging.version import InvalidVersion, Version

    if not version:
        return "the answers file records no version"
    if _DESCRIBED.fullmatch(version):
        return f"{version} is between two versions; update to a tag"
    try:
        Version(version)
    except InvalidVersion:
        return f"{version} is no version that PEP 440 knows"
    return ""
