"""How much of everything a .deb may make us take; time is bounded by these numbers and not by a clock."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one .deb. What lies beyond them is refused, never cut off.

    Args:
        ar_members: Members of the outer archive.
        control: Bytes of the uncompressed control tar (apt has the same number).
        data: Bytes of the uncompressed data tar.
        data_floor: An uncompressed data tar up to this size is never called a bomb.
        installed_factor: Beyond the floor, how many times its Installed-Size a data tar may have.
        ratio: Beyond the floor, how many times its compressed size a data tar may have.
        entries: Members of a tar.
        names: Bytes of all names, link targets and extended attributes of a tar together.
        parents: Directories that are only named as part of the path of something else.
        extended_header: Bytes of one GNU or pax header before a tar member.
        path: Bytes of a path or link target (PATH_MAX without the NUL).
        component: Bytes between two slashes of a path (NAME_MAX).
        xz_memory: Bytes of memory for an xz or lzma decoder.
        zstd_window: Bytes of the window of a zstd decoder.
    """

    ar_members: int = 64
    control: int = 64 * MEBIBYTE
    data: int = 16 * 1024 * MEBIBYTE
    data_floor: int = 64 * MEBIBYTE
    installed_factor: int = 4
    ratio: int = 1000
    entries: int = 500_000
    names: int = 128 * MEBIBYTE
    parents: int = 10_000
    extended_header: int = MEBIBYTE
    path: int = 4095
    component: int = 255
    xz_memory: int = 256 * MEBIBYTE
    zstd_window: int = 128 * MEBIBYTE


DEFAULT_LIMITS = Limits()
