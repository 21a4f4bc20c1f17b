"""The form of Java's trust store; that Java reads it, `tests.oracle` says."""

from __future__ import annotations

import hashlib

from pkg2image.rootfs.javatrust import STORE, install_java_trust, render_store
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import directory, reg, symlink
from tests.support.trees import Shelf

PEM = b"comment\n-----BEGIN CERTIFICATE-----\nREVS\n-----END CERTIFICATE-----\n"
TOOL = directory("usr/share/ca-certificates-java")


def test_every_byte() -> None:
    store = render_store([("debian:A.pem", b"DER"), ("\U0001f600\udcff", b"")], mtime=2)
    added = b"\0\0\0\0\0\0\x07\xd0"
    first = b"\0\0\0\2\0\x0cdebian:a.pem" + added + b"\0\5X.509\0\0\0\3DER"
    second = b"\0\0\0\2\0\x09\xed\xa0\xbd\xed\xb8\x80\xed\xb3\xbf" + added + b"\0\5X.509\0\0\0\0"
    body = b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\2" + first + second
    key = b"\0c\0h\0a\0n\0g\0e\0i\0t" + b"Mighty Aphrodite"
    assert store == body + hashlib.sha1(key + body).digest()


def test_certificates_with_links_are_in_it() -> None:
    shelf = Shelf()
    entries = (
        TOOL,
        reg("usr/share/ca-certificates/one.crt", PEM),
        symlink("etc/ssl/certs/Two.pem", "/usr/share/ca-certificates/one.crt"),
        reg("etc/ssl/certs/one.pem", PEM),
        reg("etc/ssl/certs/broken.pem", PEM.replace(b"REVS", b"A")),
        reg("etc/ssl/certs/none.pem", b"no certificate"),
        reg("etc/ssl/certs/ca-certificates.crt", PEM),
        symlink("etc/ssl/certs/gone.pem", "/nowhere"),
    )
    tree = install_java_trust(unpack(Tree(), [shelf.deb("sample", *entries)]), read=shelf.read, mtime=9)
    content = tree[STORE].content
    assert content is not None
    assert shelf.read(content) == render_store([("debian:two.pem", b"DER"), ("debian:one.pem", b"DER")], mtime=9)
    assert tree[STORE].mtime == 9


def test_the_trigger_leaves_nothing_to_do() -> None:
    shelf = Shelf()
    marks = [reg(f"var/lib/ca-certificates-java/{name}", b"") for name in ("fresh", "pending", "other")]
    tree = install_java_trust(unpack(Tree(), [shelf.deb("sample", TOOL, *marks)]), read=shelf.read, mtime=0)
    assert tree.children("var/lib/ca-certificates-java") == ("other",)


def test_a_tree_without_java_stays_as_it_is() -> None:
    shelf = Shelf()
    tree = unpack(Tree(), [shelf.deb("sample", reg("etc/ssl/certs/one.pem", PEM))])
    assert install_java_trust(tree, read=shelf.read, mtime=0) is tree
