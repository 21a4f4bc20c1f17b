"""What ``update-ca-certificates`` makes of the certificates in the image: one bundle, and links OpenSSL finds by hash.

The certificates are those below ``usr/share/ca-certificates`` and ``usr/local/share/ca-certificates`` of the tree.
Those of packages are trusted when ``etc/ca-certificates.conf`` names them; without this file all are, which is the
answer ca-certificates gets without questions.

Spec: update-ca-certificates(8); openssl-rehash(1); SSL_CTX_set_default_verify_paths(3ssl).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from pkg2image.errors import MalformedPackageError
from pkg2image.rootfs.provision import add_file, add_symlink
from pkg2image.rootfs.subject_hash import subject_hash
from pkg2image.rootfs.tree import Kind, ReadContent, Tree

BUNDLE = "etc/ssl/certs/ca-certificates.crt"
ORIGIN = "ca-certificates"

_SHIPPED = "usr/share/ca-certificates/"
_CONFIGURATION = "etc/ca-certificates.conf"
_LOCAL = "usr/local/share/ca-certificates/"
# Where Debian's OpenSSL looks by itself. The link to it is in the package of its command, which images seldom have.
_OPENSSL = "usr/lib/ssl/certs"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
# Characters of certificate names that update-ca-certificates keeps out of the names of its links.
_LINK_NAME = str.maketrans({" ": "_", ",": "_", "(": "=", ")": "="})


def install_certificates(tree: Tree, *, read: ReadContent, mtime: int) -> Tree:
    """Add the bundle and the links to a tree that has certificates; return any other tree as it is.

    Args:
        tree: Not changed.
        read: Reads the certificates.
        mtime: Seconds since the epoch.

    Raises:
        MalformedPackageError: When a certificate file holds no certificate.
    """
    paths = [*_shipped(tree, read), *_below(tree, _LOCAL)]
    if not paths:
        return tree
    result = tree.copy()
    bundle = b""
    hashes: dict[str, int] = {}
    linked: set[bytes] = set()
    for path in paths:
        data = _read(tree, path, read)
        bundle += data if data.endswith(b"\n") else data + b"\n"
        name = path.rpartition("/")[2].removesuffix(".crt").translate(_LINK_NAME) + ".pem"
        add_symlink(result, f"etc/ssl/certs/{name}", f"/{path}", origin=ORIGIN, mtime=mtime)
        der = _der(data)
        key = subject_hash(der)
        if key is not None and der not in linked:
            linked.add(der)
            # Certificates of one subject are told apart by a running number.
            number = hashes[key] = hashes.get(key, -1) + 1
            add_symlink(result, f"etc/ssl/certs/{key}.{number}", name, origin=ORIGIN, mtime=mtime)
    add_file(result, BUNDLE, bundle, origin=ORIGIN, mtime=mtime)
    if result.lookup(_OPENSSL) is None and _has_openssl(result):
        add_symlink(result, _OPENSSL, "/etc/ssl/certs", origin=ORIGIN, mtime=mtime)
    return result


def _has_openssl(tree: Tree) -> bool:
    names = (name for place in tree.children("usr/lib") for name in tree.children(f"usr/lib/{place}"))
    return any(name.startswith("libcrypto.so.") for name in names)


def _shipped(tree: Tree, read: ReadContent) -> list[str]:
    """Return the trusted certificates of packages: in the order of the configuration, or all in byte order."""
    every = list(_below(tree, _SHIPPED))
    configuration = tree.lookup(_CONFIGURATION)
    if configuration is None or configuration.content is None:
        return every
    lines = read(configuration.content).decode("utf-8", "surrogateescape").split("\n")
    named = dict.fromkeys(_SHIPPED + line for line in lines if line and line[0] not in "#!")
    return [path for path in named if path in every]


def _below(tree: Tree, top: str) -> Iterator[str]:
    for path, entry in tree.walk():
        if path.startswith(top) and path.endswith(".crt") and entry.kind is Kind.FILE:
            yield path


def _read(tree: Tree, path: str, read: ReadContent) -> bytes:
    content = tree[path].content
    data = read(content) if content else b""
    if not _PEM.search(data):
        raise MalformedPackageError(f"cannot trust the certificate /{path}: it holds no PEM certificate")
    return data


def _der(pem: bytes) -> bytes:
    """Return the certificate of a file; nothing when there are several, which get no link."""
    found = _PEM.findall(pem)
    try:
        return binascii.a2b_base64(found[0]) if len(found) == 1 else b""
    except binascii.Error:
        return b""
