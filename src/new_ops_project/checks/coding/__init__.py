"""The rules about code and credentials, with why and what to do."""

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
    " What a comment (`noqa`, `nosec`) or the repository's own ruff configuration (ignore, per-file-ignores,"
    " exclude) leaves out is left out here, too."
)

FAMILY = Family(
    "code",
    "Code and credentials",
    (
        Rule(
            "OPS500",
            "Python files can be read by Python",
            Severity.ERROR,
            "A file with a syntax error fails when it is imported, on the day that it is needed; and no other rule can"
            " look at it.",
            "Correct the syntax; code for Python 2 goes through a conversion, or away.",
            "https://docs.python.org/3/tutorial/errors.html#syntax-errors",
            ruff_rules.unparsed,
            tool="ruff",
        ),
        Rule(
            "OPS501",
            "No exception is swallowed",
            Severity.WARNING,
            "A job that lets go of every exception reports success while it does nothing, and nobody learns why. A bare"
            " `except:` holds up Ctrl-C, too. What is logged, counted or replaced by a value is not"
            " meant; nor is a handler with a comment that says why, or one around a single close()." + _DECIDED,
            "Catch what you expect, e.g. `except OSError:`; let the rest through, or log it with"
            ' `log.exception("...")` and raise.',
            f"{_RUFF}/blind-except/",
            exceptions.swallowed,
            tool="ruff",
        ),
        Rule(
            "OPS502",
            "What happens is logged, not printed",
            Severity.WARNING,
            "An error on stdout is taken for a result by whatever reads the output, and has no time and no level;"
            " and a library prints to the output of others. That a program prints is only to know, once; to stderr, in"
            " tests or in examples is none of this." + _DECIDED,
            "Log it: `log.error(...)`; or print to the place for it: `print(..., file=sys.stderr)`.",
            f"{_RUFF}/print/",
            printing.printed,
            tool="ruff",
        ),
        Rule(
            "OPS503",
            "No credential is a literal in code",
            Severity.WARNING,
            "Whoever can read the repository, or any clone or build of it, has it; and it cannot be changed without a"
            " release. Placeholders, words, paths and names of variables are passed over." + _DECIDED,
            'Take it from the environment, `os.environ["..."]`, or from a secret manager; and change the one that was'
            " committed.",
            f"{_RUFF}/hardcoded-password-string/",
            credentials.written,
            tool="ruff",
        ),
        Rule(
            "OPS504",
            "A failure does not exit with 0",
            Severity.ERROR,
            "cron, systemd and CI know a failure by its exit code only: a job that ends with 0 from its `except` never"
            " fails, whatever happens. Ends that somebody wanted (Ctrl-C, a closed pipe, a lock that is taken), and"
            " those under a condition, are passed over.",
            "Exit with another code, `sys.exit(1)`, or let the exception through.",
            "https://docs.python.org/3/library/sys.html#sys.exit",
            exceptions.ended_well,
        ),
        Rule(
            "OPS505",
            "No shell reads what values hold",
            Severity.ERROR,
            "A space, a quote or a semicolon in the value becomes part of the command; one that comes from outside runs"
            " anything." + _DECIDED,
            'Pass a list and leave the shell out, subprocess.run(["rm", "--", path], check=True); where a shell is'
            " needed, quote each value with shlex.quote().",
            f"{_RUFF}/subprocess-popen-with-shell-equals-true/",
            subprocesses.joined,
            tool="ruff",
        ),
        Rule(
            "OPS506",
            "Requests have a timeout",
            Severity.WARNING,
            "requests and urllib wait for ever by default: one server that does not answer stops the job, and every"
            " later run that waits for its lock." + _DECIDED,
            "Give one: `timeout=30` (seconds).",
            f"{_RUFF}/request-without-timeout/",
            timeouts.endless,
            tool="ruff",
        ),
        Rule(
            "OPS507",
            "A command that fails is noticed",
            Severity.WARNING,
            "subprocess.run, subprocess.call and os.system go on when the command fails; where nobody looks at the"
            " result, the next step works on what is not there." + _DECIDED,
            "Write `check=True`; or `check=False`, which says that failure does not matter here.",
            f"{_RUFF}/subprocess-run-without-check/",
            subprocesses.unnoticed,
            tool="ruff",
        ),
        Rule(
            "OPS508",
            "Times in UTC say so",
            Severity.WARNING,
            "Such a time cannot be compared with one that has a zone, and timestamp() of it is off by the local offset."
            " Python 3.12 deprecates both functions." + _DECIDED,
            "Write datetime.now(UTC).",
            f"{_RUFF}/call-datetime-utcnow/",
            ruff_rules.naive,
            tool="ruff",
        ),
        Rule(
            "OPS509",
            "The other side of a connection is verified",
            Severity.WARNING,
            "Without it, anybody on the way can answer, and gets the credentials that are sent." + _DECIDED,
            'Give the CA of your own certificates, `verify="/etc/ssl/certs/internal-ca.pem"`; for SSH, load known_hosts'
            " and reject other keys.",
            f"{_RUFF}/request-with-no-cert-validation/",
            ruff_rules.unverified,
            tool="ruff",
        ),
        Rule(
            "OPS510",
            "YAML is loaded safely",
            Severity.ERROR,
            "yaml.load with a full or unsafe loader makes any object, and so runs code, for whoever can write the file."
            + _DECIDED,
            "Write yaml.safe_load(...).",
            f"{_RUFF}/unsafe-yaml-load/",
            ruff_rules.unsafe_yaml,
            tool="ruff",
        ),
        Rule(
            "OPS511",
            "No file holds a secret",
            Severity.ERROR,
            "Keys and tokens of known services have a form that no other text has; once committed, they stay in every"
            " clone. In tests and examples, they are only mentioned. Never shown: the secret itself.",
            "Revoke it, then take it out of the file; if it is none, write `pragma: allowlist secret` in a comment on"
            " the line, or commit a `.secrets.baseline` of detect-secrets.",
            "https://github.com/Yelp/detect-secrets#inline-allowlisting",
            credentials.found,
            tool="detect-secrets",
        ),
        Rule(
            "OPS590",
            "The plugins of repo-review find nothing",
            Severity.INFO,
            "Whoever installs a plugin of repo-review beside this tool wants its checks; they have no severities, and"
            " many are a matter of taste, so that none makes a run fail here. [tool.repo-review] is heeded.",
            'Do what the check says, or leave it out: [tool.repo-review] ignore = ["..."].',
            "https://repo-review.readthedocs.io/",
            plugin_checks.failed,
            tool="repo-review",
        ),
    ),
)
