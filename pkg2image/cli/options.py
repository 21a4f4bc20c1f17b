"""Options that several commands share, and what is made of them and of the environment.

Only this module reads the environment and the clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from pkg2image.cli.terminal import reporting
from pkg2image.errors import OutputError, UsageError
from pkg2image.request import LAST_EPOCH, BuildRequest, Format, make_request
from pkg2image.store import Store
from pkg2image.world import World, open_world

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_DIGITS = 10  # of the highest number of a user
_FORMATS = [choice.value for choice in Format]


def _pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", param=parameter)
        pairs[name] = rest
    return pairs


def _numbers(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    numbers = {}
    for name, text in _pairs(_context, parameter, values).items():
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
            raise click.BadParameter(f"{text[:40]!r} is not a number", param=parameter)
        numbers[name] = int(text)
    return numbers


def _words(_context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    import shlex  # noqa: PLC0415 -- only for the two options that are command lines

    if value is None:
        return None
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise click.BadParameter(f"cannot split {value!r} into words: {error}", param=parameter) from error


MIRROR = click.option(
    "--mirror",
    multiple=True,
    metavar="URL",
    envvar="PKG2IMAGE_MIRROR",
    help="Archive of the distribution; repeatable: others are asked for packages that are gone from it, by their "
    "hash, with {date} for that of the Release where they are archives of snapshots.  [default: the host's]",
)
"""Where packages come from."""

_KEYRING = click.option(
    "--keyring",
    "keyrings",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Keys of sources that name none; repeatable.",
)
OFFLINE = click.option("--offline", is_flag=True, help="Use only what is in the store.")
"""No network."""

_RESOLUTION = (
    click.option(
        "-f",
        "--file",
        "image_file",
        type=click.Path(path_type=Path),
        help="Image file (YAML) with the same words as these options.",
    ),
    click.option("--suite", metavar="SUITE", help="Suite or codename.  [default: stable]"),
    click.option(
        "--arch",
        "architectures",
        multiple=True,
        metavar="ARCH",
        help="Debian architecture; repeatable.  [default: this machine's]",
    ),
    MIRROR,
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="FILE|LINE",
        help="apt source (one-line or deb822) instead of the default ones; repeatable.",
    ),
    click.option(
        "--extra-source",
        "extra_sources",
        multiple=True,
        metavar="FILE|LINE",
        help="apt source beside the default ones; repeatable.",
    ),
    _KEYRING,
    click.option(
        "--closure",
        type=click.Choice(["runtime", "full"]),
        help="What the application needs to run, or all that apt would install.  [default: runtime]",
    ),
    click.option("--with", "with_packages", multiple=True, metavar="PKG", help="Add a package; repeatable."),
    click.option("--without", multiple=True, metavar="PKG", help="Leave a package out; repeatable."),
    click.option("--no-shell", is_flag=True, default=None, help="Add no shell, whatever files need one."),
    click.option(
        "--no-ca-certificates", is_flag=True, default=None, help="Add no certificates, whatever files need them."
    ),
    click.option("--recommends", is_flag=True, default=None, help="Follow Recommends too."),
    click.option(
        "--recipe",
        metavar="NAME|PATH|none",
        help="Recipe to use; the one that fits in a directory goes before the built-in ones.  "
        "[default: the built-in one that fits]",
    ),
    click.option(
        "--uid",
        "uids",
        multiple=True,
        callback=_numbers,
        metavar="USER=NUMBER",
        help="Number of a user that a package makes, the same in every image; its group gets it too where that is "
        "free; repeatable.",
    ),
    click.option(
        "--gid", "gids", multiple=True, callback=_numbers, metavar="GROUP=NUMBER", help="The same of a group."
    ),
    OFFLINE,
)

_TODAY = (
    click.option(
        "--mirror",
        multiple=True,
        metavar="URL",
        envvar="PKG2IMAGE_MIRROR",
        help="Archive of the distribution; others as for build.  [default: that of the lock, else the host's]",
    ),
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="FILE|LINE",
        help="apt source (one-line or deb822) instead of those of the lock; repeatable.",
    ),
    _KEYRING,
    OFFLINE,
)

_CONFIGURATION = (
    click.option(
        "--scripts",
        type=click.Choice(["emulate", "strict", "none"]),
        help="Maintainer scripts (interpreted, never run): leave out those that are not understood, fail because of "
        "them, or look at none.  [default: emulate]",
    ),
    click.option(
        "--preseed",
        multiple=True,
        callback=_pairs,
        metavar="QUESTION=VALUE",
        help="Answer to a debconf question of a package (package/question); repeatable.",
    ),
    click.option(
        "--slim",
        is_flag=True,
        default=None,
        help="Keep only what can be reached from how the image is started, and the application itself.",
    ),
    click.option(
        "--feature",
        "features",
        multiple=True,
        metavar="NAME",
        help="Optional part of the application, as its recipe names it; repeatable.",
    ),
    click.option("--locale", "locales", multiple=True, metavar="xx_YY", help="Locale for a slim image; repeatable."),
    click.option(
        "--keep", multiple=True, metavar="PATTERN", help="Paths that a slim image has in any case; repeatable."
    ),
)

_SHARED = (
    click.option(
        "--cache-dir",
        type=click.Path(path_type=Path),
        envvar="PKG2IMAGE_CACHE_DIR",
        help="The store.  [default: $XDG_CACHE_HOME/pkg2image]",
    ),
    click.option(
        "--state-dir",
        type=click.Path(path_type=Path),
        envvar="PKG2IMAGE_STATE_DIR",
        help="What is remembered about sources.  [default: $XDG_STATE_HOME/pkg2image]",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, 64),
        metavar="N",
        help="Parallel downloads and compressions.  [default: one per processor]",
    ),
    click.option(
        "--progress",
        type=click.Choice(["auto", "plain", "none"]),
        default="auto",
        show_default=True,
        help="How progress is shown; notes are shown in any case.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Only results and errors."),
    click.option("-v", "--verbose", is_flag=True, help="More about each step."),
)

_STARTING = (
    click.option(
        "--entrypoint", callback=_words, metavar="WORDS", help="Program to start, as one shell-quoted argument."
    ),
    click.option("--cmd", "command", callback=_words, metavar="WORDS", help="Its default arguments, likewise."),
    click.option(
        "--env", "environment", multiple=True, callback=_pairs, metavar="K=V", help="Environment variable; repeatable."
    ),
    click.option("--user", metavar="USER[:GROUP]", help="Who runs it, by name or number."),
    click.option("--workdir", metavar="PATH", help="Where it starts."),
    click.option("--port", "ports", multiple=True, metavar="N[/udp]", help="Port it listens on; repeatable."),
    click.option("--volume", "volumes", multiple=True, metavar="PATH", help="Directory that holds state; repeatable."),
    click.option("--stop-signal", metavar="SIGNAL", help="Signal that stops it."),
)

_IMAGE = (
    click.option(
        "--format",
        "formats",
        multiple=True,
        type=click.Choice(_FORMATS),
        help="What to write; repeatable.  [default: oci]",
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        help="File, or directory for several outputs.  [default: PACKAGE.FORMAT here]",
    ),
    click.option("--tag", metavar="NAME[:TAG]", help="Reference of the image.  [default: PACKAGE:latest]"),
    click.option(
        "--force", is_flag=True, default=None, help="Replace an existing file although it is no image of ours."
    ),
)

_LAYERS = (
    click.option("--label", "labels", multiple=True, callback=_pairs, metavar="K=V", help="Label; repeatable."),
    click.option(
        "--compression",
        metavar="gzip|zstd[:N]|stored|none",
        help="How layers are compressed (ACI: gzip, xz, stored, none); stored is gzip that does not compress, whose "
        "bytes no version of a library changes.  [default: gzip]",
    ),
    click.option("--layers", type=click.IntRange(1, 120), metavar="N", help="The most layers.  [default: 20]"),
    click.option(
        "--sbom",
        multiple=True,
        type=click.Choice(["spdx", "spdx3", "cyclonedx", "none"]),
        help="What the bill of materials beside the image is written as (SPDX 2.3, SPDX 3.0.1, CycloneDX 1.6); "
        "repeatable.  [default: spdx]",
    ),
    click.option("--sbom-inside", is_flag=True, default=None, help="Put it into the image as well, as SPDX 2.3."),
    click.option(
        "--strict", is_flag=True, default=None, help="Fail when files of the image ask for what is not in it."
    ),
)


def _apply(options: tuple[Callable[[Decorated], Decorated], ...], function: Decorated) -> Decorated:
    for option in reversed(options):
        function = option(function)
    return function


def resolution_options(function: Decorated) -> Decorated:
    """Add the options that decide which packages are taken."""
    return _apply(_RESOLUTION, function)


def starting_options(function: Decorated) -> Decorated:
    """Add the options that decide how the image is started."""
    return _apply(_STARTING, function)


def image_options(function: Decorated) -> Decorated:
    """Add the options that decide how the image is written and where it goes."""
    return _apply(_IMAGE, function)


def layer_options(function: Decorated) -> Decorated:
    """Add the options that decide how the image looks beside what is in it."""
    return _apply(_LAYERS, function)


def configuration_options(function: Decorated) -> Decorated:
    """Add the options that decide what becomes of the scripts of packages."""
    return _apply(_CONFIGURATION, function)


def today_options(function: Decorated) -> Decorated:
    """Add the options that decide what an image or a lock is held against."""
    return _apply(_TODAY, function)


def shared_options(function: Decorated) -> Decorated:
    """Add the options about this run: directories, jobs, progress."""
    return _apply(_SHARED, function)


_RUN = ("cache_dir", "state_dir", "jobs", "progress", "quiet", "verbose", "offline", "lock", "frozen")
_AFTERWARDS = ("provenance", "sign_keys")


def request_of(parameters: dict[str, Any]) -> BuildRequest:
    """Make the request of a command's parameters.

    Raises:
        UsageError: When neither packages nor an image file are given.
        RequestError: When the request makes no sense.
    """
    flags = {
        name: value
        for name, value in parameters.items()
        if name not in (*_RUN, *_AFTERWARDS, "image_file", "as_json", "with_test")
    }
    if flags.get("formats"):
        flags["formats"] = tuple(map(Format, flags["formats"]))
    image_file = parameters.get("image_file")
    if not flags.get("packages") and image_file is None:
        raise UsageError("cannot build nothing: no package is named", hint="pkg2image postgresql --format oci")
    return make_request({**flags, "epoch": _source_date_epoch()}, image_file)


def _source_date_epoch() -> int | None:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > LAST_EPOCH:
        raise UsageError(
            f"cannot use SOURCE_DATE_EPOCH: {text[:40]!r} is not a number of seconds since 1970",
            hint="unset it, or set it as in SOURCE_DATE_EPOCH=1700000000",
        )
    return int(text)


@contextmanager
def world_of(parameters: dict[str, Any]) -> Iterator[World]:
    """Open the store, the network and the terminal that a command works with."""
    with reporting(parameters["progress"], quiet=parameters["quiet"], verbose=parameters["verbose"]) as reporter:
        yield open_world(
            store=store_of(parameters),
            state=parameters["state_dir"] or _directory("XDG_STATE_HOME", ".local/state"),
            environment=dict(os.environ),
            now=int(time.time()),
            jobs=parameters["jobs"] or len(os.sched_getaffinity(0)),
            offline=parameters.get("offline", False),
            reporter=reporter,
        )


def store_of(parameters: dict[str, Any]) -> Store:
    """Open the store that a command works with."""
    return Store(parameters["cache_dir"] or _directory("XDG_CACHE_HOME", ".cache"))


def _directory(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable, "")
    if base.startswith("/"):  # the XDG specification says that relative paths are to be ignored
        return Path(base) / "pkg2image"
    try:
        return Path.home() / fallback / "pkg2image"
    except RuntimeError as error:
        raise OutputError(
            f"cannot choose a directory for {fallback}: no home directory is known",
            hint="set HOME, or name directories with --cache-dir and --state-dir",
        ) from error
