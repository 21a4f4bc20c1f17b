"""What is kept of a .deb after it was read once.

Values only; `pkg2image.deb.reader` makes them, and they can be written to and read back from bytes, because reading a
.deb again is work that is never done twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.deb.package import Package
from pkg2image.digest import Digest


@dataclass(frozen=True, slots=True)
class DebEntry:
    """One member of the data tar of a .deb.

    Args:
        path: Normalised path without leading ``./`` or ``/`` and without trailing slash; the root itself is ``""``.
            Bytes that are not UTF-8 are kept as surrogate escapes.
        kind: ``file``, ``directory``, ``symlink``, ``hardlink``, ``character``, ``block`` or ``fifo``.
        mode: Permission bits with setuid, setgid and sticky, nothing else (0 to 0o7777).
        uid: Numeric owner of the tar header.
        gid: Numeric group of the tar header.
        user: Owner by name, empty when the header has none.
        group: Group by name, empty when the header has none.
        mtime: Seconds since the epoch.
        size: Bytes of content; 0 for all but files.
        target: Symlink target as written; for a hard link the normalised path of the earlier member.
        device: Major and minor number of a device node.
        xattrs: Extended attributes in order of their names.
        offset: Where the content starts in the uncompressed data tar.
        sha256: SHA-256 of the content in hex; empty for all but files.
        md5: MD5 of the content in hex when dpkg's database will need it, else empty.
        interpreter: The shebang line without ``#!`` when the content starts with one, else empty.
    """

    path: str
    kind: str
    mode: int
    uid: int = 0
    gid: int = 0
    user: str = ""
    group: str = ""
    mtime: int = 0
    size: int = 0
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()
    offset: int = 0
    sha256: str = ""
    md5: str = ""
    interpreter: str = ""


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """What the dynamic section of an ELF file says.

    Args:
        bits: 32 or 64.
        little_endian: Byte order.
        machine: ``e_machine`` number, for example 62 for x86-64 and 183 for AArch64.
        type: ``e_type`` number: 2 executable, 3 shared object or position independent executable.
        interpreter: PT_INTERP, empty when there is none.
        soname: DT_SONAME.
        needed: DT_NEEDED in order.
        rpath: DT_RPATH.
        runpath: DT_RUNPATH.
        imports: Names of undefined dynamic symbols, sorted.
        versions_needed: ``(library, version)`` pairs of the version requirements, sorted.
        versions_defined: Version names this object defines, sorted.
        named_files: Absolute paths and names of shared objects among its string constants, sorted
            (`pkg2image.deb.elf_strings`).
    """

    bits: int
    little_endian: bool
    machine: int
    type: int
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: str = ""
    runpath: str = ""
    imports: tuple[str, ...] = ()
    versions_needed: tuple[tuple[str, str], ...] = ()
    versions_defined: tuple[str, ...] = ()
    named_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DebFacts:
    """Everything later stages need to know about a .deb.

    Args:
        control: The fields of the ``control`` file, spelling and order kept.
        control_files: The other members of the control tar, sorted by name (``md5sums``, ``conffiles``, ``postinst``).
        data: Digest of the uncompressed data tar, which is kept in the store.
        data_size: Size of that tar in bytes.
        entries: Members in archive order.
        elves: ELF facts by path, in archive order.
    """

    control: tuple[tuple[str, str], ...]
    control_files: tuple[tuple[str, bytes], ...]
    data: Digest
    data_size: int
    entries: tuple[DebEntry, ...]
    elves: tuple[tuple[str, ElfFacts], ...] = ()

    @property
    def name(self) -> str:
        """The package name of the control file."""
        return dict(self.control)["Package"]

    def control_file(self, name: str) -> bytes | None:
        """Return a member of the control tar, or None."""
        return dict(self.control_files).get(name)


@dataclass(frozen=True, slots=True)
class FetchedDeb:
    """A package whose verified .deb was read.

    Args:
        package: What was wanted; its name, version and architecture equal those of the control file.
        facts: What is in it.
        sha512: SHA-512 of the .deb in hex, which indexes do not have.
    """

    package: Package
    facts: DebFacts
    sha512: str = ""
