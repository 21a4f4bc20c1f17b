"""What the libraries of every system look up for their callers, and in which files.

Names of hosts and users, character sets, time zones, authentication, certificates: a library reads a configuration or
takes a directory, and no constant of the caller says so.

Spec: nsswitch.conf(5); iconv(3); tzset(3); pam.d(5); openssl's config(5), provider(7); pthread_cancel(3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.analysis.loader import LOADABLE
from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.analysis.reach.scripts import SHELLS
from pkg2image.rootfs.architectures import TRIPLETS

_LOCAL_TIME = frozenset({"localtime", "localtime_r", "tzset", "mktime", "localtime64_r", "__localtime64_r"})
_UNWINDING = frozenset({"pthread_cancel", "pthread_exit", "backtrace", "thrd_exit"})
_C_LIBRARY = re.compile(r"libc\.so\.[0-9.]+")
_CRYPTO = re.compile(r"libcrypto\.so\.[0-9.]+")
_OPENSSL = ("openssl.cnf", "cert.pem", "certs", "private")  # below its directory
# What Debian leaves in libc6 since the others have a package of their own: enough for whoever only asks a library.
_CHARACTER_SETS = ("ANSI_X3.110", "CP1252", "ISO8859-1", "ISO8859-15", "UTF-16", "UTF-32", "UTF-7")
_SASL = frozenset({"sasl_client_init", "sasl_server_init"})
# Where a server looks up secrets; a client has no use of it.
_SECRETS = re.compile(r"lib(?:sasldb|sql|ldapdb)\.so.*")
_SERVICE = re.compile(rb"^[a-z]+:([^#\n]*)", re.MULTILINE)
_MODULE = re.compile(rb"\bpam_[a-z0-9_]+\.so\b")
_INCLUDED = re.compile(rb"^@include[ \t]+(\S+)|\b(?:include|substack)[ \t]+(\S+)", re.MULTILINE)


def services_of_nsswitch(data: bytes) -> list[str]:
    """Return the services that a configuration of the name service switch names, sorted."""
    words = {word for match in _SERVICE.finditer(data) for word in match[1].split()}
    return sorted(word.decode("ascii", "replace") for word in words if word.isalnum())


def parts_of_pam(data: bytes) -> list[str]:
    """Return the modules that a configuration of PAM names, and the configurations it includes, sorted."""
    included = (first or second for first, second in _INCLUDED.findall(data))
    return sorted({name.decode("ascii", "replace") for name in (*_MODULE.findall(data), *included)})


def system_references(material: Material) -> FindReferences:
    """Return what finds what libraries look up."""
    library = f"usr/lib/{TRIPLETS.get(material.architecture, '')}"

    def find(path: str) -> Iterator[Reference]:
        if path.startswith("etc/pam.d/"):
            for name in material.extract(path, parts_of_pam):
                place = f"{library}/security/{name}" if name.endswith(".so") else f"etc/pam.d/{name}"
                yield Reference(place, f"names {name}")
        facts = material.facts(path)
        if facts is None or facts.type not in LOADABLE:
            return
        name = path.rpartition("/")[2]
        if _C_LIBRARY.fullmatch(name):
            yield from _of_c_library(material, library)
            return
        if _CRYPTO.fullmatch(name):
            parts = (f"usr/lib/ssl/{part}" for part in _OPENSSL)
            yield from (Reference(part, "reads it in its directory", below=True) for part in parts)
        yield from _by_imports(material, path, frozenset(facts.imports), library)

    return find


def _by_imports(material: Material, path: str, imports: frozenset[str], library: str) -> Iterator[Reference]:
    if not _LOCAL_TIME.isdisjoint(imports):
        why = f"imports {min(_LOCAL_TIME & imports)}"
        places = ("usr/share/zoneinfo", "etc/localtime", "etc/timezone")
        yield from (Reference(place, why, below=True) for place in places)
    if not _UNWINDING.isdisjoint(imports):
        yield Reference(f"{library}/libgcc_s.so.1", f"imports {min(_UNWINDING & imports)}")
    if not _SASL.isdisjoint(imports):
        yield from _sasl_plugins(material, imports, library)
    if "iconv_open" in imports:
        yield from _character_sets(material, path, library)


def _of_c_library(material: Material, library: str) -> Iterator[Reference]:
    switch = "etc/nsswitch.conf"
    for service in material.extract(switch, services_of_nsswitch):
        yield Reference(f"{library}/libnss_{service}.so.2", f"asks the service {service} of /{switch}")
    for name in (
        "nsswitch.conf",
        "host.conf",
        "gai.conf",
        "ld.so.conf",
        "ld.so.conf.d",
        "hosts",
        "protocols",
        "services",
    ):
        yield Reference(f"etc/{name}", f"reads {name}", below=True)


def _sasl_plugins(material: Material, imports: frozenset[str], library: str) -> Iterator[Reference]:
    for name in material.tree.children(f"{library}/sasl2"):
        if "sasl_server_init" in imports or not _SECRETS.fullmatch(name):
            yield Reference(f"{library}/sasl2/{name}", f"imports {min(_SASL & imports)}")


def _character_sets(material: Material, path: str, library: str) -> Iterator[Reference]:
    """Yield all character sets for who is the application, a few for libraries and for programs that help it.

    Those that help are asked for no other texts than those of the locale, and so are shells; the virtual machine of
    Java has character sets of its own.
    """
    directory = f"{library}/gconv"
    name = path.rpartition("/")[2]
    is_application = material.tree[path].package in material.own or path in material.starts
    if name == "iconv" or (is_application and name not in SHELLS and not path.startswith("usr/lib/jvm/")):
        yield Reference(directory, "imports iconv_open", below=True)
        return
    names = ("gconv-modules", "gconv-modules.cache", "gconv-modules.d", *(f"{name}.so" for name in _CHARACTER_SETS))
    yield from (Reference(f"{directory}/{name}", "imports iconv_open", below=True) for name in names)
