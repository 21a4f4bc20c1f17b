"""Java reads our trust store: keytool checks its digest and finds the certificates we put in."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

from pkg2image.rootfs.javatrust import render_store
from tests.support.tools import needs

LIMIT = 120


def _certificate(directory: Path, name: str) -> bytes:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "/dev/null"]
    command = [
        "openssl",
        "req",
        "-x509",
        *key,
        "-subj",
        f"/CN={name}",
        "-outform",
        "DER",
        "-out",
        str(directory / name),
    ]
    subprocess.run(command, check=True, timeout=LIMIT, capture_output=True)
    return (directory / name).read_bytes()


def test_keytool_lists_what_is_in_it(tmp_path: Path) -> None:
    needs("keytool", "openssl")
    certificates = {f"debian:{name}.pem": _certificate(tmp_path, name) for name in ("One", "two")}
    store = tmp_path / "cacerts"
    store.write_bytes(render_store(certificates.items(), mtime=1_700_000_000))
    command = ["keytool", "-J-Duser.language=en", "-list", "-keystore", str(store), "-storepass", "changeit"]
    done = subprocess.run(command, check=False, timeout=LIMIT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    found = re.findall(
        r"^(debian:\S+), Nov 14, 2023, trustedCertEntry, *\n.*: ([0-9A-F:]+)$", done.stdout, re.MULTILINE
    )
    digests = {name.lower(): hashlib.sha256(der).hexdigest() for name, der in certificates.items()}
    assert {name: digest.replace(":", "").lower() for name, digest in found} == digests
