"""The audits of zizmor, each as a rule under zizmor's name for it."""

from collections.abc import Mapping

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import zizmor
from new_ops_project.checks.rule import Rule
from new_ops_project.checks.workflows import checkouts, zizmor_audits
from new_ops_project.checks.workflows.zizmor_audits import Judge, MakeFix, Passed, Words

_PAGES = "https://docs.zizmor.sh/audits"
_ERROR, _WARNING, _INFO = Severity
# Contexts with text that anybody can write: whoever opens an issue, a pull request or a discussion. Its base is ours.
_TEXTS = r"title|body|ref|label|message|page_name|from|email|name|description|head_branch|display_title"
_TRUSTED = r"inputs\.|release\.|repository\.|\w+\.base\."
_STRANGERS = rf"^github(?:\.event)?$|^github\.head_ref|^github\.event\.(?!{_TRUSTED}).*\b(?:{_TEXTS})$"
# Contexts whose text GitHub makes, so that a shell sees only words, or that the owners and the workflow choose.
_BY_GITHUB = r"github\.(?:.*(?:sha|_url|\bid|number|full_name|login|event)|actor|repository\w*|triggering_actor)$"
_FIXED = rf"^(?:{_BY_GITHUB}|github\.event\.repository\.default_branch$|matrix\.)"


def _audit(  # noqa: PLR0917 - what a rule says, in the order of Rule
    ident: str,
    title: str,
    severity: Severity,
    why: str,
    remedy: str,
    words: Words,
    *,
    replaces: str = "",
    unless: str = "",
    worst: Mapping[str, Severity] | None = None,
    fix: MakeFix | None = None,
    is_mild: Judge | None = None,
    in_hooks: str = "",
    in_jobs: str = "",
) -> Rule:
    return Rule(
        ident,
        title,
        severity,
        why,
        remedy,
        f"{_PAGES}/#{ident}",
        Passed(ident, worst or {"": severity}, words, fix, is_mild, in_hooks, in_jobs),
        fixes=bool(fix),
        tool=zizmor.NAME,
        replaces=(replaces,) if replaces else (),
        unless=(unless,) if unless else (),
    )


