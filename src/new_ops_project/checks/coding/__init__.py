"""The family of rules about code and credentials."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import (
    credentials,
    exceptions,
    plugin_checks,
    ruff_rules,
    subprocesses,
    timeouts,
)
from new_ops_project.checks.rule import Family, Rule

FAMILY = Family(
    "code",
    "Code and credentials",
    (
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
            "OPS506",
            "Sessions and urllib have a timeout",
            Severity.WARNING,
            "A session of requests, urlopen and http.client wait forever by default: one server that does not answer"
            " stops the job, and every later run that waits for its lock. ruff (S113) sees only the functions of"
            " requests and httpx.",
            "Set a timeout: `timeout=30` (seconds).",
            "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts",
            timeouts.missing_timeouts,
            tool="ruff",
        ),
        Rule(
            "OPS507",
            "Exit codes of os.system() and subprocess.call() are used",
            Severity.WARNING,
            "Both return normally when the command fails; if nothing looks at the exit code, the next step works with"
            " missing or wrong data.",
            "Write subprocess.run([...], check=True), or check=False if it may fail.",
            "https://docs.python.org/3/library/subprocess.html#subprocess.run",
            subprocesses.discarded_exit_codes,
            tool="ruff",
        ),
        Rule(
            "OPS511",
            "No file contains a secret",
            Severity.ERROR,
            "A committed key or token stays in every clone; those of known services are recognised by their form. In"
            " tests and examples they are notes. The secret itself is never shown.",
            credentials.REVOKE + credentials.LISTED,
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
        *ruff_rules.RULES,
    ),
)
