"""Whether this machine runs programs of an image's architecture: its own, or one that the kernel hands to an emulator.

Spec: Linux Documentation/admin-guide/binfmt-misc.rst; OCI image-spec v1.1 config.md "architecture" (names of Go).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pkg2image.image.read import ImageContents

_X86, _ARM = frozenset(("i386", "386")), frozenset(("armel", "armhf", "arm"))
# Machine as uname(2) has it -> architectures as Debian and as Go call them. 32 bits may be switched off in the kernel,
# which the program's start shows.
_RUNS: Mapping[str, frozenset[str]] = {
    "x86_64": frozenset(("amd64",)) | _X86,
    **dict.fromkeys(("i386", "i486", "i586", "i686"), _X86),
    "aarch64": frozenset(("arm64",)) | _ARM,
    **dict.fromkeys(("armv6l", "armv7l", "armv8l"), _ARM),
    "ppc64le": frozenset(("ppc64el", "ppc64le")),
    "riscv64": frozenset(("riscv64",)),
    "s390x": frozenset(("s390x",)),
}
_EMULATORS: Mapping[str, str] = {
    "amd64": "qemu-x86_64",
    **dict.fromkeys(_X86, "qemu-i386"),
    "arm64": "qemu-aarch64",
    **dict.fromkeys(_ARM, "qemu-arm"),
    "ppc64el": "qemu-ppc64le",
    "ppc64le": "qemu-ppc64le",
    "riscv64": "qemu-riscv64",
    "s390x": "qemu-s390x",
}
REGISTERED = Path("/proc/sys/fs/binfmt_misc")
"""Where the kernel lists its emulators."""


def foreign_architecture(contents: ImageContents, machine: str, registered: Path = REGISTERED) -> str:
    """Return the architecture of an image that this machine cannot start; empty when it can, or nobody knows.

    Args:
        contents: The image.
        machine: Of this machine, as uname(2) has it.
        registered: Where the kernel lists its emulators.
    """
    names = architectures(contents)
    able = _RUNS.get(machine)
    if not names or able is None or names & able or any(_is_emulated(name, registered) for name in names):
        return ""
    return " and ".join(sorted(names))


def architectures(contents: ImageContents) -> frozenset[str]:
    """Return the architectures that an image has programs for: as it says, else as its packages say."""
    said = contents.config.get("architecture")
    if isinstance(said, str) and said:
        return frozenset((said,))
    return frozenset(str(package["architecture"]) for package in contents.inside.packages) - {"all"}


def _is_emulated(name: str, registered: Path) -> bool:
    try:
        lines = (registered / _EMULATORS.get(name, "none")).read_text().splitlines()
    except OSError:
        return False
    # Without the flag F the emulator would have to be in the image.
    return "enabled" in lines and any(line.startswith("flags:") and "F" in line for line in lines)
