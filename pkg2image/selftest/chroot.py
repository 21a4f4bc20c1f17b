"""No runtime but the kernel: an unpacked image in namespaces of its own, made by unshare(1). Only root can do this."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pkg2image.selftest import enter
from pkg2image.selftest.bundle import HOST_NAME
from pkg2image.selftest.container import CLEANUP, MOST_FILES, Answer, call, launch_logged, limit, tail
from pkg2image.selftest.unpacked import Unpacked

_SPACES = ("--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL", "--propagation=private")
# Isolated from the user's modules: the script imports the standard library only.
_SCRIPT = (sys.executable, "-I", "-S", enter.__file__)


@dataclass(frozen=True, slots=True)
class ChrootContainer:
    """A program in namespaces of its own.

    Args:
        process: unshare(1), which waits for it.
        config: What the script was told.
        log_file: Receives what it prints.
    """

    process: subprocess.Popen[bytes]
    config: Path
    log_file: Path

    def run(self, command: Sequence[str], seconds: float) -> Answer:
        """See `Container.run`."""
        pid = self.pid()
        if not pid:
            return Answer(1, "", "it is not running")
        return call((*_SCRIPT, self.config, str(pid), *command), seconds)

    def ended(self) -> int | None:
        """See `Container.ended`."""
        return self.process.poll()

    def log(self) -> str:
        """See `Container.log`."""
        return tail(self.log_file)

    def pid(self) -> int:
        """See `Container.pid`."""
        number = self.process.pid
        try:
            children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        except OSError:
            return 0
        return int(children[0]) if children else 0

    def remove(self) -> None:
        """Make it go away; with the first process of a namespace all of them end."""
        pid = self.pid()
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(CLEANUP)
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class ChrootStarter:
    """Starts programs in namespaces of their own; see `Starter`.

    Args:
        program: Path of unshare(1).
    """

    program: str

    def launch(
        self, image: Unpacked, number: int, args: Sequence[str], environment: Mapping[str, str]
    ) -> ChrootContainer:
        """See `Starter.launch`."""
        config, log = (image.directory / f"{number}.{name}" for name in ("json", "log"))
        settings = image.settings
        document = {
            "rootfs": str(image.rootfs),
            "binds": [[path, str(source)] for path, source in image.binds],
            "hostname": HOST_NAME,
            "args": list(args),
            "environment": {**dict(settings.config.environment), **environment},
            "workdir": settings.config.workdir,
            "uid": settings.identity.uid,
            "gid": settings.identity.gid,
            "groups": list(settings.identity.groups),
            "most_files": limit(resource.RLIMIT_NOFILE, MOST_FILES),
        }
        config.write_text(json.dumps(document))
        return ChrootContainer(launch_logged((self.program, *_SPACES, *_SCRIPT, config), log), config, log)
