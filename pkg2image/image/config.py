"""How an image is started: what OCI, docker and ACI configurations are made from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Port:
    """A port the application listens on.

    Args:
        number: 1 to 65535.
        protocol: ``tcp`` or ``udp``.
        name: AC Name for ACI, for example ``postgresql``; may be empty.
    """

    number: int
    protocol: str = "tcp"
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The runtime configuration of an image.

    Args:
        entrypoint: Program and leading arguments.
        command: Default arguments after the entrypoint.
        environment: Name and value pairs in order; PATH is always among them.
        user: ``name``, ``uid``, ``name:group``; empty means root.
        workdir: Absolute path; empty means ``/``.
        ports: What the application listens on.
        volumes: Absolute paths that hold state.
        stop_signal: For example ``SIGINT``; empty means the runtime's default.
        labels: Name and value pairs sorted by name.
        first_start: A command that prepares state before the first start; ACI runs it as pre-start event.
    """

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    user: str = ""
    workdir: str = ""
    ports: tuple[Port, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    labels: tuple[tuple[str, str], ...] = field(default=())
    first_start: tuple[str, ...] = ()
