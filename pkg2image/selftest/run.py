"""The test of an image file: a runtime of this machine is found, and everything that was started is removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkg2image.errors import OutputError, RequestError, SelfTestError
from pkg2image.image.read import ImageContents, read_image
from pkg2image.selftest.chroot import ChrootStarter
from pkg2image.selftest.container import CLEANUP, Runtime, call
from pkg2image.selftest.engine import DOCKER_OPTIONS, FORMATS, EngineRuntime, podman_client, podman_options
from pkg2image.selftest.judge import judge
from pkg2image.selftest.machine import foreign_architecture
from pkg2image.selftest.runc import BundleStarter
from pkg2image.selftest.settings import Settings, settings_of
from pkg2image.selftest.unpacked import Starter, UnpackedRuntime

RUNTIMES = ("runc", "crun", "podman", "docker", "chroot")
"""Names of the runtimes, the one that is taken first before the others."""

_ENGINES = ("podman", "docker")
_FOR_ROOT = ("runc", "crun", "chroot")
_PROGRAMS = {"chroot": "unshare"}
_HINT = "install podman, docker.io, or (for root) runc, and name it with --runtime if there are several"


@dataclass(frozen=True, slots=True)
class Verdict:
    """That an image works.

    Args:
        image: Its file.
        runtime: Name of the runtime that started it.
        proof: What was seen.
    """

    image: Path
    runtime: str
    proof: str

    def render(self) -> dict[str, object]:
        """Return it as plain data."""
        return {"image": str(self.image), "passed": True, "runtime": self.runtime, "proof": self.proof, "log": []}


def self_test(image: Path, *, runtime: str, seconds: float, search_path: str, machine: str) -> Verdict:
    """Start an image and see whether it works.

    Args:
        image: A file or directory of any format that we write.
        runtime: Name of the runtime; empty for the first that is there and can start it.
        seconds: The most that it may take until it works.
        search_path: Where programs are looked for, as ``PATH`` has it.
        machine: The hardware of this machine, as uname(2) has it.

    Raises:
        RequestError: When it is no image, or there is nothing to start.
        OutputError: When no runtime can start it, or not on this machine.
        SelfTestError: When it does not work.
    """
    contents = read_image(image)
    settings = settings_of(contents)
    if not settings.config.entrypoint and not settings.config.command:
        raise RequestError(
            f"cannot test {image}: it does not say which program it starts", hint="build it with --entrypoint"
        )
    foreign = foreign_architecture(contents, machine)
    if foreign:
        raise OutputError(
            f"cannot test {image}: its programs are for {foreign}, and this machine is {machine}",
            hint="test it on such a machine, or install qemu-user-static, which lets this one emulate it",
        )
    chosen = _choose(runtime, contents, search_path)
    with _private_directory() as directory, chosen.open(contents, settings, directory) as started:
        try:
            return Verdict(image, chosen.name, judge(settings, started, seconds))
        except SelfTestError as error:
            raise SelfTestError(
                f"cannot pass the test of {image} under {chosen.name}: {error.message}", log=error.log, hint=error.hint
            ) from error


def _choose(wanted: str, contents: ImageContents, search_path: str) -> _Chosen:
    """Return the runtime that is there and can start an image of this format."""
    runc = shutil.which("runc", path=search_path)
    if wanted:
        why_not = _why_not(wanted, contents)
        if why_not:
            raise OutputError(f"cannot test {contents.path} under {wanted}: {why_not}", hint=_HINT)
        program = shutil.which(_PROGRAMS.get(wanted, wanted), path=search_path)
        if program is None:
            raise OutputError(f"cannot test {contents.path}: {wanted} is not installed", hint=_HINT)
        return _Chosen(wanted, program, runc)
    for name in RUNTIMES:
        program = shutil.which(_PROGRAMS.get(name, name), path=search_path)
        if program and not _why_not(name, contents):
            return _Chosen(name, program, runc)
    raise OutputError(
        f"cannot test {contents.path}: this machine has no container runtime that can start it", hint=_HINT
    )


def _why_not(name: str, contents: ImageContents) -> str:
    if name in _FOR_ROOT and os.geteuid() != 0:
        return "only root can use it for this"
    if name in _ENGINES and contents.format not in FORMATS:
        return f"it loads no image of the format {contents.format}"
    return ""


@contextmanager
def _private_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="pkg2image-test-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A runtime that is there.

    Args:
        name: One of `RUNTIMES`.
        program: Its path.
        runc: Path of runc; None when there is none.
    """

    name: str
    program: str
    runc: str | None

    @contextmanager
    def open(self, contents: ImageContents, settings: Settings, directory: Path) -> Iterator[Runtime]:
        """Make the image ready to be started, and remove everything at the end."""
        with ExitStack() as stack:
            if self.name == "podman" and os.geteuid() != 0:
                # Files of other users of the container belong to subordinate users, whom only podman may speak for.
                stack.callback(call, (self.program, "unshare", "rm", "-rf", directory), CLEANUP)
            runtime = self._runtime(contents, settings, directory)
            stack.callback(runtime.close)
            yield runtime

    def _runtime(self, contents: ImageContents, settings: Settings, directory: Path) -> Runtime:
        match self.name:
            case "podman":
                client = podman_client(self.program, directory, self.runc)
                return EngineRuntime(client, podman_options(), contents, settings)
            case "docker":
                return EngineRuntime((self.program,), DOCKER_OPTIONS, contents, settings)
            case _:
                starter: Starter = BundleStarter(self.program)
                if self.name == "chroot":
                    starter = ChrootStarter(self.program)
                return UnpackedRuntime(starter, contents, settings, directory)
