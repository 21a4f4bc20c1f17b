"""Entry point: the command tree, errors to exit codes, signals.

This is the only module that decides about exit codes; see `pkg2image.errors` for the table.
"""

from __future__ import annotations

import gc
import importlib
import signal
import sys
import traceback
from types import FrameType
from typing import Any

import click

from pkg2image import __version__
from pkg2image.cli.terminal import tell
from pkg2image.errors import DifferenceError, Pkg2ImageError, SelfTestError, UnresolvableError, UsageError

_COMMANDS = {
    "build": "Build an image of packages and what they need.",
    "plan": "Show what an image would hold, why, and how big.",
    "why": "Tell why a package or a file is in an image, or why it is not.",
    "lock": "Write down exactly what an image is made of.",
    "vendor": "Put the packages of a lock and the lock itself into a directory.",
    "outdated": "Tell which packages of an image or a lock have updates.",
    "update": "Make a lock anew with the smallest change.",
    "inspect": "Look at an image: packages, configuration, layers, files.",
    "verify": "Build an image again from the lock inside it and compare, or check its signatures.",
    "diff": "Tell what differs between two images or locks.",
    "sbom": "Print the bill of materials of an image.",
    "legal": "Write licence texts and the places of sources for an image.",
    "test": "Start an image under a runtime of this machine and see whether it works.",
    "sign": "Sign images with a key of yours.",
    "cache": "Look at the store of downloads, facts and layers.",
    "recipes": "Look at the recipes of well-known applications.",
    "completion": "Print the completion script of a shell.",
}
"""In the order of a user's way through them; each is the module of that name."""

_HINTS = {
    1: "please report it",
    2: "pkg2image --help shows what is possible",
    3: "pkg2image build --help shows what may be asked for",
    4: "ask for other packages or versions, or add a source with --extra-source",
    5: "try again later, or name another mirror with --mirror",
    6: "try another mirror; what cannot be trusted is not used",
    7: "ask for another version of the package, or tell the owner of its source",
    9: "name another place with -o or --cache-dir",
    10: "check the name of the image and your credentials",
    11: "look at what the container has printed",
    12: "build again, and compare the two",
}
"""What to do next, by exit code, where an error does not know better."""

_INTERRUPTED = 130
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class LazyCommand(click.Command):
    """A command that is imported when it is used; lists of commands are made without it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of the command itself, in which click goes on."""
        command: click.Command = importlib.import_module(f"pkg2image.cli.{self.name}").command
        return command.make_context(info_name, args, parent, **extra)


class Commands(click.Group):
    """The command tree; a word that is no command is a package to build."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        return LazyCommand(cmd_name, short_help=_COMMANDS[cmd_name]) if cmd_name in _COMMANDS else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``build`` before arguments that begin with neither a command nor an option of the group."""
        own = {"--help", "-h", "--version"}
        completing = ctx.resilient_parsing and not args
        if not completing and (not args or args[0] not in (*_COMMANDS, *own)):
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
    _handle_signals(signal.SIG_IGN)  # a second one would cut off the tidying up that the first one begins
    raise KeyboardInterrupt


def _handle_signals(handler: Any) -> None:
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and the shell's & want it
            signal.signal(number, handler)


def _fail(error: Pkg2ImageError) -> int:
    tell(f"error: {error.message}")
    if isinstance(error, UnresolvableError):
        for reason in error.reasons:
            tell(f"  {reason}")
    if isinstance(error, DifferenceError):
        for difference in error.differences:
            tell(f"  {difference}")
    if isinstance(error, SelfTestError):
        for line in error.log:
            tell(f"  | {line}")
    tell(f"hint: {error.hint or _HINTS[error.exit_code]}")
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
        case click.Abort() | KeyboardInterrupt():
            tell("error: cannot finish: interrupted")
            tell("hint: run it again; nothing partial was left behind, and what was downloaded is kept")
            return _INTERRUPTED
        case click.ClickException():
            return _fail(_usage_error(error))
        case Pkg2ImageError():
            return _fail(error)
        case SystemExit(code=int(code)):  # the end of a completion, or of a help that nobody reads
            return code
    tell(f"{''.join(traceback.format_exception(error))}error: a bug in pkg2image {__version__}")
    tell("hint: please report it with the lines above")
    return Pkg2ImageError.exit_code


def _usage_error(error: click.ClickException) -> UsageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message().rstrip(".")
    return UsageError(
        f"cannot understand the command line: {message[:1].lower()}{message[1:]}",
        hint=f"{context.command_path if context else 'pkg2image'} --help shows what is possible",
    )


def main() -> None:
    """Run the program and exit."""
    # A run makes many objects and next to no cycles: looking for those took a tenth of a plan's time, half of it at
    # the very end, when nothing is left to be gained.
    gc.set_threshold(100_000)
    _handle_signals(_interrupt)
    code = run(sys.argv[1:])
    _handle_signals(signal.SIG_IGN)  # the work is done; what is left is to say so
    gc.freeze()
    sys.exit(code)
