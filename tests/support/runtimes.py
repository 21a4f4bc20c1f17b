"""Container runtimes for tests: podman, docker, and runc on bundles made from OCI archives and from ACIs.

All of them are driven through their command lines. They keep everything below one directory of their own and leave
nothing behind. They need root.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.bundles import Bundle, start_specification
from tests.support.containers import LIMIT, Answer, Start, ask, tell, until

_ULIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


@dataclass(frozen=True, slots=True)
class EngineContainer:
    """A container of podman or docker, which share their commands.

    Args:
        client: The command line up to the subcommand.
        name: Of the container.
    """

    client: tuple[str, ...]
    name: str

    def run(self, *command: str, user: str = "", environment: Mapping[str, str] | None = None) -> Answer:
        """See `Container.run`."""
        options = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        return ask(*self.client, "exec", *options, *([f"--user={user}"] if user else []), self.name, *command)

    def signal(self, name: str) -> None:
        """See `Container.signal`."""
        tell(*self.client, "kill", "--signal", name, self.name)

    def wait(self) -> int:
        """See `Container.wait`."""
        return int(tell(*self.client, "wait", self.name))

    def ended(self) -> bool:
        """See `Container.ended`."""
        return tell(*self.client, "inspect", "--format", "{{.State.Status}}", self.name) in {"exited", "stopped"}

    def logs(self) -> str:
        """See `Container.logs`."""
        answer = ask(*self.client, "logs", self.name)
        return answer.output + answer.errors

    def remove(self) -> None:
        """See `Container.remove`."""
        tell(*self.client, "rm", "--force", "--volumes", self.name)

    @property
    def pid(self) -> int:
        """See `Container.pid`."""
        return int(tell(*self.client, "inspect", "--format", "{{.State.Pid}}", self.name))


class Engine:
    """podman or docker: both load an archive once and know volumes.

    Args:
        client: The command line up to the subcommand.
        options: Of every ``run``.
    """

    def __init__(self, client: tuple[str, ...], options: tuple[str, ...]) -> None:
        self._client = client
        self._options = options
        self._images: dict[Path, str] = {}
        self._numbers = itertools.count(1)

    def start(self, image: Path, start: Start) -> EngineContainer:
        """See `Runtime.start`."""
        name = f"test-{next(self._numbers)}"
        options = [
            f"--network={'host' if start.host_network else 'none'}",
            *(f"--env={name}={value}" for name, value in start.environment.items()),
            *([f"--user={start.user}"] if start.user else []),
            *(["--read-only"] if start.read_only else []),
            *(f"--volume={volume}:{path}" for path, volume in start.volumes.items()),
            *(f"--tmpfs={path}" for path in start.scratch),
            *(f"--volume={source}:{path}:ro" for path, source in start.binds.items()),
        ]
        reference = self._loaded(image)
        tell(*self._client, "run", "--detach", "--name", name, *self._options, *options, reference, *start.command)
        return EngineContainer(self._client, name)

    def _loaded(self, image: Path) -> str:
        if image not in self._images:
            said = tell(*self._client, "load", "--quiet", "--input", image)
            self._images[image] = said.splitlines()[-1].split()[-1]
        return self._images[image]


def _stacks_layers(directory: Path) -> bool:
    """Return whether layers can lie over each other below a directory: not where that is itself made of layers."""
    parts = [directory / "probe" / name for name in ("lower", "upper", "work", "merged")]
    for part in parts:
        part.mkdir(parents=True)
    lower, upper, work, merged = map(str, parts)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    answer = ask("unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, merged)
    shutil.rmtree(directory / "probe")
    return answer.code == 0


@contextmanager
def podman(directory: Path) -> Iterator[Engine]:
    """Run podman with a storage of its own."""
    driver = "overlay" if _stacks_layers(directory) else "vfs"
    places = {"--root": "root", "--runroot": "run", "--tmpdir": "tmp"}
    client = (
        "podman",
        *(word for option, name in places.items() for word in (option, str(directory / name))),
        *("--storage-driver", driver, "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"),
    )
    try:
        yield Engine(client, (*_ULIMITS, "--log-driver", "k8s-file"))
    finally:
        ask(*client, "system", "reset", "--force")


@contextmanager
def docker(directory: Path) -> Iterator[Engine]:
    """Run a docker daemon of our own, without any network, and its client."""
    driver = "overlay2" if _stacks_layers(directory) else "vfs"
    socket = f"unix://{directory}/docker.sock"
    daemon = (
        *("dockerd", "--host", socket, "--pidfile", f"{directory}/docker.pid"),
        *("--data-root", f"{directory}/data", "--exec-root", f"{directory}/exec"),
        *("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", f"--storage-driver={driver}"),
        *("--default-ulimit", "nofile=1024:1024"),
    )
    client = ("docker", "--host", socket)
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(daemon, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: _answers(process, client, directory / "log"), "dockerd")
        yield Engine(client, ())
    finally:
        process.terminate()
        process.wait(60)
        _unmount_below(directory)


def _unmount_below(directory: Path) -> None:
    """Unmount what dockerd leaves behind: the network namespace of containers that shared the host's."""
    mounts = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if Path(mount).is_relative_to(directory):
            tell("umount", mount)


