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

from pkg2image.selftest.bundle import specification
from pkg2image.selftest.container import CLEANUP, MOST_FILES, Answer, call, launch_logged, limit, tail
from pkg2image.selftest.unpacked import Unpacked

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


@dataclass(frozen=True, slots=True)
class BundleStarter:
    """Starts containers under runc or crun; see `Starter`.

    Args:
        program: Path of the runtime.
    """

    program: str

    def launch(
        self, image: Unpacked, number: int, args: Sequence[str], environment: Mapping[str, str]
    ) -> BundleContainer:
        """See `Starter.launch`."""
        name = f"pkg2image-test-{os.getpid()}-{number}"
        place = image.directory / name
        place.mkdir()
        document = specification(
            image.settings,
            image.rootfs,
            args,
            environment=environment,
            binds=image.binds,
            most_files=limit(resource.RLIMIT_NOFILE, MOST_FILES),
        )
        (place / "config.json").write_text(json.dumps(document))
        client = (self.program, "--root", str(image.directory / "state"))
        log = place / "log"
        process = launch_logged((*client, "run", "--bundle", place, name), log)
        return BundleContainer(client, name, process, log)
