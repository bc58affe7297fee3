"""`completion`: the completion script of a shell."""

import click

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
    from click.shell_completion import shell_complete

    root, variable = context.find_root().command, "_NEW_OPS_PROJECT_COMPLETE"
    shell_complete(root, {}, "new-ops-project", variable, f"{shell}_source")
