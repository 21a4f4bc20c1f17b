"""The form of the links. That their names are right, the oracle says: `tests.oracle.test_certificates_oracle`."""

from __future__ import annotations

import base64
import re

import pytest

from pkg2image.errors import MalformedPackageError
from pkg2image.rootfs.certificates import BUNDLE, install_certificates
from pkg2image.rootfs.subject_hash import subject_hash
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, reg, symlink
from tests.support.trees import Shelf, dump_tree

SHIPPED, LOCAL = "usr/share/ca-certificates", "usr/local/share/ca-certificates"


def _der(tag: int, *items: bytes) -> bytes:
    content = b"".join(items)
    assert len(content) < 0x80
    return bytes((tag, len(content))) + content


def _certificate(name: bytes, serial: bytes = b"\1") -> bytes:
    """Return what matters of a certificate: its subject is the sixth field, or the fifth without a version."""
    common_name = _der(0x06, b"\x55\x04\x03")
    subject = _der(0x30, _der(0x31, _der(0x30, common_name, _der(0x0C, name))))
    fields = [_der(0xA0, b"\2\1\2"), _der(2, serial), _der(0x30), _der(0x30), _der(0x30), subject, _der(0x30)]
    return _der(0x30, _der(0x30, *fields))


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der) + b"\n-----END CERTIFICATE-----\n"


ONE, OTHER = _pem(_certificate(b"One")), _pem(_certificate(b"Other"))
NEWER_ONE = _pem(_certificate(b"One", b"\2"))


def _installed(*entries: FileSpec) -> tuple[dict[str, str], bytes]:
    shelf = Shelf()
    tree = install_certificates(unpack(Tree(), [shelf.deb("sample", *entries)]), read=shelf.read, mtime=3)
    content = tree[BUNDLE].content
    assert content is not None
    assert tree[BUNDLE].mtime == 3
    dump = dump_tree(tree)
    return {name: dump[f"etc/ssl/certs/{name}"] for name in tree.children("etc/ssl/certs")}, shelf.read(content)


def test_bundle_and_links() -> None:
    certs, bundle = _installed(
        reg(f"{LOCAL}/mine.crt", NEWER_ONE),
        reg(f"{LOCAL}/same.crt", ONE),
        reg(f"{LOCAL}/two.crt", OTHER + NEWER_ONE),
        reg(f"{SHIPPED}/mozilla/B, (x).crt", OTHER.rstrip()),
        reg(f"{SHIPPED}/a.crt", ONE),
        reg(f"{SHIPPED}/a.pem", b"is not read"),
        reg("etc/ssl/certs/kept", b""),
    )
    link = "symlink 0777 root:root [ca-certificates] ->"
    one, other = subject_hash(_certificate(b"One")), subject_hash(_certificate(b"Other"))
    assert bundle == ONE + OTHER + NEWER_ONE + ONE + OTHER + NEWER_ONE
    assert certs == {
        "B__=x=.pem": f"{link} /{SHIPPED}/mozilla/B, (x).crt",
        "a.pem": f"{link} /{SHIPPED}/a.crt",
        "mine.pem": f"{link} /{LOCAL}/mine.crt",
        "same.pem": f"{link} /{LOCAL}/same.crt",
        "two.pem": f"{link} /{LOCAL}/two.crt",
        f"{one}.0": f"{link} a.pem",
        f"{one}.1": f"{link} mine.pem",
        f"{other}.0": f"{link} B__=x=.pem",
        "ca-certificates.crt": f"file 0644 root:root [ca-certificates] {len(bundle)}",
        "kept": "file 0644 root:root sample 0",
    }


def test_only_what_the_configuration_names_is_trusted() -> None:
    configuration = b"# comment\n\nmozilla/z.crt\n!mozilla/b.crt\na.crt\nmozilla/z.crt\ngone.crt\n"
    certs, bundle = _installed(
        reg("etc/ca-certificates.conf", configuration),
        reg(f"{LOCAL}/mine.crt", ONE),
        reg(f"{SHIPPED}/a.crt", OTHER),
        reg(f"{SHIPPED}/mozilla/b.crt", OTHER),
        reg(f"{SHIPPED}/mozilla/z.crt", ONE),
        reg(f"{SHIPPED}/unnamed.crt", OTHER),
    )
    assert bundle == ONE + OTHER + ONE
    assert {name for name in certs if name.endswith(".pem")} == {"a.pem", "mine.pem", "z.pem"}


def test_a_certificate_nobody_can_read_has_no_hash_link() -> None:
    certs, _ = _installed(reg(f"{SHIPPED}/odd.crt", _pem(b"odd")))
    assert set(certs) == {"odd.pem", "ca-certificates.crt"}


def test_openssl_finds_them_without_the_package_of_its_command() -> None:
    shelf = Shelf()
    certificate, library = reg(f"{SHIPPED}/a.crt", ONE), reg("usr/lib/x86_64-linux-gnu/libcrypto.so.3")

    def found(*entries: FileSpec) -> str:
        tree = unpack(Tree(), [shelf.deb("sample", *entries)])
        return dump_tree(install_certificates(tree, read=shelf.read, mtime=0)).get("usr/lib/ssl/certs", "")

    assert found(certificate, library) == "symlink 0777 root:root [ca-certificates] -> /etc/ssl/certs"
    assert found(certificate) == ""
    shipped = symlink("usr/lib/ssl/certs", "/etc/ssl/certs")
    assert "[ca-certificates]" not in found(certificate, library, shipped)


def test_what_holds_no_certificate_is_refused() -> None:
    shelf = Shelf()
    tree = unpack(Tree(), [shelf.deb("sample", reg(f"{SHIPPED}/a.crt", b"-----BEGIN RSA PRIVATE KEY-----"))])
    with pytest.raises(MalformedPackageError, match=r"a\.crt: it holds no PEM certificate"):
        install_certificates(tree, read=shelf.read, mtime=0)


def test_a_tree_without_certificates_stays_as_it_is() -> None:
    shelf = Shelf()
    tree = unpack(Tree(), [shelf.deb("sample", reg("etc/ssl/openssl.cnf"))])
    assert install_certificates(tree, read=shelf.read, mtime=0) is tree


def test_hash_ignores_case_and_white_space() -> None:
    assert subject_hash(_certificate(b"  ONE\t ca ")) == subject_hash(_certificate(b"one Ca"))
    assert re.fullmatch("[0-9a-f]{8}", subject_hash(_certificate(b"One")) or "")


GOOD = _certificate(b"One")


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_what_is_cut_off_is_no_certificate(length: int) -> None:
    assert subject_hash(GOOD[:length]) is None


@pytest.mark.parametrize(
    "data",
    [b"\x30\x80", b"\x30\xff", b"\x30\x84\xff\xff\xff\xff", b"\x30\x00", b"\x30\x02\x30\x00", b"not DER at all"],
)
def test_what_is_no_certificate(data: bytes) -> None:
    assert subject_hash(data) is None