def _answers(process: subprocess.Popen[bytes], client: tuple[str, ...], log: Path) -> bool:
    assert process.poll() is None, f"dockerd has ended:\n{log.read_text()}"
    return ask(*client, "info").code == 0


@dataclass(frozen=True, slots=True)
class RuncContainer:
    """A container of runc; runc itself is its parent and passes its exit code on.

    Args:
        client: The command line up to the subcommand.
        name: Of the container.
        process: ``runc run``.
        log: Receives what the container prints.
    """

    client: tuple[str, ...]
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def run(self, *command: str, user: str = "", environment: Mapping[str, str] | None = None) -> Answer:
        """See `Container.run`."""
        options = [word for name, value in (environment or {}).items() for word in ("--env", f"{name}={value}")]
        return ask(*self.client, "exec", *options, *(["--user", user] if user else []), self.name, *command)

    def signal(self, name: str) -> None:
        """See `Container.signal`."""
        tell(*self.client, "kill", self.name, name)

    def wait(self) -> int:
        """See `Container.wait`."""
        return self.process.wait(LIMIT)

    def ended(self) -> bool:
        """See `Container.ended`."""
        return self.process.poll() is not None

    def logs(self) -> str:
        """See `Container.logs`."""
        return self.log.read_text(errors="replace")

    def remove(self) -> None:
        """See `Container.remove`."""
        if not self.ended():
            ask(*self.client, "delete", "--force", self.name)
        self.process.wait(LIMIT)

    @property
    def pid(self) -> int:
        """See `Container.pid`."""
        number = json.loads(tell(*self.client, "state", self.name))["pid"]
        assert isinstance(number, int)
        return number


class Runc:
    """runc on bundles.

    Args:
        directory: Everything lies below it.
        unpack: Makes a bundle from an image file in a directory that does not exist yet.
    """

    def __init__(self, directory: Path, unpack: Callable[[Path, Path], Bundle]) -> None:
        self._directory = directory
        self._unpack = unpack
        self._client = ("runc", "--root", str(directory / "state"))
        self._bundles: dict[Path, Bundle] = {}
        self._numbers = itertools.count(1)

    def start(self, image: Path, start: Start) -> RuncContainer:
        """See `Runtime.start`; the pre-start event handler of an ACI runs first, and nothing else when it fails."""
        if image not in self._bundles:
            self._bundles[image] = self._unpack(image, self._directory / f"bundle-{len(self._bundles)}")
        bundle = self._bundles[image]
        specification = start_specification(bundle, start, volumes=self._directory / "volumes")
        if bundle.pre_start:
            before = {**specification, "process": {**specification["process"], "args": list(bundle.pre_start)}}
            handler = self._launch(before)
            if handler.wait() != 0:
                return handler
        return self._launch(specification)

    def _launch(self, specification: Mapping[str, Any]) -> RuncContainer:
        name = f"test-{next(self._numbers)}"
        place = self._directory / name
        place.mkdir()
        (place / "config.json").write_text(json.dumps(specification))
        log = place / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                (*self._client, "run", "--bundle", str(place), name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        container = RuncContainer(self._client, name, process, log)
        # Engines return when the container exists; so does this.
        until(lambda: container.ended() or ask(*self._client, "state", name).code == 0, "runc")
        return container
