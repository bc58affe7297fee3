"""detect-secrets, whose detectors of known forms of secrets are applied to every text file, offline."""

import importlib
import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

BASELINE = ".secrets.baseline"
# {module in detect_secrets.plugins: class}. Left out are detectors that guess (entropy, keywords, IP addresses), and
# those whose form ordinary words or numbers also have (Artifactory, Twilio, SoftLayer, Telegram).
DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
}
# Forms that are newer than the last release of detect-secrets.
_MORE = {
    "GitHub Fine-Grained Token": re.compile(r"github_pat_[A-Za-z0-9_]{82}"),
    "HashiCorp Vault Token": re.compile(r"hvs\.[A-Za-z0-9_-]{90,120}"),
    "Docker Access Token": re.compile(r"dckr_pat_[A-Za-z0-9_-]{27}"),
    "Azure Client Secret": re.compile(r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
}
_SECRET_LENGTH = 12  # characters; a shorter group in a form is only a prefix
_LOCKS = re.compile(r".*\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|.*\.(?:svg|min\.js|map)")
_ALLOWED = re.compile(r"pragma:\s?(?:allow|white)list[ -]secret|gitleaks:allow")
_NEXT_ALLOWED = re.compile(r"pragma:\s?(?:allow|white)list[ -]nextline[ -]secret")
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|changeme|change[-_]me|placeholder|replace|your|insert|redacted|fake|test|"
    r"foobar|hunter2|abcdef|12345|xxxx|eyJzdWIiOiIxMjM0|\.\.\.|\*\*\*|000000|todo|none|null|<|\$\{|\{\{|\{\w*\}|%\(|%s",
    re.IGNORECASE,
)
_VARIED = 5  # different characters that a real secret has at least
_URL = "basic_auth"
_KEY = "private_key"
_BODY = re.compile(r"(?:\s|\\n|\\r|[\"'+])*(?:(?:Proc-Type|DEK-Info)[^\n]*\s+)*[A-Za-z0-9+/]{40}")
_LOCAL = re.compile(r"[^@\s]*@(?:localhost|127\.0\.0\.1|\[::1\]|(?:\w[\w-]*\.)*example\.(?:com|org|net))\b")


@dataclass(frozen=True)
class Secret:
    """The place and kind of a secret, without the secret; `line` and `column` count from 1, in characters."""

    path: str
    line: int
    column: int
    kind: str


def report(repo: Repo) -> tuple[Secret, ...]:
    """Every secret, except those that an inline pragma or the repository's baseline allows.

    Raises UncheckedError if detect-secrets is not installed.
    """
    detectors = _detectors()
    baseline = _baseline(repo)
    return tuple(
        secret
        for path in sorted(repo.paths)
        if _is_checked(path, baseline) and path in repo.files
        for secret in _secrets(path, repo.files[path].decode(errors="replace"), detectors, baseline)
    )


@dataclass(frozen=True)
class _Detector:
    """One kind of secret: the forms that it has, and the function that returns the secrets in a matching text."""

    name: str
    kind: str
    forms: tuple[re.Pattern[str], ...]
    secrets: Callable[[str], Iterable[str]]


def _detectors() -> tuple[_Detector, ...]:
    if importlib.util.find_spec("detect_secrets") is None:
        raise UncheckedError(f"detect-secrets{program.ABSENT}", program.EXTRA)
    detectors = []
    for module, name in DETECTORS.items():
        try:
            plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
            detectors.append(_Detector(module, plugin.secret_type, tuple(plugin.denylist), plugin.analyze_string))
        except (ImportError, AttributeError):
            continue  # another version of detect-secrets has other detectors
    return (*detectors, *(_Detector("", kind, (form,), lambda text: [text]) for kind, form in _MORE.items()))


def _is_checked(path: str, baseline: "Baseline") -> bool:
    name = PurePosixPath(path).name
    is_data = name == BASELINE or bool(_LOCKS.fullmatch(name))
    return not is_data and not any(pattern.search(path) for pattern in baseline.files)


