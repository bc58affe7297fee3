"""The `new-ops-project` command, from its arguments to the exit code of the process."""

import os
import sys
from io import TextIOWrapper

import click

from new_ops_project import __version__
from new_ops_project.base import interrupts
from new_ops_project.base.environ import drop_git_variables
from new_ops_project.base.errors import Exit, ProcessError, ToolError
from new_ops_project.commands.group import Verbs

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


def run(arguments: list[str] | None = None) -> int:
    """Run one command line (that of the process, if none is given) and return its exit code."""
    drop_git_variables()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal or pipe that cannot show a letter gets its escape
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(cli.main(arguments, prog_name="new-ops-project", standalone_mode=False) or Exit.DONE)
    except SystemExit as error:  # click's: of a completion, or when whoever reads our output has gone
        return Exit.PIPE if error.code else Exit.DONE
    except BaseException as error:  # noqa: BLE001 - each becomes words and a code
        return _told(error)
    finally:
        interrupts.restore()


def _told(error: BaseException) -> Exit:
    """Say what went wrong; return the exit code for it."""
    if isinstance(error, ToolError):
        _complain(error.message, error.hint)
        return error.exit_code
    if isinstance(error, ProcessError):
        _complain(f"{error.command} failed: {error.reason}", "Fix that, then run this again.")
        return Exit.FAILED
    if isinstance(error, click.ClickException):
        error.show()
        return Exit.FAILED
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        _complain("Interrupted; nothing was left behind.")
        return Exit.INTERRUPTED
    _report_bug(error)
    return Exit.BUG


def _complain(message: str, hint: str = "") -> None:
    click.secho(f"new-ops-project: {message}", err=True, fg="red", color=False if os.environ.get("NO_COLOR") else None)
    if hint:
        click.echo(hint, err=True)


def _report_bug(error: BaseException) -> None:
    import platform
    import traceback

    traceback.print_exception(error)
    versions = f"new-ops-project {__version__}, Python {platform.python_version()}"
    click.echo(f"This is a bug in new-ops-project; please report it with the lines above ({versions}).", err=True)
