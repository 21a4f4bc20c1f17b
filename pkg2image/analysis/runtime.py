"""What to start in an image when nobody says so: the program that has the package's name."""

from __future__ import annotations

from pkg2image.image.config import ImageConfig
from pkg2image.rootfs.tree import Kind, Tree

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAM_DIRECTORIES = ("usr/sbin", "usr/bin", "usr/games")


def plain_config(tree: Tree, package: str) -> ImageConfig:
    """Return a configuration that starts the program of a package's name; without one there is no entrypoint.

    Args:
        tree: The finished root filesystem.
        package: Name of the requested package.
    """
    environment = (("PATH", PATH), ("LANG", "C.UTF-8"))
    for directory in _PROGRAM_DIRECTORIES:
        entry = tree.lookup(f"{directory}/{package}")
        if entry is not None and entry.kind is Kind.FILE and entry.mode & 0o111:
            return ImageConfig(entrypoint=(f"/{directory}/{package}",), environment=environment)
    return ImageConfig(environment=environment)
