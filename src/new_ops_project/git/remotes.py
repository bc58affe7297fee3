"""Whether remotes answer, found out without a prompt within a few seconds."""

import os
import re
import shlex
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import run
from new_ops_project.git import urls

TIMEOUT = 5.0  # seconds
NO_PROMPTS = ("-c", "credential.interactive=false", "-c", "core.askPass=")


def without_prompts(at: Path) -> dict[str, str]:
    """Environment variables with which neither git nor ssh prompts; the user's ssh command keeps its options."""
    variables = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GCM_INTERACTIVE": "never",
    }
    command = _ssh(at)
    return {**variables, "GIT_SSH_COMMAND": command} if command else variables


def _ssh(at: Path) -> str:
    """The user's ssh command with options against prompts; '' where GIT_SSH names a program, which takes no options."""
    configured = os.environ.get("GIT_SSH_COMMAND")
    configured = configured or git.git("config", "--get", "core.sshCommand", at=at, codes=(0, 1)).text
    if not configured and os.environ.get("GIT_SSH"):
        return ""
    command = configured or "ssh"
    try:
        program = Path(shlex.split(command)[0]).name
    except (ValueError, IndexError):
        return command
    return f"{command} -o BatchMode=yes -o ConnectTimeout={TIMEOUT:.0f}" if program in {"ssh", "ssh.exe"} else command


def why_silent(at: Path, address: str) -> str:
    """Why the address, asked from the folder `at`, does not answer; '' if it does."""
    command = ("git", *NO_PROMPTS, "ls-remote", "--quiet", "--", address, "HEAD")
    try:
        run(*command, cwd=at, env=without_prompts(at), seconds=TIMEOUT)
    except ProcessError as error:
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
    return urls.without_secrets(text.replace("fatal: ", "").rstrip("."))
