"""``Image -> Output*``: every format of one build, written from the same tree to where the user wants it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pkg2image.image.compress import Compression, parse_compression
from pkg2image.image.directory import write_directory
from pkg2image.image.model import Image, Output
from pkg2image.image.names import appc_architecture, platform_of
from pkg2image.image.outputs import write_aci, write_docker_archive, write_oci_archive, write_rootfs_tar
from pkg2image.image.target import check_target, failures
from pkg2image.planning.offer import name_of
from pkg2image.request import BuildRequest, Format
from pkg2image.rootfs.tree import Identities, Tree
from pkg2image.store import Store

_SUFFIXES = {
    Format.OCI: ".oci.tar",
    Format.DOCKER: ".docker.tar",
    Format.ACI: ".aci",
    Format.ROOTFS: ".rootfs.tar",
    Format.DIR: ".dir",
}
_COMPRESSIONS = {
    Format.OCI: ("gzip", "stored", "zstd", "none"),
    Format.DOCKER: ("gzip", "stored", "zstd", "none"),
    Format.ACI: ("gzip", "stored", "xz", "none"),
    Format.ROOTFS: ("gzip", "stored", "zstd", "xz", "none"),
}
_ARCHITECTURE_NAMES: dict[Format, Callable[[str], object]] = {
    Format.OCI: platform_of,
    Format.DOCKER: platform_of,
    Format.ACI: appc_architecture,
}
LAYERED = frozenset({Format.OCI, Format.DOCKER})


@dataclass(frozen=True, slots=True)
class Destination:
    """One output that is wanted.

    Args:
        format: What to write.
        path: Where.
        compression: How.
    """

    format: Format
    path: Path
    compression: Compression


def destinations(request: BuildRequest, architecture: str, *, several: bool) -> tuple[Destination, ...]:
    """Decide where the outputs of one architecture go, and make sure that they may.

    Args:
        request: Formats, output and compression.
        architecture: Of this build.
        several: Whether other architectures are built as well, so that names must tell them apart.

    Raises:
        RequestError: When a format cannot have the compression, or has no name for the architecture.
        OutputError: When something that is not ours lies in the way.
    """
    formats = tuple(dict.fromkeys(request.formats))
    for kind in formats:
        if check := _ARCHITECTURE_NAMES.get(kind):
            check(architecture)
    output = request.output
    into = several or len(formats) > 1
    if output is not None and formats != (Format.DIR,) and output.is_dir():
        into = True
    found = []
    for kind in formats:
        compression = _compression(kind, request.compression)
        name = name_of(request.packages) + (f"-{architecture}" if several else "") + _SUFFIXES[kind]
        if kind is Format.ROOTFS:
            name += compression.suffix
        path = Path(name) if output is None else output / name if into else output
        if into and output is not None and not os.path.lexists(output):
            check_target(output, directory=True)  # it is made when the outputs are
        else:
            check_target(path, directory=kind is Format.DIR, force=request.force)
        found.append(Destination(kind, path, compression))
    return tuple(found)


@contextmanager
def output_directory(request: BuildRequest, wanted: Iterable[Sequence[Destination]]) -> Iterator[None]:
    """Make the directory for several outputs when there is none; it is gone again when nothing was put into it.

    Args:
        request: Names the directory, when it names any.
        wanted: All that is to be written.

    Raises:
        OutputError: When it cannot be made.
    """
    path = request.output
    inside = path is not None and any(to.path.parent == path for places in wanted for to in places)
    if path is None or not inside or path.is_dir():
        yield
        return
    with failures(path):
        path.mkdir()
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.rmdir()
        raise


def _compression(kind: Format, text: str) -> Compression:
    allowed = _COMPRESSIONS.get(kind)
    return parse_compression(text, allowed=allowed) if allowed else Compression("none")


def write_outputs(
    image: Image,
    tree: Tree,
    wanted: Sequence[Destination],
    *,
    identities: Identities,
    store: Store,
    jobs: int,
    force: bool,
) -> tuple[Output, ...]:
    """Write an image in every wanted format.

    Args:
        image: The image with its layers in the store.
        tree: The root filesystem that the layers were made of.
        wanted: Where to and how.
        identities: Numbers of users and groups.
        store: Where content and layers lie.
        jobs: How many threads may compress.
        force: Whether files that are not ours may be replaced.

    Raises:
        OutputError: When something cannot be written.
        RequestError: When a format has no legal value for something.
        TrustError: When content has changed in the store.
    """

    def oci(to: Destination) -> Output:
        return write_oci_archive(image, store, to.path, force=force)

    def docker(to: Destination) -> Output:
        return write_docker_archive(image, store, to.path, force=force)

    def aci(to: Destination) -> Output:
        return write_aci(
            image,
            tree,
            identities=identities,
            store=store,
            path=to.path,
            compression=to.compression,
            jobs=jobs,
            force=force,
        )

    def rootfs(to: Destination) -> Output:
        return write_rootfs_tar(
            tree,
            identities=identities,
            store=store,
            path=to.path,
            epoch=image.epoch,
            compression=to.compression,
            jobs=jobs,
            force=force,
        )

    def directory(to: Destination) -> Output:
        as_root = os.geteuid() == 0
        return write_directory(
            tree, identities=identities, store=store, path=to.path, epoch=image.epoch, as_root=as_root
        )

    writers: dict[Format, Callable[[Destination], Output]] = {
        Format.OCI: oci,
        Format.DOCKER: docker,
        Format.ACI: aci,
        Format.ROOTFS: rootfs,
        Format.DIR: directory,
    }
    return tuple(writers[to.format](to) for to in wanted)


def how_to_run(image: Image, outputs: Sequence[Output], environment: Sequence[str]) -> tuple[str, ...]:
    """Return the commands that start what was written, one line each.

    Args:
        image: The image.
        outputs: What was written.
        environment: Names of the variables that must be given a value.
    """
    variables = "".join(f"-e {name}=... " for name in environment)
    ports = "".join(f"-p {port.number}:{port.number}/{port.protocol} " for port in image.config.ports)
    name = image.reference.full
    lines = []
    for output in outputs:
        match output.format:
            case Format.OCI:
                lines.append(f"podman load -i {output.path} && podman run --rm {variables}{ports}{name}")
            case Format.DOCKER:
                lines.append(f"docker load -i {output.path} && docker run --rm {variables}{ports}{image.reference}")
            case Format.ACI:
                lines.append(f"rkt run --insecure-options=image {output.path}")
            case Format.ROOTFS:
                lines.append(f"tar -xpf {output.path} -C DIRECTORY")
            case _:
                lines.append(f"chroot {output.path} {' '.join(image.config.entrypoint)}")
    return tuple(lines)
