"""The engine `renovate`: configuration for its copier manager, and which repositories that manager can serve.

What it needs is what its source has (renovatebot/renovate, lib/modules/manager/copier): `_src_path` is handed to
`git ls-remote` as it is, without `git+`; `_commit` is compared with the tags there as PEP 440 has it.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from new_ops_project.fleet.engines.files import EngineFile, EnginePlan
from new_ops_project.git import urls
from new_ops_project.template import sources

CONFIG = "renovate.json"

_SCP = re.compile(r"[\w.+-]+@[\w.-]+:(?!//)\S+")
_DESCRIBED = re.compile(r".*-\d+-g[0-9a-f]{7,40}")
_STEPS = (
    "let Renovate run in each repository, with this file in it or one that extends this one",
    "new-ops-project fleet status: which repositories are not ready for Renovate, and why",
    "a template that is private: give Renovate a host rule with a token for it",
)
_ADDRESS = "an https or ssh URL in full"


def made() -> EnginePlan:
    """The configuration, and what a person still has to do."""
    text = Path(__file__).with_name(CONFIG).read_text(encoding="utf-8")
    return EnginePlan((EngineFile(CONFIG, text, "configures Renovate's copier manager"),), _STEPS)


def readiness(template: str, version: str) -> str:
    """Why Renovate cannot keep a repository fresh that records this template and this version; '' if it can."""
    return _address(template) or _version(version)


def _address(template: str) -> str:
    if not template:
        return "the answers file names no template"
    if sources.is_embedded(template):
        return f"its template came with the tool; publish it, and record {_ADDRESS}"
    shown = urls.without_secrets(template)
    if _SCP.fullmatch(template) or _is_url(shown.removeprefix("git+")):
        return ""
    kind = "copier's short form" if urls.is_short(template) else "no such thing"
    return f"Renovate needs {_ADDRESS}, and {shown} is {kind}"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"https", "ssh"} and bool(parts.hostname) and bool(parts.path.strip("/"))


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
