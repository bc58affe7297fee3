"""The `new-ops-project` command, from its arguments to the exit code of the process."""

import errno
import os
import sys
from contextlib import suppress

import click

from new_ops_project import __version__
from new_ops_project.base import descendants, environ, interrupts, masking, memory, scratch, streams
from new_ops_project.base.errors import Exit, ProcessError, ToolError
from new_ops_project.base.text import cut
from new_ops_project.commands.group import Verbs
from new_ops_project.commands.shared.voice import Voice

EXAMPLES = """\b
Examples:
  new-ops-project                                  asks three questions
  new-ops-project new rotate-keys --defaults       the same without questions
  new-ops-project new audit --tier cli --preview   shows, writes nothing
"""

# Verb, what --help says of it. Each is the file of its name in commands/, imported when it is called.
VERBS = {
    "new": "Create a project: answer three questions, get a git repository.",
    "update": "Update a project to the newest version of its template.",
    "promote": "Move a project to a higher tier: script, library, command-line tool.",
    "adopt": "Add the template to an existing repository.",
    "check": "Say what is wrong in a repository, and fix what can be fixed.",
    "onboard": "Make a clone ready for work: its Python, .venv, lock, hooks and tests.",
    "doctor": "Say what a clone lacks on this machine, and change nothing.",
    "fleet": "Refresh many repositories: plan, update, publish, report.",
    "template": "Show, list and publish the template, and keep its pins.",
    "config": "Show and set your default template and answers.",
    "completion": "Print the completion script of a shell.",
}


@click.command(
    cls=Verbs,
    package="new_ops_project.commands",
    verbs=VERBS,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Start Python projects for operations teams, and keep them fresh.

    Without a verb it asks for a name, a Python version and a tier, and creates the project.
    """
    if context.invoked_subcommand is None:
        from new_ops_project.commands import new

        context.invoke(new.command)


_VOICE = Voice(json=True)  # which speaks on stderr


def run(arguments: list[str] | None = None) -> int:
    """Run one command line (that of the process, if none is given) and return its exit code."""
    environ.clean()
    masking.forget()
    with streams.guarded() as outputs, interrupts.interruptible():
        try:
            code = int(cli.main(arguments, prog_name="new-ops-project", standalone_mode=False) or Exit.DONE)
        except SystemExit as error:  # click's, at the end of a completion
            code = int(error.code or Exit.DONE)
        except BaseException as error:  # noqa: BLE001 - each becomes words and a code
            interrupts.ignore()
            code = _told(error)
        interrupts.ignore()
        scratch.sweep()
        return code if _is_written(outputs) else code or Exit.FAILED


def _is_written(outputs: list[streams.Output]) -> bool:
    """Whether stdout took everything, or its reader has gone; else say why not."""
    sys.stdout.flush()
    problem = "".join(output.problem for output in outputs)
    if problem:
        _complain(f"stdout cannot be written: {problem}.", "What is missing is only the output.")
    return not problem


def _told(error: BaseException) -> int:
    """Say what went wrong; return the exit code for it."""
    if isinstance(error, ToolError):
        _complain(error.message, error.hint)
        return error.exit_code if error.exit_code != Exit.INTERRUPTED else interrupts.exit_code()
    if isinstance(error, ProcessError):
        _complain(f"{error.command} failed: {error.reason}", "Fix that, then run this again.")
        return Exit.FAILED
    if isinstance(error, click.ClickException):
        error.show()
        return Exit.FAILED
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        _complain("Interrupted; nothing was left behind.")
        return interrupts.exit_code()
    if sentence := memory.lack(error):
        _complain(sentence, memory.HINT)
        _leave()
    elif isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        name = f"{error.filename}: " if error.filename else ""
        _complain(f"{name}{error.strerror}.", "Fix that, then run this again.")
    else:
        _report_bug(error)
        return Exit.BUG
    return Exit.FAILED


def _leave() -> None:
    """End this process and its children at once: tidying up takes memory too, and without it, Python may crash."""
    sys.setswitchinterval(1e-4)  # other threads may still be at work
    with suppress(Exception):
        descendants.end(is_ctrl_c=False)
        scratch.sweep()
        sys.stdout.flush()
    os._exit(Exit.FAILED)


# A disk that is full, read-only or broken, limits on what a process, a user or the system may have, and names from a
# file that no file system takes.
_OF_THE_MACHINE = {
    getattr(errno, name, None)
    for name in (
        "ENOSPC",
        "EDQUOT",
        "EFBIG",
        "EROFS",
        "EIO",
        "EMFILE",
        "ENFILE",
        "ENOMEM",
        "EAGAIN",
        "ESTALE",
        "ENAMETOOLONG",
    )
}


def _complain(message: str, hint: str = "") -> None:
    message, hint = cut(message), cut(hint)
    _VOICE.say_lines(_as_one(f"new-ops-project: {message}"), fg="red")
    if hint:
        _VOICE.say_lines(_as_one(f"  {hint}" if "\n" in hint else hint))


def _as_one(text: str) -> str:
    """The text with its later lines indented: a name with a line end in it must not pass for a message of ours."""
    return text.replace("\n", "\n  ").replace("\n    ", "\n  ")


def _report_bug(error: BaseException) -> None:
    import platform
    import traceback

    traceback.print_exception(error)
    versions = f"new-ops-project {__version__}, Python {platform.python_version()}"
    _VOICE.say(f"This is a bug in new-ops-project; please report it with the lines above ({versions}).")
