"""Entry point: the command tree, errors to exit codes, signals.

This is the only module that decides about exit codes; see `pkg2image.errors` for the table.
"""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from types import FrameType

import click

from pkg2image import __version__
from pkg2image.errors import Pkg2ImageError, UnresolvableError

_COMMANDS = {
    "build": "build",
    "plan": "plan",
    "why": "why",
    "inspect": "inspect",
    "cache": "cache",
    "recipes": "recipes",
    "completion": "completion",
}
_INTERRUPTED = 130


class Commands(click.Group):
    """The command tree; a word that is no command is a package to build, and commands are imported when used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands in the order of a user's way through them."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"pkg2image.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``build`` before arguments that begin with neither a command nor an option of the group."""
        own = {"--help", "-h", "--version"}
        if args and args[0] not in _COMMANDS and args[0] not in own:
            args = ["build", *args]
        return super().parse_args(ctx, args)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="pkg2image PACKAGE... is short for pkg2image build PACKAGE...",
)
@click.version_option(__version__, prog_name="pkg2image")
def command() -> None:
    """Turn a Debian package into a container image that holds the application and nothing else.

    No base image, no Dockerfile, no daemon, no root; no script of a package is run.
    """


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(error: Pkg2ImageError) -> int:
    click.echo(f"error: {error.message}", err=True)
    if isinstance(error, UnresolvableError):
        for reason in error.reasons:
            click.echo(f"  {reason}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    return error.exit_code


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; nothing escapes.

    Args:
        arguments: The words after the program's name.
    """
    try:
        # The words as typed go along because click drops the `--` that `why` needs.
        result = command.main(args=arguments, prog_name="pkg2image", standalone_mode=False, obj=arguments)
    except BaseException as error:  # noqa: BLE001 -- the one place where every error ends
        return _exit_code(error)
    return result if isinstance(result, int) else 0


def _exit_code(error: BaseException) -> int:
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("error: interrupted; nothing was left behind", err=True)
            return _INTERRUPTED
        case click.ClickException():
            error.show()
            return error.exit_code
        case Pkg2ImageError():
            return _fail(error)
        case BrokenPipeError():
            # Whoever read our output has enough; that is no error of ours.
            sys.stderr.close()
            return 0
    click.echo(f"{''.join(traceback.format_exception(error))}error: a bug in pkg2image {__version__}", err=True)
    click.echo("hint: please report it with the lines above", err=True)
    return Pkg2ImageError.exit_code


def main() -> None:
    """Run the program and exit."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(sys.argv[1:]))