_NAMED = (
    _audit(
        "adhoc-packages",
        "Workflows install packages from a lock",
        _INFO,
        "A package that a command installs by its name can be another one in the next run.",
        "List the package in a lock file, and install from that.",
        {"": "{} installs packages outside of a lock file."},
        unless="OPS109",
    ),
    _audit(
        "anonymous-definition",
        "Workflows and jobs have names",
        _INFO,
        "People read these names in the list of runs, and branch protection refers to them.",
        "Add `name:`.",
        {
            "this job": "Job {} has no name.",
            "this workflow": "The workflow has no name.",
            "action": "The action has no name.",
        },
        replaces="OPS117",
    ),
    _audit(
        "archived-uses",
        "Actions are maintained",
        _WARNING,
        "In an archived repository, nobody fixes anything, not even a vulnerability.",
        "Use another action, or do the same in a script.",
        {"": "{} is in a repository that is archived."},
        in_hooks="Use the hooks of a repository that is maintained, or a local hook.",
    ),
    _audit(
        "artipacked",
        "Checkouts do not leave their token behind",
        _WARNING,
        "Every later step can read the token; before v6, so can anyone who downloads an artifact with that folder.",
        "Write `persist-credentials: false` under the checkout's `with:`, or `true` if a later step needs the token.",
        {"": "The checkout leaves the job's token where later steps can read it."},
        replaces="OPS114",
        fix=checkouts.switch_off,
        is_mild=checkouts.hides_token,
    ),
    _audit(
        "bot-conditions",
        "Nobody can pass for a bot",
        _WARNING,
        "github.actor is whoever caused the last event. Somebody else's pull request can have a bot as its actor.",
        "Compare `github.event.pull_request.user.login`, which is who opened the pull request.",
        {"": "This condition can be true although no bot made the change: {}."},
    ),
    _audit(
        "cache-poisoning",
        "Releases are built without a cache",
        _WARNING,
        "Any run on the default branch can write to the cache, and what it writes ends up in the release.",
        "Turn the cache off in workflows that release.",
        {
            r"omitting (`.+?`)": "Without \\1, this step restores files from a cache that a release is built with.",
            "": "This step can restore files from a cache that a release is built with.",
        },
        replaces="OPS122",
    ),
    _audit(
        "dangerous-triggers",
        "No workflow gives strangers the repository's privileges",
        _WARNING,
        "These events get secrets and a token that can write, even if somebody from outside caused them.",
        "Use `pull_request`. Where that is impossible, never check out or run code from the pull request.",
        {r"^(\w+)": "`\\1` handles input from strangers with write access and secrets."},
        replaces="OPS120",
    ),
    _audit(
        "dependabot-cooldown",
        "Dependabot waits before it takes a release",
        _WARNING,
        "Most hijacked releases are discovered within days.",
        "Add `cooldown:` with `default-days: 7` to the entry. Security updates do not wait.",
        {r"less than (\d+)": "Dependabot proposes releases that are less than \\1 days old."},
        replaces="OPS132",
    ),
    _audit(
        "dependabot-execution",
        "Dependabot does not run code of packages",
        _ERROR,
        "Code of a package that runs during the update can read the credentials of the registries.",
        "Remove `insecure-external-code-execution`, or write `deny`.",
        {"": "Dependabot runs code of the packages that it updates."},
    ),
    _audit(
        "excessive-permissions",
        "Jobs say what their token may do",
        _WARNING,
        "Without `permissions`, the token has what the settings of the repository or the organisation give: often the "
        "right to change the code. Permissions of the workflow are those of each of its jobs.",
        "Write `permissions: {}` at the top, and give each job what it needs, such as `contents: read`.",
        {
            "default permissions": "The token has the permissions that the repository's settings give.",
            r"^(\S+: \w+) is overly broad": "`\\1` is given to every job of the workflow.",
            r"(\w+)-all": "`\\1-all` lets the token \\1 everything.",
        },
        replaces="OPS112",
    ),
    _audit(
        "forbidden-uses",
        "Only allowed actions are used",
        _ERROR,
        "The settings of zizmor in this repository say which actions may be used.",
        "Use another action, or change the settings.",
        {"": "{} is not allowed by the settings of zizmor."},
    ),
    _audit(
        "github-app",
        "Tokens of GitHub Apps are limited",
        _WARNING,
        "The token of an app can do whatever the app may do, in every repository where it is installed.",
        "Name its `repositories:` and each `permission-NAME:`, and leave its revocation on.",
        {
            "all repositories": "This token is valid for every repository in which the app is installed.",
            "blanket": "This token has every permission of the app.",
            "revocation": "This token stays valid after the job.",
        },
    ),
    _audit(
        "github-env",
        "No text from outside gets into the environment",
        _WARNING,
        "With some variables, such as LD_PRELOAD and PATH, a text in the environment decides what later steps run.",
        "Write to GITHUB_OUTPUT instead, and use the output where it is needed.",
        {r"(GITHUB_\w+)": "What this script writes to \\1 can change what later steps run."},
    ),
    _audit(
        "hardcoded-container-credentials",
        "Passwords of registries are secrets",
        _ERROR,
        "Whoever can read the repository has the password.",
        "Change the password, and refer to a secret: `password: ${{ secrets.NAME }}`.",
        {"": "The password of the container's registry is in the workflow."},
    ),
    _audit(
        "insecure-commands",
        "Output sets no variables",
        _ERROR,
        "Any program that prints text from outside could set variables and PATH for the later steps.",
        "Remove ACTIONS_ALLOW_UNSECURE_COMMANDS, and write to the files GITHUB_ENV and GITHUB_PATH.",
        {"": "Whatever a program prints here can set variables and PATH."},
    ),
    _audit(
        "insecure-url-scheme",
        "Addresses use encryption",
        _WARNING,
        "Anyone on the way can read and change what is sent without encryption.",
        "Write https: instead of http:.",
        {"": "{} is an address without encryption."},
    ),
    _audit(
        "misfeature",
        "No feature is used that hides what runs",
        _INFO,
        "Some shells cannot be analysed, and packages outside of an environment of their own break others.",
        "Use bash or pwsh, and install packages into an environment of their own.",
        {
            "installs packages": "This input installs packages outside of an environment of their own.",
            "shell": "No program can check scripts for this shell.",
        },
    ),
    _audit(
        "obfuscation",
        "Workflows say plainly what they do",
        _INFO,
        "Reviewers overlook what is written in a roundabout way.",
        "Write what is meant.",
        {
            "static evaluation|to a constant": "{} always has the same value.",
            "index expression": "{} is computed, so nobody can tell what is read.",
            "for `with:`": "The inputs come from an expression, so nobody can tell which ones are given.",
            "actions reference": "{} has parts that mean nothing.",
        },
    ),
    _audit(
        "overprovisioned-secrets",
        "Jobs get only the secrets that they need",
        _WARNING,
        "A job that has every secret can lose every secret.",
        "Name each secret: `secrets.NAME`.",
        {"": "This gives the job every secret of the repository."},
    ),
    _audit(
        "secrets-inherit",
        "Called workflows get only the secrets that they need",
        _WARNING,
        "A workflow that has every secret can lose every secret.",
        "Name each secret below `secrets:`.",
        {"": "The workflow that is called gets every secret of this one."},
    ),
    _audit(
        "self-repository",
        "Local actions come from the commit that runs",
        _INFO,
        "`./` is whatever is in the workspace, so an earlier step can put another action there. `$/` is the repository "
        "at the commit of the workflow.",
        "Write `$/` instead of `./`.",
        {"": "{} is read from the workspace, which earlier steps can change."},
        in_jobs="{} is the workflow at the commit that runs; `$/` says so.",
    ),
    _audit(
        "superfluous-actions",
        "No action does what the runner can do",
        _INFO,
        "Each action is code of somebody else that has to be trusted and updated.",
        "Use the program that the runner has.",
        {r"use (.+?) in a script": "{} is not needed: \\1 in a script does the same."},
    ),
    _audit(
        "template-injection",
        "Untrusted text reaches scripts through variables",
        _ERROR,
        "GitHub inserts the text before the shell reads the script: $(...) in a title runs as a command, with the "
        "job's token and secrets.",
        "Put the expression into the step's env, and use the variable in quotes (in JavaScript, `process.env.NAME`).",
        {"": "{} becomes part of the script before it runs, so its text can run as code."},
        replaces="OPS113",
        worst={_STRANGERS: _ERROR, _FIXED: _INFO, "": _WARNING},
    ),
    _audit(
        "typosquat-uses",
        "Names of actions are spelt right",
        _WARNING,
        "Attackers publish actions under names that people mistype.",
        "Correct the name, or make sure that it is meant.",
        {r"(?:in|for) (\S+)$": "{} looks like \\1, misspelt."},
    ),
    _audit(
        "undocumented-permissions",
        "Grants beyond reading the code say why",
        _INFO,
        "A grant that nobody can explain is never taken back.",
        "Add the reason as a comment: `id-token: write  # to log in to AWS`.",
        {"": "No comment gives the reason for {}."},
        replaces="OPS121",
    ),
    _audit(
        "unpinned-images",
        "Container images have a tag or a digest",
        _WARNING,
        "An image without a tag, or with the tag `latest`, can be another one in the next run.",
        "Write its digest: `IMAGE@sha256:...` (`docker buildx imagetools inspect IMAGE` shows it).",
        {
            "may be": "{} may be another image in the next run.",
            "": "{} can be another image in the next run.",
        },
        unless="OPS101",
    ),
    _audit(
        "unpinned-tools",
        "Actions install tools by version",
        _WARNING,
        "Without a version, each run may install something else, and a hijacked release runs at once.",
        "Give the exact version of the tool.",
        {
            r"omitting (`.+?`)": "Without \\1, this action installs whatever version of its tool is newest that day.",
            "": "This action may install whatever version of its tool is newest that day.",
        },
    ),
    _audit(
        "unpinned-uses",
        "`uses:` names a full commit id",
        _ERROR,
        "Whoever can move a tag decides what runs with the workflow's token and secrets; a commit id cannot be moved.",
        "Write the commit id of a release, with the version in a comment.",
        {"": "{} is not pinned to a commit, so it can become other code."},
        unless="OPS101",
    ),
    _audit(
        "unredacted-secrets",
        "Secrets are hidden in logs",
        _WARNING,
        "GitHub hides a secret only as a whole, not a part that an expression takes out of it.",
        "Store each value as a secret of its own.",
        {"": "{} takes a value out of a secret, and GitHub does not hide that in logs."},
    ),
    _audit(
        "unsound-condition",
        "Conditions can be false",
        _ERROR,
        "With a line end behind the expression, the value is a text, and every text counts as true.",
        "Write `if:` on one line, or leave the `${{ }}` out.",
        {"": "This condition is always true."},
    ),
    _audit(
        "unsound-contains",
        "contains() looks into a list",
        _ERROR,
        "In a text, contains() is true for every part of it: `main,develop` contains `ma`.",
        'Give it a list: contains(fromJSON(\'["main", "develop"]\'), github.ref_name).',
        {r"control '([^']+)'": "This is also true if `\\1` is only a part of one of these words."},
    ),
    _audit(
        "unsound-ternary",
        "`a && b || c` can be b",
        _INFO,
        "If b is empty, 0 or false, the expression always gives c.",
        "Negate the condition, and swap the two values.",
        {"": "The value before `||` counts as false, so the expression gives the one behind it."},
    ),
    _audit(
        "use-trusted-publishing",
        "Packages are published without a long-lived token",
        _INFO,
        "Whoever reads a long-lived token once can publish as this project, until somebody notices.",
        "Register the workflow as a trusted publisher, and give the job `id-token: write`.",
        {"": "This publishes with a long-lived token."},
    ),
)

_IDENTS = frozenset(rule.code for rule in _NAMED)

AUDITS = (
    *_NAMED,
    Rule(
        "OPS190",
        "Newer audits of zizmor find nothing",
        Severity.WARNING,
        "A zizmor that is newer than this tool may have audits that the rules above do not name.",
        "Read the page of the audit; a comment `# zizmor: ignore[NAME]` on that line ignores the finding.",
        f"{_PAGES}/",
        lambda _, audits: zizmor_audits.others(_IDENTS, audits),
        tool=zizmor.NAME,
    ),
)
