"""Which package answers a need: the one that a short list prefers, else the smallest that has the file.

The list is for what file lists cannot tell: names that alternatives and installation scripts make, and packages that
are smaller but only a part of what is meant. It makes the common answers quick, too: the file lists of an archive are
large, and are asked only when the list has no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.evidence import CERTIFICATES, ROOT_KEY, ZONE, Evidence, Wanted

PackagesOf = Callable[[str], Sequence[str]]
"""Returns the names of packages that have a file, given its path in a merged /usr."""

SizeOf = Callable[[str], int | None]
"""Returns the installed size of a package in KiB, None when it cannot be had."""

_PROGRAMS: Mapping[str, str] = {
    "bash": "bash",
    "coreutils": (
        "[ arch b2sum base32 base64 basename cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df "
        "dir dirname du echo env expand expr factor false fmt fold groups head id install join link ln "
        "logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr "
        "printenv printf pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum "
        "sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr "
        "true truncate tsort tty uname unexpand uniq unlink users wc who whoami yes"
    ),
    "dash": "dash sh",
    "debianutils": "ischroot run-parts savelog tempfile which",
    "diffutils": "cmp diff diff3 sdiff",
    "findutils": "find xargs",
    "grep": "egrep fgrep grep rgrep",
    "gzip": "gunzip gzip zcat",
    "hostname": "dnsdomainname domainname hostname",
    "libc-bin": "getconf getent iconv ldd locale",
    "mawk": "awk mawk",
    "nodejs": "node nodejs",
    "perl-base": "perl",
    "procps": "free pgrep pkill ps sysctl top uptime",
    "python3": "python3",
    "sed": "sed",
    "sysvinit-utils": "pidof",
    "tar": "tar",
    "util-linux": "flock getopt ionice logger mountpoint nsenter setpriv setsid taskset",
}
"""Package -> its programs that others call."""

_FILES: Mapping[str, str] = {
    CERTIFICATES: "ca-certificates",
    ROOT_KEY: "dns-root-data",
    "etc/protocols": "netbase",
    "etc/services": "netbase",
    ZONE: "tzdata",
    **{
        f"usr/{place}/{name}": package
        for package, names in _PROGRAMS.items()
        for name in names.split()
        for place in ("bin", "sbin")
    },
}


_COMMON = frozenset(name for names in _PROGRAMS.values() for name in names.split())


@dataclass(frozen=True, slots=True)
class Need:
    """Something that was not declared, and the package that answers it.

    Args:
        what: A name for people: a path with its slash, the name of a program, ``Python module yaml``.
        provider: Name of the package.
        evidence: Who needs it, and why: of several the first.
    """

    what: str
    provider: str
    evidence: Evidence

    def __str__(self) -> str:
        """Return it as a sentence for a terminal."""
        return f"{self.provider} for {self.what}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class Answers:
    """What is to be added, and what nobody has.

    Args:
        needs: One for each thing that is wanted, in the order in which they came.
        unanswered: What no package answers that may be in.
    """

    needs: tuple[Need, ...]
    unanswered: tuple[Wanted, ...]


def is_common(name: str) -> bool:
    """Say whether a name is that of a program that scripts call everywhere.

    Args:
        name: With or without directories.
    """
    return name.rpartition("/")[2] in _COMMON


def answer(
    wanted: Sequence[Wanted], *, packages_of: PackagesOf, size_of: SizeOf, refused: Collection[str] = ()
) -> Answers:
    """Choose a package for each thing that is wanted.

    Args:
        wanted: In the order of their importance; of several for one thing the first is the evidence.
        packages_of: Asked only for what the short list does not know.
        size_of: Tells the smallest of several, and what cannot be had at all.
        refused: Names of packages that must not be in.
    """
    needs: dict[str, Need] = {}
    unanswered: dict[str, Wanted] = {}
    for item in wanted:
        key = item.files[0]  # /bin/sh and sh are one thing
        if key in needs or key in unanswered:
            continue
        provider = _provider(item, packages_of, size_of, refused)
        if provider is None:
            unanswered[key] = item
        else:
            needs[key] = Need(item.what, provider, item.evidence)
    return Answers(tuple(needs.values()), tuple(unanswered.values()))


def _provider(wanted: Wanted, packages_of: PackagesOf, size_of: SizeOf, refused: Collection[str]) -> str | None:
    for path in wanted.files:
        preferred = _FILES.get(path)
        if preferred is not None and preferred not in refused and size_of(preferred) is not None:
            return preferred
    for path in wanted.files:
        sizes = {name: size_of(name) for name in packages_of(path) if name not in refused}
        found = [(size, name) for name, size in sizes.items() if size is not None]
        if found:
            return min(found)[1]
    return None
