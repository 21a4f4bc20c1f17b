"""What files in an image depend on the architecture: directory names and byte order.

Spec: Debian Policy 11.1; ``dpkg-architecture -L`` and its ``DEB_HOST_MULTIARCH``.
"""

from __future__ import annotations

from collections.abc import Mapping

TRIPLETS: Mapping[str, str] = {
    "alpha": "alpha-linux-gnu",
    "amd64": "x86_64-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armel": "arm-linux-gnueabi",
    "armhf": "arm-linux-gnueabihf",
    "hppa": "hppa-linux-gnu",
    "i386": "i386-linux-gnu",
    "ia64": "ia64-linux-gnu",
    "loong64": "loongarch64-linux-gnu",
    "m68k": "m68k-linux-gnu",
    "mips": "mips-linux-gnu",
    "mips64": "mips64-linux-gnuabi64",
    "mips64el": "mips64el-linux-gnuabi64",
    "mips64r6el": "mipsisa64r6el-linux-gnuabi64",
    "mipsel": "mipsel-linux-gnu",
    "powerpc": "powerpc-linux-gnu",
    "ppc64": "powerpc64-linux-gnu",
    "ppc64el": "powerpc64le-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
    "sh4": "sh4-linux-gnu",
    "sparc64": "sparc64-linux-gnu",
    "x32": "x86_64-linux-gnux32",
}
"""Debian architecture -> the name of its library directories."""

BIG_ENDIAN = frozenset({"hppa", "m68k", "mips", "mips64", "powerpc", "ppc64", "s390x", "sparc64"})
"""The architectures whose numbers have the highest byte first."""
