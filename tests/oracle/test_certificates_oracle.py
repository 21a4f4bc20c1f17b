"""What we make of certificates is what `openssl` and `openssl rehash` make of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pkg2image.rootfs.certificates import BUNDLE, install_certificates
from pkg2image.rootfs.subject_hash import subject_hash
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg
from tests.support.tools import needs
from tests.support.trees import Shelf


@pytest.fixture(autouse=True)
def _oracle() -> None:
    needs("openssl")


SUBJECTS = {
    "plain": "/C=DE/O=Example/CN=Root CA",
    "white space and case": "/O=  An   Example\tLimited /CN=ROOT",
    "several values in one set": "/C=DE/CN=zeta+OU=alpha+O=Beta",
    "beyond ASCII": "/O=Fünf Ämter İ/CN=Корень",
    "an e-mail address": "/CN=Mail/emailAddress=CA@Example.ORG",
    "a long name": "/O=" + "o" * 60 + "/OU=" + "u" * 60 + "/CN=" + "n" * 60,
    "a serial number": "/serialNumber=12 34/CN=x",
}
STRING_MASKS = ("utf8only", "nombstr", "default")


def _openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True, timeout=60).stdout


def _certificate(directory: Path, subject: str, mask: str = "utf8only") -> Path:
    path = directory / "certificate.pem"
    config = directory / "openssl.cnf"
    config.write_text(f"[req]\ndistinguished_name=name\nstring_mask={mask}\n[name]\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "/dev/null"]
    options = ["-x509", "-utf8", "-multivalue-rdn", "-config", str(config), "-subj", subject, "-out", str(path)]
    _openssl("req", *key, *options)
    return path


@pytest.mark.parametrize("mask", STRING_MASKS)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_subject_hash(subject: str, mask: str, tmp_path: Path) -> None:
    if mask == "nombstr" and max(subject) > "\xff":
        mask = "utf8only"  # these characters have no other form
    path = _certificate(tmp_path, subject, mask)
    expected = _openssl("x509", "-noout", "-subject_hash", "-in", str(path)).decode().strip()
    assert subject_hash(_openssl("x509", "-outform", "DER", "-in", str(path))) == expected


def test_links_are_those_of_rehash(tmp_path: Path) -> None:
    shelf = Shelf()
    certificates = {}
    top = "usr/share/ca-certificates/mozilla"
    for number, subject in enumerate(("/CN=One", "/CN=Two", "/CN=one")):
        certificates[f"{top}/Root ({number}),.crt"] = _certificate(tmp_path, subject).read_bytes()
    # A certificate that is there already gets no link of its own, nor does a file of several.
    twice = f"{top}/Twice.crt"
    certificates[twice] = certificates[f"{top}/Root (1),.crt"]
    certificates[f"{top}/Two.crt"] = _certificate(tmp_path, "/CN=Three").read_bytes() + certificates[twice]
    deb = shelf.deb("ca-certificates", *(reg(name, data) for name, data in certificates.items()))
    tree = install_certificates(unpack(Tree(), [deb]), read=shelf.read, mtime=0)

    directory = tmp_path / "certs"
    directory.mkdir()
    for name, data in certificates.items():
        local = name.rpartition("/")[2].removesuffix(".crt").translate({32: "_", 40: "=", 41: "=", 44: "_"})
        (directory / f"{local}.pem").write_bytes(data)
    _openssl("rehash", str(directory))
    hashes = {path.name: str(path.readlink()) for path in directory.iterdir() if path.is_symlink()}

    ours = {name: tree[f"etc/ssl/certs/{name}"] for name in tree.children("etc/ssl/certs")}
    # Certificates of one subject are numbered in an order of their own by rehash (that of the directory).
    assert {name for name in ours if not name.endswith((".pem", ".crt"))} == set(hashes)
    # Of two files with one certificate it is the first in this order.
    named = {entry.target for entry in ours.values() if not entry.target.startswith("/")} - {""}
    assert {name.replace("Twice", "Root_=1=_") for name in hashes.values()} == named
    assert "Root_=1=_.pem" in named
    content = tree[BUNDLE].content
    assert content is not None
    assert shelf.read(content) == b"".join(certificates.values())
    assert all(tree.reach(f"etc/ssl/certs/{name}") for name, entry in ours.items() if entry.kind is Kind.SYMLINK)
