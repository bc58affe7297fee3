"""How git talks to other machines: by allowed protocols, without prompts, with hidden credentials, not for ever."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import masking
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import ProcessResult, run
from new_ops_project.git import urls

TIMEOUT = 5.0  # seconds for a remote to say whether it is there
ANSWER = 30.0  # seconds in which a transfer has to give its first sign of life
# Seconds between two signs of life: however slow it is, a transfer that lives is not cut off. Git reports progress only
# when it has 64 KiB more; over HTTP, it looks at each byte itself.
STALL = 300.0
# Git takes no repository for that of the current folder, so the settings of none have a say in how a server is reached.
OUTSIDE = {"GIT_DIR": os.devnull}
NO_PROMPTS = ("-c", "credential.interactive=false", "-c", "core.askPass=")
_NO_PROMPT_VARIABLES = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
}
# A credential helper that takes what it says from the environment, which no other user sees, unlike a command line.
_USER, _PASSWORD = "NEW_OPS_PROJECT_GIT_USER", "NEW_OPS_PROJECT_GIT_PASSWORD"
_HELPER = f'!f() {{ test "$1" != get || printf "username=%s\\npassword=%s\\n" "${_USER}" "${_PASSWORD}"; }}; f'


def without_prompts(at: Path | None) -> dict[str, str]:
    """Environment variables with which neither git nor ssh prompts; the user's ssh command keeps its options.

    It is the command that is set for the repository `at`; None: for no repository.

    With them, git itself refuses every protocol that is not one of `urls.PROTOCOLS`, also after a redirection.
    """
    variables = {**_NO_PROMPT_VARIABLES, "GIT_ALLOW_PROTOCOL": urls.allowed_protocols()}
    command = _ssh(at)
    return {**variables, "GIT_SSH_COMMAND": command} if command else variables


def _ssh(at: Path | None) -> str:
    """The user's ssh command with options against prompts; '' where GIT_SSH names a program, which takes no options."""
    configured = os.environ.get("GIT_SSH_COMMAND")
    env = None if at else OUTSIDE
    configured = configured or git.git("config", "--get", "core.sshCommand", at=at, env=env, codes=(0, 1)).text
    if not configured and os.environ.get("GIT_SSH"):
        return ""
    command = configured or "ssh"
    try:
        program = Path(shlex.split(command)[0]).name
    except (ValueError, IndexError):
        return command
    return f"{command} -o BatchMode=yes -o ConnectTimeout={ANSWER:.0f}" if program in {"ssh", "ssh.exe"} else command


def transfer(address: str, *args: str, at: Path) -> ProcessResult:
    """Run a command of git that fetches from or pushes to `address`, until nothing moves any more.

    It has to have the options `--quiet --progress`, with which only what moves is reported.

    In `args`, the remote is `urls.public(address)`: git gets the credentials on another way, and writes them nowhere.
    Raises ProcessError, and ToolError as `git.git` does.
    """
    options, variables = access(address)
    is_ssh = address.startswith("ssh://") or "://" not in address  # only then does the user's ssh command matter
    quiet = without_prompts(at) if is_ssh else _NO_PROMPT_VARIABLES
    command = ("git", *git.TEMPORARY, *NO_PROMPTS, *options, *args)
    try:
        return run(*command, cwd=at, env={**variables, **quiet}, silence=(ANSWER, STALL))
    except ProcessError as error:
        git.require_trusted(error.stderr)
        raise


def access(address: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """What git needs to reach a full address that it is given in the public form: options, environment variables.

    They hold the credentials, the protocols that are allowed, and the limit after which nothing moves any more (HTTP).
    """
    options, variables = _credentials(address)
    slow = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": f"{ANSWER:.0f}"}  # bytes a second, seconds
    return options, {**slow, "GIT_ALLOW_PROTOCOL": urls.allowed_protocols(), **variables}


def _credentials(address: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The options and the environment variables with which git, given the public form, uses these credentials."""
    login, public = urls.login(address), urls.public(address)
    options: tuple[str, ...] = ()
    variables, settings = dict[str, str](), dict[str, str]()
    parts = urls.split(public) if login.user or login.password else None
    if parts and login.password:
        key = f"credential.{parts.scheme}://{parts.netloc}.helper"
        # The empty one removes the user's own helpers, which would store what they see to work.
        options = ("-c", f"{key}=", "-c", f"{key}={_HELPER}")
        variables = {_USER: login.user, _PASSWORD: login.password}
    elif parts:
        settings[f"credential.{parts.scheme}://{parts.netloc}.username"] = login.user
    if (private := urls.without_login(address)) != public:  # its query holds a token, which only git's helper gets
        settings[f"url.{private}.insteadOf"] = public
    return options, {**variables, **configured(settings)}


def configured(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that add these settings to git's configuration, after those that are there already."""
    own = os.environ.get("GIT_CONFIG_COUNT", "")
    count = int(own) if own.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(count + len(settings))} if settings else {}
    for number, (key, value) in enumerate(settings.items(), count):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def for_submodules() -> dict[str, str]:
    """Environment variables for a program that runs git by itself: no prompts, no protocol but ours.

    GIT_ALLOW_PROTOCOL would let submodules come from this machine too, which is for the user to allow (CVE-2022-39253).
    """
    question = ("config", "--get", "protocol.file.allow")
    allowed = {f"protocol.{name}.allow": "always" for name in urls.PROTOCOLS}
    allowed["protocol.file.allow"] = git.git(*question, env=OUTSIDE, codes=(0, 1)).text or "user"
    quiet = {"core.hooksPath": os.devnull, "core.fsmonitor": "false"}
    return {**_NO_PROMPT_VARIABLES, **configured({**quiet, "protocol.allow": "never", **allowed})}


def why_silent(at: Path | None, address: str) -> str:
    """Why the address, asked as the repository `at` is set to, or as no repository is, does not answer; '' if it does.

    Raises ToolError as `git.git` does.
    """
    options, variables = access(address)
    place = {} if at else OUTSIDE
    command = ("git", *NO_PROMPTS, *options, "ls-remote", "--quiet", "--", urls.public(address), "HEAD")
    try:
        run(*command, cwd=at, env={**variables, **without_prompts(at), **place}, seconds=TIMEOUT)
    except ProcessError as error:
        git.require_trusted(error.stderr)
        return failure_reason(error)
    return ""


def failure_reason(error: ProcessError) -> str:
    """Why git could not reach a remote: its `fatal:` line, after the line in which ssh or the server gives a reason."""
    if error.exit_code is None:
        return error.stderr
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    fatal = next((number for number, line in enumerate(lines) if line.startswith("fatal:")), len(lines) - 1)
    cause = [
        line for line in lines[max(fatal - 1, 0) : fatal] if re.match(r"ssh:|remote:|.*(?:denied|verification)", line)
    ]
    # After a colon, git gives the reason on the next line.
    rest = lines[fatal + 1 : fatal + 2] if lines[fatal : fatal + 1] and lines[fatal].endswith(":") else []
    message = " ".join([*lines[fatal : fatal + 1], *rest])
    text = "; ".join([*cause, message]) or f"exit code {error.exit_code}"
    return masking.masked(text.replace("fatal: ", "").rstrip("."))
