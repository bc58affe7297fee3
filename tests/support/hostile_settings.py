"""A repository whose own settings name a program for everything that git lets a program do; each call is logged."""

import os
import stat
from pathlib import Path

from support.command import git

# What git runs at some time, by the key that names it (git-config(1)); {x} is the program of that key.
KEYS = {
    "core.fsmonitor": "{x}",
    "core.sshCommand": "{x}",
    "core.gitProxy": "{x}",
    "core.askPass": "{x}",
    "core.editor": "{x}",
    "core.pager": "{x}",
    "core.alternateRefsCommand": "{x}",
    "sequence.editor": "{x}",
    "interactive.diffFilter": "{x}",
    "filter.evil.clean": "{x}",
    "filter.evil.smudge": "{x}",
    "hook.evil.command": "{x}",
    "diff.external": "{x}",
    "diff.evil.command": "{x}",
    "diff.evil.textconv": "{x}",
    "merge.evil.driver": "{x} %O %A %B",
    "gpg.program": "{x}",
    "gpg.ssh.program": "{x}",
    "credential.helper": "{x}",
    "trailer.evil.command": "{x}",
    "alias.status": "!{x}",
    "alias.rev-parse": "!{x}",
    "pager.status": "{x}",
    "pager.log": "{x}",
    "remote.origin.uploadpack": "{x}",
    "remote.origin.receivepack": "{x}",
    "uploadpack.packObjectsHook": "{x}",
}
# What goes with them: by itself it names no program.
REST = {
    "filter.evil.required": "true",
    "hook.evil.event": "reference-transaction",
    "log.showSignature": "true",
    "commit.gpgSign": "true",
    "protocol.ext.allow": "always",
    "remote.origin.url": "ssh://git@nowhere.invalid/audit.git",
    "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
    "core.untrackedCache": "true",
    "diff.evil.cachetextconv": "true",
}
HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-merge-commit", "post-merge"),
    *("post-checkout", "post-index-change", "post-rewrite", "pre-rebase", "pre-push", "pre-auto-gc"),
    *("applypatch-msg", "fsmonitor-watchman", "push-to-checkout", "reference-transaction", "sendemail-validate"),
)
# What git waits for: a filter's result, and the words of GnuPG on its status and its output (doc/DETAILS of GnuPG).
_ANSWERS = {"filter": "exec cat", "gpg": r"cat > /dev/null; printf '\n[GNUPG:] SIG_CREATED x\n' >&2; echo signature"}
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"


class Programs:
    """Programs in a folder, each of which logs its name; filters pass on what they get."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "log"
        folder.mkdir()

    def path(self, name: str) -> str:
        """The program of that name, made if there is none yet."""
        program = self.folder / name
        if not program.exists():
            rest = _ANSWERS.get(name.partition(".")[0], "exit 0")
            program.write_text(f'#!/bin/sh\necho "{name}" >> "{self._log}"\n{rest}\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return str(program)

    def calls(self) -> set[str]:
        """The names of the programs that ran since this was last asked."""
        text = self._log.read_text() if self._log.exists() else ""
        self._log.unlink(missing_ok=True)
        return set(text.splitlines())


def settings(programs: Programs, besides: tuple[str, ...] = ()) -> dict[str, str]:
    """Every setting with its program, except those `besides`."""
    named = {key: value.format(x=programs.path(key)) for key, value in KEYS.items()}
    return {key: value for key, value in {**named, **REST}.items() if key not in besides}


def write(file: Path, values: dict[str, str]) -> None:
    """Add settings to a file, as git writes them."""
    for key, value in values.items():
        git("config", "--file", str(file), key, value, at=file.parent)


def take_over(repository: Path, programs: Programs, *, besides: tuple[str, ...] = (), hooks_path: bool = True) -> None:
    """Give the repository these settings and hooks, in `core.hooksPath` or in .git/hooks.

    Each file has another time than the index has for it, so that git has to look at its content, through the filter.
    """
    git_dir = repository / ".git"
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "attributes").write_text(ATTRIBUTES)
    folder = programs.folder / "hooks" if hooks_path else git_dir / "hooks"
    folder.mkdir(exist_ok=True)
    for name in HOOKS:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(programs.path(f"hook.{name}"))
    write(git_dir / "config", settings(programs, besides) | ({"core.hooksPath": str(folder)} if hooks_path else {}))
    for path in repository.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(repository).parts:
            os.utime(path, (1_000_000_000, 1_000_000_000))
    programs.calls()
