"""Java's trust store, made of the certificates that update-ca-certificates made links of.

It is written in the form JKS, which every Java reads whatever form it prefers itself, and which needs no random bytes:
one set of certificates always gives the same file.

Spec: the class ``sun.security.provider.JavaKeyStore`` of OpenJDK; ca-certificates-java names the entries.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator

from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import ReadContent, Tree

STORE = "etc/ssl/certs/java/cacerts"
ORIGIN = "ca-certificates-java"

_LINKS = "etc/ssl/certs"
_TOOL = "usr/share/ca-certificates-java"
# What the scripts of ca-certificates-java leave for its trigger, which removes them when the store is made.
_TO_DO = ("var/lib/ca-certificates-java/fresh", "var/lib/ca-certificates-java/pending")
_PASSWORD = "changeit"  # noqa: S105 - what all of Java uses; the digest it keys protects nothing secret
_MAGIC, _VERSION, _CERTIFICATE = 0xFEEDFEED, 2, 2
_SALT = b"Mighty Aphrodite"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def install_java_trust(tree: Tree, *, read: ReadContent, mtime: int) -> Tree:
    """Add the trust store to a tree that has ca-certificates-java; return any other tree as it is.

    Args:
        tree: Not changed; has the links of `certificates.install_certificates`.
        read: Reads the certificates.
        mtime: Seconds since the epoch, of the file and of its entries.
    """
    if not tree.is_directory(_TOOL):
        return tree
    result = tree.copy()
    store = render_store(_certificates(tree, read), mtime=mtime)
    add_file(result, STORE, store, origin=ORIGIN, mtime=mtime)
    for path in _TO_DO:
        result.remove(path)
    return result


def render_store(certificates: Iterable[tuple[str, bytes]], *, mtime: int) -> bytes:
    """Render a trust store.

    Args:
        certificates: Aliases with X.509 certificates in DER; Java compares aliases in lower case.
        mtime: When they were added, in seconds since the epoch.
    """
    entries = [
        b"".join(
            (
                struct.pack(">I", _CERTIFICATE),
                _text(alias.lower()),
                struct.pack(">Q", mtime * 1000),
                _text("X.509"),
                struct.pack(">I", len(der)),
                der,
            )
        )
        for alias, der in certificates
    ]
    store = struct.pack(">III", _MAGIC, _VERSION, len(entries)) + b"".join(entries)
    digest = hashlib.sha1(_PASSWORD.encode("utf-16-be") + _SALT + store, usedforsecurity=False)
    return store + digest.digest()


def _certificates(tree: Tree, read: ReadContent) -> Iterator[tuple[str, bytes]]:
    """Yield alias and DER of each certificate that has a link."""
    directory = tree.reach(_LINKS)
    for name in tree.children(directory) if directory else ():
        entry = tree.lookup(f"{directory}/{name}") if name.endswith(".pem") else None
        match = _PEM.search(read(entry.content)) if entry and entry.content else None
        if match:
            try:
                yield f"debian:{name}", binascii.a2b_base64(match[1])
            except binascii.Error:
                # Java would not read it either, and goes on.
                continue


def _text(text: str) -> bytes:
    """Return a text as ``DataOutputStream.writeUTF`` writes it: each half of a surrogate pair for itself."""
    units = text.encode("utf-16-be", "surrogatepass")
    characters = (chr(unit) for unit in struct.unpack(f">{len(units) // 2}H", units))
    encoded = b"".join(character.encode("utf-8", "surrogatepass") for character in characters)
    return struct.pack(">H", len(encoded)) + encoded
