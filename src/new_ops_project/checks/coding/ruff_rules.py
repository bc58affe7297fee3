"""Rules that pass on findings of ruff under ruff's own codes."""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.base.text import capitalize
from new_ops_project.checks.coding import (
    credentials,
    exceptions,
    printing,
    python_files,
    shells,
    subprocesses,
    timeouts,
)
from new_ops_project.checks.linters.ruff import SYNTAX, UNREADABLE, Diagnostic, RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.formats.python import Syntax

_LINK = "https://docs.astral.sh/ruff/rules"
_DATA = {"data", "templates", "template", "snippets", "resources", "cookiecutter"}
# What ruff points at: the loader, or the function where none is given.
_UNSAFE = {"yaml.load", "yaml.load_all", "yaml.Loader", "yaml.CLoader", "yaml.UnsafeLoader", "yaml.CUnsafeLoader"}
_Judge = Callable[[Repo, Diagnostic], str]
_Rows = tuple[tuple[str, str], ...]


def syntax_errors(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each file that no Python 3 can parse, at its first error; test data and templates may be anything."""
    seen = set[str]()
    for error in report.diagnostics:
        is_code = not python_files.is_foreign(error.path) and not _is_data(repo, error.path)
        if error.code == SYNTAX and error.path not in seen and is_code:
            seen.add(error.path)
            yield Breach(f"Python cannot parse this: {error.message}.", error.path, error.line, error.column)


def _is_data(repo: Repo, path: str) -> bool:
    pure = PurePosixPath(path)
    is_fixture = python_files.is_test(repo, path) and not pure.name.startswith("test_") and pure.name != "conftest.py"
    return is_fixture or bool(_DATA & set(pure.parts[:-1]))


def unreadable_files(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each file that ruff cannot read, so that none of its rules is checked there."""
    for error in report.diagnostics:
        if error.code == UNREADABLE and not python_files.is_foreign(error.path) and not _is_data(repo, error.path):
            yield Breach(f"No rule is checked in this file: {error.message}.", error.path)


def _loads_unsafely(repo: Repo, diagnostic: Diagnostic) -> str:
    """The message for a YAML loader that creates any object.

    FullLoader has created none since PyYAML 5.4, and a class of the project is as safe as its base, which ruff does not
    look at.
    """
    syntax = repo.syntax(diagnostic.path)
    named = (python_files.node_at(repo, diagnostic, kind) for kind in (ast.Attribute, ast.Name))
    loader = next((node for node in named if node), None)
    return _as_it_is(repo, diagnostic) if syntax and _original(syntax, loader) in _UNSAFE else ""


def _original(syntax: Syntax, loader: ast.expr | None) -> str:
    """The class of PyYAML that a loader is made from in the same file; else its own name."""
    name, classes = syntax.qualified_name(loader), {node.name: node for node in syntax.nodes(ast.ClassDef)}
    for _ in classes:
        bases = classes[name].bases if name in classes else []
        name = syntax.qualified_name(bases[0]) if bases else name
    return name.replace("yaml.loader.", "yaml.").replace("yaml.cyaml.", "yaml.")


# ---- the rules -------------------------------------------------------------------------------------------------------


def _as_it_is(_: Repo, diagnostic: Diagnostic) -> str:
    return f"{capitalize(diagnostic.message.rstrip('.'))}."


def _passed_on(code: str, message: _Judge, repo: Repo, report: RuffReport) -> Iterator[Breach]:
    for diagnostic in python_files.relevant(repo, report, code):
        if text := message(repo, diagnostic):
            yield Breach(text, diagnostic.path, diagnostic.line, diagnostic.column)


def _rules(
    codes: _Rows, severity: Severity, title: str, why: str, remedy: str, *, former: str, message: _Judge = _as_it_is
) -> Iterator[Rule]:
    """One rule for each of ruff's codes, given with ruff's name for it; `message` returns '' for what is not passed on.

    `former` is the code of our own rule that these replace.
    """
    for code, name in codes:
        check = partial(_passed_on, code, message)
        yield Rule(code, title, severity, why, remedy, f"{_LINK}/{name}/", check, tool="ruff", replaces=(former,))


RULES = (
    Rule(
        SYNTAX,
        "Python files parse",
        Severity.ERROR,
        "A file with a syntax error fails when it is imported, on the day that it is needed, and no other rule can"
        " check it.",
        "Correct the syntax; convert code for Python 2.",
        "https://docs.python.org/3/tutorial/errors.html#syntax-errors",
        syntax_errors,
        tool="ruff",
        replaces=("OPS500",),
    ),
    Rule(
        UNREADABLE,
        "Python files are UTF-8",
        Severity.WARNING,
        "ruff does not read files in other encodings, not even with a comment that names the encoding, so no rule is"
        " checked in them.",
        "Save the file as UTF-8, or list it in `exclude` of ruff's configuration.",
        f"{_LINK}/io-error/",
        unreadable_files,
        tool="ruff",
    ),
    *_rules(
        (("S110", "try-except-pass"), ("S112", "try-except-continue")),
        Severity.WARNING,
        "No exception is swallowed",
        "A job that drops every exception reports success while it does nothing, and nobody learns why. Not reported:"
        " handlers with a comment that says why, and those around a single close() or remove().",
        "Catch the exceptions that you expect, e.g. `except OSError:`; let the others through, or log them with"
        ' `log.exception("...")`.',
        former="OPS501",
        message=exceptions.swallowing,
    ),
    Rule(
        "T201",
        "Errors are not printed to stdout",
        Severity.WARNING,
        "Whatever reads the output takes an error on stdout for a result. Only the first one of each file is reported,"
        " and no other `print`: the output of a program may be its result.",
        "Print it to stderr, `print(..., file=sys.stderr)`, or log it: `log.error(...)`.",
        f"{_LINK}/print/",
        printing.errors_on_stdout,
        tool="ruff",
        replaces=("OPS502",),
    ),
    *_rules(
        (
            ("S105", "hardcoded-password-string"),
            ("S106", "hardcoded-password-func-arg"),
            ("S107", "hardcoded-password-default"),
        ),
        Severity.WARNING,
        "Code contains no credentials",
        "Everyone who can read the repository, a clone or a build has the credential, and changing it needs a release."
        " Placeholders, words, paths and names of variables are not reported.",
        'Read it from the environment, `os.environ["..."]`, or from a secret manager, and revoke the one that was'
        " committed.",
        former="OPS503",
        message=credentials.literal_credential,
    ),
    *_rules(
        (
            ("S602", "subprocess-popen-with-shell-equals-true"),
            ("S604", "call-with-shell-equals-true"),
            ("S605", "start-process-with-a-shell"),
        ),
        Severity.ERROR,
        "No shell interprets values",
        "A space, a quote or a semicolon in the value becomes part of the command; a value from outside can run"
        " anything. Reported where a value goes into the command without being quoted.",
        'Pass a list without a shell, subprocess.run(["rm", "--", path], check=True); if a shell is needed, quote each'
        " value with shlex.quote().",
        former="OPS505",
        message=shells.unquoted,
    ),
    *_rules(
        (("S113", "request-without-timeout"),),
        Severity.WARNING,
        "Requests have a timeout",
        "requests and httpx calls can wait forever: one server that does not answer stops the job, and every later run"
        " that waits for its lock.",
        "Set a timeout: `timeout=30` (seconds).",
        former="OPS506",
        message=timeouts.without_timeout,
    ),
    *_rules(
        (("PLW1510", "subprocess-run-without-check"),),
        Severity.WARNING,
        "Failed commands are noticed",
        "subprocess.run returns normally when the command fails, and the next step works with missing or wrong data."
        " Reported where nothing looks at the result.",
        "Write `check=True`, or `check=False` if failure does not matter here.",
        former="OPS507",
        message=subprocesses.unchecked,
    ),
    *_rules(
        (("DTZ003", "call-datetime-utcnow"), ("DTZ004", "call-datetime-utcfromtimestamp")),
        Severity.WARNING,
        "Times in UTC have a time zone",
        "A time without a zone cannot be compared with one that has a zone, and its timestamp() is off by the local"
        " offset. Python 3.12 deprecates utcnow() and utcfromtimestamp().",
        "Write datetime.now(UTC), or datetime.fromtimestamp(seconds, UTC), with `from datetime import UTC` (before"
        " Python 3.11: timezone.utc). The value then has a zone: append `.replace(tzinfo=None)` where it meets times"
        " without one, which it cannot be compared with; drop a `localize()` around it, which raises, and a `Z` that is"
        " added to its isoformat(), which has +00:00.",
        former="OPS508",
    ),
    *_rules(
        (
            ("S501", "request-with-no-cert-validation"),
            ("S507", "ssh-no-host-key-verification"),
            ("S323", "suspicious-unverified-context-usage"),
        ),
        Severity.WARNING,
        "Connections verify the other side",
        "Without verification, anyone on the network path can answer and receives the credentials.",
        'Name the CA of internal certificates, `verify="/etc/ssl/certs/internal-ca.pem"`; for SSH, load known_hosts'
        " and reject other keys.",
        former="OPS509",
    ),
    *_rules(
        (("S506", "unsafe-yaml-load"),),
        Severity.ERROR,
        "YAML is loaded safely",
        "An unsafe loader creates any object, so whoever can write the file can run code. FullLoader is safe since"
        " PyYAML 5.4, and not reported.",
        "Write yaml.safe_load(...).",
        former="OPS510",
        message=_loads_unsafely,
    ),
)
