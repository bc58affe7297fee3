"""The family of rules about code and credentials."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import (
    credentials,
    exceptions,
    plugin_checks,
    printing,
    ruff_rules,
    subprocesses,
    timeouts,
)
from new_ops_project.checks.rule import Family, Rule

_RUFF = "https://docs.astral.sh/ruff/rules"
_DECIDED = (
    " Code that a comment (`noqa`, `nosec`) or the repository's own ruff configuration (ignore, per-file-ignores,"
    " exclude) exempts is exempt here, too."
)

FAMILY = Family(
    "code",
    "Code and credentials",
    (
        Rule(
            "OPS500",
            "Python files parse",
            Severity.ERROR,
            "A file with a syntax error fails when it is imported, on the day that it is needed, and no other rule can"
            " check it.",
            "Correct the syntax; convert or delete code for Python 2.",
            "https://docs.python.org/3/tutorial/errors.html#syntax-errors",
            ruff_rules.syntax_errors,
            tool="ruff",
        ),
        Rule(
            "OPS501",
            "No exception is swallowed",
            Severity.WARNING,
            "A job that drops every exception reports success while it does nothing, and nobody learns why. A bare"
            " `except:` also stops Ctrl-C. The rule accepts handlers that log the exception, count it or return a"
            " default, those with a comment that says why, and those around a single close()." + _DECIDED,
            "Catch the exceptions that you expect, e.g. `except OSError:`; let the others through, or log them with"
            ' `log.exception("...")` and raise.',
            f"{_RUFF}/blind-except/",
            exceptions.swallowed_exceptions,
            tool="ruff",
        ),
        Rule(
            "OPS502",
            "Messages are logged, not printed",
            Severity.WARNING,
            "Whatever reads the output takes an error on stdout for a result, and a printed message has no time and no"
            " level. A library prints to the output of other programs. For a program, printing is one note per file;"
            " output to stderr, tests and examples are not checked." + _DECIDED,
            "Log it: `log.error(...)`; or print it to stderr: `print(..., file=sys.stderr)`.",
            f"{_RUFF}/print/",
            printing.prints,
            tool="ruff",
        ),
        Rule(
            "OPS503",
            "Code contains no credentials",
            Severity.WARNING,
            "Everyone who can read the repository, a clone or a build has the credential, and changing it needs a"
            " release. Placeholders, words, paths and names of variables are ignored." + _DECIDED,
            'Read it from the environment, `os.environ["..."]`, or from a secret manager, and revoke the one that was'
            " committed.",
            f"{_RUFF}/hardcoded-password-string/",
            credentials.literal_credentials,
            tool="ruff",
        ),
        Rule(
            "OPS504",
            "A failure does not exit with 0",
            Severity.ERROR,
            "cron, systemd and CI recognise a failure by its exit code only: a job that exits with 0 from an `except`"
            " never fails, whatever happens. Expected ends (Ctrl-C, a closed pipe, a lock that is taken) and exits"
            " under a condition are ignored.",
            "Exit with another code, `sys.exit(1)`, or let the exception through.",
            "https://docs.python.org/3/library/sys.html#sys.exit",
            exceptions.exits_with_zero,
        ),
        Rule(
            "OPS505",
            "No shell interprets values",
            Severity.ERROR,
            "A space, a quote or a semicolon in the value becomes part of the command; a value from outside can run"
            " anything." + _DECIDED,
            'Pass a list without a shell, subprocess.run(["rm", "--", path], check=True); if a shell is needed, quote'
            " each value with shlex.quote().",
            f"{_RUFF}/subprocess-popen-with-shell-equals-true/",
            subprocesses.unquoted_values,
            tool="ruff",
        ),
        Rule(
            "OPS506",
            "Requests have a timeout",
            Severity.WARNING,
            "requests and urllib wait forever by default: one server that does not answer stops the job, and every"
            " later run that waits for its lock." + _DECIDED,
            "Set a timeout: `timeout=30` (seconds).",
            f"{_RUFF}/request-without-timeout/",
            timeouts.missing_timeouts,
            tool="ruff",
        ),
        Rule(
            "OPS507",
            "Failed commands are noticed",
            Severity.WARNING,
            "subprocess.run, subprocess.call and os.system return normally when the command fails; if the result is not"
            " checked, the next step works with missing or wrong data." + _DECIDED,
            "Write `check=True`, or `check=False` if failure does not matter here.",
            f"{_RUFF}/subprocess-run-without-check/",
            subprocesses.unchecked_commands,
            tool="ruff",
        ),
        Rule(
            "OPS508",
            "Times in UTC have a time zone",
            Severity.WARNING,
            "A time without a zone cannot be compared with one that has a zone, and its timestamp() is off by the local"
            " offset. Python 3.12 deprecates utcnow() and utcfromtimestamp()." + _DECIDED,
            "Write datetime.now(UTC).",
            f"{_RUFF}/call-datetime-utcnow/",
            ruff_rules.naive_times,
            tool="ruff",
        ),
        Rule(
            "OPS509",
            "Connections verify the other side",
            Severity.WARNING,
            "Without verification, anyone on the network path can answer and receives the credentials." + _DECIDED,
            'Name the CA of internal certificates, `verify="/etc/ssl/certs/internal-ca.pem"`; for SSH, load known_hosts'
            " and reject other keys.",
            f"{_RUFF}/request-with-no-cert-validation/",
            ruff_rules.unverified_connections,
            tool="ruff",
        ),
        Rule(
            "OPS510",
            "YAML is loaded safely",
            Severity.ERROR,
            "yaml.load with a full or unsafe loader creates any object, so whoever can write the file can run code."
            + _DECIDED,
            "Write yaml.safe_load(...).",
            f"{_RUFF}/unsafe-yaml-load/",
            ruff_rules.unsafe_yaml,
            tool="ruff",
        ),
        Rule(
            "OPS511",
            "No file contains a secret",
            Severity.ERROR,
            "A committed key or token stays in every clone; those of known services are recognised by their form. In"
            " tests and examples they are notes. The secret itself is never shown.",
            "Revoke it, then remove it from the file; for a false alarm, write `pragma: allowlist secret` in a comment"
            " on the line, or commit a `.secrets.baseline` of detect-secrets.",
            "https://github.com/Yelp/detect-secrets#inline-allowlisting",
            credentials.known_secrets,
            tool="detect-secrets",
        ),
        Rule(
            "OPS590",
            "The plugins of repo-review find nothing",
            Severity.INFO,
            "Plugins of repo-review that are installed beside this tool run too. Their checks have no severities, and"
            " many are a matter of taste, so none makes a run fail. The settings in [tool.repo-review] apply.",
            'Do what the check says, or ignore it: [tool.repo-review] ignore = ["..."].',
            "https://repo-review.readthedocs.io/",
            plugin_checks.failed_checks,
            tool="repo-review",
        ),
    ),
)
