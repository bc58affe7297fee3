"""`completion`: the completion script of a shell."""

import click

from new_ops_project.base.errors import ToolError

SHELLS = ("bash", "zsh", "fish")

EXAMPLES = """\b
Examples:
  eval "$(new-ops-project completion bash)"     in ~/.bashrc
  eval "$(new-ops-project completion zsh)"      in ~/.zshrc
  new-ops-project completion fish \\
    > ~/.config/fish/completions/new-ops-project.fish
"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    click.echo(completion(shell, context.find_root().command))


def completion(shell: str, root: click.Command) -> str:
    """The script; raises ToolError for a shell that click does not know."""
    from click.shell_completion import get_completion_class

    shell_class = get_completion_class(shell)
    if shell_class is None:
        raise ToolError(f"There is no completion for {shell!r}.", f"Choose one of {', '.join(SHELLS)}.")
    return shell_class(root, {}, "new-ops-project", "_NEW_OPS_PROJECT_COMPLETE").source()
