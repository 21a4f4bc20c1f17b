"""podman and docker, which share their commands: the image is loaded, and removed again at the end.

podman gets a storage of its own, so that nothing of the user's is touched. docker has one daemon with one storage: a
tag that the image takes from another one is given back.
"""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.errors import OutputError, SelfTestError
from pkg2image.image.read import ImageContents
from pkg2image.selftest.container import CLEANUP, MOST_FILES, Answer, call, last_lines, limit
from pkg2image.selftest.settings import Settings

FORMATS = ("oci", "docker")
"""What engines load."""

_LONGEST_REASON = 400
_LOADING = 600.0  # seconds; a large image on a busy machine
_NO_PROGRAM = {126, 127}
_MOST_PROCESSES = 4096
_ENDED = {"exited", "stopped", "dead"}


@dataclass(frozen=True, slots=True)
class EngineContainer:
    """A container of podman or docker.

    Args:
        client: The command line up to the subcommand.
        name: Of the container.
    """

    client: tuple[str, ...]
    name: str

    def run(self, command: Sequence[str], seconds: float) -> Answer:
        """See `Container.run`."""
        return call((*self.client, "exec", self.name, *command), seconds)

    def ended(self) -> int | None:
        """See `Container.ended`."""
        state = self._state()
        return int(state.get("ExitCode", 0)) if state.get("Status") in _ENDED else None

    def log(self) -> str:
        """See `Container.log`."""
        answer = call((*self.client, "logs", "--tail", "200", self.name), CLEANUP)
        return answer.output + answer.errors

    def pid(self) -> int:
        """See `Container.pid`."""
        return int(self._state().get("Pid", 0))

    def _state(self) -> dict[str, int | str]:
        answer = call((*self.client, "inspect", "--format", "{{json .State}}", self.name), CLEANUP)
        try:
            state = json.loads(answer.output) if answer.code == 0 else {}
        except ValueError:
            state = {}
        return state if isinstance(state, dict) else {}


class EngineRuntime:
    """Containers of one image under podman or docker.

    Args:
        client: The command line up to the subcommand.
        options: Of every ``run``.
        contents: The image, in one of `FORMATS`.
        settings: How it is started.
    """

    def __init__(
        self, client: tuple[str, ...], options: Sequence[str], contents: ImageContents, settings: Settings
    ) -> None:
        self._client = client
        self._options = (*options, *_rights(settings))
        self._names: list[str] = []
        self._loaded = ""
        self._before = {tag: self._id(tag) for tag in _tags(contents)}
        try:
            self._load(contents)
        except BaseException:
            self.close()
            raise

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> EngineContainer:
        """See `Runtime.start`."""
        name = f"pkg2image-test-{os.getpid()}-{len(self._names) + 1}"
        self._names.append(name)
        variables = (f"--env={name}={value}" for name, value in environment.items())
        answer = call(
            (*self._client, "run", "--detach", f"--name={name}", *self._options, *variables, self._loaded, *command),
            _LOADING,
        )
        if answer.code in _NO_PROGRAM:
            raise SelfTestError("its program cannot be started", log=last_lines(answer.errors))
        if answer.code != 0:
            raise OutputError(
                f"cannot start a container with {self._client[0]}: {_reason(answer.errors)}",
                hint="see whether it starts any container, or name another runtime with --runtime",
            )
        return EngineContainer(self._client, name)

    def close(self) -> None:
        """See `Runtime.close`."""
        while self._names:
            call((*self._client, "rm", "--force", "--volumes", self._names.pop()), CLEANUP)
        loaded, self._loaded = self._loaded, ""
        for tag, before in self._before.items():
            if before != self._id(tag):
                call((*self._client, "tag", before, tag) if before else (*self._client, "rmi", tag), CLEANUP)
        if loaded and loaded not in self._before.values():
            call((*self._client, "rmi", "--force", loaded), CLEANUP)

    def _load(self, contents: ImageContents) -> None:
        answer = call((*self._client, "load", "--quiet", "--input", contents.path), _LOADING)
        lines = answer.output.split()
        if answer.code != 0 or not lines:
            raise OutputError(
                f"cannot load {contents.path} with {self._client[0]}: {_reason(answer.errors)}",
                hint="see whether it works at all, or name another runtime with --runtime",
            )
        # By its number: another image may take the tag while this one is tested.
        self._loaded = self._id(lines[-1]) or lines[-1]

    def _id(self, reference: str) -> str:
        answer = call((*self._client, "image", "inspect", "--format", "{{.Id}}", reference), CLEANUP)
        return answer.output.strip() if answer.code == 0 else ""


def podman_client(program: str, directory: Path, runc: str | None) -> tuple[str, ...]:
    """Return the command line of podman with a storage of its own.

    Args:
        program: Path of podman.
        directory: Private; everything lies below it.
        runc: Path of runc, which works on more machines than what podman takes by itself; None when there is none.
    """
    places = {"--root": "root", "--runroot": "run", "--tmpdir": "tmp"}
    return (
        program,
        *(word for option, name in places.items() for word in (option, str(directory / name))),
        *("--cgroup-manager", "cgroupfs", "--events-backend", "file"),
        *(("--runtime", runc) if runc else ()),
    )


def podman_options() -> tuple[str, ...]:
    """Return what every container of podman gets: it makes ``/run`` and ``/tmp`` of read-only ones writable itself."""
    # Its own limits are above those of this process on some machines, and then it can start nothing.
    limits = {"nofile": (resource.RLIMIT_NOFILE, MOST_FILES), "nproc": (resource.RLIMIT_NPROC, _MOST_PROCESSES)}
    values = {name: limit(number, most) for name, (number, most) in limits.items()}
    return (*(f"--ulimit={name}={value}:{value}" for name, value in values.items()), "--log-driver=k8s-file")


DOCKER_OPTIONS = ("--volume=/run", "--volume=/tmp")
"""Volumes without a name begin with what the image has there, which docker's tmpfs does not."""


def _rights(settings: Settings) -> Iterator[str]:
    yield from ("--network=none", "--read-only", "--pull=never")
    if settings.config.ports:
        # A user who is not root may listen on port 80.
        yield "--sysctl=net.ipv4.ip_unprivileged_port_start=0"


def _tags(contents: ImageContents) -> tuple[str, ...]:
    entries = contents.documents.get("manifest.json")
    named = [each.get("RepoTags") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    tags = {tag for names in named if isinstance(names, list) for tag in names if isinstance(tag, str)}
    return tuple(sorted(tags | {text.strip() for text in contents.reference.split(",") if text.strip()}))


def _reason(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_REASON] or "it does not say why"
