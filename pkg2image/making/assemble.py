"""Layers and a configuration become an `Image`: the recipe's answer, changed by what the user said."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.model import Image, Layer
from pkg2image.image.names import default_reference, parse_reference
from pkg2image.lock.making import lock_digest
from pkg2image.lock.model import Lock
from pkg2image.plan import Plan
from pkg2image.request import BuildRequest

_LAST_PORT = 65535


def check_words(request: BuildRequest) -> None:
    """Make sure that what the user says about the image makes sense, before any work is done for it.

    Raises:
        RequestError: When a port, a path or the tag makes no sense.
    """
    configured(ImageConfig(), request)
    if request.tag:
        parse_reference(request.tag)


def configured(config: ImageConfig, request: BuildRequest) -> ImageConfig:
    """Return a configuration with the user's words over it.

    Args:
        config: Of the recipe, or the plain default.
        request: What the user said; an entrypoint of theirs takes the recipe's command with it.

    Raises:
        RequestError: When a port or a path makes no sense.
    """
    command = config.command if request.entrypoint is None else ()
    return replace(
        config,
        entrypoint=config.entrypoint if request.entrypoint is None else tuple(request.entrypoint),
        command=command if request.command is None else tuple(request.command),
        environment=tuple({**dict(config.environment), **request.environment}.items()),
        user=config.user if request.user is None else request.user,
        workdir=config.workdir if request.workdir is None else _absolute(request.workdir, "the working directory"),
        ports=tuple(dict.fromkeys((*config.ports, *map(_port, request.ports)))),
        volumes=tuple(dict.fromkeys((*config.volumes, *(_absolute(path, "the volume") for path in request.volumes)))),
        stop_signal=config.stop_signal if request.stop_signal is None else request.stop_signal,
        labels=tuple(sorted({**dict(config.labels), **request.labels}.items())),
        first_start=config.first_start if request.entrypoint is None else (),
    )


def check_user(config: ImageConfig, *, users: Container[str], groups: Container[str]) -> None:
    """Make sure that a runtime will find who starts the image; anybody with a number can.

    Args:
        config: Names the user, and perhaps a group.
        users: Names of those who are in the image.
        groups: Names of the groups of the image.

    Raises:
        RequestError: When the user or the group has a name that is not in the image.
    """
    user, _, group = config.user.partition(":")
    for name, what, known in ((user, "user", users), (group, "group", groups)):
        if name and name not in known and not (name.isascii() and name.isdigit()):
            raise RequestError(
                f"cannot start the image as {config.user[:100]!r}: it has no {what} {name[:64]!r}",
                hint="the scripts of packages make most users, and --scripts none leaves them out; "
                "--user takes another one, or a number",
            )


def _port(text: str) -> Port:
    number, slash, protocol = text.partition("/")
    if not (number.isascii() and number.isdigit()) or not 0 < int(number[:6]) <= _LAST_PORT:
        raise RequestError(f"cannot use the port {text[:40]!r}: not a number from 1 to 65535", hint="--port 8080")
    if slash and protocol not in ("tcp", "udp"):
        raise RequestError(f"cannot use the port {text[:40]!r}: the protocol is tcp or udp", hint="--port 53/udp")
    return Port(int(number), protocol or "tcp")


def _absolute(path: str, what: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise RequestError(f"cannot use {what} {path[:200]!r}: not an absolute path of the image", hint="as in /srv")
    return path


def assemble(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    layers: Sequence[Layer],
    config: ImageConfig,
    *,
    request: BuildRequest,
    lock: Lock,
    epoch: int,
    compressor: str,
) -> Image:
    """Make the image of a plan.

    Args:
        plan: What is in it.
        debs: Its packages.
        layers: From the bottom up.
        config: How it is started.
        request: Names the tag.
        lock: Exactly what it is made of.
        epoch: Time of everything made for the image, in seconds since the epoch.
        compressor: Identity of what compressed the layers; empty when there are none.

    Raises:
        RequestError: When the tag is not a reference.
    """
    root = next(deb.package for deb in debs if deb.package.name == plan.roots[0])
    reference = parse_reference(request.tag) if request.tag else default_reference(root.name)
    annotations = {
        "org.opencontainers.image.title": root.name,
        "org.opencontainers.image.version": root.version,
        "org.opencontainers.image.description": root.fields.get("Description", "").partition("\n")[0],
        "dev.pkg2image.lock": str(lock_digest(lock)),
        "dev.pkg2image.suite": plan.suite,
        "dev.pkg2image.closure": plan.closure,
        "dev.pkg2image.slim": "true" if request.slim else "",
        "dev.pkg2image.unsigned": " ".join(source.uri for source in plan.sources if not source.signers),
    }
    return Image(
        architecture=plan.architecture,
        config=config,
        layers=tuple(layers),
        epoch=epoch,
        reference=reference,
        version=root.version,
        annotations=tuple(sorted((name, value) for name, value in annotations.items() if value)),
        packages=tuple(sorted((item.package.name, item.package.version) for item in plan.packages)),
        compressor=compressor,
    )
