"""Whether the remotes of a repository answer: git is asked with no way to prompt, and not for long."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.process import ProcessError, ProcessResult, started
from new_ops_project.git import urls

TIMEOUT = 5.0  # seconds
NO_PROMPTS = ("-c", "credential.interactive=false", "-c", "core.askPass=")


def without_prompts(at: Path) -> dict[str, str]:
    """An environment in which neither git nor ssh asks anything; a person's own ssh command keeps its options."""
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
    """The person's ssh command, told not to ask; '' for a program of their own, which is left as it is."""
    own = os.environ.get("GIT_SSH_COMMAND") or git.git("config", "--get", "core.sshCommand", at=at, codes=(0, 1)).text
    if not own and os.environ.get("GIT_SSH"):
        return ""
    command = own or "ssh"
    try:
        program = Path(shlex.split(command)[0]).name
    except (ValueError, IndexError):
        return command
    return f"{command} -o BatchMode=yes -o ConnectTimeout={TIMEOUT:.0f}" if program in {"ssh", "ssh.exe"} else command


@contextmanager
def probing(at: Path, addresses: Mapping[str, str]) -> Iterator[Callable[[], dict[str, str]]]:
    """Ask all `addresses` (by name) at once, from the folder `at`.

    Yield a function that waits, and says why each does not answer; '' for one that does.
    """
    commands = [("git", *NO_PROMPTS, "ls-remote", "--quiet", "--", address, "HEAD") for address in addresses.values()]
    env: Mapping[str, str] = without_prompts(at) if commands else {}
    with started(*commands, seconds=TIMEOUT, cwd=at, env=env) as wait:
        yield lambda: dict(zip(addresses, map(_why, wait()), strict=True))


def _why(result: ProcessResult | ProcessError) -> str:
    return "" if isinstance(result, ProcessResult) else failure_reason(result)


def failure_reason(error: ProcessError) -> str:
    """Why git could not reach a remote: its own last words, with those of ssh or of the server before them."""
    if error.code is None:
        return error.stderr
    said = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    at = next((at for at, line in enumerate(said) if line.startswith("fatal:")), len(said) - 1)
    before = [line for line in said[max(at - 1, 0) : at] if re.match(r"ssh:|remote:|.*(?:denied|verification)", line)]
    after = said[at + 1 : at + 2] if said[at : at + 1] and said[at].endswith(":") else []
    last = " ".join([*said[at : at + 1], *after])
    words = "; ".join([*before, last]) or f"exit code {error.code}"
    return urls.without_secrets(words.replace("fatal: ", "").rstrip("."))
