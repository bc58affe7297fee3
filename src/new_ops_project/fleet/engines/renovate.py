"""The engine `renovate`: Renovate's copier manager, with its configuration.

The conditions are those of its source (renovatebot/renovate, lib/modules/manager/copier): it passes `_src_path` to
`git ls-remote` unchanged except for `git+`, and compares `_commit` with the tags there by PEP 440.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from packaging.version import Version

from new_ops_project.base import masking
from new_ops_project.fleet.engines.files import EngineFile, EnginePlan
from new_ops_project.git import urls
from new_ops_project.template import sources

CONFIG = "renovate.json"

_SCP = re.compile(r"[\w.+-]+@[\w.-]+:(?!//)\S+")
_DESCRIBED = re.compile(r".*-\d+-g[0-9a-f]{7,40}")
_STEPS = (
    "let Renovate run in each repository, with this file in it or one that extends this one",
    "new-ops-project fleet status says which repositories are not ready for Renovate, and why",
    "for a private template, give Renovate a host rule with a token",
)
_ADDRESS = "a full https or ssh URL"


def plan() -> EnginePlan:
    """The configuration, with what a person still has to do."""
    text = Path(__file__).with_name(CONFIG).read_text(encoding="utf-8")
    return EnginePlan((EngineFile(CONFIG, text, "configures Renovate's copier manager"),), _STEPS)


def readiness(template: str, version: str) -> str:
    """Why Renovate cannot update a repository that records this template and version; '' if it can."""
    if not template:
        return "the answers file does not name a template"
    if sources.is_embedded(template):
        return f"its template is embedded in the tool; publish it, and record {_ADDRESS}"
    shown = masking.masked(template)
    if not _SCP.fullmatch(template) and not _is_url(shown.removeprefix("git+")):
        kind = "copier's short form" if urls.is_short_address(template) else "not one"
        return f"Renovate needs {_ADDRESS}, and {shown} is {kind}"
    return _version(version)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"https", "ssh"} and bool(parts.hostname) and bool(parts.path.strip("/"))


def _version(version: str) -> str:
    if not version:
        return "the answers file does not record a version"
    if _DESCRIBED.fullmatch(version):
        return f"{version} is a commit between two versions; update to a tag"
    try:
        Version(version)
    except ValueError:
        return f"{version} is not a version by PEP 440"
    return ""
