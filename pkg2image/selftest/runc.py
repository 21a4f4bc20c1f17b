"""runc and crun on a bundle of our own; both have the same command line. Only root can do this."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.errors import SelfTestError
from pkg2image.image.read import ImageContents
from pkg2image.selftest.bundle import HOSTS, specification
from pkg2image.selftest.container import CLEANUP, MOST_FILES, Answer, call, last_lines, launch, limit, tail
from pkg2image.selftest.places import writable_places
from pkg2image.selftest.settings import Settings
from pkg2image.selftest.unpack import unpack

_FIRST_START = 600.0  # seconds
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class BundleContainer:
    """A container of runc; runc itself is its parent and passes its exit code on.

    Args:
        client: The command line up to the subcommand.
        name: Of the container.
        process: ``runc run``.
        log_file: Receives what the container prints.
    """

    client: tuple[str, ...]
    name: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def run(self, command: Sequence[str], seconds: float) -> Answer:
        """See `Container.run`."""
        return call((*self.client, "exec", self.name, *command), seconds)

    def ended(self) -> int | None:
        """See `Container.ended`."""
        return self.process.poll()

    def log(self) -> str:
        """See `Container.log`."""
        return tail(self.log_file)

    def pid(self) -> int:
        """See `Container.pid`."""
        answer = call((*self.client, "state", self.name), CLEANUP)
        try:
            return int(json.loads(answer.output)["pid"]) if answer.code == 0 else 0
        except (ValueError, KeyError, TypeError):
            return 0

    def remove(self) -> None:
        """Make it go away, even when it is only just being made."""
        end = time.monotonic() + CLEANUP
        while True:
            call((*self.client, "delete", "--force", self.name), CLEANUP)
            if self.process.poll() is not None:
                return
            if time.monotonic() > end:
                self.process.kill()
                self.process.wait()
                return
            time.sleep(_PAUSE)


class BundleRuntime:
    """Containers of one image under runc or crun.

    Args:
        program: Path of the runtime.
        contents: The image.
        settings: How it is started.
        directory: Private; everything lies below it.
    """

    def __init__(self, program: str, contents: ImageContents, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._client = (program, "--root", str(directory / "state"))
        self._containers: list[BundleContainer] = []
        self._rootfs = directory / "rootfs"
        unpack(contents, self._rootfs)
        places = writable_places(self._rootfs, settings.config.volumes, directory / "volumes")
        hosts = directory / "hosts"
        hosts.write_text(HOSTS)
        hosts.chmod(0o644)
        self._binds = (*places, ("/etc/hosts", hosts))
        self._prepared = not settings.config.first_start

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> BundleContainer:
        """See `Runtime.start`; what an ACI wants to run before its first start runs first."""
        if not self._prepared:
            self._prepare(environment)
        config = self._settings.config
        return self._launch((*config.entrypoint, *(command or config.command)), environment)

    def close(self) -> None:
        """See `Runtime.close`."""
        while self._containers:
            self._containers.pop().remove()

    def _prepare(self, environment: Mapping[str, str]) -> None:
        before = self._launch(self._settings.config.first_start, environment)
        try:
            code: int | None = before.process.wait(_FIRST_START)
        except subprocess.TimeoutExpired:
            code = None
        if code != 0:
            raise SelfTestError(
                "its pre-start command " + ("takes too long" if code is None else f"ended with exit code {code}"),
                log=last_lines(before.log()),
            )
        self._prepared = True

    def _launch(self, args: Sequence[str], environment: Mapping[str, str]) -> BundleContainer:
        name = f"pkg2image-test-{os.getpid()}-{len(self._containers) + 1}"
        place = self._directory / name
        place.mkdir()
        document = specification(
            self._settings,
            self._rootfs,
            args,
            environment=environment,
            binds=self._binds,
            most_files=limit(resource.RLIMIT_NOFILE, MOST_FILES),
        )
        (place / "config.json").write_text(json.dumps(document))
        log = place / "log"
        with log.open("ab") as output:
            # Programs that are not root open /dev/stdout anew, which is this file.
            os.fchmod(output.fileno(), 0o666)
            process = launch((*self._client, "run", "--bundle", place, name), output, output)
        container = BundleContainer(self._client, name, process, log)
        self._containers.append(container)
        return container
