"""``pkg2image completion SHELL``: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pkg2image.cli.terminal import show
from pkg2image.errors import UsageError


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    For bash: source <(pkg2image completion bash)
    """
    tree = click.get_current_context().find_root().command
    completion = get_completion_class(shell)
    if completion is None:
        raise UsageError(f"cannot complete for {shell}: the shell is not known", hint="bash, zsh or fish")
    show(completion(tree, {}, "pkg2image", "_PKG2IMAGE_COMPLETE").source())
