"""Rules about credentials in the repository."""

import ast
import re
from collections.abc import Iterable, Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters import detect_secrets
from new_ops_project.checks.linters.detect_secrets import Secret
from new_ops_project.checks.linters.ruff import Diagnostic
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_SHORTEST = 6
# Names of variables that tell where a secret is or what it is called, not the secret.
_DESCRIBES = re.compile(
    r"(?:name|url|uri|path|file|dir|arn|env|var|id|header|field|param|type|kind|prefix|suffix|regex|pattern|format|"
    r"length|hash|label|title|prompt|message|msg|help|text|template|endpoint|policy|scope|alias|column|attr|attribute|"
    r"option|flag|class|ref|version|keyword|user|username|store|provider|source|service)s?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(.*)"')
# A path, a reference, a placeholder or words: nothing that anybody logs in with.
_NO_SECRET = re.compile(
    r"[/.~$<{%@#:*&?!_-].*|.*(?:\(\?|\\[wdsbSWD]|\[[^\]]*\]|\).*\|).*|\w+:.*|.*\s.*|.*[{<]\w+[}>].*|[A-Za-z]+(?:[_.-][A-Za-z]+)*[_.-]?|[A-Z][A-Z0-9_]*|"
    r"[a-z0-9_.-]+(?:/[a-z0-9_.-]+)+|v?\d+(?:\.\d+)*|.*\.(?:json|ya?ml|toml|txt|pem|key|crt|env|gpg)",
    re.DOTALL,
)
_PASSWORD = re.compile(r"(?:password|passwd|passphrase|pwd)$", re.IGNORECASE)
_WORD_AND_DIGITS = re.compile(r"[A-Za-z0-9]{4,}[!$#%&*+=?@^~-]*")
_NAMES_ITSELF = re.compile(r"pass|pwd|secret|token|cred|prompt|stdin|env|file|vault|keyring", re.IGNORECASE)
_VARIED = 3  # different characters; fewer are filler, such as xxxx
# Values that somebody is expected to replace.
_PLACEHOLDER = re.compile(
    r"(?:change|replace|your|insert|enter|fill|put|the|my|some|an?|example|sample|dummy|placeholder|redacted|fake|test|"
    r"todo|none|null|foo|bar|baz|hidden|masked|unset|unknown|default|empty|required|optional)(?:[-_ ]?(?:me|this|it|in|"
    r"here|with|your|password|passwd|passphrase|pwd|pass|secret|token|key|value|credential|example|test|api|access|"
    r"only|real|actual|own|bar|baz))*s?\d*|<.*>|.*(?:\.\.\.|\*\*\*|\$\{|\{\{|%\(|%s).*",
    re.IGNORECASE,
)
REVOKE = "Revoke it, and read the new one from the environment. "
LISTED = (
    "If it is no secret, list the file under [tool.new-ops-project.ignore] in pyproject.toml,"
    ' OPS511 = { reason = "why", paths = ["FILE"] }, or commit a `.secrets.baseline` of detect-secrets.'
)
_COMMENTED = (
    "If it is no secret, and the line may end with a comment, write `pragma: allowlist secret` in one; else commit a"
    " `.secrets.baseline` of detect-secrets."
)
# Files in which most lines may; not those where it would become a part of the value, such as .env.
_WITH_COMMENTS = (".py", ".pyi", ".sh", ".bash", ".toml", ".yml", ".yaml", ".tf", ".rb", ".js", ".ts", ".go", ".ps1")


def literal_credential(repo: Repo, diagnostic: Diagnostic) -> str:
    """The message for a literal that can be a password or a token; '' for any other."""
    quoted = _QUOTED.search(diagnostic.message)
    name = quoted[1] if quoted else ""
    last_word = re.split(r"[_\W]+", name.rstrip("_"))[-1]
    value = "" if _DESCRIBES.fullmatch(last_word) else _literal(repo, diagnostic)
    is_factory_set = value.lower() in diagnostic.path.lower()  # the password that a product comes with is its name
    return f"{diagnostic.message}." if value and not is_factory_set and looks_secret(value, name) else ""


def _literal(repo: Repo, diagnostic: Diagnostic) -> str:
    """The string that ruff reports, or that the reported argument has as its value; '' if there is none."""
    keyword = python_files.node_at(repo, diagnostic, ast.keyword)
    node = keyword.value if keyword else python_files.node_at(repo, diagnostic, ast.Constant)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def looks_secret(value: str, name: str = "") -> bool:
    """Whether a literal can be a credential: long enough, and no path, word, reference or placeholder.

    For a name such as `password`, short values and words count too, since people choose such passwords.
    """
    repeats_name = value.lower().replace("-", "_") in name.lower()
    if repeats_name or _PLACEHOLDER.fullmatch(value) or len(set(value)) < _VARIED:
        return False
    if _PASSWORD.search(name) and _WORD_AND_DIGITS.fullmatch(value):
        return not _NAMES_ITSELF.search(value)
    return len(value) >= _SHORTEST and not _NO_SECRET.fullmatch(value)


def known_secrets(repo: Repo, secrets: Iterable[Secret]) -> Iterator[Breach]:
    """Each secret that detect-secrets knows by its form; a note where most are made up: in tests and documentation."""
    for secret in secrets:
        is_aside = python_files.is_test(repo, secret.path) or python_files.is_auxiliary(repo, secret.path)
        has_comments = secret.path.endswith(_WITH_COMMENTS) and secret.kind != detect_secrets.KEY
        yield Breach(
            f"This looks like a secret: {secret.kind}.",
            secret.path,
            secret.line,
            remedy=REVOKE + (_COMMENTED if has_comments else LISTED),
            severity=Severity.INFO if is_aside or _is_in_docstring(repo, secret) else None,
        )


def _is_in_docstring(repo: Repo, secret: Secret) -> bool:
    syntax = repo.syntax(secret.path) if secret.path in repo.python_files else None
    texts = (node.value for node in (syntax.nodes(ast.Expr) if syntax else ()) if isinstance(node.value, ast.Constant))
    return any(text.lineno <= secret.line <= (text.end_lineno or 0) for text in texts)
