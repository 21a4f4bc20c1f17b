"""What a file shows that it needs, and nobody has to declare.

Debian's packages may use Essential packages without saying so, and some forget what every machine has: a shell, the
names of services, certificates. The files say it themselves: by the functions they import, by their first line, by the
commands in them.

Users and groups, nsswitch.conf and the C.UTF-8 locale are in every image, the character sets of the C library in every
one where something calls `iconv_open`: `getpwnam` and `setlocale` ask for nothing more. `exec` functions and
`posix_spawn` alone prove no need: what they start is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pkg2image.analysis.loader import LOADABLE
from pkg2image.analysis.shebangs import PROGRAM_DIRECTORIES
from pkg2image.deb.facts import ElfFacts

CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
"""All certificates in one file, where every TLS library of Debian looks for them."""

ROOT_KEY = "usr/share/dns/root.key"
"""The key that every validating name server trusts."""

ZONE = "usr/share/zoneinfo/Etc/UTC"
"""A time zone that is there when any is."""

_SHELL = "the shell starts commands for"
_SERVICES = "names of services and protocols are looked up by"
_TRUST = "the system's certificates are read by"
# Imported function -> the file that it works with, and in which words it does.
_IMPORTS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("popen", "system", "wordexp"), ("/bin/sh", _SHELL)),
    **dict.fromkeys(
        ("getservbyname", "getservbyname_r", "getservbyport", "getservbyport_r", "getservent", "setservent"),
        ("/etc/services", _SERVICES),
    ),
    **dict.fromkeys(
        ("getprotobyname", "getprotobyname_r", "getprotobynumber", "getprotobynumber_r", "getprotoent"),
        ("/etc/protocols", _SERVICES),
    ),
    **dict.fromkeys(
        (
            *("SSL_CTX_set_default_verify_paths", "X509_STORE_set_default_paths", "X509_get_default_cert_file"),
            *("gnutls_certificate_set_x509_system_trust", "gnutls_x509_trust_list_add_system_trust"),
        ),
        (f"/{CERTIFICATES}", _TRUST),
    ),
}
_TLS = ("libssl.so.", "libgnutls.so.")
_LOCAL_TIME = frozenset({"localtime", "localtime_r", "tzset"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why something is needed.

    Args:
        path: The file that shows it, without leading slash.
        reason: How, in words: ``starts commands with popen``.
        package: Who ships the file, empty when it was made for the image.
    """

    path: str
    reason: str
    package: str = ""

    def __str__(self) -> str:
        """Return it as a sentence."""
        owner = f" ({self.package})" if self.package else ""
        return f"/{self.path}{owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that some file needs.

    Args:
        what: A name for people: a path with its slash, the name of a program, ``Python module yaml``.
        files: Relative paths; any of them is what is wanted.
        evidence: Who needs it, and why.
        is_unmet: Whether the completeness check says that it is missing, too.
    """

    what: str
    files: tuple[str, ...]
    evidence: Evidence
    is_unmet: bool = False

    def __str__(self) -> str:
        """Return what is missing as a sentence."""
        return f"{self.what} is not in the image: {self.evidence}"

    def render(self) -> dict[str, object]:
        """Return it the way ``inspect --json`` shows it."""
        evidence = self.evidence
        return {
            "what": self.what,
            "path": f"/{evidence.path}",
            "reason": evidence.reason,
            "package": evidence.package,
        }


def untold(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return what is wanted beside what the completeness check says to be missing."""
    items = list(wanted)
    told = {item.files[0] for item in items if item.is_unmet}
    return [item for item in items if item.files[0] not in told]


def wanted_file(name: str, evidence: Evidence) -> Wanted:
    """Return a file as something wanted.

    Args:
        name: An absolute path, or the name of a program, which is looked for in the directories of programs.
        evidence: Who needs it, and why.
    """
    if "/" in name:
        path = name.strip("/")
        merged = f"usr/{path}" if path.partition("/")[0] in {"bin", "sbin"} else path
        return Wanted(f"/{path}", (merged,), evidence)
    places = (place for place in PROGRAM_DIRECTORIES if place.startswith("usr/") and "local" not in place)
    return Wanted(name, tuple(f"{place}/{name}" for place in sorted(places)), evidence)


def shown_by_imports(path: str, facts: ElfFacts, package: str) -> Iterator[Wanted]:
    """Yield what the functions show that an ELF file imports, each file once.

    Args:
        path: Where it is.
        facts: Of that file.
        package: Who ships it.
    """
    if facts.type not in LOADABLE:
        return
    used: dict[tuple[str, str], list[str]] = {}
    for name in facts.imports:
        if name in _IMPORTS:
            used.setdefault(_IMPORTS[name], []).append(name)
    for (wanted, words), names in used.items():
        yield wanted_file(wanted, Evidence(path, f"{words} {', '.join(names)}", package))


def shown_by_recommendation(path: str, facts: ElfFacts, package: str, recommended: Collection[str]) -> Iterator[Wanted]:
    """Yield the data that an ELF file works with as its package says: neither would be a proof without the other.

    Whoever links a TLS library may be a server that trusts nobody, and every program that prints a date calls
    ``localtime``.

    Args:
        path: Where it is.
        facts: Of that file.
        package: Who ships it.
        recommended: What this package recommends.
    """
    libraries = [name for name in facts.needed if name.startswith(_TLS)]
    if libraries and "ca-certificates" in recommended:
        reason = f"is linked with {libraries[0]}, and its package recommends ca-certificates"
        yield wanted_file(f"/{CERTIFICATES}", Evidence(path, reason, package))
    functions = sorted(_LOCAL_TIME.intersection(facts.imports))
    if functions and "tzdata" in recommended:
        reason = f"imports {functions[0]}, and its package recommends tzdata"
        yield wanted_file(f"/{ZONE}", Evidence(path, reason, package))
