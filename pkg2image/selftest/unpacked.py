"""Containers of an image that was unpacked on this machine, whatever starts them. Only root can do this."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pkg2image.errors import SelfTestError
from pkg2image.image.read import ImageContents
from pkg2image.selftest.bundle import HOSTS
from pkg2image.selftest.container import Container, Deadline, last_lines
from pkg2image.selftest.places import writable_places
from pkg2image.selftest.settings import Settings
from pkg2image.selftest.unpack import unpack

_FIRST_START = 600.0  # seconds
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An image on the disk.

    Args:
        settings: How it is started.
        directory: Private; everything lies below it.
        rootfs: Its root directory.
        binds: What lies over it and can be written: path in the container and file or directory of the host.
    """

    settings: Settings
    directory: Path
    rootfs: Path
    binds: tuple[tuple[str, Path], ...]


class RemovableContainer(Container, Protocol):
    """A container that nobody else removes."""

    def remove(self) -> None:
        """Make it go away, even when it is only just being made."""
        ...


class Starter(Protocol):
    """What starts a program of an unpacked image."""

    def launch(
        self, image: Unpacked, number: int, args: Sequence[str], environment: Mapping[str, str]
    ) -> RemovableContainer:
        """Start a container in the background.

        Args:
            image: The image.
            number: Of the container, 1 for the first.
            args: The whole command line.
            environment: Added to the image's.
        """
        ...


class UnpackedRuntime:
    """Containers of one unpacked image; see `Runtime`.

    Args:
        starter: Starts them.
        contents: The image.
        settings: How it is started.
        directory: Private; everything lies below it.
    """

    def __init__(self, starter: Starter, contents: ImageContents, settings: Settings, directory: Path) -> None:
        self._starter = starter
        self._image = _on_disk(contents, settings, directory)
        self._containers: list[RemovableContainer] = []
        self._prepared = not settings.config.first_start

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> RemovableContainer:
        """See `Runtime.start`; what an ACI wants to run before its first start runs first."""
        if not self._prepared:
            self._prepare(environment)
        config = self._image.settings.config
        return self._launch((*config.entrypoint, *(command or config.command)), environment)

    def close(self) -> None:
        """See `Runtime.close`."""
        while self._containers:
            self._containers.pop().remove()

    def _prepare(self, environment: Mapping[str, str]) -> None:
        before = self._launch(self._image.settings.config.first_start, environment)
        deadline = Deadline(_FIRST_START)
        while before.ended() is None and not deadline.passed:
            time.sleep(_PAUSE)
        code = before.ended()
        if code != 0:
            what = "takes too long" if code is None else f"ended with exit code {code}"
            raise SelfTestError(f"its pre-start command {what}", log=last_lines(before.log()))
        self._prepared = True

    def _launch(self, args: Sequence[str], environment: Mapping[str, str]) -> RemovableContainer:
        container = self._starter.launch(self._image, len(self._containers) + 1, args, environment)
        self._containers.append(container)
        return container


def _on_disk(contents: ImageContents, settings: Settings, directory: Path) -> Unpacked:
    rootfs = directory / "rootfs"
    unpack(contents, rootfs)
    places = writable_places(rootfs, settings.config.volumes, directory / "volumes")
    hosts = directory / "hosts"
    hosts.write_text(HOSTS)
    hosts.chmod(0o644)
    return Unpacked(settings, directory, rootfs, (*places, ("/etc/hosts", hosts)))