def _secrets(path: str, text: str, detectors: Iterable[_Detector], baseline: "Baseline") -> Iterator[Secret]:
    """The secrets in one file, each place once."""
    seen = set[int]()
    for detector in detectors:
        if detector.name == _URL and "@" not in text:
            continue  # its form starts with any URL scheme, which makes it slow
        for form in detector.forms:
            for match in form.finditer(text):
                start, end = match.span(1 if match.groups() and _is_whole(detector.name, match[1]) else 0)
                is_new = start not in seen and _is_apart(text, start, "" if detector.name == "jwt" else text[end:][:1])
                if is_new and _counts(detector, match, text, start, end) and not baseline.knows(path, match):
                    seen.add(start)
                    yield Secret(
                        path, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), detector.kind
                    )


def _is_whole(module: str, group: str | None) -> bool:
    """Whether the group is the secret; in some forms it is only the prefix."""
    return bool(group) and (module == _URL or len(group or "") >= _SECRET_LENGTH)


def _is_apart(text: str, start: int, following: str) -> bool:
    """Whether the match is not part of a longer word, such as a hash."""
    neighbours = (text[start - 1] if start else "", following)
    return not any(character.isalnum() and character.isascii() for character in neighbours)


def _counts(detector: _Detector, match: re.Match[str], text: str, start: int, end: int) -> bool:
    """Whether a match is likely to be a secret."""
    value, rest = text[start:end], text[end : end + 400]
    if _is_allowed(text, start) or not any(detector.secrets(match[0])):
        return False
    if detector.name == _KEY:
        return bool(_BODY.match(rest.lstrip("-")))
    if detector.name == _URL and (_is_no_password(value) or _LOCAL.match(rest)):
        return False
    return not is_placeholder(value)


def _is_allowed(text: str, start: int) -> bool:
    above, here = (["", *text[:start].split("\n")[-2:]])[-2:]
    line = here + text[start:].partition("\n")[0]
    return bool(_ALLOWED.search(line) or _NEXT_ALLOWED.search(above))


def _is_no_password(value: str) -> bool:
    """Whether the text between `:` and `@` in a URL is a variable, a word or a port."""
    return bool(re.fullmatch(r"[A-Za-z_-]+|[A-Z_0-9]+|\d+|.*[$%{}<>()\[\]].*", value))


def is_placeholder(value: str) -> bool:
    """Whether the value is a placeholder for a secret."""
    return bool(_PLACEHOLDER.search(value)) or len(set(value.lower())) < _VARIED


# ---- the baseline --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Baseline:
    """The exemptions in `.secrets.baseline`: secrets by path and SHA-1 hash, files by pattern."""

    hashes: frozenset[tuple[str, str]] = frozenset()
    files: tuple[re.Pattern[str], ...] = field(default=())

    def knows(self, path: str, match: re.Match[str]) -> bool:
        """Whether the baseline lists the match; detect-secrets hashes the groups of a form, or the whole match."""
        values = [value for value in match.groups() if value] or [match[0]]
        return any((path, sha1(value.encode(), usedforsecurity=False).hexdigest()) in self.hashes for value in values)


def _baseline(repo: Repo) -> Baseline:
    """The committed baseline; an empty one if it is missing or invalid."""
    try:
        data = json.loads(repo.files.get(BASELINE, b"{}"))
    except (ValueError, RecursionError):
        return Baseline()
    results = data.get("results") if isinstance(data, dict) else None
    filters = data.get("filters_used") if isinstance(data, dict) else None
    return Baseline(frozenset(_hashes(results)), tuple(_excluded(filters)))


def _hashes(results: Any) -> Iterator[tuple[str, str]]:
    for path, secrets in results.items() if isinstance(results, dict) else ():
        for item in secrets if isinstance(secrets, list) else ():
            entry = item if isinstance(item, dict) else {}
            # `is_secret` is true once somebody has audited the entry and confirmed the secret.
            if entry.get("is_secret") is not True and isinstance(entry.get("hashed_secret"), str):
                yield PurePosixPath(path.replace("\\", "/")).as_posix(), entry["hashed_secret"]


def _excluded(filters: Any) -> Iterator[re.Pattern[str]]:
    for item in filters if isinstance(filters, list) else ():
        is_files = isinstance(item, dict) and str(item.get("path", "")).endswith(".should_exclude_file")
        patterns = item.get("pattern") if is_files else ()
        yield from _compiled(patterns if isinstance(patterns, list) else [patterns] if patterns else ())


def _compiled(patterns: Iterable[Any]) -> Iterator[re.Pattern[str]]:
    for pattern in patterns:
        try:
            yield re.compile(str(pattern))
        except (re.error, RecursionError, OverflowError):
            continue
