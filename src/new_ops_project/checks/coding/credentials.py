"""Rules about credentials: in Python code by the name of what they are given to, in any file by their form."""

import ast
import re
from collections.abc import Iterable, Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.detect_secrets import Secret
from new_ops_project.checks.linters.ruff import Diagnostic, Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_SHORTEST = 6
# Names that hold where a secret is, or what it is called, and not the secret.
_ABOUT = re.compile(
    r"(?:name|url|uri|path|file|dir|arn|env|var|id|header|field|param|type|kind|prefix|suffix|regex|pattern|format|"
    r"length|hash|label|title|prompt|message|msg|help|text|template|endpoint|policy|scope|alias|column|attr|attribute|"
    r"option|flag|class|ref|version|keyword|user|username|store|provider|source|service)s?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(.*)"')
# A place, a reference, something to be filled in, or words: not what anybody logs in with.
_NO_SECRET = re.compile(
    r"[/.~$<{%@#:*&?!_-].*|.*(?:\(\?|\\[wdsbSWD]|\[[^\]]*\]|\).*\|).*|\w+:.*|.*\s.*|.*[{<]\w+[}>].*|[A-Za-z]+(?:[_.-][A-Za-z]+)*[_.-]?|[A-Z][A-Z0-9_]*|"
    r"[a-z0-9_.-]+(?:/[a-z0-9_.-]+)+|v?\d+(?:\.\d+)*|.*\.(?:json|ya?ml|toml|txt|pem|key|crt|env|gpg)",
    re.DOTALL,
)
_PASSWORD = re.compile(r"(?:password|passwd|passphrase|pwd)$", re.IGNORECASE)
_CHOSEN = re.compile(r"[A-Za-z0-9]{4,}[!$#%&*+=?@^~-]*")
_ABOUT_ITSELF = re.compile(r"pass|pwd|secret|token|cred|prompt|stdin|env|file|vault|keyring", re.IGNORECASE)
_VARIED = 3  # characters that differ; fewer are filling, such as xxxx
# What somebody is to replace.
_STANDS_FOR = re.compile(
    r"(?:change|replace|your|insert|enter|fill|put|the|my|some|an?|example|sample|dummy|placeholder|redacted|fake|test|"
    r"todo|none|null|foo|bar|baz|hidden|masked|unset|unknown|default|empty|required|optional)(?:[-_ ]?(?:me|this|it|in|"
    r"here|with|your|password|passwd|passphrase|pwd|pass|secret|token|key|value|credential|example|test|api|access|"
    r"only|real|actual|own|bar|baz))*s?\d*|<.*>|.*(?:\.\.\.|\*\*\*|\$\{|\{\{|%\(|%s).*",
    re.IGNORECASE,
)


def written(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each password or token that is a literal in the code."""
    for one in python_files.judged(repo, diagnostics, "S105", "S106", "S107"):
        named = _QUOTED.search(one.message)
        name = named[1] if named else ""
        if python_files.is_aside(repo, one.path) or _ABOUT.fullmatch(re.split(r"[_\W]+", name.rstrip("_"))[-1]):
            continue
        if (value := _literal(repo, one)) and looks_secret(value, name):
            yield Breach(
                f"A literal is given to `{name}`." if name else "A credential is a literal.",
                one.path,
                one.line,
                one.column,
            )


def _literal(repo: Repo, one: Diagnostic) -> str:
    """The text that ruff points at, or that the argument, default or pair has which it points at."""
    for kind in (ast.Constant, ast.keyword, ast.arg):
        found = python_files.at(repo, one, kind)
        value = found.value if isinstance(found, ast.Constant | ast.keyword) else None
        value = value.value if isinstance(value, ast.Constant) else value
        if isinstance(found, ast.arg):
            value = _default(repo, one, found)
        if isinstance(value, str):
            return value
    return ""


def _default(repo: Repo, one: Diagnostic, arg: ast.arg) -> str | None:
    syntax = repo.syntax(one.path)
    given = syntax.parent(arg) if syntax else None
    if not isinstance(given, ast.arguments):
        return None
    plain = [*given.posonlyargs, *given.args]
    pairs = [
        *zip(reversed(plain), reversed(given.defaults), strict=False),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    value = next((value for name, value in pairs if name is arg), None)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def looks_secret(value: str, name: str = "") -> bool:
    """Whether a literal can be a credential: no place, word, reference or placeholder, and not short.

    What is called a password may be a word, and a short one: people choose such.
    """
    is_named = value.lower().replace("-", "_") == name.lower()
    if is_named or _STANDS_FOR.fullmatch(value) or len(set(value)) < _VARIED:
        return False
    if _PASSWORD.search(name) and _CHOSEN.fullmatch(value):
        return not _ABOUT_ITSELF.search(value)
    return len(value) >= _SHORTEST and not _NO_SECRET.fullmatch(value)


def found(repo: Repo, secrets: Iterable[Secret]) -> Iterator[Breach]:
    """Each secret that detect-secrets knows by its form; in tests, where most are made up, only to know."""
    for one in secrets:
        is_aside = python_files.is_test(repo, one.path) or python_files.is_aside(repo, one.path)
        yield Breach(
            f"This looks like a secret: {one.kind}.",
            one.path,
            one.line,
            one.column,
            severity=Severity.INFO if is_aside else None,
        )
